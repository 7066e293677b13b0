//! Policy-gradient baselines. They are right, where they are, only on the policy's own
//! trajectories.

use super::{Objective, Scores, Signal, Use, centred, mean_log_weight, residuals};
use crate::engine::Advantage;

/// REINFORCE on whole trajectories, the batch mean of each condition as baseline.
///
/// With [`Advantage::LogReward`] the loss is −E[log r] + kl_weight·KL(p_φ(τ) ‖ p_θ(τ)); with
/// kl_weight 1 its gradient is half of VarGrad's on the same trajectories. With
/// [`Advantage::Reward`] it is the baseline of the paper's code (arXiv 2405.20971, §3.1):
/// −(r − mean r)·log p_φ + kl_weight·(log p_φ − log p_θ)², stationary only where
/// p_φ ∝ p_θ·exp(r/(2·kl_weight)).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PolicyGradient {
    /// What is made more likely.
    pub advantage: Advantage,
    /// Weight of the penalty for leaving the prior; 0 leaves it out.
    pub kl_weight: f64,
}

impl Objective for PolicyGradient {
    fn signal(&self, scores: &Scores) -> Signal {
        let count = scores.log_ratio.len() as f64;
        let pairs = scores.log_ratio.iter().zip(scores.log_reward);
        let (losses, weights): (Vec<f64>, Vec<f64>) = match self.advantage {
            Advantage::LogReward => {
                let returns: Vec<f64> = pairs
                    .map(|(ratio, log_r)| log_r - self.kl_weight * ratio)
                    .collect();
                let advantages = centred(scores.condition, &returns);
                (
                    returns.iter().map(|v| -v).collect(),
                    advantages.iter().map(|a| -a).collect(),
                )
            }
            Advantage::Reward => {
                let rewards: Vec<f64> = scores.log_reward.iter().map(|l| l.exp()).collect();
                let advantages = centred(scores.condition, &rewards);
                pairs
                    .zip(&rewards)
                    .zip(&advantages)
                    .map(|(((ratio, _), reward), advantage)| {
                        (
                            self.kl_weight * ratio * ratio - reward,
                            2.0 * self.kl_weight * ratio - advantage,
                        )
                    })
                    .unzip()
            }
        };
        signal(scores, losses.iter().sum::<f64>() / count, &weights)
    }
}

/// DDPO-IS (arXiv 2305.13301) and DPOK (arXiv 2305.16381): the advantage of log r, clipped
/// importance ratios per step, several optimiser steps a batch; DPOK adds the steps' KL to the
/// prior at the visited states.
///
/// DDPO divides the advantage by the deviation of log r, here the batch's; DPOK's KL weight is
/// relative to log r, so there it is only centred, by the batch's mean in place of its paper's
/// learned value. Both papers clip far tighter, for far larger networks.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ClippedPolicyGradient {
    /// ε: a step's ratio is clipped to [1 − ε, 1 + ε].
    pub clip: f64,
    /// Optimiser steps on one batch.
    pub epochs: usize,
    /// Weight of the steps' KL; 0 is DDPO.
    pub divergence: f64,
}

impl Objective for ClippedPolicyGradient {
    fn signal(&self, scores: &Scores) -> Signal {
        let count = scores.log_reward.len() as f64;
        let advantages = centred(scores.condition, scores.log_reward);
        let deviation = (advantages.iter().map(|a| a * a).sum::<f64>() / count).sqrt();
        let scale = if self.divergence > 0.0 {
            1.0
        } else {
            // Where all rewards are equal the advantages are 0, over whatever number.
            1.0 / deviation.max(1e-8)
        };
        let weights: Vec<f64> = advantages.iter().map(|a| -a * scale).collect();
        // The mean of the paths' log ratio is the steps' KL, of which the gradient is taken.
        let penalty = self.divergence * scores.log_ratio.iter().sum::<f64>();
        let loss = (penalty - scores.log_reward.iter().sum::<f64>()) / count;
        Signal {
            divergence: self.divergence / count,
            ..signal(scores, loss, &weights)
        }
    }

    fn usage(&self) -> Use {
        Use {
            epochs: self.epochs,
            ratio_clip: Some(self.clip),
        }
    }
}

/// A signal without a learned log Z: δ is taken with the mean log weight.
fn signal(scores: &Scores, loss: f64, weights: &[f64]) -> Signal {
    let count = weights.len() as f64;
    let log_z = mean_log_weight(scores);
    Signal {
        delta: residuals(scores, &log_z),
        loss,
        weights: weights.iter().map(|w| (w / count) as f32).collect(),
        log_z_gradient: vec![0.0; log_z.len()],
        divergence: 0.0,
        log_z,
    }
}
