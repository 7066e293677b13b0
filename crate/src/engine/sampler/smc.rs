//! Sequential Monte Carlo on the prior's chain with the Radon–Nikodym estimator (RNE,
//! arXiv 2506.05668).
//!
//! For neighbouring times the densities of a diffusion's marginals are related by
//! p_{i+1}(x_{i+1})/p_i(x_i) = p_θ(x_{i+1}|x_i)/q(x_i|x_{i+1}), up to the discretisation. A path
//! proposed by A and aimed at marginals π_i with the auxiliary kernel B has the increments
//!
//! Δ log w = log B(x_i|x_{i+1}) − log A(x_{i+1}|x_i) + log π_{i+1}(x_{i+1})/π_i(x_i),
//!
//! in which the unknown densities cancel to kernels. [`Smc`] and [`Tilted`] ask of a chain only what
//! every [`Process`] has; what looks ahead through an expected end point, and [`Composed`], are for
//! diffusions.

use super::guidance::{averaged, averaged_with_gradient, offsets, through_the_end};
use super::{Population, Sampler, Setting, Weighs, effective_share, systematic};
use crate::engine::host::read;
use crate::engine::noise::Purpose;
use crate::engine::process::{Composable, Diffusion, Prior, Process, Rows};
use crate::engine::statistics::log_mean_exp;
use burn::tensor::Tensor;
use std::future::Future;

/// The quantities of a target at the states of a step.
pub struct Look<P: Process> {
    /// The kernels A that the next states are proposed from.
    pub proposal: P::Kernel,
    /// The kernels of the priors that the target is made of.
    pub priors: Vec<P::Kernel>,
    /// The logarithm of the factor that the target's marginal has besides the priors'.
    pub factor: Vec<f64>,
}

impl<P: Process> Look<P> {
    /// The prior alone: proposals from it, and no factor.
    fn at_prior(prior: P::Kernel, rows: usize) -> Self {
        Self {
            proposal: prior.clone(),
            priors: vec![prior],
            factor: vec![0.0; rows],
        }
    }

    /// The same for some of the rows.
    fn select(&self, rows: &[usize]) -> Self {
        let select = |kernel: &P::Kernel| kernel.select_rows(rows);
        Self {
            proposal: select(&self.proposal),
            priors: self.priors.iter().map(select).collect(),
            factor: rows.iter().map(|row| self.factor[*row]).collect(),
        }
    }
}

/// The quantities of a target at the end points, where nothing is proposed.
pub struct End<P: Process> {
    /// The kernels of the priors, where the last increment asks for them.
    pub priors: Vec<P::Kernel>,
    /// As in [`Look`].
    pub factor: Vec<f64>,
}

/// The intermediate targets of a population: marginals π_i, products of priors' marginals and a factor.
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

    /// What is known at the end points x_T; `ends` are the same on the host, `[rows][state_size]`.
    ///
    /// # Errors
    ///
    /// Where the device fails.
    fn end(
        &self,
        setting: &Setting<'_, P, Q>,
        x: &P::State,
        ends: &[f32],
    ) -> impl Future<Output = Result<End<P>, String>>;

    /// x_{i+1}, drawn from A.
    fn propose(&self, process: &P, step: usize, x: &P::State, look: &Look<P>, noise: Tensor<2>) -> P::State;

    /// The increment of the log weights without the factor, `[rows]`; `next_priors` are the priors'
    /// kernels at x_{i+1}.
    fn change(
        &self,
        process: &P,
        step: usize,
        states: [&P::State; 2],
        look: &Look<P>,
        next_priors: &[P::Kernel],
    ) -> Tensor<1>;

    /// Evaluations of kernels for one state in a look, a backward pass counting as two.
    fn evaluations(&self) -> u64;
}

/// The prior tilted by the reward, π_T = p·r^β, and before T by a prediction of the reward.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Tilted<A> {
    /// The prediction of the reward before T.
    pub ahead: A,
}

/// Predictions of log E[r^β | x_i], which set the intermediate targets of [`Tilted`]. Every prediction is exact
/// in the limit of many particles; a good one needs fewer.
pub trait LookAhead<P: Process, Q: Prior<P>> {
    /// The look at the states x_step: the prior's kernels, a factor, and a proposal.
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

    /// As [`Target::evaluations`].
    fn evaluations(&self) -> u64;
}

/// No prediction: the marginals are the prior's until the end.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Blind;

/// Averages r around E[x_T | x_i]: the factor is (i/T)² times the logarithm of that average. Early on, x_T is
/// still uncertain and the average is poor; with full weight it would remove the wrong particles.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct AroundTheEnd {
    /// Points of the average, at least one.
    pub points: usize,
    /// Share of the factor's gradient that is added to the proposal's score.
    pub guidance: f64,
    /// Variance of a coordinate of the prior's samples.
    pub data_variance: f64,
}

/// Powers of priors, π_i = Π_k p_{k,i}^{power_k}: annealing with one, products with several. They
/// stand for a reward that is itself made of the priors' densities, p·r^β = Π_k p_k^{power_k}; only
/// where that reward has floors and bounds does the target differ, and there the factor at the end
/// is r^β over what it was without them.
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
    /// The marginals that the particles are led through.
    pub target: T,
    /// The particles are resampled, systematically, when their effective share falls below this.
    pub resample_below: f64,
}

impl<P: Process, Q: Prior<P>, T: Target<P, Q>> Sampler<P, Q> for Smc<T> {
    async fn population(
        &self,
        setting: &Setting<'_, P, Q>,
        rows: usize,
        counter: u64,
    ) -> Result<Population, String> {
        let (process, target) = (setting.process, &self.target);
        let last = process.steps() - 1;
        let mut rng = setting.noise.stream(Purpose::Proposal, counter);
        let mut draw = setting.noise.stream(Purpose::Resampling, counter);
        let mut x = process.start(&vec![0; rows], setting.device);
        let mut look = target.look(setting, 0, &x, rows).await?;
        // The factor at the start is common to all rows and belongs to no weight.
        look.factor = vec![0.0; rows];
        let mut log_weights = vec![0.0; rows];
        // log of the product of the mean weights at the resamplings.
        let mut log_z = 0.0;
        for step in 0..last {
            let next = target.propose(process, step, &x, &look, setting.draw(&mut rng, rows));
            let after = target.look(setting, step + 1, &next, rows).await?;
            let change = target.change(process, step, [&x, &next], &look, &after.priors);
            // Read at every step: the host decides whether to resample.
            weigh(
                &mut log_weights,
                &read(change).await?,
                [&look.factor, &after.factor],
            );
            (x, look) = (next, after);
            if effective_share(&log_weights) < self.resample_below {
                log_z += log_mean_exp(log_weights.iter().copied());
                let kept = systematic(&log_weights, rows, &mut draw);
                x = x.select_rows(&kept);
                look = look.select(&kept);
                log_weights.fill(0.0);
            }
        }
        let next = target.propose(process, last, &x, &look, setting.draw(&mut rng, rows));
        let ends = read(process.download(&next)).await?;
        let end = target.end(setting, &next, &ends).await?;
        let change = target.change(process, last, [&x, &next], &look, &end.priors);
        weigh(
            &mut log_weights,
            &read(change).await?,
            [&look.factor, &end.factor],
        );
        log_weights.iter_mut().for_each(|w| *w += log_z);
        let looks = process.steps() as u64 * target.evaluations();
        Ok(Population {
            ends,
            log_weights,
            weighs: Weighs::Each,
            evaluations: rows as u64 * (looks + end.priors.len() as u64),
        })
    }
}

/// Adds the increments of a step, and the change of the factor.
fn weigh(log_weights: &mut [f64], change: &[f32], [before, after]: [&[f64]; 2]) {
    for (row, weight) in log_weights.iter_mut().enumerate() {
        *weight += f64::from(change[row]) + after[row] - before[row];
    }
}

impl<P: Process, Q: Prior<P>, A: LookAhead<P, Q>> Target<P, Q> for Tilted<A> {
    async fn look(
        &self,
        setting: &Setting<'_, P, Q>,
        step: usize,
        x: &P::State,
        rows: usize,
    ) -> Result<Look<P>, String> {
        self.ahead.look(setting, step, x, rows).await
    }

    async fn end(&self, setting: &Setting<'_, P, Q>, _x: &P::State, ends: &[f32]) -> Result<End<P>, String> {
        Ok(End {
            priors: Vec::new(),
            factor: setting.log_reward(ends).await?,
        })
    }

    fn propose(&self, process: &P, step: usize, x: &P::State, look: &Look<P>, noise: Tensor<2>) -> P::State {
        process.transition(step, x, &look.proposal, noise, 0.0)
    }

    /// With B = q: log p_θ − log A.
    fn change(
        &self,
        process: &P,
        step: usize,
        [x, next]: [&P::State; 2],
        look: &Look<P>,
        _next_priors: &[P::Kernel],
    ) -> Tensor<1> {
        process.log_ratio(&[step], x, next, &look.priors[0], &look.proposal)
    }

    fn evaluations(&self) -> u64 {
        self.ahead.evaluations()
    }
}

impl<P: Process, Q: Prior<P>> LookAhead<P, Q> for Blind {
    async fn look(
        &self,
        setting: &Setting<'_, P, Q>,
        step: usize,
        x: &P::State,
        rows: usize,
    ) -> Result<Look<P>, String> {
        Ok(Look::at_prior(setting.kernel(step, x, rows), rows))
    }

    fn evaluations(&self) -> u64 {
        1
    }
}

impl<P: Diffusion, Q: Prior<P>> LookAhead<P, Q> for AroundTheEnd {
    async fn look(
        &self,
        setting: &Setting<'_, P, Q>,
        step: usize,
        x: &Tensor<2>,
        rows: usize,
    ) -> Result<Look<P>, String> {
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
            let values = averaged(setting, &ends, &offsets, self.points).await?;
            return Ok(Look {
                factor: values.into_iter().map(|v| trust * v).collect(),
                ..Look::at_prior(prior, rows)
            });
        }
        let mut factor = Vec::new();
        let (prior, gradient) = through_the_end(setting, step, x, async |ends: &[f32]| {
            let (values, cotangent) = averaged_with_gradient(setting, ends, &offsets, self.points).await?;
            factor = values.into_iter().map(|v| trust * v).collect();
            Ok(cotangent)
        })
        .await?;
        Ok(Look {
            proposal: process.guide(step, &prior, gradient.mul_scalar(trust * self.guidance)),
            priors: vec![prior],
            factor,
        })
    }

    fn evaluations(&self) -> u64 {
        if self.guidance > 0.0 { 3 } else { 1 }
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

impl<P: Composable, Q: Prior<P>, R: Prior<P>> Target<P, Q> for Composed<R> {
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

    async fn end(&self, setting: &Setting<'_, P, Q>, x: &Tensor<2>, ends: &[f32]) -> Result<End<P>, String> {
        let (floored, unfloored) = setting.floored_and_not(ends).await?;
        let pairs = floored.into_iter().zip(unfloored);
        Ok(End {
            priors: self.kernels(setting, setting.process.steps() - 1, x),
            factor: pairs
                .map(|(floored, log_r)| setting.beta * (floored - log_r))
                .collect(),
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
        process.transition_scaled(step, x, &look.proposal, noise, self.factor())
    }

    fn change(
        &self,
        process: &P,
        step: usize,
        [x, next]: [&Tensor<2>; 2],
        look: &Look<P>,
        next_priors: &[Tensor<2>],
    ) -> Tensor<1> {
        let factor = self.factor();
        let start = process.log_back_over_forth(step, x, next, &look.proposal, factor);
        self.powers().zip(look.priors.iter().zip(next_priors)).fold(
            start,
            |sum, (power, (prior, next_prior))| {
                let ratio = process.log_marginal_ratio(step, x, next, [prior, next_prior], factor);
                sum + ratio.mul_scalar(power)
            },
        )
    }

    fn evaluations(&self) -> u64 {
        1 + self.others.len() as u64
    }
}
