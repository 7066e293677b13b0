//! Relative trajectory balance (arXiv 2405.20971, eq. 8): residuals on the host, and the exact
//! two-pass gradient of their mean square.

use crate::config::{LogZ, Objective};
use crate::process::{Policy, Prior, Process};
use crate::rollout::{Chains, Trajectories};
use burn::optim::{GradientsAccumulator, GradientsParams};
use burn::tensor::{Tensor, TensorData};
use rand_chacha::rand_core::Rng;

/// δ of a batch, and what follows from it.
#[derive(Clone, Debug, PartialEq)]
pub struct Residuals {
    /// δ of every trajectory.
    pub delta: Vec<f64>,
    /// log Z of every condition that δ was taken with.
    pub log_z: Vec<f64>,
    /// Mean of δ², unclipped.
    pub loss: f64,
    /// ∂loss/∂(Σ log p_φ) of every trajectory: 2δ/batch, with δ clipped.
    pub weights: Vec<f32>,
    /// ∂loss/∂log Z of every condition; 0 where log Z is estimated.
    pub log_z_gradient: Vec<f32>,
}

impl Residuals {
    /// δ = log Z + log_ratio − log_reward, trajectory by trajectory.
    ///
    /// `condition` names each trajectory's condition, an index into `log_z`. VarGrad (arXiv
    /// 2010.10436) ignores `log_z` and takes the mean of log_reward − log_ratio over the
    /// condition's trajectories, so that the loss is their variance.
    pub fn new(
        objective: &Objective,
        log_ratio: &[f64],
        log_reward: &[f64],
        condition: &[usize],
        log_z: &[f64],
    ) -> Self {
        let log_z = match objective.log_z {
            LogZ::Learned => log_z.to_vec(),
            LogZ::Vargrad => {
                let mut sums = vec![(0.0, 0usize); log_z.len()];
                for ((ratio, reward), c) in log_ratio.iter().zip(log_reward).zip(condition) {
                    sums[*c].0 += reward - ratio;
                    sums[*c].1 += 1;
                }
                sums.into_iter()
                    .map(|(sum, count)| sum / count.max(1) as f64)
                    .collect()
            }
        };
        let delta: Vec<f64> = log_ratio
            .iter()
            .zip(log_reward)
            .zip(condition)
            .map(|((ratio, reward), c)| log_z[*c] + ratio - reward)
            .collect();
        let count = delta.len() as f64;
        let loss = delta.iter().map(|d| d * d).sum::<f64>() / count;
        let clip = if objective.residual_clip > 0.0 {
            objective.residual_clip
        } else {
            f64::INFINITY
        };
        let weights: Vec<f32> = delta
            .iter()
            .map(|d| (2.0 * d.clamp(-clip, clip) / count) as f32)
            .collect();
        let mut log_z_gradient = vec![0.0f32; log_z.len()];
        if objective.log_z == LogZ::Learned {
            for (weight, c) in weights.iter().zip(condition) {
                log_z_gradient[*c] += weight;
            }
        }
        Self {
            delta,
            log_z,
            loss,
            weights,
            log_z_gradient,
        }
    }
}

/// The steps whose gradient an iteration takes, in order: `share` of all T, at least one, drawn
/// without replacement.
pub fn select_steps(steps: usize, share: f64, rng: &mut impl Rng) -> Vec<usize> {
    let wanted = ((share * steps as f64).round() as usize).clamp(1, steps);
    let mut left = wanted;
    (0..steps)
        .filter(|step| {
            let take = crate::noise::uniform(rng) * ((steps - step) as f64) < left as f64;
            left -= usize::from(take);
            take
        })
        .collect()
}

impl<P: Process, Q: Prior<P>, K: Policy<P>> Chains<P, Q, K> {
    /// The gradient of Σ_j `weights[j]`·Σ_i log p_φ(x_{i+1}|x_i) with respect to a network that
    /// tracks gradients, over the given steps, rescaled by T/|steps| to stay unbiased.
    ///
    /// Rows (trajectory, step) go through the network in chunks of at most `chunk`, so memory
    /// grows with the chunk and not with T.
    pub fn gradient(
        &self,
        network: &K::Network,
        trajectories: &Trajectories<P>,
        weights: &[f32],
        steps: &[usize],
        chunk: usize,
    ) -> GradientsParams {
        let rescale = self.process.steps() as f32 / steps.len() as f32;
        let scaled: Vec<f32> = weights.iter().map(|w| w * rescale).collect();
        let mut sum = GradientsAccumulator::new();
        for part in steps.chunks((chunk / trajectories.rows).max(1)) {
            let pick = |offset: usize| {
                self.process.stack(
                    part.iter()
                        .map(|s| trajectories.states[s + offset].clone())
                        .collect(),
                )
            };
            let (x, next) = (pick(0), pick(1));
            let prior = self
                .process
                .stack_kernels(part.iter().map(|s| trajectories.prior[*s].clone()).collect());
            let kernel = self.policy.kernel(network, part, x.clone(), prior);
            let rows = scaled.len() * part.len();
            let weight = Tensor::from_data(TensorData::new(scaled.repeat(part.len()), [rows]), &self.device);
            let value = self.process.weighted_log_prob(part, &x, &next, &kernel, weight);
            let gradients = GradientsParams::from_grads(value.backward(), network);
            sum.accumulate(network, gradients);
        }
        sum.grads()
    }
}
