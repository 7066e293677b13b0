//! Ranks of exact images among those of the posteriors of several classes.

use super::{above_shipped, problem_mut, task};
use rtb::message::Report;
use rtb::task::calibration::Calibration;
use rtb::task::images::{Class, Reward};

/// Of posteriors that have learned nothing: they are the prior.
fn untrained(beta: f64) -> Calibration {
    let mut run = task().defaults();
    problem_mut(&mut run).reward = Reward::EachClass {
        classes: Class::numbered([1, 0, 7]),
        weights: None,
    };
    run.process.steps = 10;
    run.evaluation.proposals = 1200;
    run.tempering.beta = beta;
    let mut session = above_shipped(run);
    let report = pollster::block_on(session.calibrate(Report::default())).expect("it is measured");
    report.fit.of().expect("exact images are known")
}

/// With r⁰ = 1 the prior is the exact posterior.
#[test]
fn ranks_tell_whether_posteriors_know_their_classes() {
    let right = untrained(0.0);
    assert_eq!((right.sbc_truths, right.sbc_draws), (198, 19));
    for (at, p) in right.sbc_p.iter().enumerate() {
        assert!(*p > 1e-3, "{right:?}");
        assert!((right.coverage_80[at] - 0.8).abs() < 0.12, "{right:?}");
    }
    let wrong = untrained(1.0);
    assert!(wrong.sbc_truths > 60, "{wrong:?}");
    // Most draws are of another class than the true image, and log r tells.
    assert!(wrong.sbc_p[3] < 1e-9 && wrong.sbc_distance[3] > 0.4, "{wrong:?}");
}
