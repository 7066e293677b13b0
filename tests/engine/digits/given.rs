//! Images that trajectories are noised back from.

use super::{files, open, small};
use crate::support::train;
use rtb::engine::device::cpu_device;
use rtb::engine::learner::Task as _;
use rtb::engine::noise::{Noise, Purpose};
use rtb::engine::rollout::Replay;
use rtb::task::images::{ImagesTask, PIXELS};

/// Trajectories that are noised back from them are not asked about again.
#[test]
fn given_images_come_with_their_log_r() {
    let mut task = ImagesTask::open(small(), cpu_device(), &files()).expect("it opens");
    let mut given = [Replay::new(1000, PIXELS)];
    let made = pollster::block_on(task.give(3, &[0], &mut given));
    made.expect("they are made");
    let all = (0..given[0].len()).map(|place| given[0].at(place));
    let (ends, known): (Vec<&[f32]>, Vec<f64>) = all.unzip();
    let asked = pollster::block_on(task.log_reward(&ends.concat())).expect("the processor answers");
    let apart = asked.iter().zip(&known).map(|(a, b)| (a - b).abs());
    assert!(apart.fold(0.0, f64::max) < 1e-4);
}

#[test]
fn given_images_are_those_that_the_reward_prefers() {
    let mut run = small();
    run.rollout.noised_share = 1.0;
    let given = train(&mut open(run.clone()), 1);
    run.rollout.noised_share = 0.0;
    let fresh = train(&mut open(run), 1);
    assert!(
        given[0].log_reward > fresh[0].log_reward + 0.5,
        "{given:?} {fresh:?}"
    );
}

/// A policy learns the images that it is given by heart, to some part.
#[test]
fn given_images_are_none_that_samples_are_held_against() {
    let mut task = ImagesTask::open(small(), cpu_device(), &files()).expect("it opens");
    let mut given = [Replay::new(1000, PIXELS)];
    let (log_r, exact) = pollster::block_on(async {
        task.give(3, &[0], &mut given).await.expect("they are made");
        let ends = given[0].draw(1000, 0.0, &mut Noise::new(0).stream(Purpose::Replay, 0));
        let exact = task.exact(given[0].len()).await.expect("it is known");
        (
            task.log_reward(&ends).await.expect("the processor answers"),
            exact,
        )
    });
    assert!(given[0].len() > 100 && exact.kept.len() > 3);
    let alike = |wanted: &&f64| log_r.iter().any(|of| (of - **wanted).abs() < 1e-7);
    let alike = exact.log_reward.iter().filter(alike).count();
    assert!(alike < 2, "{alike} of {}", exact.kept.len());
}
