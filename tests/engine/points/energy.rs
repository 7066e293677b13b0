//! Densities without samples, and posteriors that the prior hardly draws.

use super::{CONJUGATE, open, run_of, task};
use crate::support::train;
use rtb::engine::device::cpu_device;
use rtb::message::Files;
use rtb::run::{Method, Run};
use rtb::session::Trial;
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

/// End points that are replayed in equal shares are better where they have moved.
#[test]
fn local_search_moves_towards_the_posterior() {
    let replayed = |local_search| {
        let mut run = run_of(&CONJUGATE.replace("0.2\"", "0.02\""));
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
