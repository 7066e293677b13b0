//! Samples that are each chosen among several: nearer and nearer to the exact posterior.

use crate::support::{plane, report, small, train};
use rtb::engine::EngineError;
use rtb::engine::device::cpu_device;
use rtb::message::{Files, Outcome, Report};
use rtb::run::Run;
use rtb::session::{Session, Trial};
use rtb::task::plane::PlaneFit;

const SAMPLES: usize = 4000;

/// A posterior of which the prior has a third.
fn run() -> Run {
    let mut run = small("25-to-9", 20);
    run.training.iterations = 40;
    run.optimizer.learning_rate = 3e-3;
    run
}

fn open(run: Run) -> Session {
    pollster::block_on(Session::open(run, cpu_device(), &Files::default(), None)).expect("it opens")
}

fn measured(session: &mut Session, candidates: usize) -> Report {
    pollster::block_on(session.evaluate(SAMPLES, candidates)).expect("it evaluates")
}

fn chosen(report: &Report) -> PlaneFit {
    plane(&report.chosen.as_ref().expect("there was a choice").fit)
}

#[test]
fn the_chosen_come_from_the_exact_posterior() {
    // Of a posterior that is none yet, and of one halfway, whose weights are of the trajectories.
    for iterations in [0, 40] {
        let mut session = open(run());
        train(&mut session, iterations);
        let few = measured(&mut session, 4);
        let many = measured(&mut session, 64);
        let own = plane(&many.fit).mode_total_variation;
        let [some, more] = [&few, &many].map(|report| chosen(report).mode_total_variation);
        assert!(own > 0.2, "there is something to choose: {own}");
        // The exact posterior is not that of the chain's few steps, whose log Z is the prior's samples'.
        assert!(
            some < 0.5 * own && more < 0.5 * some && more < 0.1,
            "{own}, {some}, {more}"
        );
        let of_all = many.chosen.as_ref().expect("a choice").log_z_importance;
        let of_prior = many.log_z_prior;
        assert!((of_all - of_prior).abs() < 0.06, "{of_all}, {of_prior}");
        // What is said of the policy itself does not depend on the choice.
        let mut alone = report(&mut session, SAMPLES);
        assert_eq!(alone.chosen, None);
        alone.seconds = many.seconds;
        alone.seconds_per_iteration = many.seconds_per_iteration;
        assert_eq!(alone, Report { chosen: None, ..many });
    }
}

#[test]
fn a_method_with_a_choice_has_two_outcomes() {
    let outcomes = |candidates| {
        let mut run = run();
        run.evaluation.candidates = candidates;
        pollster::block_on(async {
            let mut trial = Trial::open(run, cpu_device(), &Files::default()).await?;
            let own = trial.outcome(1000).await?;
            Ok::<_, EngineError>((own, trial.chosen(1000).await?))
        })
        .expect("it samples")
    };
    assert_eq!(outcomes(1).1, None);
    let (own, chosen) = outcomes(16);
    let chosen = chosen.expect("there is a choice");
    assert_eq!(
        (own.title.as_str(), chosen.title.as_str()),
        ("RTB", "RTB, 1 of 16")
    );
    assert_eq!(own.samples, chosen.samples);
    assert_eq!(16.0 * own.sampling_evaluations, chosen.sampling_evaluations);
    let sheet = run().task().room().sheet();
    let error = |of: &Outcome| sheet.error(&of.fit).expect("it is measured");
    assert!(error(&chosen) < error(&own));
    assert!(chosen.log_reward > own.log_reward);
}

#[test]
fn chosen_samples_are_the_same_every_time() {
    let session = open(run());
    let samples = |candidates| pollster::block_on(session.samples(300, candidates)).expect("samples");
    assert_eq!(samples(8), samples(8));
    let differ = |a: &[f32], b: &[f32]| a.chunks(2).zip(b.chunks(2)).filter(|(a, b)| a != b).count();
    let (one, few) = (samples(1), samples(8));
    // Some keep their first candidate: an eighth of them, or more where that was a good one.
    assert!((150..300).contains(&differ(&one, &few)));
}

/// A weight beside each sample: alone or chosen, samples estimate the same log Z, chosen ones with less noise.
#[test]
fn the_weights_of_samples_estimate_log_z() {
    let session = open(run());
    let sampled = |candidates| {
        let conditions = [0; SAMPLES];
        pollster::block_on(session.sampled(&conditions, candidates, true)).expect("samples")
    };
    let log_mean = |log_weights: &[f64]| {
        let sum: f64 = log_weights.iter().map(|w| w.exp()).sum();
        (sum / log_weights.len() as f64).ln()
    };
    let variance = |log_weights: &[f64]| {
        let (count, weights) = (log_weights.len() as f64, || log_weights.iter().map(|w| w.exp()));
        let mean = weights().sum::<f64>() / count;
        weights().map(|w| (w - mean).powi(2)).sum::<f64>() / count
    };
    let (alone, chosen) = (sampled(1), sampled(8));
    let plain = |candidates| pollster::block_on(session.samples(SAMPLES, candidates)).expect("samples");
    assert_eq!((&alone.ends, &chosen.ends), (&plain(1), &plain(8)));
    let exact = pollster::block_on(session.weighted_samples(SAMPLES, 8)).expect("samples");
    let exact = log_mean(&exact.log_weights);
    assert!((log_mean(&alone.log_weights) - exact).abs() < 0.15, "{exact}");
    assert!((log_mean(&chosen.log_weights) - exact).abs() < 0.1, "{exact}");
    // A mean of eight.
    let ratio = variance(&alone.log_weights) / variance(&chosen.log_weights);
    assert!((5.0..12.0).contains(&ratio), "{ratio}");
}
