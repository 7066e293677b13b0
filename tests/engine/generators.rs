//! Posteriors in the space of a generator's noise.

use crate::support::{numbers, train, weights_of};
use burn::tensor::{Tensor, TensorData};
use pollster::block_on;
use rtb::engine::device::cpu_device;
use rtb::engine::generator::Generate;
use rtb::engine::noise::{Noise, Purpose};
use rtb::engine::process::{Process, VariancePreserving};
use rtb::engine::weights::Weights;
use rtb::message::Truth;
use rtb::network::ResidualConfig;
use rtb::run::{Files, Run, shipped_weights};
use rtb::session::Session;
use rtb::task::images::{
    DECODER, Decoder, DenoiserPrior, ExactFit, GeneratorPrior, ImageFit, ImagePrior, ImageView, LatentsTask,
    PIXELS, Shape,
};
use std::sync::Arc;

/// The file of a decoder of two latents whose images depend on both.
fn decoder() -> Weights {
    let config = ResidualConfig {
        inputs: 2,
        outputs: PIXELS,
        width: 16,
        blocks: 1,
        embedding: 0,
    };
    let mut own = weights_of(&config.init(&Noise::new(5), &cpu_device()));
    // What a network starts with may be 0.
    for (at, (.., values)) in own.tensors.iter_mut().enumerate() {
        let drawn = Noise::new(6).normal(Purpose::Initialization, at as u64, values.len());
        values
            .iter_mut()
            .zip(drawn)
            .for_each(|(value, z)| *value = 0.3 * z);
    }
    let mut file = Weights::default();
    file.add_all(DECODER, own);
    file
}

fn files(run: &Run, prior: Vec<u8>) -> Files {
    let shipped = |name: &str| shipped_weights(name).expect("it ships").to_vec();
    run.files()
        .iter()
        .fold(Files::default(), |files, need| match need.role {
            "prior" => files.with("prior", prior.clone()),
            role => files.with(role, shipped(need.name)),
        })
}

fn run(text: &str) -> Run {
    let run = Run::from_toml(text);
    run.unwrap_or_else(|e| panic!("{text}: {e}"))
}

/// A run on the plane of the decoder, whose reward asks for images that are brighter than most.
fn plane_run() -> Run {
    let mut file = decoder();
    let decoder = Decoder::take(&mut file, Shape::MNIST, &cpu_device()).expect("a decoder");
    let noise = Noise::new(2).normal(Purpose::Samples, 0, 2 * 500);
    let images = block_on(decoder.images(&noise)).expect("images");
    let ink = |image: &[f32]| image.iter().map(|v| f64::from(v + 1.0) / 2.0).sum::<f64>() / PIXELS as f64;
    let inks: Vec<f64> = images.chunks(PIXELS).map(ink).collect();
    let mean = inks.iter().sum::<f64>() / 500.0;
    let deviation = (inks.iter().map(|ink| (ink - mean).powi(2)).sum::<f64>() / 500.0).sqrt();
    let reward = format!(
        "{{ kind = \"ink\", target = {}, deviation = {} }}",
        mean + deviation,
        0.4 * deviation
    );
    run(&r#"
        task = "latents"
        prior = { kind = "decoder", weights = "mine.safetensors" }
        reward = REWARD
        process.steps = 16
        network = { width = 32, depth = 2 }
        rollout = { batch = 128, noised_share = 0.25 }
        optimizer = { learning_rate = 0.003, ema = 0.95 }
        training.iterations = 150
        tempering.iterations = 40
        evaluation = { samples = 2000, proposals = 20000 }
    "#
    .replace("REWARD", &reward))
}

#[test]
fn the_posterior_on_the_plane_is_the_exact_one() {
    let run = plane_run();
    let files = files(&run, decoder().to_safetensors(false));
    let mut session = block_on(Session::open(run, cpu_device(), &files, None)).expect("it opens");
    let before = block_on(session.evaluate(2000, 1)).expect("a report");
    train(&mut session, 150);
    let report = block_on(session.evaluate(2000, 1)).expect("a report");
    assert_eq!(report.truth, Truth::Quadrature);
    // The prior's own samples know log Z too, and are no part of the quadrature.
    let fit = |report: &rtb::message::Report| report.fit.of::<ImageFit>().expect("a fit");
    assert!(report.log_z_exact < -0.5, "the reward chooses: {report:?}");
    let prior = block_on(session.samples(1, 1));
    assert_eq!(prior.expect("an image").len(), PIXELS);
    assert!(
        (report.log_z_importance - report.log_z_exact).abs() < 0.03,
        "{report:?}"
    );
    assert!(report.elbo > report.log_z_exact - 0.15, "{report:?}");
    assert!(report.ess > 0.7, "{report:?}");
    let (untrained, trained) = (fit(&before), fit(&report));
    let variation = |fit: &ImageFit| fit.total_variation.expect("a plane");
    let floor = trained.total_variation_floor.expect("a plane");
    assert!(variation(&untrained) > 0.15, "{untrained:?}");
    assert!(variation(&trained) < floor + 0.06, "{trained:?}");
    assert!(trained.log_z_error.expect("known") < 0.01);
}

#[test]
fn a_resumed_run_of_latents_goes_on_exactly() {
    let mut run = plane_run();
    run.rollout.replay_share = 0.25;
    let files = files(&run, decoder().to_safetensors(false));
    let mut whole = block_on(Session::open(run, cpu_device(), &files, None)).expect("it opens");
    train(&mut whole, 3);
    let checkpoint = whole.checkpoint().expect("it saves");
    let rest = train(&mut whole, 3);
    let mut resumed = block_on(Session::resume(&checkpoint, cpu_device(), &files)).expect("it resumes");
    assert_eq!(resumed.iteration(), 3);
    assert_eq!(train(&mut resumed, 3), rest);
}

#[test]
fn the_quadrature_knows_what_samples_of_the_prior_do() {
    let run = plane_run();
    let files = files(&run, decoder().to_safetensors(false));
    let mut task = LatentsTask::open(run, cpu_device(), &files).expect("it opens");
    let exact = block_on(task.exact(20_000)).expect("exact");
    // A kept share of p of n proposals has log p with an error of √((1 − p)/(p·n)).
    let share = exact.kept.len() as f64 / exact.proposals as f64;
    let log_z = share.ln();
    let error = ((1.0 - share) / (share * exact.proposals as f64)).sqrt();
    assert!(
        (log_z - exact.log_z).abs() < 4.0 * error + exact.log_z_error,
        "{log_z} for {}",
        exact.log_z
    );
}

#[test]
fn a_flow_is_the_ode_of_its_network() {
    let prior = DenoiserPrior::read(
        shipped_weights("prior-digits-small").expect("it ships"),
        2,
        &cpu_device(),
    );
    let prior = prior.expect("whole");
    let size = prior.decoder().size();
    let noise = Noise::new(1).normal(Purpose::Samples, 0, 3 * size);
    let z = Tensor::<2>::from_data(TensorData::new(noise.clone(), [3, size]), &cpu_device());
    // Two steps by hand, from time 1 by way of 1/2 to 0.
    let v = prior.network().forward(&[1.0], &[], z.clone());
    let (alpha, sigma) = VariancePreserving::level(0.5);
    let x = v.clone().neg().mul_scalar(alpha) + z.mul_scalar(sigma);
    let v = prior.network().forward(&[0.5], &[], x.clone());
    let end = x.mul_scalar(alpha) - v.mul_scalar(sigma);
    let end: Vec<f32> = numbers(end).into_iter().map(|v| v as f32).collect();
    let by_hand = block_on(prior.decoder().images(&end)).expect("images");
    let (network, decoder) = (prior.network().clone(), prior.decoder().clone());
    let flow = Decoder::of_flow(network, decoder, 2, &cpu_device());
    assert_eq!(flow.size(), size);
    let images = block_on(flow.images(&noise)).expect("images");
    for (found, wanted) in images.iter().zip(&by_hand) {
        assert!((found - wanted).abs() < 1e-4, "{found} for {wanted}");
    }
    let generator = GeneratorPrior::new(flow, 7);
    assert_eq!(
        (generator.process().steps(), generator.process().state_size()),
        (7, size)
    );
}

/// Three channels of which the first is the first latent, from 0 to 255.
struct Outside;

impl Generate for Outside {
    fn latents(&self) -> usize {
        2
    }

    fn shape(&self) -> [usize; 3] {
        [3, 8, 8]
    }

    fn samples(&self, noise: &[f32]) -> Result<Vec<f32>, String> {
        let of_row = |z: &[f32]| {
            let level = 127.5 * (1.0 + z[0].tanh());
            (0..192).map(move |at| if at < 64 { level } else { 0.0 })
        };
        if noise.contains(&f32::INFINITY) {
            return Err("no such noise".to_owned());
        }
        Ok(noise.chunks(2).flat_map(of_row).collect())
    }
}

#[test]
fn a_generator_of_somebody_elses_is_a_prior_and_needs_no_classifier() {
    let run = run(r#"
        task = "latents"
        prior = { kind = "onnx", model = "theirs.onnx", range = [0, 255] }
        reward = { kind = "ink", target = 0.25, deviation = 0.03 }
        process.steps = 12
        network = { width = 32, depth = 2 }
        rollout = { batch = 128, noised_share = 0.25 }
        optimizer = { learning_rate = 0.003, ema = 0.95 }
        training.iterations = 120
        tempering.iterations = 40
        evaluation = { samples = 1000, proposals = 5000 }
    "#);
    let files = files(&run, Vec::new()).with_generator("prior", Arc::new(Outside));
    let mut session = block_on(Session::open(run, cpu_device(), &files, None)).expect("it opens");
    train(&mut session, 120);
    let report = block_on(session.evaluate(1000, 1)).expect("a report");
    let fit: ImageFit = report.fit.of().expect("a fit");
    assert_eq!((fit.fid, fit.diversity, fit.accuracy), (None, None, None));
    // Brightness is a third of the first channel's, so z_0 is wanted near tanh⁻¹(0.5), where N(0, 1) has its density.
    let samples = block_on(session.samples(1000, 1)).expect("samples");
    let levels: Vec<f32> = samples.chunks(192).map(|image| image[0]).collect();
    let mean = levels.iter().sum::<f32>() / 1000.0;
    assert!((mean - 0.45).abs() < 0.1, "{mean}");
    assert!(samples.chunks(192).all(|image| image[64] == -1.0));
    assert!(
        (report.log_z_importance - report.log_z_exact).abs() < 0.05,
        "{report:?}"
    );
    assert!(
        fit.total_variation < fit.total_variation_floor.map(|floor| floor + 0.08),
        "{fit:?}"
    );
    let shape = Shape {
        channels: 3,
        height: 8,
        width: 8,
    };
    let decoder = Decoder::outside(Arc::new(Outside), shape, [0.0, 255.0]);
    let failed = block_on(decoder.images(&[f32::INFINITY, 0.0]));
    assert_eq!(failed, Err("no such noise".to_owned()));
}

#[test]
fn what_is_no_generator_is_refused() {
    let opened = |text: &str, prior: Vec<u8>| {
        let run = run(text);
        LatentsTask::open(run.clone(), cpu_device(), &files(&run, prior)).map(drop)
    };
    let refused = |text: &str, prior: Vec<u8>| opened(text, prior).expect_err(text).to_string();
    let of_reward = |reward: &str| {
        format!(
            "task = \"latents\"\nprior = {{ kind = \"decoder\", weights = \"mine\" }}\nreward = {reward}\n"
        )
    };
    let ink = of_reward("{ kind = \"ink\", target = 0.5, deviation = 0.1 }");
    let denoiser = shipped_weights("prior-digits-small").expect("it ships").to_vec();
    let classifier = shipped_weights("classifier").expect("it ships").to_vec();
    for (prior, said) in [
        (denoiser, "belongs to no generator"),
        (classifier, "it has no decoder"),
        (vec![1, 2, 3], "prior.weights"),
    ] {
        let error = refused(&ink, prior);
        assert!(
            error.contains(said) && error.contains("prior.weights"),
            "{said}: {error}"
        );
    }
    let mut other = decoder();
    other.metadata.insert("data".to_owned(), "letters".to_owned());
    let error = refused(
        &of_reward("{ kind = \"classes\", classes = [3] }"),
        other.to_safetensors(false),
    );
    assert!(error.contains("learned mnist"), "{error}");
    // Nobody knows what somebody else's generator has learned.
    let text = "task = \"latents\"\nprior = { kind = \"onnx\", model = \"theirs.onnx\" }\nreward = { kind = \"classes\", classes = [3] }\n";
    let run = run(text);
    let files = files(&run, Vec::new()).with_generator("prior", Arc::new(Outside));
    let error = LatentsTask::open(run, cpu_device(), &files)
        .map(drop)
        .expect_err("refused")
        .to_string();
    assert!(error.contains("whose `data` says"), "{error}");
}

#[test]
fn descriptions_of_generators_are_checked() {
    let refused = |prior: &str| {
        let text = format!(
            "task = \"latents\"\nprior = {prior}\nreward = {{ kind = \"ink\", target = 0.5, deviation = 0.1 }}\n"
        );
        Run::from_toml(&text).expect_err(prior).to_string()
    };
    for (prior, said) in [
        ("{ kind = \"gan\", weights = \"x\" }", "prior.kind"),
        ("{ kind = \"decoder\", weights = \"\" }", "prior.weights"),
        (
            "{ kind = \"flow\", weights = \"prior-digits\", steps = 0 }",
            "prior.steps",
        ),
        ("{ kind = \"onnx\", model = \"\" }", "prior.model"),
        (
            "{ kind = \"onnx\", model = \"m\", range = [1, 1] }",
            "prior.range",
        ),
        (
            "{ kind = \"onnx\", model = \"m\", range = [1, nan] }",
            "prior.range[1]",
        ),
    ] {
        let error = refused(prior);
        assert!(error.contains(said), "{said}: {error}");
    }
    let langevin = "preset = \"latents-3\"\nnetwork.langevin = true\n";
    let error = Run::from_toml(langevin).expect_err("refused").to_string();
    assert!(error.contains("network.langevin"), "{error}");
}

#[test]
fn exact_trajectories_are_noise_on_their_way_to_the_images_shown() {
    // Nearly the same reward everywhere: the posterior is nearly the prior.
    let run = run(r#"
        task = "latents"
        prior = { kind = "decoder", weights = "mine.safetensors" }
        reward = { kind = "ink", target = 0.5, deviation = 1.0 }
        process.steps = 8
        evaluation.proposals = 200
    "#);
    let files = files(&run, decoder().to_safetensors(false));
    let mut session = block_on(Session::open(run, cpu_device(), &files, None)).expect("it opens");
    let scene = block_on(session.scene()).expect("a scene");
    let view = scene.view.of::<ImageView>().expect("of images");
    assert!(view.plane.is_some() && scene.truth == Truth::Quadrature && scene.log_z.is_some());
    let task: &mut LatentsTask = session.task().expect("a run of latents");
    block_on(task.grow(200)).expect("images");
    let truth = block_on(task.known())
        .expect("an answer")
        .expect("most images are kept");
    let paths = truth.fit.of::<ExactFit>().expect("of images").plane_paths;
    let size = 2 * scene.prior_paths.steps.len();
    assert_eq!(paths.len(), size * truth.log_reward.len());
    let (mut squares, mut ends) = (Vec::new(), Vec::new());
    for path in paths.chunks_exact(size) {
        assert_eq!(path[..2], [0.0; 2], "all start at 0");
        squares.extend(path[2..size - 2].iter().map(|z| z * z));
        ends.extend(&path[size - 2..]);
    }
    let variance = squares.iter().sum::<f32>() / squares.len() as f32;
    assert!((0.7..1.3).contains(&variance), "{variance}");
    let mut file = decoder();
    let decoder = Decoder::take(&mut file, Shape::MNIST, &cpu_device()).expect("a decoder");
    assert_eq!(block_on(decoder.images(&ends)).expect("images"), truth.samples);
}
