//! A diffusion model as a map from noise to its end points: the flow of its probabilities.

use crate::engine::process::VariancePreserving;
use crate::task::images::Denoiser;
use burn::tensor::{Device, Tensor};

/// End points by the probability-flow ODE (arXiv 2011.13456, §4.3), in steps of DDIM (arXiv 2010.02502, eq. 12 without
/// noise) at evenly spaced times: a generator of standard normal noise, as large as an end point.
#[derive(Clone, Debug)]
pub(super) struct Flow {
    pub network: Denoiser,
    pub steps: usize,
    pub device: Device,
}

impl Flow {
    /// `[rows, size]` of noise → `[rows, size]`; differentiable.
    pub fn ends(&self, noise: Tensor<2>) -> Tensor<2> {
        let time = |step: usize| 1.0 - step as f64 / self.steps as f64;
        (0..self.steps).fold(noise, |x, step| {
            let (alpha, sigma) = VariancePreserving::level(time(step));
            let (next_alpha, next_sigma) = VariancePreserving::level(time(step + 1));
            // The network predicts v = α·noise − σ·data, which with x = α·data + σ·noise gives both.
            let v = self.network.forward(&[time(step)], &[], x.clone());
            let data = x.clone().mul_scalar(alpha) - v.clone().mul_scalar(sigma);
            let noise = x.mul_scalar(sigma) + v.mul_scalar(alpha);
            data.mul_scalar(next_alpha) + noise.mul_scalar(next_sigma)
        })
    }
}
