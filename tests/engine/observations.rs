//! Posteriors of points given many observations, which one network learns.

use crate::support::{report, train};
use rtb::engine::EngineError;
use rtb::engine::device::cpu_device;
use rtb::engine::noise::{Noise, Purpose, normal};
use rtb::engine::reward::BlackBox;
use rtb::message::{Files, Report};
use rtb::run::Run;
use rtb::session::Session;
use rtb::task::calibration::Calibration;
use rtb::task::points::{ObservationFit, PointsFit, PointsTask};
use std::f64::consts::{PI, TAU};
use std::sync::Arc;

/// θ is N(0, 1), and y given θ is N(θ, 1/2): the posterior is N(2/3·y, 1/3), and y is N(0, 3/2).
const CONJUGATE: &str = r#"
    task = "points"
    [process]
    steps = 12
    [network]
    width = 32
    [rollout]
    batch = 256
    [tempering]
    iterations = 0
    [objective]
    log_z = "vargrad"
    [evaluation]
    proposals = 20_000
    [prior]
    kind = "marginals"
    [[prior.coordinates]]
    family = "normal"
    name = "theta"
    mean = 0.0
    deviation = 1.0
    [reward]
    kind = "formula"
    logarithm = true
    expression = "-(y - theta)^2 - log(PI)/2"
    [observations]
    file = "observations.csv"
    truth = "theta.csv"
"#;
const ROWS: usize = 200;

fn run_of(text: &str) -> Run {
    Run::from_toml(text).expect("a valid run")
}

/// True points and observations drawn given them.
fn drawn() -> Vec<(f64, f64)> {
    let mut rng = Noise::new(7).stream(Purpose::Samples, 0);
    let pair = |_| {
        let theta = normal(&mut rng);
        (theta, theta + 0.5f64.sqrt() * normal(&mut rng))
    };
    (0..ROWS).map(pair).collect()
}

fn table(name: &str, values: impl Iterator<Item = f64>) -> Vec<u8> {
    let rows: String = values.map(|value| format!("{value}\n")).collect();
    format!("{name}\n{rows}").into_bytes()
}

fn files() -> Files {
    let drawn = drawn();
    Files::default()
        .with("observations", table("y", drawn.iter().map(|(_, y)| *y)))
        .with("truth", table("theta", drawn.iter().map(|(theta, _)| *theta)))
}

fn open(run: Run, files: &Files) -> Result<Session, EngineError> {
    pollster::block_on(Session::open(run, cpu_device(), files, None))
}

fn trained(mut run: Run, iterations: usize) -> (Session, Report) {
    run.training.iterations = iterations;
    let mut session = open(run, &files()).expect("it opens");
    train(&mut session, iterations);
    let report = report(&mut session, 10_000);
    (session, report)
}

fn calibration(session: &mut Session) -> Calibration {
    let report = pollster::block_on(session.calibrate(Report::default())).expect("it is measured");
    report.fit.of().expect("true points are known")
}

#[test]
fn one_network_learns_all_posteriors() {
    let (mut session, report) = trained(run_of(CONJUGATE), 400);
    let drawn = drawn();
    assert_eq!(session.conditions().count, ROWS);

    const DRAWS: usize = 200;
    let conditions: Vec<usize> = (0..ROWS * DRAWS).map(|at| at / DRAWS).collect();
    let sampled = pollster::block_on(session.sampled(&conditions, 1, false)).expect("samples");
    let mut squares = 0.0;
    for (draws, (_, y)) in sampled.ends.chunks_exact(DRAWS).zip(&drawn) {
        let mean = draws.iter().map(|x| f64::from(*x)).sum::<f64>() / DRAWS as f64;
        let error = mean - y / 1.5;
        assert!(error.abs() < 0.3, "{mean} for {}", y / 1.5);
        squares += error.powi(2);
    }
    let error = (squares / ROWS as f64).sqrt();
    assert!(error < 0.1, "{error}");

    // Figures are about the first rows.
    assert_eq!(report.conditions.len(), 100);
    for (row, (condition, (_, y))) in report.conditions.iter().zip(&drawn).enumerate() {
        let log_z = -y * y / 3.0 - (1.5 * TAU).ln() / 2.0;
        assert!(
            (condition.log_z_exact - log_z).abs() < 0.1,
            "{condition:?} for {log_z}"
        );
        assert!(
            (condition.log_z_importance - log_z).abs() < 0.2,
            "{condition:?} for {log_z}"
        );
        let fit: ObservationFit = condition.fit.of().expect("an observation");
        assert_eq!(fit.observation, row + 1);
    }
    let mean = report.conditions.iter().map(|c| c.log_z_exact).sum::<f64>() / 100.0;
    assert!((report.log_z_exact - mean).abs() < 1e-9);
    assert!(report.eubo.is_none());

    let fit: PointsFit = report.fit.of().expect("a run of points");
    assert!(fit.marginal_error < fit.marginal_error_exact + 0.05, "{fit:?}");
    let calibration = calibration(&mut session);
    assert_eq!((calibration.sbc_truths, calibration.sbc_counts.len()), (ROWS, 20));
    assert!(calibration.sbc_p[0] > 0.001, "{calibration:?}");
    for (coverage, level) in [
        (&calibration.coverage_50, 0.5),
        (&calibration.coverage_80, 0.8),
        (&calibration.coverage_95, 0.95),
    ] {
        assert!((coverage[0] - level).abs() < 0.1, "{calibration:?}");
    }
}

/// Posteriors of r⁴ are too narrow.
#[test]
fn ranks_tell_posteriors_that_are_too_narrow() {
    let mut run = run_of(CONJUGATE);
    run.tempering.beta = 4.0;
    let (mut session, _) = trained(run, 200);
    let calibration = calibration(&mut session);
    assert!(calibration.sbc_p[0] < 1e-6, "{calibration:?}");
    assert!(calibration.coverage_80[0] < 0.7, "{calibration:?}");
}

#[test]
fn there_is_no_calibration_without_true_points() {
    let run = run_of(&CONJUGATE.replace("truth = ", "# truth = "));
    let mut session = open(run, &files()).expect("it opens");
    let report = pollster::block_on(session.calibrate(Report::default())).expect("it is asked for");
    assert_eq!(report, Report::default());
}

/// Answers with the formula of [`CONJUGATE`] of a point and the observation behind it.
struct Outside;

impl BlackBox for Outside {
    fn log_reward(&self, samples: &[f64], shape: &[usize]) -> Result<Vec<f64>, String> {
        let size = shape[0];
        assert_eq!(size, 2);
        let rows = samples.chunks_exact(size);
        Ok(rows
            .map(|row| -(row[1] - row[0]).powi(2) - PI.ln() / 2.0)
            .collect())
    }
}

#[test]
fn a_black_box_gets_the_observation_behind_each_point() {
    let text = CONJUGATE
        .replace("kind = \"formula\"", "kind = \"command\"")
        .replace(
            "logarithm = true\n    expression = \"-(y - theta)^2 - log(PI)/2\"",
            "run = [\"reward.py\"]",
        );
    let files = files().with_black_box("reward", Arc::new(Outside));
    let small = |text: &str| {
        let mut run = run_of(text);
        run.process.steps = 5;
        run.network.width = 8;
        run.rollout.batch = 32;
        open(run, &files).expect("it opens")
    };
    assert_eq!(train(&mut small(&text), 5), train(&mut small(CONJUGATE), 5));

    // Of 20,000 samples of the prior, those of ten observations are 200,000 points, as many as it may be asked about.
    let report = report(&mut small(&text), 100);
    assert_eq!(report.conditions.len(), 10);
    let fit: PointsFit = report.fit.of().expect("a run of points");
    assert!((200_000.0..201_000.0).contains(&fit.evaluations), "{fit:?}");
}

#[test]
fn what_does_not_go_with_observations_is_refused() {
    let refused = |from: &str, to: &str| {
        let error = Run::from_toml(&CONJUGATE.replacen(from, to, 1));
        error.expect_err(to).to_string()
    };
    for (from, to, said) in [
        ("\"vargrad\"", "\"learned\"", "objective.log_z"),
        ("batch = 256", "batch = 7", "rollout.batch"),
        (
            "[observations]",
            "[reference]\n    samples = \"posterior.csv\"\n    [observations]",
            "reference.samples",
        ),
        (
            "[objective]",
            "[method]\n    kind = \"importance\"\n    [objective]",
            "there is one posterior per observation",
        ),
        ("truth = ", "true = ", "true"),
    ] {
        let error = refused(from, to);
        assert!(error.contains(said), "{to}: {error}");
    }
}

#[test]
fn tables_that_do_not_fit_are_refused() {
    let refused = |files: Files, expression: &str| {
        let run = run_of(&CONJUGATE.replace("-(y - theta)^2 - log(PI)/2", expression));
        let refused = PointsTask::open(run, cpu_device(), &files);
        refused.err().expect(expression).to_string()
    };
    let formula = "-(y - theta)^2";
    let numbers = |count: usize| (0..count).map(|at| at as f64 / 100.0);
    let with = |role, name, count| files().with(role, table(name, numbers(count)));
    for (files, expression, said) in [
        (files(), "-(z - theta)^2", "theta, y"),
        (with("observations", "theta", ROWS), formula, "`theta`"),
        (
            with("truth", "theta", ROWS - 1),
            formula,
            "the number of rows of observations.truth",
        ),
        (with("truth", "other", ROWS), formula, "no column `theta`"),
        (
            with("observations", "y", 10_001),
            formula,
            "the number of rows of observations.file",
        ),
        (files(), "-1/(y > 1e9)", "given observation 1"),
    ] {
        let error = refused(files, expression);
        assert!(error.contains(said), "{said}: {error}");
    }
}
