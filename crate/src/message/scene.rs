//! What is fixed for a run, and what can be drawn of it.

use super::{Fit, Packed, REFERENCE, Truth};
use crate::engine::Paths;
use serde::{Deserialize, Serialize};

/// What is fixed for a run: prior, reward and exact posterior.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Scene {
    /// What the exact posterior comes from.
    pub truth: Truth,
    /// log Z of the truth, where that is known already ([`Event::Truth`](super::Event::Truth)).
    pub log_z: Option<f64>,
    /// Trajectories of the prior with the noise that every snapshot uses.
    pub prior_paths: Paths,
    /// Tempered log r of their ends; empty where the task's pictures say it.
    pub log_reward: Vec<f32>,
    /// What samples of the prior tell of the exact posterior already, where they do.
    pub exact: Option<SampledTruth>,
    /// What the task has to show besides.
    pub view: Packed,
}

/// The exact posterior as samples of the prior's own chain tell it: kept with probability r^β, or
/// drawn by their weights.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct SampledTruth {
    /// The first that were kept or drawn, `[count][size]`.
    pub samples: Vec<f32>,
    /// Tempered log r of each of them.
    pub log_reward: Vec<f32>,
    /// log E\[r^β\] over the proposals.
    pub log_z: f64,
    /// Standard error of `log_z`.
    pub log_z_error: f64,
    /// Mean tempered log r of the posterior.
    pub log_reward_mean: f64,
    /// What the task tells of it besides.
    #[serde(flatten)]
    pub fit: Fit,
    /// Samples of the prior so far.
    pub proposals: usize,
    /// How many of them were kept; of weighted ones the effective number.
    pub kept: usize,
    /// Samples of the prior that there are to be.
    pub wanted: usize,
}

impl SampledTruth {
    /// Whether it rests on too few samples to be called exact.
    pub fn is_estimate(&self) -> bool {
        (self.kept as f64) < REFERENCE
    }
}
