//! The figures of one training iteration.

use serde::{Deserialize, Serialize};

/// One iteration of training.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Iteration {
    /// Number of the iteration, from 1.
    pub iteration: usize,
    /// Mean of δ² over the batch (δ − mean for VarGrad).
    pub loss: f64,
    /// log Z in use: learned, or VarGrad's estimate of this batch.
    pub log_z: f64,
    /// Mean of δ over the batch.
    pub residual_mean: f64,
    /// Standard deviation of δ over the batch.
    pub residual_std: f64,
    /// Mean tempered log r at the end points.
    pub log_reward: f64,
    /// β, the power of the reward in this iteration.
    pub beta: f64,
    /// Learning rate of the network in this iteration.
    pub learning_rate: f64,
    /// Wall time of the iteration.
    pub seconds: f64,
}
