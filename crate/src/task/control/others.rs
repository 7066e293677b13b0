//! What the learned policy is held against and no training changes: other policies, and what all of them earn.

use super::episodes::Episode;
use super::messages::{Earned, Returns};
use crate::engine::statistics::Mean;

/// Episodes of policies that are not learned.
pub struct Others {
    /// Of the behaviour.
    pub behaviour: Vec<Episode>,
    /// Of the exact policy.
    pub exact: Vec<Episode>,
    /// What the best of some actions of the behaviour earns.
    pub best_of: Earned,
    /// Of the best policy, where it is known.
    pub optimal: Option<Earned>,
}

/// What samples of the prior's chain say.
#[derive(Clone, Copy, Debug)]
pub struct OfPrior {
    /// How many they are.
    pub samples: usize,
    /// log Z of their weights, mean over the states.
    pub log_z: f64,
    /// How many of them are effective.
    pub effective: f64,
}

/// What all policies earn in as many of the run's episodes.
pub fn returns(learned: &[Episode], others: &Others) -> Returns {
    let pairs = learned.iter().zip(&others.exact);
    let off = Mean::of(pairs.map(|(learned, exact)| learned.earned - exact.earned));
    let [learned, exact, behaviour] = [learned, &others.exact, &others.behaviour].map(Earned::of);
    let (best_of, optimal) = (others.best_of, others.optimal);
    Returns {
        return_learned: learned.mean,
        return_error: learned.error,
        return_exact: exact.mean,
        return_exact_error: exact.error,
        return_off: off.value,
        return_off_error: off.error,
        return_behaviour: behaviour.mean,
        return_best_of: best_of.mean,
        return_optimal: optimal.map(|earned| earned.mean),
        steps_learned: learned.steps,
        steps_exact: exact.steps,
        steps_behaviour: behaviour.steps,
        steps_optimal: optimal.map(|earned| earned.steps),
    }
}
