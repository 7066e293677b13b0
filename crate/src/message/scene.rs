//! Everything fixed for a run, for drawing.

use super::{Fit, Packed, REFERENCE, Truth};
use crate::engine::Paths;
use serde::{Deserialize, Serialize};

/// Everything fixed for a run: prior, reward and exact posterior.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Scene {
    /// The source of the exact posterior.
    pub truth: Truth,
    /// log Z of the truth, if it is known yet ([`Event::Truth`](super::Event::Truth)).
    pub log_z: Option<f64>,
    /// Trajectories of the prior with the noise that every snapshot uses.
    pub prior_paths: Paths,
    /// Tempered log r of their ends; empty if the task's pictures show it.
    pub log_reward: Vec<f32>,
    /// The exact posterior as estimated from samples of the prior so far, if it comes from these.
    pub exact: Option<SampledTruth>,
    /// Further data of the task.
    pub view: Packed,
}

/// The exact posterior as estimated from samples of the prior's own chain: by rejection with probability r^β, or
/// by weighting.
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
    /// Further figures of the task.
    #[serde(flatten)]
    pub fit: Fit,
    /// Samples of the prior so far.
    pub proposals: usize,
    /// Number of samples kept; for weighted samples, their effective number.
    pub kept: usize,
    /// Number of prior samples in the end.
    pub wanted: usize,
}

impl SampledTruth {
    /// Whether it rests on too few samples and counts as an estimate.
    pub fn is_estimate(&self) -> bool {
        (self.kept as f64) < REFERENCE
    }
}
