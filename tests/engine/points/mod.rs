//! Points of R^d against closed forms.

mod chain;
mod counted;
mod energy;
mod flow;
mod gradient;
mod refused;

use crate::support::{preset, report, train};
use rtb::engine::EngineError;
use rtb::engine::device::cpu_device;
use rtb::engine::noise::{Noise, Purpose};
use rtb::engine::reward::BlackBox;
use rtb::engine::train::Pretrain;
use rtb::message::{Files, Report};
use rtb::run::{Run, Training};
use rtb::session::Session;
use rtb::task::points::pretrain::{Bounds, PretrainConfig, Pretraining};
use rtb::task::points::{PointsFit, PointsTask, Table};
use std::sync::Arc;

fn run_of(text: &str) -> Run {
    Run::from_toml(text).expect("a valid run")
}

fn task(run: &Run, files: &Files) -> PointsTask {
    PointsTask::open(run.clone(), cpu_device(), files).expect("it opens")
}

fn fit(report: &Report) -> PointsFit {
    report.fit.of().expect("a run of points")
}

fn open(run: Run, files: &Files) -> Result<Session, EngineError> {
    pollster::block_on(Session::open(run, cpu_device(), files, None))
}

/// Prior N(0, 0.1), data 0.5 and −0.2 with noise 0.1 each: a posterior in closed form.
const CONJUGATE: &str = r#"
    task = "points"
    [prior]
    kind = "marginals"
    [[prior.coordinates]]
    family = "normal"
    name = "a"
    mean = 0.0
    deviation = 0.31622776601683794
    [[prior.coordinates]]
    family = "normal"
    name = "b"
    mean = 0.0
    deviation = 0.31622776601683794
    [[prior.coordinates]]
    family = "normal"
    name = "c"
    mean = 0.0
    deviation = 0.31622776601683794
    [reward]
    kind = "formula"
    logarithm = true
    expression = "-((a - 0.5)^2 + (b + 0.2)^2)/0.2"
"#;

fn log_z() -> f64 {
    // N(y; 0, 0.2) for each, less the normalisation of the likelihood that the formula leaves out.
    -(0.25 + 0.04) / 0.4 + 0.5f64.ln()
}

#[test]
fn a_conjugate_posterior_is_learned() {
    let mut run = run_of(CONJUGATE);
    run.process.steps = 12;
    run.network.width = 32;
    run.rollout.batch = 128;
    run.tempering.iterations = 0;
    run.training = Training {
        iterations: 300,
        ..Training::default()
    };
    run.evaluation.proposals = 200_000;
    let mut session = open(run, &Files::default()).expect("it opens");
    train(&mut session, 300);
    let report = report(&mut session, 20_000);
    let fit = fit(&report);
    assert!((report.log_z_exact - log_z()).abs() < 0.01, "{report:?}");
    assert!((report.log_z_importance - log_z()).abs() < 0.02, "{report:?}");
    assert!(
        report.elbo <= log_z() + 0.01 && report.elbo > log_z() - 0.1,
        "{report:?}"
    );
    assert!(fit.marginal_error < 0.05, "{fit:?}");
    let samples = pollster::block_on(session.samples(20_000, 1)).expect("samples");
    for (at, (mean, variance)) in [(0.25, 0.05), (-0.1, 0.05), (0.0, 0.1)].into_iter().enumerate() {
        let column: Vec<f64> = samples
            .iter()
            .skip(at)
            .step_by(3)
            .map(|x| f64::from(*x))
            .collect();
        let m = column.iter().sum::<f64>() / column.len() as f64;
        let v = column.iter().map(|x| (x - m).powi(2)).sum::<f64>() / column.len() as f64;
        assert!((m - mean).abs() < 0.03, "mean {m} for {mean}");
        assert!((v / variance - 1.0).abs() < 0.15, "variance {v} for {variance}");
    }
}

/// The floor is measured from the largest log r, so a constant in log r changes nothing of what is suggested.
#[test]
fn a_floor_is_suggested_below_the_largest_log_r() {
    let wanted = |constant: f64| {
        let mut run = run_of(&CONJUGATE.replace("0.2\"", &format!("0.002 - {constant}\"")));
        run.process.steps = 4;
        run.tempering.floor = -1.0;
        run.evaluation.proposals = 1000;
        let mut session = open(run, &Files::default()).expect("it opens");
        report(&mut session, 1000).floor_wanted.expect("a floor")
    };
    let floor = wanted(0.0);
    assert!(floor < -100.0, "{floor}");
    assert_eq!(wanted(1000.0), floor);
}

/// A Gaussian likelihood under a uniform prior in one dimension, by quadrature.
#[test]
fn quadrature_knows_log_z() {
    let run = run_of(
        r#"
        task = "points"
        [tempering]
        floor = -200.0
        [prior]
        kind = "marginals"
        [[prior.coordinates]]
        family = "uniform"
        name = "a"
        low = -4.0
        high = 4.0
        [reward]
        kind = "formula"
        logarithm = true
        expression = "-(a - 1)^2/0.02"
        "#,
    );
    let mut task = task(&run, &Files::default());
    let truth = &pollster::block_on(task.truths()).expect("quadrature")[0];
    let exact = (0.02 * std::f64::consts::PI).sqrt().ln() - 8f64.ln();
    assert!((truth.log_z - exact).abs() < 1e-3, "{} for {exact}", truth.log_z);
    assert_eq!(truth.effective, 0.0);
}

#[test]
fn a_sum_goes_over_the_rows_of_a_table() {
    let text = CONJUGATE.replace(
        "\"-((a - 0.5)^2 + (b + 0.2)^2)/0.2\"",
        "\"-sum((y - a*x - b)^2)/2\"\n    data = \"data.csv\"",
    );
    let run = run_of(&text);
    let files = Files::default().with("reward", b"x,y\n0,1\n1,2.5\n2,2\n".to_vec());
    let task = task(&run, &files);
    let (a, b) = (0.3, -0.2);
    let wanted: f64 = [(0.0, 1.0), (1.0, 2.5), (2.0, 2.0)]
        .map(|(x, y): (f64, f64)| (y - a * x - b).powi(2))
        .iter()
        .sum();
    let log_r = task.reward.of_points(&[a, b, 0.0], &[0]).expect("a formula");
    assert!((log_r[0] + wanted / 2.0).abs() < 1e-12);

    let refused = |expression: &str| {
        let run = run_of(&text.replace("-sum((y - a*x - b)^2)/2", expression));
        let refused = PointsTask::open(run, cpu_device(), &files)
            .err()
            .expect("refused");
        refused.to_string()
    };
    assert!(refused("y").contains("column of the table"), "{}", refused("y"));
    assert!(refused("sum(sum(y))").contains("within another sum"));
    assert!(refused("theta").contains("a, b, c"));
}

/// Counts what it is asked, and fails from some point on.
struct Outside {
    fails: bool,
}

impl BlackBox for Outside {
    fn log_reward(&self, samples: &[f64], shape: &[usize]) -> Result<Vec<f64>, String> {
        if self.fails {
            return Err("reward.run: `reward.py` has ended with exit status 1".to_owned());
        }
        Ok(samples
            .chunks_exact(shape[0])
            .map(|x| -((x[0] - 0.5).powi(2) + (x[1] + 0.2).powi(2)) / 0.2)
            .collect())
    }
}

#[test]
fn a_black_box_is_a_formula_of_its_values() {
    let text = CONJUGATE
        .replace("kind = \"formula\"", "kind = \"command\"")
        .replace(
            "logarithm = true\n    expression = \"-((a - 0.5)^2 + (b + 0.2)^2)/0.2\"",
            "run = [\"reward.py\"]",
        );
    let small = |text: &str| {
        let mut run = run_of(text);
        run.process.steps = 5;
        run.network.width = 8;
        run.rollout.batch = 32;
        run.evaluation.proposals = 1000;
        run
    };
    let boxed = |fails| Files::default().with_black_box("reward", Arc::new(Outside { fails }));
    let (mut one, mut other) = (
        open(small(&text), &boxed(false)).expect("it opens"),
        open(small(CONJUGATE), &Files::default()).expect("it opens"),
    );
    assert_eq!(train(&mut one, 5), train(&mut other, 5));
    let missing = open(small(&text), &Files::default()).err().expect("refused");
    assert!(missing.to_string().contains("reward.run"), "{missing}");
    let failed = open(small(&text), &boxed(true)).err().expect("refused");
    assert!(failed.to_string().contains("exit status 1"), "{failed}");
    let scaled = text
        .replace("kind = \"command\"", "kind = \"onnx\"\nmean = [0.5]")
        .replace("run = [\"reward.py\"]", "model = \"m.onnx\"");
    let refused = Run::from_toml(&scaled)
        .expect_err("points have no pixels")
        .to_string();
    assert!(
        refused.starts_with("reward.mean: [0.5] is not allowed; use no mean"),
        "{refused}"
    );
}

/// A table with a bounded column: samples of the learned prior keep its bounds, moments and correlation.
#[test]
fn a_prior_is_learned_from_a_table() {
    let mut rng = Noise::new(4).stream(Purpose::Samples, 0);
    let mut text = "level,share\n".to_owned();
    for _ in 0..4000 {
        let (u, v) = (
            rtb::engine::noise::normal(&mut rng),
            rtb::engine::noise::normal(&mut rng),
        );
        let (level, free) = (10.0 + 3.0 * u, 0.8 * u + 0.6 * v);
        text.push_str(&format!("{level},{}\n", 1.0 / (1.0 + (-free).exp())));
    }
    let table = Table::read(text.as_bytes()).expect("a table");
    let bounds = [Bounds {
        name: "share".to_owned(),
        low: Some(0.0),
        high: Some(1.0),
    }];
    let config = PretrainConfig {
        iterations: 400,
        batch: 256,
        width: 32,
        depth: 2,
        ema: 0.98,
        ..PretrainConfig::default()
    };
    let mut training =
        Pretraining::new("`samples.csv`", &table, &bounds, config, cpu_device()).expect("it starts");
    while !training.descent().finished() {
        pollster::block_on(training.step()).expect("a step");
    }
    let figures = pollster::block_on(training.figures()).expect("figures");
    assert!(figures.marginal_error < 0.15, "{figures:?}");
    assert!(figures.correlation_error < 0.08, "{figures:?}");

    let file = pollster::block_on(training.weights()).expect("weights");
    let run = run_of(
        r#"
        task = "points"
        [evaluation]
        proposals = 5000
        [prior]
        kind = "learned"
        weights = "prior.safetensors"
        [reward]
        kind = "formula"
        expression = "share > 0.5"
        "#,
    );
    let mut task = task(&run, &Files::default().with("prior", file));
    assert_eq!(task.space.names(), ["level", "share"]);
    let truth = &pollster::block_on(task.truths()).expect("weighted samples")[0];
    // Half of the mass.
    assert!((truth.log_z - 0.5f64.ln()).abs() < 0.1, "{}", truth.log_z);
    assert!(truth.points.chunks_exact(2).all(|x| x[1] > 0.0 && x[1] < 1.0));
}

#[test]
fn presets_of_points_train() {
    for name in ["banana", "eight-schools", "clusters"] {
        let mut run = preset(name);
        run.process.steps = 6;
        run.network.width = 8;
        run.rollout.batch = 32;
        run.evaluation.proposals = 2000;
        let mut session = open(run, &Files::default()).expect("it opens");
        train(&mut session, 3);
        let report = report(&mut session, 500);
        assert!(
            report.log_z_importance.is_finite() && report.log_z_exact.is_finite(),
            "{name}: {report:?}"
        );
    }
}
