//! Relative trajectory balance (arXiv 2405.20971, eq. 8), and Trust-PCL's view of it.

use super::{Objective, Scores, Signal, mean_log_weight, residuals};
use crate::engine::settings::LogZ;

/// α²·mean δ² with δ = log Z + Σ_i (log p_φ − log p_θ) − log r.
///
/// With α = 1 this is RTB. Trust-PCL (arXiv 1707.01891) asks on a whole trajectory for
/// V = R − α·Σ_i (log p_φ − log p_θ), with the entropy weight α; for the reward R = α·log r and
/// the value V = α·log Z its path-consistency error is α·δ.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Balance {
    /// VarGrad (arXiv 2010.10436) takes the mean of log_reward − log_ratio over a condition's
    /// trajectories for log Z, so that the loss is their variance.
    pub log_z: LogZ,
    /// |δ| is clipped to this in the gradient; 0 leaves it alone.
    pub clip: f64,
    /// α.
    pub alpha: f64,
}

impl Balance {
    /// ∂loss/∂(log p_φ) for a δ, or for what [`Baseline`](super::Baseline) leaves of it, in a batch of
    /// `count` trajectories.
    pub fn weigh(&self, delta: f64, count: usize) -> f32 {
        let clip = if self.clip > 0.0 { self.clip } else { f64::INFINITY };
        (self.alpha * self.alpha * 2.0 * delta.clamp(-clip, clip) / count as f64) as f32
    }
}

impl Objective for Balance {
    fn signal(&self, scores: &Scores) -> Signal {
        let log_z = match self.log_z {
            LogZ::Learned => scores.log_z.to_vec(),
            LogZ::Vargrad => mean_log_weight(scores),
        };
        let delta = residuals(scores, &log_z);
        let count = delta.len();
        let squares = delta.iter().map(|d| d * d).sum::<f64>();
        let loss = self.alpha * self.alpha * squares / count as f64;
        let weights: Vec<f32> = delta.iter().map(|d| self.weigh(*d, count)).collect();
        let mut log_z_gradient = vec![0.0f32; log_z.len()];
        if self.log_z == LogZ::Learned {
            for (weight, c) in weights.iter().zip(scores.condition) {
                log_z_gradient[*c] += weight;
            }
        }
        Signal {
            delta,
            log_z,
            loss,
            weights,
            log_z_gradient,
            divergence: 0.0,
        }
    }

    fn balance(&self) -> Option<&Balance> {
        Some(self)
    }

    fn remedy(&self) -> &'static str {
        "a smaller optimizer.learning_rate or an objective.residual_clip"
    }
}
