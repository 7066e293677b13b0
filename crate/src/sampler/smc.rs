//! Sequential Monte Carlo on the prior's chain with the Radon–Nikodym estimator (RNE,
//! arXiv 2506.05668).
//!
//! For neighbouring times the densities of a diffusion's marginals are related by
//! p_{i+1}(x_{i+1})/p_i(x_i) = p_θ(x_{i+1}|x_i)/q(x_i|x_{i+1}), up to the discretisation. A path
//! proposed by A and aimed at marginals π_i with the auxiliary kernel B = q has the increments
//!
//! Δ log w = log q(x_i|x_{i+1}) − log A(x_{i+1}|x_i) + log π_{i+1}(x_{i+1})/π_i(x_i),
//!
//! in which the unknown densities cancel to kernels. Only [`Process::log_prob`] and
//! [`Process::log_noise`] are asked of a chain, so a chain of tokens is weighed alike.

use super::guidance::{averaged, averaged_with_gradient, offsets, through_the_end};
use super::{Population, Sampler, Setting, effective_share, read, systematic};
use crate::metric::log_mean_exp;
use crate::noise::{self, Purpose};
use crate::process::{Diffusion, Prior, Process};
use burn::tensor::{Tensor, TensorData};
use std::future::Future;

/// What a target knows at the states of a step.
pub struct Look<P: Process> {
    /// The kernels A that the next states are proposed from.
    pub proposal: P::Kernel,
    /// The kernels of the priors that the target is made of.
    pub priors: Vec<P::Kernel>,
    /// The logarithm of the factor that the target's marginal has besides powers of the priors'.
    pub factor: Vec<f64>,
}

/// The marginals π_i = Π_k p_{k,i}^{power_k}·exp(factor_i) that a population is led through.
pub trait Target<P: Process, Q: Prior<P>> {
    /// The powers of the priors.
    fn powers(&self) -> Vec<f64>;

    /// What is known at the states x_step; asked from step 0 to T − 1.
    ///
    /// # Errors
    ///
    /// Where the device fails or the reward lacks what is needed.
    fn look(
        &self,
        setting: &Setting<'_, P, Q>,
        step: usize,
        x: &P::State,
        rows: usize,
    ) -> impl Future<Output = Result<Look<P>, String>>;

    /// log of the factor at the end points, `[rows][state_size]`.
    fn last_factor(&self, setting: &Setting<'_, P, Q>, ends: &[f32]) -> Vec<f64>;

    /// Evaluations of kernels for one state in a look, a backward pass counting as two.
    fn evaluations(&self) -> u64;
}

/// The prior tilted by the reward, π_T = p·r^β. In between, r(x_T) is replaced by an average of r
/// around E[x_T | x_i].
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Tilted {
    /// Points of the average; 0 leaves the marginals at the prior's until the end.
    pub points: usize,
    /// Share of the gradient of the average's logarithm that is added to the proposal's score.
    pub guidance: f64,
    /// Variance of a coordinate of the prior's samples.
    pub data_variance: f64,
}

/// Powers of priors: annealing with one, products with several. `others` are priors of their own
/// besides the setting's.
#[derive(Clone, Debug)]
pub struct Composed<R> {
    /// The power of the setting's prior.
    pub power: f64,
    pub others: Vec<(f64, R)>,
}

/// Sequential Monte Carlo towards a target.
#[derive(Clone, Debug)]
pub struct Smc<T> {
    pub target: T,
    /// Resample, systematically, where the effective share falls below this.
    pub resample_below: f64,
}

impl<P: Process, Q: Prior<P>, T: Target<P, Q>> Sampler<P, Q> for Smc<T> {
    async fn population(
        &self,
        setting: &Setting<'_, P, Q>,
        rows: usize,
        counter: u64,
    ) -> Result<Population, String> {
        let (process, device) = (setting.process, setting.device);
        let (steps, size) = (process.steps(), process.noise_size());
        let powers = self.target.powers();
        let total: f64 = powers.iter().sum();
        let mut rng = setting.noise.stream(Purpose::Proposal, counter);
        let mut draw = setting.noise.stream(Purpose::Resampling, counter);
        let mut x = process.start(rows, device);
        let mut look = self.target.look(setting, 0, &x, rows).await?;
        // The factor at the start is common to all rows and belongs to no weight.
        look.factor = vec![0.0; rows];
        let mut log_weights = vec![0.0; rows];
        // log of the product of the mean weights at the resamplings.
        let mut log_z = 0.0;
        let mut looks = 1;
        for step in 0..steps {
            let numbers = noise::normals(&mut rng, rows * size);
            let drawn = Tensor::from_data(TensorData::new(numbers, [rows, size]), device);
            let next = process.transition(step, &x, &look.proposal, drawn, 0.0);
            let proposed = process.log_prob(&[step], &x, &next, &look.proposal);
            let noising = process.log_noise(step, &x, &next);
            let change = look.priors.iter().zip(&powers).fold(
                noising.mul_scalar(1.0 - total) - proposed,
                |sum, (prior, power)| sum + process.log_prob(&[step], &x, &next, prior).mul_scalar(*power),
            );
            let change = read(change).await?;
            x = next;
            let last = step + 1 == steps;
            let factor = if last {
                let ends = read(process.download(&x)).await?;
                self.target.last_factor(setting, &ends)
            } else {
                let before = std::mem::take(&mut look.factor);
                look = self.target.look(setting, step + 1, &x, rows).await?;
                looks += 1;
                let after = look.factor.clone();
                look.factor = before;
                after
            };
            for (row, weight) in log_weights.iter_mut().enumerate() {
                *weight += f64::from(change[row]) + factor[row] - look.factor[row];
            }
            look.factor = factor;
            if !last && effective_share(&log_weights) < self.resample_below {
                log_z += log_mean_exp(log_weights.iter().copied());
                let kept = systematic(&log_weights, rows, &mut draw);
                x = process.select(&x, &kept);
                look = self.target.look(setting, step + 1, &x, rows).await?;
                looks += 1;
                log_weights.fill(0.0);
            }
        }
        log_weights.iter_mut().for_each(|w| *w += log_z);
        Ok(Population {
            ends: read(process.download(&x)).await?,
            log_weights,
            weighs: true,
            evaluations: looks * rows as u64 * self.target.evaluations(),
        })
    }
}

impl<P: Diffusion, Q: Prior<P>> Target<P, Q> for Tilted {
    fn powers(&self) -> Vec<f64> {
        vec![1.0]
    }

    async fn look(
        &self,
        setting: &Setting<'_, P, Q>,
        step: usize,
        x: &Tensor<2>,
        rows: usize,
    ) -> Result<Look<P>, String> {
        if self.points == 0 {
            let prior = setting.kernel(step, x, rows);
            return Ok(Look {
                proposal: prior.clone(),
                priors: vec![prior],
                factor: vec![0.0; rows],
            });
        }
        let process = setting.process;
        let deviation = process.end_deviation(step, self.data_variance);
        // The same points for all rows and whenever the step is looked at: the factor is a
        // function of the state.
        let mut rng = setting.noise.stream(Purpose::Paths, step as u64);
        let offsets = offsets(&mut rng, self.points, process.noise_size(), deviation);
        if self.guidance == 0.0 {
            let prior = setting.kernel(step, x, rows);
            let ends = read(process.expected_end(step, x, &prior)).await?;
            return Ok(Look {
                proposal: prior.clone(),
                priors: vec![prior],
                factor: averaged(setting, &ends, &offsets),
            });
        }
        let mut factor = Vec::new();
        let (prior, gradient) = through_the_end(setting, step, x, |ends| {
            let (values, cotangent) = averaged_with_gradient(setting, ends, &offsets)?;
            factor = values;
            Ok(cotangent)
        })
        .await?;
        Ok(Look {
            proposal: process.guide(&prior, gradient.mul_scalar(self.guidance)),
            priors: vec![prior],
            factor,
        })
    }

    fn last_factor(&self, setting: &Setting<'_, P, Q>, ends: &[f32]) -> Vec<f64> {
        setting.log_reward(ends)
    }

    fn evaluations(&self) -> u64 {
        if self.points > 0 && self.guidance > 0.0 {
            3
        } else {
            1
        }
    }
}

/// The proposal is the chain of the composed score; FKC's annealing weight
/// ½·β(β − 1)·g²·‖score‖²·dt (arXiv 2503.02819) is what the increments of a single prior tend to
/// as dt → 0, up to a term common to all rows.
impl<P: Diffusion, Q: Prior<P>, R: Prior<P>> Target<P, Q> for Composed<R> {
    fn powers(&self) -> Vec<f64> {
        std::iter::once(self.power)
            .chain(self.others.iter().map(|(power, _)| *power))
            .collect()
    }

    async fn look(
        &self,
        setting: &Setting<'_, P, Q>,
        step: usize,
        x: &Tensor<2>,
        rows: usize,
    ) -> Result<Look<P>, String> {
        let own = setting.kernel(step, x, rows);
        let mut parts = vec![(self.power, own)];
        parts.extend(
            self.others
                .iter()
                .map(|(power, prior)| (*power, prior.kernel(step, x))),
        );
        Ok(Look {
            proposal: setting.process.compose(step, x, &parts),
            priors: parts.into_iter().map(|(_, kernel)| kernel).collect(),
            factor: vec![0.0; rows],
        })
    }

    fn last_factor(&self, setting: &Setting<'_, P, Q>, ends: &[f32]) -> Vec<f64> {
        vec![0.0; ends.len() / setting.process.state_size()]
    }

    fn evaluations(&self) -> u64 {
        1 + self.others.len() as u64
    }
}
