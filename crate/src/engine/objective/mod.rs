//! Trained methods: the loss of a batch from its scores, and the exact two-pass gradient.
//!
//! An [`Objective`] sees numbers only. Its [`Signal`] is a weight for every trajectory; the
//! gradient of Σ weight·Σ_i log p_φ(x_{i+1}|x_i) is then taken in chunks ([`Chains::gradient`]).

mod balance;
mod baseline;
mod policy_gradient;

pub use balance::Balance;
pub use baseline::Baseline;
pub use policy_gradient::{ClippedPolicyGradient, PolicyGradient};

use crate::engine::Method;
use crate::engine::parallel::is_processor;
use crate::engine::process::{At, Policy, Prior, Process};
use crate::engine::rollout::{Chains, Steps, Trajectories};
use crate::engine::settings;
use burn::optim::{GradientsAccumulator, GradientsParams};
use burn::tensor::{Tensor, TensorData};
use rand_chacha::rand_core::Rng;
use std::ops::Range;

/// Largest log ratio of densities that is used; f32 cannot hold the exponential of much larger ones.
const FARTHEST_LOG_RATIO: f64 = 20.0;

/// The scores of a batch, one entry per trajectory.
#[derive(Clone, Copy, Debug)]
pub struct Scores<'a> {
    /// Σ_i log p_φ − log p_θ.
    pub log_ratio: &'a [f64],
    /// Tempered, floored log r of the end point.
    pub log_reward: &'a [f64],
    /// The trajectory's condition, an index into `log_z`.
    pub condition: &'a [usize],
    /// log Z of every condition, where it is learned.
    pub log_z: &'a [f64],
}

/// The loss of a batch, and its derivatives.
#[derive(Clone, Debug, PartialEq)]
pub struct Signal {
    /// δ = log Z + log_ratio − log_reward of every trajectory.
    pub delta: Vec<f64>,
    /// log Z of every condition, as used in δ.
    pub log_z: Vec<f64>,
    /// The loss that is reported.
    pub loss: f64,
    /// ∂loss/∂(Σ log p_φ) of every trajectory.
    pub weights: Vec<f32>,
    /// ∂loss/∂log Z of every condition; 0 where log Z is estimated.
    pub log_z_gradient: Vec<f32>,
    /// ∂loss/∂Σ KL(p_φ(·|x_i) ‖ p_θ(·|x_i)), the sum over all steps of all trajectories.
    pub divergence: f64,
}

/// How a batch is used.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Use {
    /// Optimiser steps on it.
    pub epochs: usize,
    /// See [`Pull::ratio_clip`].
    pub ratio_clip: Option<f64>,
}

impl Default for Use {
    fn default() -> Self {
        Self {
            epochs: 1,
            ratio_clip: None,
        }
    }
}

/// The weights of log p_φ(x_{i+1}|x_i) in the gradient.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Weights<'a> {
    /// One weight per trajectory, the same at all steps, `[rows]`.
    Trajectories(&'a [f32]),
    /// One weight per step and trajectory.
    Steps {
        /// The weights of all rows, `[T][rows]`.
        weights: &'a [Vec<f32>],
        /// Where the rows of these trajectories begin.
        start: usize,
    },
}

/// What [`Chains::gradient`] differentiates.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Pull<'a> {
    /// The weights of log p_φ(x_{i+1}|x_i).
    pub weights: Weights<'a>,
    /// Weight of Σ KL(p_φ(·|x_i) ‖ p_θ(·|x_i)) over all steps of all trajectories.
    pub divergence: f64,
    /// Multiplies each step's weight by its ratio of today's policy to the one that made the
    /// trajectory; where the ratio has left [1 − clip, 1 + clip] in the direction that the weight
    /// pushes, the step is left out (arXiv 1707.06347).
    pub ratio_clip: Option<f64>,
}

impl<'a> Pull<'a> {
    /// One weight a trajectory, alone.
    pub fn new(weights: &'a [f32]) -> Self {
        Self {
            weights: Weights::Trajectories(weights),
            divergence: 0.0,
            ratio_clip: None,
        }
    }
}

/// A trained method.
pub trait Objective: Send + Sync {
    /// The loss of a batch and its derivatives.
    fn signal(&self, scores: &Scores) -> Signal;

    /// The balance objective, if this is one: only its steps can have a [`Baseline`].
    fn balance(&self) -> Option<&Balance> {
        None
    }

    /// How a batch is used.
    fn usage(&self) -> Use {
        Use::default()
    }

    /// A setting to try when training diverges; completes "try …".
    fn remedy(&self) -> &'static str {
        "a smaller optimizer.learning_rate or an optimizer.gradient_clip"
    }
}

/// The objective of a method; `None` for a training-free one.
pub fn objective(method: Method, settings: &settings::Objective) -> Option<Box<dyn Objective>> {
    let clip = settings.residual_clip;
    let log_z = settings.log_z;
    Some(match method {
        Method::Rtb {} => Box::new(Balance {
            log_z,
            clip,
            alpha: 1.0,
        }),
        Method::TrustPcl { alpha } => Box::new(Balance { log_z, clip, alpha }),
        Method::PolicyGradient { advantage, kl_weight } => Box::new(PolicyGradient { advantage, kl_weight }),
        Method::Ddpo { clip, epochs } => Box::new(ClippedPolicyGradient {
            clip,
            epochs,
            divergence: 0.0,
        }),
        Method::Dpok {
            kl_weight,
            clip,
            epochs,
        } => Box::new(ClippedPolicyGradient {
            clip,
            epochs,
            divergence: kl_weight,
        }),
        _ => return None,
    })
}

/// The mean of a value of every trajectory over each condition's trajectories.
fn mean_by_condition(condition: &[usize], conditions: usize, values: impl Iterator<Item = f64>) -> Vec<f64> {
    let mut sums = vec![(0.0, 0usize); conditions];
    for (value, c) in values.zip(condition) {
        sums[*c].0 += value;
        sums[*c].1 += 1;
    }
    sums.into_iter()
        .map(|(sum, count)| sum / count.max(1) as f64)
        .collect()
}

/// Values less the mean over their condition's trajectories.
fn centred(condition: &[usize], values: &[f64]) -> Vec<f64> {
    let conditions = condition.iter().max().map_or(0, |last| last + 1);
    let means = mean_by_condition(condition, conditions, values.iter().copied());
    let pairs = values.iter().zip(condition);
    pairs.map(|(value, c)| value - means[*c]).collect()
}

/// The mean of log_reward − log_ratio over each condition's trajectories.
fn mean_log_weight(scores: &Scores) -> Vec<f64> {
    let pairs = scores.log_reward.iter().zip(scores.log_ratio);
    let log_weights = pairs.map(|(reward, ratio)| reward - ratio);
    mean_by_condition(scores.condition, scores.log_z.len(), log_weights)
}

/// δ of every trajectory.
fn residuals(scores: &Scores, log_z: &[f64]) -> Vec<f64> {
    scores
        .log_ratio
        .iter()
        .zip(scores.log_reward)
        .zip(scores.condition)
        .map(|((ratio, reward), c)| log_z[*c] + ratio - reward)
        .collect()
}

/// The steps whose gradient an iteration takes, in order: `share` of all T, at least one, drawn
/// without replacement.
pub fn select_steps(steps: usize, share: f64, rng: &mut impl Rng) -> Vec<usize> {
    let wanted = selected(steps, share);
    // In one pass, and every choice of so many steps is equally likely.
    let mut left = wanted;
    (0..steps)
        .filter(|step| {
            let take = crate::engine::noise::uniform(rng) * ((steps - step) as f64) < left as f64;
            left -= usize::from(take);
            take
        })
        .collect()
}

/// How many steps [`select_steps`] takes.
pub fn selected(steps: usize, share: f64) -> usize {
    ((share * steps as f64).round() as usize).clamp(1, steps)
}

impl<P: Process, Q: Prior<P>, K: Policy<P>> Chains<P, Q, K> {
    /// The gradient of Σ_j Σ_i weight·log p_φ(x_{i+1}|x_i), and of what else `pull` holds,
    /// with respect to a network that tracks gradients, over the given steps, rescaled by
    /// T/|steps| to stay unbiased.
    ///
    /// Rows (trajectory, step) go through the network in chunks of at most `chunk`, so memory
    /// grows with the chunk, and not with T or the batch. A GPU takes [`Policy::rows_at_once`] where that is more.
    pub fn gradient(
        &self,
        network: &K::Network,
        trajectories: &Trajectories<P>,
        pull: Pull,
        steps: &[usize],
        chunk: usize,
    ) -> GradientsParams {
        let rescale = self.process.steps() as f32 / steps.len() as f32;
        let all = trajectories.conditions.len();
        let chunk = match is_processor(&self.device) {
            true => chunk,
            false => chunk.max(self.policy.rows_at_once(network)),
        };
        let mut sum = GradientsAccumulator::new();
        for start in (0..all).step_by(chunk.min(all)) {
            let rows = start..all.min(start + chunk);
            for part in steps.chunks((chunk / rows.len()).max(1)) {
                let of_part = self.gradient_of(network, trajectories, pull, (part, rows.clone()), rescale);
                sum.accumulate(network, of_part);
            }
        }
        sum.grads()
    }

    /// The same over these steps of these trajectories.
    fn gradient_of(
        &self,
        network: &K::Network,
        trajectories: &Trajectories<P>,
        pull: Pull,
        (part, of): (&[usize], Range<usize>),
        rescale: f32,
    ) -> GradientsParams {
        let pick = |offset: usize| {
            let steps: Vec<usize> = part.iter().map(|step| step + offset).collect();
            trajectories.states.picked(&steps, of.clone())
        };
        let kernels = |all: &Steps<P::Kernel>| all.picked(part, of.clone());
        let (x, next) = (pick(0), pick(1));
        let prior = kernels(&trajectories.prior);
        let guide = trajectories.guides.as_ref().map(kernels);
        let weights: Vec<f32> = part
            .iter()
            .flat_map(|step| match pull.weights {
                Weights::Trajectories(weights) => &weights[of.clone()],
                Weights::Steps { weights, start } => &weights[*step][start + of.start..start + of.end],
            })
            .map(|weight| weight * rescale)
            .collect();
        let rows = weights.len();
        let mut weight = Tensor::from_data(TensorData::new(weights, [rows]), &self.device);
        let value = |kernel: P::Kernel| {
            // A ratio's gradient is the ratio times that of log p: as a factor it has none of its own.
            if let Some(clip) = pull.ratio_clip {
                let before = kernels(&trajectories.posterior);
                let ratio = self
                    .process
                    .log_ratio(part, &x, &next, &kernel, &before)
                    .without_autodiff()
                    .clamp(-FARTHEST_LOG_RATIO, FARTHEST_LOG_RATIO)
                    .exp();
                weight = clipped(weight, ratio, clip);
            }
            let value = (self.process.log_prob(part, &x, &next, &kernel) * weight).sum();
            if pull.divergence <= 0.0 {
                return value;
            }
            let divergence = self.process.divergence(part, &x, &kernel, &prior).sum();
            value + divergence.mul_scalar(pull.divergence * f64::from(rescale))
        };
        let at = At {
            steps: part,
            conditions: &trajectories.conditions[of.clone()],
            states: &x,
            guide: guide.as_ref(),
        };
        self.policy.gradient(network, at, || prior.clone(), value)
    }
}

/// weight·ratio, 0 where the ratio is beyond its clip and the weight would push it further.
fn clipped(weight: Tensor<1>, ratio: Tensor<1>, clip: f64) -> Tensor<1> {
    // A negative weight raises the density.
    let raised = weight.clone().lower_elem(0.0);
    let beyond = ratio
        .clone()
        .greater_elem(1.0 + clip)
        .bool_and(raised.clone())
        .bool_or(ratio.clone().lower_elem(1.0 - clip).bool_and(raised.bool_not()));
    (weight * ratio).mask_fill(beyond, 0.0)
}
