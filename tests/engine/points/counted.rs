//! What is counted in runs of points: effective samples of the prior, and questions to the reward.

use super::{CONJUGATE, fit, open, run_of};
use crate::support::{report, train};
use rtb::engine::device::cpu_device;
use rtb::message::{Files, Truth};
use rtb::run::Run;
use rtb::session::Session;

/// A run whose exact posterior comes from samples: the terms of a formula in one coordinate each would have quadrature.
fn short(expression: &str) -> Run {
    let likelihood = "-((a - 0.5)^2 + (b + 0.2)^2)/0.2";
    assert!(CONJUGATE.contains(likelihood));
    let mut run = run_of(&CONJUGATE.replace(likelihood, expression));
    run.process.steps = 4;
    run.network.width = 8;
    run.rollout.batch = 32;
    run.training.iterations = 6;
    run.evaluation.proposals = 2000;
    run
}

#[test]
fn all_samples_count_where_the_reward_is_constant() {
    let mut session = open(short("-3 + 0*a*b"), &Files::default()).expect("it opens");
    let report = report(&mut session, 500);
    assert_eq!(report.truth, Truth::ImportanceWeighted);
    assert_eq!(
        (report.prior_samples_effective, report.is_estimate()),
        (2000.0, false)
    );
    assert!((report.log_z_exact + 3.0).abs() < 1e-9, "{}", report.log_z_exact);
    let told = session.run().task().room().basis(&report).expect("a sentence");
    assert!(told.ends_with("of which 2000.0 are effective."), "{told}");
}

/// The one number of effective samples is that of those that the exact posterior rests on.
#[test]
fn a_report_has_one_number_of_effective_samples() {
    let mut session = open(short("-300*(a - 0.5)^2 + 0*a*b"), &Files::default()).expect("it opens");
    let report = report(&mut session, 4000);
    assert_eq!(report.prior_samples_effective, fit(&report).effective);
    assert!(report.prior_samples_effective < 2000.0);
}

#[test]
fn a_checkpoint_keeps_the_number_of_evaluations() {
    let mut run = short("-a^2");
    // Otherwise samples that trajectories are noised back from are asked about anew.
    run.rollout.noised_share = 0.0;
    let mut session = open(run, &Files::default()).expect("it opens");
    train(&mut session, 3);
    let checkpoint = session.checkpoint().expect("a checkpoint");
    let files = Files::default();
    let resumed = Session::resume(&checkpoint, cpu_device(), &files);
    let mut resumed = pollster::block_on(resumed).expect("it goes on");
    let evaluations = |session: &mut Session| {
        train(session, 3);
        fit(&report(session, 100)).evaluations
    };
    assert_eq!(evaluations(&mut resumed), evaluations(&mut session));
}

/// log r of end points that are noised back is known.
#[test]
fn given_end_points_are_asked_about_once() {
    let asked = |share: f64, iterations: usize| {
        let mut run = short("-a^2");
        run.rollout.noised_share = share;
        run.objective.baseline = false;
        let mut session = open(run, &Files::default()).expect("it opens");
        train(&mut session, iterations);
        fit(&report(&mut session, 100)).evaluations
    };
    for (share, fresh) in [(0.0, 32.0), (0.25, 24.0), (1.0, 0.0)] {
        assert_eq!(asked(share, 5) - asked(share, 2), 3.0 * fresh, "share {share}");
    }
}
