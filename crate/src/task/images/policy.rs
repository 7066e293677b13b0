//! Posteriors of images: what the network's output means for the chain's kernels.

use super::{Denoiser, DenoiserPrior, Denoising, ImageReward};
use crate::engine::process::{Diffusion, Policy, Prior, VariancePreserving, per_step};
use burn::tensor::Tensor;

/// The posterior: E_θ + σ·(E_φ − E_θ), φ a network like the prior's, of which it starts as a copy.
///
/// A tilted chain's E\[data|x_i\] differs from the prior's by σ²/α·∇ log E\[r|x_i\] (Tweedie). The
/// networks predict v, and E_φ − E_θ = σ·(v_θ − v_φ): with one more factor σ what they have to differ by
/// is the gradient itself, over α. Without it the last steps, whose kernels are narrow, drown the log
/// ratio in the noise of their small changes; with two, what is decided late asks for large ones.
///
/// With the Langevin term (arXiv 2405.20971, §E) it adds s_φ(i)·σ²/α·∇ log r(E_θ\[x_T|x_i\]), the
/// gradient in x_i as in DPS (arXiv 2209.14687), to at most one deviation of the step's noise: a good
/// start, of which RTB unlearns what is biased.
#[derive(Clone, Debug)]
pub struct ImagePolicy {
    denoising: Denoising,
    langevin: Option<Langevin>,
}

#[derive(Clone, Debug)]
struct Langevin {
    prior: DenoiserPrior,
    reward: ImageReward,
    beta: f64,
}

impl ImagePolicy {
    /// The posterior above a prior.
    pub fn new(prior: &DenoiserPrior) -> Self {
        Self {
            denoising: prior.denoising(),
            langevin: None,
        }
    }

    /// The same with the Langevin term of β·log r.
    pub(crate) fn with_langevin(prior: &DenoiserPrior, reward: ImageReward, beta: f64) -> Self {
        let prior = prior.clone();
        Self {
            denoising: prior.denoising(),
            langevin: Some(Langevin { prior, reward, beta }),
        }
    }
}

impl Langevin {
    /// Σ over the rows of β·log r, each under its condition.
    fn log_reward(&self, conditions: &[usize], ends: &Tensor<2>) -> Option<Tensor<1>> {
        let sum = self.reward.differentiable_sum(conditions, ends)?;
        Some(sum.mul_scalar(self.beta))
    }
}

impl Policy<VariancePreserving> for ImagePolicy {
    type Network = Denoiser;

    fn guide(
        &self,
        step: usize,
        conditions: &[usize],
        x: &Tensor<2>,
        prior: &mut Option<Tensor<2>>,
    ) -> Option<Tensor<2>> {
        let langevin = self.langevin.as_ref()?;
        let process = &self.denoising.process;
        // Nothing of the data is in the first state.
        if step == 0 {
            return Some(x.zeros_like());
        }
        let leaf = x.clone().autodiff().require_grad();
        let data = langevin.prior.kernel(step, &leaf);
        let ends = process.expected_end(step, &leaf, &data);
        let gradient = langevin
            .log_reward(conditions, &ends)
            .and_then(|sum| leaf.grad(&sum.backward()))
            .unwrap_or_else(|| x.zeros_like());
        *prior = Some(data.without_autodiff());
        Some(process.shift(step, gradient))
    }

    fn kernel(
        &self,
        network: &Denoiser,
        steps: &[usize],
        conditions: &[usize],
        x: Tensor<2>,
        guide: Option<&Tensor<2>>,
        prior: impl FnOnce() -> Tensor<2>,
    ) -> Tensor<2> {
        let prior = prior();
        let ([rows, _], device) = (x.dims(), x.device());
        let change = self.denoising.expected_data(network, steps, conditions, x) - prior.clone();
        let kernel = prior + per_step(steps, change, |s| self.denoising.process.at(s).1);
        let Some(guide) = guide else {
            return kernel;
        };
        let times = self.denoising.process.times(steps);
        kernel + network.langevin_scale(&times, conditions, rows, &device) * guide.clone()
    }
}
