//! Problems that are drawn at random, so that nobody can have tuned for them.

mod reward;

use super::mixtures::stretched;
use super::{LogReward, Mixture, PlaneProblem, Prior, Truth};
use crate::run::Run;
use crate::task::planar::Random;
use std::f64::consts::PI;

/// What the name of a drawn problem begins with: `unseen-SEED-NUMBER`.
const PREFIX: &str = "unseen-";
/// Fewest and most components of a prior.
const COMPONENTS: [usize; 2] = [3, 8];
/// How far from 0 the coordinates of a component's mean may lie.
const FARTHEST: f64 = 8.0;
/// Smallest and largest standard deviation of a component along its axes.
const DEVIATIONS: [f64; 2] = [0.5, 2.5];
/// Smallest log Z.
const LEAST_LOG_Z: f64 = -4.0;
/// Largest bound on the quadrature's error of log Z.
const MOST_ERROR: f64 = 1e-3;

/// The run about the drawn problem of that name, with defaults for everything else; `None` where the name is none
/// of a drawn problem.
pub(super) fn named(name: &str) -> Option<Run> {
    let (seed, number) = name.strip_prefix(PREFIX)?.split_once('-')?;
    let problem = unseen(seed.parse().ok()?, number.parse().ok()?);
    Some(Run {
        name: name.to_owned(),
        ..Run::new(problem)
    })
}

/// The problem of this number under a seed. The prior has 3 to 8 Gaussians with means, axes, deviations and weights
/// of their own; the kind of the reward follows from the number, its place and its numbers are drawn. One is drawn anew
/// until log Z is at least −4 and the quadrature resolves it.
pub fn unseen(seed: u64, number: u64) -> PlaneProblem {
    let start = Random(seed).next().wrapping_add(number);
    let mut random = Random(Random(start).next());
    loop {
        let problem = drawn(&mut random, number);
        if is_sensible(&problem) {
            return problem;
        }
    }
}

fn drawn(random: &mut Random, number: u64) -> PlaneProblem {
    let count = COMPONENTS[0] + random.below(COMPONENTS[1] - COMPONENTS[0] + 1);
    let mut between = |[low, high]: [f64; 2]| random.between(low, high);
    let components: Vec<_> = (0..count)
        .map(|_| {
            let weight = reward::rounded(between([0.2, 1.0]));
            let mean = [(); 2].map(|()| between([-FARTHEST, FARTHEST]));
            let angle = between([0.0, PI]);
            let [along, across] = [(); 2].map(|()| between(DEVIATIONS));
            stretched(weight, mean, angle, along, across)
        })
        .collect();
    let at = components[random.below(count)].mean;
    PlaneProblem {
        reward: reward::drawn(random, number, at),
        prior: Prior {
            components,
            ..Prior::default()
        },
    }
}

fn is_sensible(problem: &PlaneProblem) -> bool {
    let tempering = Run::default().tempering;
    let mixture = Mixture::new(&problem.prior.components);
    LogReward::new(problem, tempering.floor).is_ok_and(|reward| {
        let truth = Truth::quadrature(&mixture, &reward, tempering.beta);
        truth.log_z >= LEAST_LOG_Z && truth.log_z_error <= MOST_ERROR
    })
}
