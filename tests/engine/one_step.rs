//! One-step samplers against closed forms.

use rtb::engine::device::cpu_device;
use rtb::engine::noise::{Noise, Purpose, normal};
use rtb::engine::train::Pretrain;
use rtb::engine::train::examples::Recipe;
use rtb::message::Files;
use rtb::run::Run;
use rtb::session::Session;
use rtb::task::noise_policy::Told;
use rtb::task::one_step::{Distillation, OneStep, Pool};

const RECIPE: Recipe = Recipe {
    iterations: 400,
    batch: 256,
    learning_rate: 5e-3,
    ema: 0.98,
    seed: 0,
};

/// Above a prior N(0, I) of untrained trajectories, which are the prior's, weights are all there is of the posterior:
/// N(0.8, 0.2) of the first coordinate, and N(0, 1) of the second.
const CONJUGATE: &str = r#"
    task = "points"
    process.steps = 4
    network.width = 8
    tempering.iterations = 0
    [prior]
    kind = "marginals"
    [[prior.coordinates]]
    family = "normal"
    name = "a"
    mean = 0.0
    deviation = 1.0
    [[prior.coordinates]]
    family = "normal"
    name = "b"
    mean = 0.0
    deviation = 1.0
    [reward]
    kind = "formula"
    logarithm = true
    expression = "-2*(a - 1)^2"
"#;

fn finished(mut training: Distillation) -> OneStep {
    while !training.descent().finished() {
        pollster::block_on(training.step()).expect("a step");
    }
    training.sampler()
}

/// Means of two coordinates, and of their products, of samples `[count][2]`.
fn moments(samples: &[f32]) -> [f64; 5] {
    let count = samples.len() as f64 / 2.0;
    let mean = |of: &dyn Fn(f64, f64) -> f64| {
        let pairs = samples.chunks_exact(2);
        pairs
            .map(|pair| of(f64::from(pair[0]), f64::from(pair[1])))
            .sum::<f64>()
            / count
    };
    let (a, b) = (mean(&|a, _| a), mean(&|_, b| b));
    [
        a,
        b,
        mean(&|x, _| (x - a).powi(2)),
        mean(&|_, y| (y - b).powi(2)),
        mean(&|x, y| (x - a) * (y - b)),
    ]
}

/// `count` samples of N(center, diag(scale)·C·diag(scale)) with a correlation of 0.8.
fn gaussian([center, scale]: [[f64; 2]; 2], count: usize, seed: u64) -> Vec<f32> {
    let mut rng = Noise::new(seed).stream(Purpose::Samples, 0);
    let pair = |_| {
        let (u, v) = (normal(&mut rng), normal(&mut rng));
        [
            (center[0] + scale[0] * u) as f32,
            (center[1] + scale[1] * (0.8 * u + 0.6 * v)) as f32,
        ]
    };
    (0..count).flat_map(pair).collect()
}

fn assert_moments(found: [f64; 5], [center, scale]: [[f64; 2]; 2]) {
    let wanted = [
        scale[0] * scale[0],
        scale[1] * scale[1],
        0.8 * scale[0] * scale[1],
    ];
    for at in 0..2 {
        assert!(
            (found[at] - center[at]).abs() < 0.06 * scale[at],
            "{found:?}, {center:?}"
        );
        assert!(
            (found[2 + at] / wanted[at] - 1.0).abs() < 0.12,
            "{found:?}, {wanted:?}"
        );
    }
    assert!((found[4] / wanted[2] - 1.0).abs() < 0.15, "{found:?}, {wanted:?}");
}

/// The coordinates of the two conditions are far narrower than both together.
#[test]
fn gaussians_of_two_conditions_have_their_moments() {
    let laws = [[[0.3, -2.0], [0.1, 0.5]], [[0.9, 1.0], [0.2, 0.3]]];
    let ends = laws.iter().map(|law| gaussian(*law, 20_000, 1)).collect();
    let pool = Pool::new(ends, 2).expect("they vary");
    let recipe = Recipe {
        iterations: 1200,
        ..RECIPE
    };
    let training = Distillation::new(pool, Told::one_of(2), recipe, [32, 2], cpu_device());
    let sampler = finished(training.expect("a recipe"));
    for (condition, law) in laws.into_iter().enumerate() {
        let (noise, conditions, device) = (Noise::new(5), vec![condition; 20_000], cpu_device());
        let ends = sampler.ends(&conditions, (&noise, Purpose::Samples), &device);
        assert_moments(moments(&pollster::block_on(ends).expect("samples")), law);
    }
}

#[test]
fn weighted_samples_of_the_prior_make_a_posterior_that_a_file_keeps() {
    let run = Run::from_toml(CONJUGATE).expect("a run");
    let open = |run: &Run| {
        let files = Files::default();
        let opened = Session::open(run.clone(), cpu_device(), &files, None);
        pollster::block_on(opened).expect("it opens")
    };
    let mut session = open(&run);
    let training = pollster::block_on(session.distillation(RECIPE, [32, 2], true)).expect("a recipe");
    let sampler = finished(training);
    let draw = |session: &Session, sampler: &OneStep, seed| {
        let drawn = session.one_step_samples(sampler, &[0; 20_000], seed);
        pollster::block_on(drawn).expect("samples")
    };
    let samples = draw(&session, &sampler, 3);
    let [a, b, var_a, var_b, both] = moments(&samples);
    assert!((a - 0.8).abs() < 0.03 && b.abs() < 0.06, "{a} {b}");
    assert!(
        (var_a / 0.2 - 1.0).abs() < 0.08 && (var_b - 1.0).abs() < 0.08,
        "{var_a} {var_b}"
    );
    assert!(both.abs() < 0.03, "{both}");

    let file = pollster::block_on(session.one_step_file(&sampler)).expect("a file");
    let place = ("--distilled", "one-step.safetensors");
    let read = session.one_step(&file, place).expect("its own file");
    assert_eq!(draw(&session, &read, 3), samples);
    assert_ne!(draw(&session, &read, 4), samples);

    let refused = |session: &Session, file: &[u8]| match session.one_step(file, place) {
        Err(error) => error.to_string(),
        Ok(_) => panic!("it is another's"),
    };
    let mut other = run.clone();
    other.seed = 1;
    assert!(
        refused(&open(&other), &file).contains("another seed"),
        "{}",
        refused(&open(&other), &file)
    );
    let damaged = refused(&session, &file[..40]);
    assert!(
        damaged.starts_with("--distilled: `one-step.safetensors` is not allowed"),
        "{damaged}"
    );
    let weights = pollster::block_on(session.weights()).expect("weights");
    assert!(
        refused(&session, &weights).contains("its header is not that"),
        "{}",
        refused(&session, &weights)
    );
    pollster::block_on(session.step()).expect("a step");
    let stale = refused(&session, &file);
    assert!(stale.contains("after 0 iterations, and the run has 1"), "{stale}");
}

#[test]
fn chains_of_images_are_refused() {
    let run = crate::support::preset("25-to-9");
    let files = Files::default();
    let opened = Session::open(run, cpu_device(), &files, None);
    let session = pollster::block_on(opened).expect("it opens");
    let refused = pollster::block_on(session.distillation(RECIPE, [8, 1], false));
    let error = refused.err().expect("another chain").to_string();
    assert!(
        error.starts_with("task: `mixtures` is not allowed; use `points` or `latents`"),
        "{error}"
    );
}
