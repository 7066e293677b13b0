//! Training-free methods: weighted samples of the posterior from the prior's own chain.

mod annealed;
mod density;
mod guidance;
mod hmc;
mod independent;
mod metropolis;
mod moved;
mod smc;

pub use super::statistics::{effective_share, systematic};
pub use annealed::Annealed;
pub use density::{Density, PathNoise, log_densities};
pub use guidance::{Guidance, Guided};
pub use hmc::Hmc;
pub use independent::{Importance, Rejection};
pub(crate) use independent::{own_samples, prior_samples};
pub use metropolis::Metropolis;
pub use smc::{AroundTheEnd, Blind, Composed, End, Look, LookAhead, Smc, Target, Tilted};

use crate::engine::host::read;
use crate::engine::noise::{self, Noise};
use crate::engine::parallel;
use crate::engine::process::{Prior, Process, Rows};
use crate::engine::reward::{Reward, on_host, tempered};
use burn::tensor::{Device, Tensor, TensorData};
use rand_chacha::rand_core::Rng;
use std::future::Future;
use std::ops::Range;

/// The setting of a training-free method.
pub struct Setting<'a, P: Process, Q> {
    /// The chain.
    pub process: &'a P,
    /// The kernels of the prior.
    pub prior: &'a Q,
    /// The reward of end points.
    pub reward: &'a dyn Reward<P>,
    /// Power of the reward.
    pub beta: f64,
    /// The noise of the run.
    pub noise: Noise,
    /// The device for all computations.
    pub device: &'a Device,
}

/// What the weights of samples say.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Weighs {
    /// Nothing: all log weights are 0.
    #[default]
    Nothing,
    /// Z by their mean alone: they are equal, however often a sample is repeated.
    Mean,
    /// Z by their mean, and by how they differ the effective number of samples.
    Each,
}

/// Weighted samples.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Population {
    /// End points, `[rows][state_size]`.
    pub ends: Vec<f32>,
    /// Log weights, one a row; their log mean exp estimates log Z, unless they say nothing.
    pub log_weights: Vec<f64>,
    /// What the weights say.
    pub weighs: Weighs,
    /// Evaluations of the prior's kernel, one a state; a backward pass counts as two.
    pub evaluations: u64,
}

/// A training-free method.
pub trait Sampler<P: Process, Q: Prior<P>> {
    /// Draws about `rows` samples; the same `counter` draws the same again.
    ///
    /// # Errors
    ///
    /// If the device fails, or the method does not work on this setting.
    fn population(
        &self,
        setting: &Setting<'_, P, Q>,
        rows: usize,
        counter: u64,
    ) -> impl Future<Output = Result<Population, String>>;
}

impl<P: Process, Q: Prior<P>> Setting<'_, P, Q> {
    /// The prior's kernels, on the processor's threads.
    fn kernel(&self, step: usize, x: &P::State, rows: usize) -> P::Kernel {
        let parts = self.parts(rows);
        if parts.len() == 1 {
            return self.prior.kernel(step, x);
        }
        let kernel = |part: Range<usize>| self.prior.kernel(step, &x.some_rows(part.start, part.len()));
        P::Kernel::stack(parallel::map(parts, kernel))
    }

    /// The same along a walk.
    fn walker<'a>(&'a self, conditions: &'a [usize]) -> impl FnMut(usize, &P::State) -> P::Kernel + 'a {
        let parts = self.parts(conditions.len()).into_iter();
        let walker = |part: Range<usize>| (self.prior.walker(&conditions[part.clone()]), part);
        let mut walkers: Vec<_> = parts.map(walker).collect();
        move |step, x| {
            if let [(kernel, _)] = &mut walkers[..] {
                return kernel(step, x);
            }
            let kernels = parallel::map(walkers.iter_mut().collect(), |(kernel, part)| {
                kernel(step, &x.some_rows(part.start, part.len()))
            });
            P::Kernel::stack(kernels)
        }
    }

    /// Rows, cut for the processor's threads.
    fn parts(&self, rows: usize) -> Vec<Range<usize>> {
        let parts = parallel::parts(self.device, rows);
        let cut = |part: usize| rows * part / parts;
        (0..parts).map(|part| cut(part)..cut(part + 1)).collect()
    }

    /// Normal noise of one transition, `[rows, noise_size]`.
    fn draw(&self, rng: &mut impl Rng, rows: usize) -> Tensor<2> {
        let size = self.process.noise_size();
        let numbers = noise::normals(rng, rows * size);
        Tensor::from_data(TensorData::new(numbers, [rows, size]), self.device)
    }

    /// Tempered log r of end points on the host.
    pub(crate) async fn log_reward(&self, ends: &[f32]) -> Result<Vec<f64>, String> {
        let place = (self.process, self.device);
        tempered(place, self.reward, self.beta, &self.conditions(ends), ends).await
    }

    /// log r of end points on the host, with floors and bounds and without, not tempered.
    async fn floored_and_not(&self, ends: &[f32]) -> Result<(Vec<f64>, Vec<f64>), String> {
        let place = (self.process, self.device);
        on_host(place, &self.conditions(ends), ends, async |ends| {
            let floored = self.reward.log_reward(ends).await?;
            Ok((floored, self.reward.log_reward_unfloored(ends).await?))
        })
        .await
    }

    /// Training-free methods have one condition.
    fn conditions(&self, ends: &[f32]) -> Vec<usize> {
        vec![0; ends.len() / self.process.state_size()]
    }

    /// Tempered ∇ log r of end points on the host.
    async fn gradient(&self, ends: &[f32]) -> Result<Vec<f32>, String> {
        let place = (self.process, self.device);
        let gradient = on_host(place, &self.conditions(ends), ends, async |ends| {
            self.reward.log_reward_gradient(ends).await
        })
        .await?
        .ok_or("this reward has no gradient, but this method needs one")?;
        let gradient = read(gradient).await?;
        Ok(gradient.into_iter().map(|g| self.beta as f32 * g).collect())
    }
}
