//! Sequential Monte Carlo on the prior's chain with the Radon–Nikodym estimator (RNE,
//! arXiv 2506.05668).
//!
//! For neighbouring times the densities of a diffusion's marginals are related by
//! p_{i+1}(x_{i+1})/p_i(x_i) = p_θ(x_{i+1}|x_i)/q(x_i|x_{i+1}), up to the discretisation. A path
//! proposed by A and aimed at marginals π_i with the auxiliary kernel B has the increments
//!
//! Δ log w = log B(x_i|x_{i+1}) − log A(x_{i+1}|x_i) + log π_{i+1}(x_{i+1})/π_i(x_i),
//!
//! in which the unknown densities cancel to kernels. [`Smc`] asks of a chain only what every
//! [`Process`] has; the targets here are those of diffusions.

use super::guidance::{averaged, averaged_with_gradient, offsets, through_the_end};
use super::{Population, Sampler, Setting, effective_share, read, systematic};
use crate::metric::log_mean_exp;
use crate::noise::Purpose;
use crate::process::{Diffusion, Prior, Process};
use burn::tensor::Tensor;
use std::future::Future;

/// What a target knows at the states of a step.
pub struct Look<P: Process> {
    /// The kernels A that the next states are proposed from.
    pub proposal: P::Kernel,
    /// The kernels of the priors that the target is made of.
    pub priors: Vec<P::Kernel>,
    /// The logarithm of the factor that the target's marginal has besides the priors'.
    pub factor: Vec<f64>,
}

/// The marginals π_i, made of priors' marginals and a factor, that a population is led through.
pub trait Target<P: Process, Q: Prior<P>> {
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

    /// x_{i+1}, drawn from A.
    fn propose(&self, process: &P, step: usize, x: &P::State, look: &Look<P>, noise: Tensor<2>) -> P::State;

    /// The increment of the log weights without the factor, `[rows]`; `after` is the look at
    /// x_{i+1}, `None` at the end.
    fn change(
        &self,
        setting: &Setting<'_, P, Q>,
        step: usize,
        states: [&P::State; 2],
        look: &Look<P>,
        after: Option<&Look<P>>,
    ) -> Tensor<1>;

    /// log of the factor at the end points, `[rows][state_size]`.
    fn last_factor(&self, setting: &Setting<'_, P, Q>, ends: &[f32]) -> Vec<f64>;

    /// Evaluations of kernels for one state in a look, a backward pass counting as two.
    fn evaluations(&self) -> u64;
}

/// The prior tilted by the reward, π_T = p·r^β. In between, the factor is (i/T)² times the logarithm
/// of an average of r around E[x_T | x_i]: while x_T is still wide open that average says little, and
/// full weight for it would throw the wrong particles away.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Tilted {
    /// Points of the average; 0 leaves the marginals at the prior's until the end.
    pub points: usize,
    /// Share of the factor's gradient that is added to the proposal's score.
    pub guidance: f64,
    /// Variance of a coordinate of the prior's samples.
    pub data_variance: f64,
}

/// Powers of priors, π_i = Π_k p_{k,i}^{power_k}: annealing with one, products with several.
///
/// The path's noise has 1/Σ power of the variance, as the marginals' own modes have: the weights are
/// then nearly constant wherever the modes are apart.
#[derive(Clone, Debug)]
pub struct Composed<R> {
    /// The power of the setting's prior.
    pub power: f64,
    /// Other priors and their powers.
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
        let process = setting.process;
        let steps = process.steps();
        let mut rng = setting.noise.stream(Purpose::Proposal, counter);
        let mut draw = setting.noise.stream(Purpose::Resampling, counter);
        let mut x = process.start(rows, setting.device);
        let mut look = self.target.look(setting, 0, &x, rows).await?;
        // The factor at the start is common to all rows and belongs to no weight.
        look.factor = vec![0.0; rows];
        let mut log_weights = vec![0.0; rows];
        // log of the product of the mean weights at the resamplings.
        let mut log_z = 0.0;
        let mut looks = 1;
        for step in 0..steps {
            let drawn = setting.draw(&mut rng, rows);
            let next = self.target.propose(process, step, &x, &look, drawn);
            let last = step + 1 == steps;
            let after = if last {
                None
            } else {
                looks += 1;
                Some(self.target.look(setting, step + 1, &next, rows).await?)
            };
            let change = self
                .target
                .change(setting, step, [&x, &next], &look, after.as_ref());
            let change = read(change).await?;
            x = next;
            let factor = match &after {
                Some(after) => after.factor.clone(),
                None => self
                    .target
                    .last_factor(setting, &read(process.download(&x)).await?),
            };
            for (row, weight) in log_weights.iter_mut().enumerate() {
                *weight += f64::from(change[row]) + factor[row] - look.factor[row];
            }
            if let Some(after) = after {
                look = after;
                if effective_share(&log_weights) < self.resample_below {
                    log_z += log_mean_exp(log_weights.iter().copied());
                    let kept = systematic(&log_weights, rows, &mut draw);
                    x = process.select(&x, &kept);
                    look = self.target.look(setting, step + 1, &x, rows).await?;
                    looks += 1;
                    log_weights.fill(0.0);
                }
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
        let trust = (step as f64 / process.steps() as f64).powi(2);
        // The same points for all rows and whenever the step is looked at: the factor is a
        // function of the state.
        let mut rng = setting.noise.stream(Purpose::Paths, step as u64);
        let offsets = offsets(&mut rng, self.points, process.noise_size(), deviation);
        if self.guidance == 0.0 {
            let prior = setting.kernel(step, x, rows);
            let ends = read(process.expected_end(step, x, &prior)).await?;
            let values = averaged(setting, &ends, &offsets, self.points);
            return Ok(Look {
                proposal: prior.clone(),
                priors: vec![prior],
                factor: values.into_iter().map(|v| trust * v).collect(),
            });
        }
        let mut factor = Vec::new();
        let (prior, gradient) = through_the_end(setting, step, x, |ends| {
            let (values, cotangent) = averaged_with_gradient(setting, ends, &offsets, self.points)?;
            factor = values.into_iter().map(|v| trust * v).collect();
            Ok(cotangent)
        })
        .await?;
        Ok(Look {
            proposal: process.guide(&prior, gradient.mul_scalar(trust * self.guidance)),
            priors: vec![prior],
            factor,
        })
    }

    fn propose(
        &self,
        process: &P,
        step: usize,
        x: &Tensor<2>,
        look: &Look<P>,
        noise: Tensor<2>,
    ) -> Tensor<2> {
        process.transition(step, x, &look.proposal, noise, 0.0)
    }

    /// With B = q: log p_θ − log A.
    fn change(
        &self,
        setting: &Setting<'_, P, Q>,
        step: usize,
        [x, next]: [&Tensor<2>; 2],
        look: &Look<P>,
        _after: Option<&Look<P>>,
    ) -> Tensor<1> {
        setting
            .process
            .log_ratio(&[step], x, next, &look.priors[0], &look.proposal)
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

impl<R> Composed<R> {
    fn powers(&self) -> impl Iterator<Item = f64> + '_ {
        std::iter::once(self.power).chain(self.others.iter().map(|(power, _)| *power))
    }

    /// The factor of the path's noise.
    fn factor(&self) -> f64 {
        self.powers().sum::<f64>().recip()
    }

    fn kernels<P, Q>(&self, setting: &Setting<'_, P, Q>, step: usize, x: &Tensor<2>) -> Vec<Tensor<2>>
    where
        P: Diffusion,
        Q: Prior<P>,
        R: Prior<P>,
    {
        let own = setting.kernel(step, x, x.dims()[0]);
        let others = self.others.iter().map(|(_, prior)| prior.kernel(step, x));
        std::iter::once(own).chain(others).collect()
    }
}

impl<P: Diffusion, Q: Prior<P>, R: Prior<P>> Target<P, Q> for Composed<R> {
    async fn look(
        &self,
        setting: &Setting<'_, P, Q>,
        step: usize,
        x: &Tensor<2>,
        rows: usize,
    ) -> Result<Look<P>, String> {
        let priors = self.kernels(setting, step, x);
        let parts: Vec<_> = self.powers().zip(priors.iter().cloned()).collect();
        Ok(Look {
            proposal: setting.process.compose(&parts),
            priors,
            factor: vec![0.0; rows],
        })
    }

    fn propose(
        &self,
        process: &P,
        _step: usize,
        x: &Tensor<2>,
        look: &Look<P>,
        noise: Tensor<2>,
    ) -> Tensor<2> {
        process.transition_scaled(x, &look.proposal, noise, self.factor())
    }

    fn change(
        &self,
        setting: &Setting<'_, P, Q>,
        step: usize,
        [x, next]: [&Tensor<2>; 2],
        look: &Look<P>,
        after: Option<&Look<P>>,
    ) -> Tensor<1> {
        let (process, factor) = (setting.process, self.factor());
        let last;
        let next_priors = match after {
            Some(after) => &after.priors,
            None => {
                last = self.kernels(setting, step, next);
                &last
            }
        };
        let start = process.log_back_over_forth(step, x, next, &look.proposal, factor);
        self.powers().zip(look.priors.iter().zip(next_priors)).fold(
            start,
            |sum, (power, (prior, next_prior))| {
                let ratio = process.log_marginal_ratio(step, x, next, [prior, next_prior], factor);
                sum + ratio.mul_scalar(power)
            },
        )
    }

    fn last_factor(&self, setting: &Setting<'_, P, Q>, ends: &[f32]) -> Vec<f64> {
        vec![0.0; ends.len() / setting.process.state_size()]
    }

    fn evaluations(&self) -> u64 {
        1 + self.others.len() as u64
    }
}
