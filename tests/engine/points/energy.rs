//! Densities without samples, and posteriors that the prior hardly draws.

use super::{CONJUGATE, fit, open, run_of, task};
use crate::support::{mean_and_std, preset, report, train};
use rtb::engine::device::cpu_device;
use rtb::message::{Files, Truth};
use rtb::run::{Method, Run};
use rtb::session::Trial;
use rtb::task::points::{PointsProblem, PointsTask};

/// Samples that the prior hardly ever draws: log Z is −17, and importance resampling repeats a single one.
#[test]
fn annealed_smc_reaches_what_the_prior_hardly_draws() {
    let likelihood = "-((a - 1)^2 + (b - 1)^2 + (c - 1)^2)/0.02";
    let mut run = run_of(&CONJUGATE.replace("-((a - 0.5)^2 + (b + 0.2)^2)/0.2", likelihood));
    run.process.steps = 4;
    run.method = Method::find("annealed-smc").expect("a method");
    run.tempering.floor = -2000.0;
    let outcome = pollster::block_on(async {
        let mut trial = Trial::open(run, cpu_device(), &Files::default()).await?;
        trial.outcome(4000).await
    })
    .expect("it samples");
    // N(1; 0, 0.11) for each, less the normalisation of the likelihood that the formula leaves out.
    let log_z = 3.0 * (-1.0 / 0.22 + 0.5 * (0.01f64 / 0.11).ln());
    let estimate = outcome.log_z.expect("weights");
    assert_eq!(outcome.ess, None);
    assert!((estimate - log_z).abs() < 0.3, "{estimate} for {log_z}");
    for (at, x) in outcome.points.iter().enumerate() {
        assert!((f64::from(*x) - 10.0 / 11.0).abs() < 0.6, "{at}: {x}");
    }
}

/// The prior of [`CONJUGATE`] as a mixture, whose end points are no noise to the engine.
pub(super) fn as_mixture(text: &str) -> String {
    let reward = text.find("[reward]").expect("a reward");
    let prior = "task = \"points\"\n[prior]\nkind = \"mixture\"\nnames = [\"a\", \"b\", \"c\"]\n\
                 components = [{ mean = [0.0, 0.0, 0.0], variances = [0.1, 0.1, 0.1] }]\n";
    format!("{prior}{}", &text[reward..])
}

/// End points that are replayed in equal shares are better where they have moved: by Langevin moves, and by others
/// where the engine knows no density of the prior.
#[test]
fn local_search_moves_towards_the_posterior() {
    let narrow = CONJUGATE.replace("0.2\"", "0.02\"");
    for text in [as_mixture(&narrow), narrow] {
        moves_towards_the_posterior(&text);
    }
}

fn moves_towards_the_posterior(text: &str) {
    let replayed = |local_search| {
        let mut run = run_of(text);
        run.process.steps = 10;
        run.rollout.batch = 200;
        run.rollout.noised_share = 0.0;
        run.rollout.replay_share = 1.0;
        run.rollout.replay_priority = 0.0;
        run.rollout.local_search = local_search;
        run.tempering.iterations = 0;
        let mut session = open(run, &Files::default()).expect("it opens");
        train(&mut session, 4)[3].log_reward
    };
    let (still, moved) = (replayed(0), replayed(10));
    assert!(moved > still + 3.0, "{moved} after {still}");
}

/// The density of the posterior over that of the prior: log Z is that of the density, and of no prior.
#[test]
fn a_sampler_of_an_energy_has_the_normalisation_of_its_density() {
    let run = run_of(
        r#"
        task = "points"
        [process]
        steps = 10
        [prior]
        kind = "marginals"
        coordinates = [
            { family = "normal", name = "a", mean = 0.0, deviation = 2.0 },
            { family = "student_t", name = "b", freedom = 3.0, center = 0.5, scale = 1.5 },
        ]
        [reward]
        kind = "product"
        rewards = [
            { kind = "formula", logarithm = true, expression = "-(a - 1)^2/2 - (b + 1)^2/2" },
            { kind = "over_prior" },
        ]
        "#,
    );
    let mut task = task(&run, &Files::default());
    let truth = &pollster::block_on(task.truths()).expect("quadrature")[0];
    let exact = std::f64::consts::TAU.ln();
    assert!((truth.log_z - exact).abs() < 1e-3, "{} for {exact}", truth.log_z);
    let learned = "task = \"points\"\n[prior]\nkind = \"mixture\"\ncomponents = [{ mean = [0.0], variances = [1.0] }]\n\
                   [reward]\nkind = \"over_prior\"";
    let why = Run::from_toml(learned).expect_err("no density").to_string();
    assert!(
        why.starts_with("reward.kind: `over_prior` is not allowed;"),
        "{why}"
    );
}

/// A log Z that is known takes the place of what the prior's samples say of it.
#[test]
fn a_known_log_z_is_the_exact_one() {
    let with = |text: &str| {
        let mut run = run_of(&format!("{CONJUGATE}\n{text}"));
        run.process.steps = 4;
        run.evaluation.proposals = 1000;
        run
    };
    let known = "[reference]\nlog_z = -1.5";
    let mut session = open(with(known), &Files::default()).expect("it opens");
    let found = report(&mut session, 100);
    assert_eq!((found.log_z_exact, fit(&found).log_z_error), (-1.5, 0.0));
    let told = session.run().task().room().basis(&found);
    assert_eq!(told.as_deref(), Some("The exact log Z is reference.log_z."));
    let mut tempered = with(known);
    tempered.tempering.beta = 0.0;
    let mut session = open(tempered, &Files::default()).expect("it opens");
    assert_eq!(
        report(&mut session, 100).log_z_exact,
        0.0,
        "it is that of r itself"
    );
    for (text, said) in [
        (
            "[reference]",
            "reference is missing; give `samples`, `log_z` or both",
        ),
        (
            "[reference]\nlog_z = 1e12",
            "reference.log_z: 1000000000000 is not allowed",
        ),
        ("[reference]\nlog_z = nan", "reference.log_z"),
        (
            "[reference]\nlog_z = 1\n[observations]\nfile = \"y.csv\"",
            "reference.log_z: 1 beside observations is not allowed",
        ),
    ] {
        let error = Run::from_toml(&format!("{CONJUGATE}\n{text}"))
            .expect_err(text)
            .to_string();
        assert!(error.contains(said), "{text}: {error}");
    }
}

/// The integral of exp(f) over a line, by the trapezoidal rule.
fn integral(f: impl Fn(f64) -> f64) -> f64 {
    let step = 1e-3;
    (-6000..=6000)
        .map(|at| f(step * f64::from(at)).exp() * step)
        .sum()
}

#[test]
fn the_log_z_of_the_many_wells_is_that_of_its_pairs() {
    let x = integral(|x| -x.powi(4) + 6.0 * x.powi(2) + 0.5 * x);
    let log_z = 16.0 * (x.ln() + 0.5 * std::f64::consts::TAU.ln());
    let task = task(&preset("energy-many-well"), &Files::default());
    let known = task.problem.reference.as_ref().and_then(|known| known.log_z);
    let known = known.expect("a known log Z");
    assert!((known - log_z).abs() < 1e-8, "{known} for {log_z}");
    let point: Vec<f64> = (0..32).map(|at| 0.1 * f64::from(at) - 1.5).collect();
    let pairs = point.chunks_exact(2);
    let energy: f64 = pairs
        .map(|p| p[0].powi(4) - 6.0 * p[0].powi(2) - 0.5 * p[0] + 0.5 * p[1].powi(2))
        .sum();
    assert_density(&task, &point, -energy);
}

/// The wells are separate: the exact posterior has the marginals of a pair in all of them.
#[test]
fn the_posterior_of_separate_coordinates_is_known_by_quadrature() {
    let mut run = preset("energy-many-well");
    let known = task(&run, &Files::default()).problem.reference.clone();
    let known = known.and_then(|known| known.log_z).expect("a known log Z");
    PointsProblem::of_mut(&mut run).expect("points").reference = None;
    let mut task = task(&run, &Files::default());
    let truth = &pollster::block_on(task.truths()).expect("quadrature")[0];
    assert_eq!(truth.kind, Truth::Quadrature);
    assert!((truth.log_z - known).abs() < 1e-6, "{} for {known}", truth.log_z);
    assert!(truth.log_z_error < 1e-6, "{}", truth.log_z_error);
    let density = |x: f64| -x.powi(4) + 6.0 * x.powi(2) + 0.5 * x;
    let right = integral(|x| if x < 0.0 { f64::NEG_INFINITY } else { density(x) }) / integral(density);
    for (at, well) in [(0, true), (30, true), (1, false), (31, false)] {
        let of: Vec<f64> = truth.points.iter().skip(at).step_by(32).copied().collect();
        let above = of.iter().filter(|x| **x > 0.0).count() as f64 / of.len() as f64;
        let wanted = if well { right } else { 0.5 };
        assert!(
            (above - wanted).abs() < 0.015,
            "coordinate {at}: {above} for {wanted}"
        );
        let (mean, deviation) = mean_and_std(&of);
        let wanted = if well { [1.188, 1.244] } else { [0.0, 1.0] };
        assert!(
            (mean - wanted[0]).abs() < 0.04 && (deviation - wanted[1]).abs() < 0.03,
            "{mean} ± {deviation}"
        );
    }
}

#[test]
fn the_funnel_is_a_density() {
    let task = task(&preset("energy-funnel"), &Files::default());
    let point: Vec<f64> = (0..10).map(|at| 1.2 - 0.3 * f64::from(at)).collect();
    let normal = |x: f64, variance: f64| -0.5 * (x * x / variance + (std::f64::consts::TAU * variance).ln());
    let others: f64 = point[1..].iter().map(|x| normal(*x, point[0].exp())).sum();
    assert_density(&task, &point, normal(point[0], 9.0) + others);
}

/// log r and log p of a run of an energy are together this.
fn assert_density(task: &PointsTask, point: &[f64], wanted: f64) {
    let log_r = task.reward.of_points(point, &[0]).expect("formulas")[0];
    let log_density = log_r + task.space.log_prob(point);
    assert!((log_density - wanted).abs() < 1e-9, "{log_density} for {wanted}");
}

/// Two pairs of the wells.
const WELLS: &str = r#"
    task = "points"
    network = { width = 32, depth = 2, langevin = true }
    process.steps = 12
    rollout = { batch = 128, noised_share = 0.0 }
    tempering = { start = 0.1, iterations = 60, floor = -300.0 }
    training.iterations = 160
    [prior]
    kind = "marginals"
    coordinates = [
        { family = "normal", name = "a", mean = 0.0, deviation = 1.7 },
        { family = "normal", name = "b", mean = 0.0, deviation = 1.0 },
        { family = "normal", name = "c", mean = 0.0, deviation = 1.7 },
    ]
    [reward]
    kind = "product"
    rewards = [
        { kind = "formula", logarithm = true, expression = "-a^4 + 6*a^2 + a/2 - b^2/2 - c^4 + 6*c^2 + c/2" },
        { kind = "over_prior" },
    ]
    "#;

/// The Langevin term leaves the policy the prior at the start, and both wells of both coordinates are found.
#[test]
fn the_langevin_term_finds_separate_wells() {
    let mut session = open(run_of(WELLS), &Files::default()).expect("it opens");
    let start = pollster::block_on(session.samples(2000, 1)).expect("samples");
    let without = run_of(&WELLS.replace("langevin = true", "langevin = false"));
    let plain = open(without, &Files::default()).expect("it opens");
    assert_eq!(
        start,
        pollster::block_on(plain.samples(2000, 1)).expect("samples")
    );
    train(&mut session, 160);
    let found = report(&mut session, 4000);
    let gap = found.log_z_exact - found.elbo;
    assert!(gap < 1.0 && found.ess > 0.25, "{gap}, {}", found.ess);
    let samples = pollster::block_on(session.samples(4000, 2)).expect("samples");
    for at in [0, 2] {
        let above = samples.iter().skip(at).step_by(3).filter(|x| **x > 0.0).count() as f64 / 4000.0;
        assert!((above - 0.84).abs() < 0.1, "{above}");
    }
}

/// There is no gradient of a script, and none through a flow.
#[test]
fn a_langevin_term_without_a_gradient_is_refused() {
    let formula = "{ kind = \"formula\", logarithm = true, expression = \"-a^4 + 6*a^2 + a/2 - b^2/2 - c^4 + 6*c^2 + c/2\" }";
    let script = WELLS.replace(formula, "{ kind = \"command\", run = [\"true\"] }");
    let start = WELLS.find("[prior]").expect("a prior");
    let flow = format!(
        "{}[prior]\nkind = \"flow\"\nweights = \"flow-25\"\n[reward]\nkind = \"formula\"\nexpression = \"x\"\n",
        &WELLS[..start]
    );
    for (text, said) in [(script, "a script"), (flow, "above a flow")] {
        let error = Run::from_toml(&text).expect_err("refused").to_string();
        assert!(
            error.starts_with("network.langevin: true is not allowed; use false") && error.contains(said),
            "{error}"
        );
    }
}
