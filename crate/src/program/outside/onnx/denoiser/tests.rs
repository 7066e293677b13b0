//! Priors by the exact denoiser of Gaussian points, whose every figure has a closed form.

use super::DenoiserBox;
use crate::program::outside::onnx::written::{
    GAUSSIAN, TimeInput, alphas_cumprod, file, gaussian_denoiser, node, value,
};
use burn::tensor::{Tensor, TensorData};
use pollster::block_on;
use rtb::engine::device::cpu_device;
use rtb::engine::learner::Task;
use rtb::engine::noise::{Noise, Purpose};
use rtb::engine::process::Prior;
use rtb::run::{DenoiserFile, FileKind, Files, Run};
use rtb::session::Session;
use rtb::task::points::PointsTask;
use std::sync::Arc;

/// Subtracted from points before training, and what they were divided by.
const SCALE: [(f64, f64); 2] = [(1.0, 2.0), (2.0, 0.5)];
/// Centre and deviation of the reward's factors.
const REWARD: [(f64, f64); 2] = [(2.5, 1.0), (1.7, 0.3)];

/// A run above the denoiser, with more fields of its prior.
fn run_of(prediction: &str, time: TimeInput, more: &str) -> Run {
    let kind = match time {
        TimeInput::Fractions => "fraction",
        TimeInput::Number | TimeInput::Numbers => "index",
    };
    let text = format!(
        r#"
        task = "points"
        process.steps = 40
        network = {{ width = 16, depth = 1 }}
        rollout.batch = 128
        tempering.iterations = 0
        training.iterations = 100
        evaluation.proposals = 8000
        [prior]
        kind = "onnx"
        model = "denoiser.onnx"
        names = ["a", "b"]
        mean = [1.0, 2.0]
        deviation = [2.0, 0.5]
        prediction = "{prediction}"
        output = "{prediction}"
        time = "{kind}"
        schedule = {{ kind = "list", alphas_cumprod = {:?} }}
        {more}
        [reward]
        kind = "formula"
        logarithm = true
        expression = "-(a - 2.5)^2/2 - (b - 1.7)^2/0.18"
        "#,
        alphas_cumprod()
    );
    Run::from_toml(&text).expect("a valid run")
}

fn open(run: &Run, bytes: &[u8]) -> Result<DenoiserBox, String> {
    let needs = run.files();
    let described: Vec<DenoiserFile> = needs
        .iter()
        .filter_map(|need| match need.kind {
            FileKind::Denoiser(described) => Some(described),
            _ => None,
        })
        .collect();
    DenoiserBox::open("prior.model", described[0], bytes.to_vec())
}

fn files(run: &Run, time: TimeInput) -> Files {
    let denoiser = open(run, &gaussian_denoiser(time)).expect("opened");
    Files::default().with_denoiser("prior", Arc::new(denoiser))
}

fn numbers(tensor: Tensor<2>) -> Vec<f32> {
    tensor.into_data().try_to_vec().expect("floats")
}

#[test]
fn every_prediction_is_the_same_kernel() {
    let points = Noise::new(1).normal(Purpose::Samples, 0, 2 * 70);
    let cases = [
        ("noise", TimeInput::Fractions),
        ("velocity", TimeInput::Fractions),
        ("data", TimeInput::Number),
        ("score", TimeInput::Numbers),
    ];
    for (prediction, time) in cases {
        let run = run_of(prediction, time, "");
        let task = PointsTask::open(run.clone(), cpu_device(), &files(&run, time)).expect("it opens");
        // The first step starts at 0.
        for step in [0, 1, 10, 25, 39] {
            let states = if step == 0 {
                vec![0.0; points.len()]
            } else {
                points.clone()
            };
            let (alpha, sigma) = task.process.at(step);
            let x = Tensor::from_data(TensorData::new(states.clone(), [70, 2]), &cpu_device());
            let kernel = numbers(task.prior.kernel(step, &x));
            let factor = task.process.mix(step).1 * task.process.at(step + 1).0;
            for (row, state) in states.chunks(2).enumerate() {
                for at in 0..2 {
                    let (mean, variance) = (f64::from(GAUSSIAN[at].0), f64::from(GAUSSIAN[at].1));
                    let z = f64::from(state[at]);
                    let noised = alpha * alpha * variance + sigma * sigma;
                    let end = mean + alpha * variance / noised * (z - alpha * mean);
                    let wanted = factor * (end - alpha * z) / sigma.powi(2);
                    let found = f64::from(kernel[row * 4 + at]);
                    assert!(
                        (found - wanted).abs() < 2e-3 + 0.01 * wanted.abs(),
                        "{prediction}, step {step}: {found} for {wanted}"
                    );
                    assert_eq!(kernel[row * 4 + 2 + at], 0.0);
                }
            }
        }
    }
}

#[test]
fn prior_and_posterior_are_those_of_gaussians() {
    const COUNT: usize = 8000;
    let run = run_of("noise", TimeInput::Fractions, "");
    let files = files(&run, TimeInput::Fractions);
    let task = PointsTask::open(run.clone(), cpu_device(), &files).expect("it opens");
    let noise = Noise::new(7).normal(Purpose::Samples, 0, task.process.steps * COUNT * 2);
    let walks = task.chains().walk_prior(&[0; COUNT], noise);
    let points = task.space.points(&numbers(walks[task.process.steps].clone()));
    let mut log_z = 0.0;
    let mut posterior = Vec::new();
    for at in 0..2 {
        let (low, scale) = SCALE[at];
        let mean = low + scale * f64::from(GAUSSIAN[at].0);
        let variance = scale * scale * f64::from(GAUSSIAN[at].1);
        let column: Vec<f64> = points.iter().skip(at).step_by(2).copied().collect();
        let found = column.iter().sum::<f64>() / COUNT as f64;
        let spread = column.iter().map(|x| (x - found).powi(2)).sum::<f64>() / COUNT as f64;
        assert!(
            (found - mean).abs() < 0.03 * variance.sqrt(),
            "mean {found} for {mean}"
        );
        assert!(
            (spread / variance - 1.0).abs() < 0.05,
            "variance {spread} for {variance}"
        );
        let (center, deviation) = REWARD[at];
        let both = variance + deviation * deviation;
        log_z += 0.5 * (deviation * deviation / both).ln() - 0.5 * (center - mean).powi(2) / both;
        let share = variance / both;
        posterior.push((mean + share * (center - mean), variance * (1.0 - share)));
    }
    let mut session = block_on(Session::open(run, cpu_device(), &files, None)).expect("it opens");
    while !session.finished() {
        block_on(session.step()).expect("an iteration");
    }
    let report = block_on(session.evaluate(COUNT, 1)).expect("a report");
    for found in [report.log_z_importance, report.log_z_exact] {
        assert!((found - log_z).abs() < 0.05, "{found} for {log_z}");
    }
    assert!(report.elbo > log_z - 0.2, "{report:?}");
    let samples = block_on(session.samples(COUNT, 1)).expect("samples");
    for (at, (mean, variance)) in posterior.into_iter().enumerate() {
        let column: Vec<f64> = samples
            .iter()
            .skip(at)
            .step_by(2)
            .map(|x| f64::from(*x))
            .collect();
        let found = column.iter().sum::<f64>() / COUNT as f64;
        assert!(
            (found - mean).abs() < 0.1 * variance.sqrt(),
            "mean {found} for {mean}"
        );
    }
}

#[test]
fn models_that_do_not_fit_are_refused() {
    let run = run_of("noise", TimeInput::Fractions, "");
    let (x, t, y) = (
        value("x", 1, &[0, 2]),
        value("t", 1, &[]),
        value("noise", 1, &[0, 2]),
    );
    let model = |operator: &str, x: &[u64], time: Vec<u8>| {
        file(
            &[node(operator, &["x", "t"], "noise")],
            &[],
            &[value("x", 1, x), time],
            std::slice::from_ref(&y),
        )
    };
    let cases = [
        (
            file(
                &[node("Relu", &["x"], "noise")],
                &[],
                std::slice::from_ref(&x),
                std::slice::from_ref(&y),
            ),
            "must have two inputs, noised points and a time; it has `x`",
        ),
        (
            model("Mul", &[0, 3], t.clone()),
            "must have an input of the shape [batch, 2], as `names` are 2; that of `x` is [?, 3]",
        ),
        (
            model("Mul", &[0, 2], value("t", 1, &[0, 2])),
            "must have a time of the shape [], [batch] or [batch, 1]; that of `t` is [?, 2]",
        ),
        (
            model("Mul", &[0, 2], value("t", 7, &[])),
            "takes whole numbers as `t`, and `time` is \"fraction\"",
        ),
        (
            model("Div", &[0, 2], value("t", 2, &[])),
            "must have a time of floats or whole numbers",
        ),
        (
            file(
                &[node("Div", &["t", "x"], "noise")],
                &[],
                &[x.clone(), t.clone()],
                std::slice::from_ref(&y),
            ),
            "gave inf at the point [0.0, 0.0] and the time 0.001",
        ),
        (
            file(
                &[node("ReduceMax", &["x"], "m"), node("Mul", &["m", "t"], "noise")],
                &[],
                &[x.clone(), t.clone()],
                std::slice::from_ref(&y),
            ),
            "must have an output of the shape [batch, 2]; for 2 points it is [1, 1]",
        ),
    ];
    for (bytes, said) in cases {
        let refused = open(&run, &bytes).err().expect(said);
        assert!(refused.starts_with("prior.model: `denoiser.onnx` "), "{refused}");
        assert!(refused.contains(said), "{said}: {refused}");
    }
    let denoiser = gaussian_denoiser(TimeInput::Fractions);
    let refused = |more| {
        open(&run_of("noise", TimeInput::Fractions, more), &denoiser)
            .err()
            .unwrap_or_default()
    };
    assert_eq!(refused(r#"inputs = ["x", "t"]"#), "");
    assert!(refused(r#"inputs = ["x", "u"]"#).ends_with("has no input `u`; its inputs: `x`, `t`"));
    assert!(refused(r#"inputs = ["t", "x"]"#).contains("that of `t` is [?, 1]"));
}

/// Far from all data a model may give no numbers: the run then ends with the model's error.
#[test]
fn a_model_that_fails_on_the_way_is_named() {
    let bytes = file(
        &[node("Sub", &["t", "x"], "d"), node("Sqrt", &["d"], "noise")],
        &[],
        &[value("x", 1, &[0, 2]), value("t", 1, &[])],
        &[value("noise", 1, &[0, 2])],
    );
    let run = run_of("noise", TimeInput::Fractions, "");
    let denoiser = open(&run, &bytes).expect("at 0 it gives numbers");
    let files = Files::default().with_denoiser("prior", Arc::new(denoiser));
    let mut session = block_on(Session::open(run, cpu_device(), &files, None)).expect("it opens");
    let failed = block_on(session.step()).expect_err("no numbers").to_string();
    assert!(
        failed.contains("prior.model: `denoiser.onnx` gave NaN at the point"),
        "{failed}"
    );
}

#[test]
fn descriptions_that_do_not_fit_are_refused() {
    let text = run_of("noise", TimeInput::Fractions, "").to_toml();
    let refused = |from: &str, to: &str| {
        assert!(text.contains(from), "{from}: {text}");
        Run::from_toml(&text.replacen(from, to, 1))
            .expect_err(to)
            .to_string()
    };
    for (from, to, said) in [
        (
            "names = [\"a\", \"b\"]",
            "names = []",
            "the number of prior.names: 0",
        ),
        (
            "names = [\"a\", \"b\"]",
            "names = [\"a\", \"a\"]",
            "a name that no other coordinate",
        ),
        (
            "mean = [1.0, 2.0]",
            "mean = [1.0]",
            "the number of prior.mean: 1 is not allowed; use one for each",
        ),
        (
            "deviation = [2.0, 0.5]",
            "deviation = [2.0, 0.0]",
            "prior.deviation[1]: 0",
        ),
        (
            "prediction = \"noise\"",
            "prediction = \"epsilon\"",
            "prior.prediction: `epsilon` is not allowed; use one of `noise`, `velocity`, `data`, `score`",
        ),
        (
            "output = \"noise\"",
            "inputs = [\"x\"]",
            "the number of prior.inputs: 1",
        ),
        ("kind = \"list\"", "kind = \"quadratic\"", "`quadratic`"),
        ("(a - 2.5)", "(c - 2.5)", "a, b"),
    ] {
        let error = refused(from, to);
        assert!(error.contains(said), "{said}: {error}");
    }
}
