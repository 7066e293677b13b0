//! Markov chains x_0 → … → x_T whose transition densities can be evaluated.
//!
//! The engine knows a chain only through [`Process`]. A state is a batch, one row a trajectory;
//! what a network says about the next transition is the chain's [`Process::Kernel`]: a drift for
//! a diffusion, logits for a chain of tokens. Nothing in the trait asks for Gaussians.

mod absorbing;
mod autoregressive;
mod bridge;
mod denoiser;
mod ornstein_uhlenbeck;
pub mod scheduled;
mod sequence;
mod token;
mod uniform;
mod variance_preserving;

pub use super::settings::Spacing;
pub use absorbing::Absorbing;
pub use autoregressive::Autoregressive;
pub use bridge::BrownianBridge;
pub use denoiser::Denoiser;
pub use ornstein_uhlenbeck::OrnsteinUhlenbeck;
pub use scheduled::Scheduled;
pub use sequence::Sequence;
pub use token::TokenChain;
pub use uniform::Uniform;
pub use variance_preserving::VariancePreserving;

use burn::module::{Module, ModuleDisplay};
use burn::optim::GradientsParams;
use burn::tensor::{Device, Int, Tensor, TensorData, kind::Basic};
use std::f64::consts::PI;
use std::ops::Range;

/// A batch, one row a trajectory.
pub trait Rows: Clone + Send + Sync {
    /// The rows with these indices, in this order; an index may occur more than once.
    fn select_rows(&self, rows: &[usize]) -> Self;

    /// `count` rows from row `start` on.
    fn some_rows(&self, start: usize, count: usize) -> Self;

    /// Concatenates batches by rows.
    fn stack(parts: Vec<Self>) -> Self;
}

impl<const D: usize, K: Basic> Rows for Tensor<D, K>
where
    Self: Clone + Send + Sync,
{
    fn select_rows(&self, rows: &[usize]) -> Self {
        let numbers: Vec<i32> = rows.iter().map(|r| *r as i32).collect();
        let index = Tensor::<1, Int>::from_data(TensorData::new(numbers, [rows.len()]), &self.device());
        self.clone().select(0, index)
    }

    fn some_rows(&self, start: usize, count: usize) -> Self {
        self.clone().narrow(0, start, count)
    }

    fn stack(parts: Vec<Self>) -> Self {
        Tensor::cat(parts, 0)
    }
}

/// A batch of states, as numbers on the host.
pub trait State: Rows {
    /// States from the host, `[rows][size]`.
    fn from_numbers(numbers: Vec<f32>, size: usize, device: &Device) -> Self;

    /// A tensor to read, `[rows, size]`.
    fn numbers(&self) -> Tensor<2>;
}

/// Points of ℝᵈ.
impl State for Tensor<2> {
    fn from_numbers(numbers: Vec<f32>, size: usize, device: &Device) -> Self {
        let rows = numbers.len() / size;
        Tensor::from_data(TensorData::new(numbers, [rows, size]), device)
    }

    fn numbers(&self) -> Tensor<2> {
        self.clone()
    }
}

/// Tokens, or what else is counted.
impl State for Tensor<2, Int> {
    fn from_numbers(numbers: Vec<f32>, size: usize, device: &Device) -> Self {
        Tensor::<2>::from_numbers(numbers, size, device).int()
    }

    fn numbers(&self) -> Tensor<2> {
        self.clone().float()
    }
}

/// The first row of each group of equal rows, and the group of every row.
pub(crate) fn distinct<K: PartialEq>(rows: impl IntoIterator<Item = K>) -> (Vec<usize>, Vec<usize>) {
    let (mut kinds, mut firsts) = (Vec::new(), Vec::new());
    let like = rows.into_iter().enumerate().map(|(row, kind)| {
        let known = kinds.iter().position(|k| *k == kind);
        known.unwrap_or_else(|| {
            kinds.push(kind);
            firsts.push(row);
            kinds.len() - 1
        })
    });
    let like = like.collect();
    (firsts, like)
}

/// Σ over the columns, `[rows]`.
fn sum(rows: Tensor<2>) -> Tensor<1> {
    rows.sum_dim(1).squeeze_dim::<1>(1)
}

/// One number a row in `steps.len()` equal blocks, multiplied and shifted by functions of its block's step.
fn per_row(
    steps: &[usize],
    rows: Tensor<1>,
    factor: impl Fn(usize) -> f64,
    shift: impl Fn(usize) -> f64,
) -> Tensor<1> {
    let all = rows.dims()[0];
    let each = all / steps.len();
    let (factors, shifts) = (f32s(steps, factor), f32s(steps, shift));
    if let (Some(factor), Some(shift)) = (the_same(&factors), the_same(&shifts)) {
        return rows.mul_scalar(factor).add_scalar(shift);
    }
    let column =
        |values: Vec<f32>| Tensor::<2>::from_data(TensorData::new(values, [steps.len(), 1]), &rows.device());
    (rows.clone().reshape([steps.len(), each]) * column(factors) + column(shifts)).reshape([all])
}

/// A function of every step.
fn f32s(steps: &[usize], of: impl Fn(usize) -> f64) -> Vec<f32> {
    steps.iter().map(|step| of(*step) as f32).collect()
}

/// The number that all of these are, which need not be sent to a device then.
fn the_same(numbers: &[f32]) -> Option<f32> {
    let (first, others) = numbers.split_first()?;
    others.iter().all(|number| number == first).then_some(*first)
}

/// log of the normalisation of N(·; 0, variance·I) in ℝᵈ.
fn log_constant(dimensions: usize, variance: f64) -> f64 {
    -0.5 * dimensions as f64 * (2.0 * PI * variance).ln()
}

/// log N(miss; 0, variance·I), `[rows]`.
fn log_gaussian(miss: Tensor<2>, variance: f64) -> Tensor<1> {
    let constant = log_constant(miss.dims()[1], variance);
    sum(miss.square())
        .mul_scalar(-0.5 / variance)
        .add_scalar(constant)
}

/// Rows in `steps.len()` equal blocks, each block multiplied by a function of its step.
pub(crate) fn per_step(steps: &[usize], rows: Tensor<2>, factor: impl Fn(usize) -> f64) -> Tensor<2> {
    if let [step] = steps {
        return rows.mul_scalar(factor(*step));
    }
    let [all, columns] = rows.dims();
    let blocks = steps.len();
    let factors = f32s(steps, factor);
    if let Some(factor) = the_same(&factors) {
        return rows.mul_scalar(factor);
    }
    let factors = Tensor::<3>::from_data(TensorData::new(factors, [blocks, 1, 1]), &rows.device());
    (rows.reshape([blocks, all / blocks, columns]) * factors).reshape([all, columns])
}

/// What is made of `rows` rows, at most `most` of them at once.
pub(crate) fn in_chunks(rows: usize, most: usize, of: impl Fn(Range<usize>) -> Tensor<2>) -> Tensor<2> {
    if rows <= most {
        return of(0..rows);
    }
    let starts = (0..rows).step_by(most.max(1));
    let chunks = starts.map(|start| of(start..rows.min(start + most)));
    Tensor::cat(chunks.collect(), 0)
}

/// The end points of a chain with these kernels and this noise, `[rows, noise_size]` a step, of rows
/// under these conditions.
pub(crate) fn walk<P: Process>(
    process: &P,
    conditions: &[usize],
    device: &Device,
    mut noise: impl FnMut(usize) -> Tensor<2>,
    mut kernel: impl FnMut(usize, &P::State) -> P::Kernel,
) -> P::State {
    (0..process.steps()).fold(process.start(conditions, device), |x, step| {
        process.transition(step, &x, &kernel(step, &x), noise(step), 0.0)
    })
}

/// A Markov chain with kernels that a network parametrises.
pub trait Process: Send + Sync {
    /// A batch of states, one row a trajectory.
    type State: State;
    /// What determines the density of the next state, one row a trajectory.
    type Kernel: Rows;

    /// Whether [`Process::noise_back`] works. If not, trajectories come only from the policy and the prior.
    const NOISES_BACK: bool = false;

    /// T, the number of transitions.
    fn steps(&self) -> usize;

    /// x_0 of trajectories under these conditions.
    fn start(&self, conditions: &[usize], device: &Device) -> Self::State;

    /// Host noise of one row of one transition, in numbers: one a number of the state, unless the chain says
    /// otherwise.
    fn noise_size(&self) -> usize {
        self.state_size()
    }

    /// x_{i+1} drawn from the kernel. `noise` is `[rows, noise_size]`, `extra` the exploration's
    /// additional variance per unit of time; a chain of words divides their log-probabilities by
    /// 1 + `extra`.
    fn transition(
        &self,
        step: usize,
        x: &Self::State,
        kernel: &Self::Kernel,
        noise: Tensor<2>,
        extra: f64,
    ) -> Self::State;

    /// x_i drawn given x_{i+1} from the noising chain, which the prior reverses; called only if
    /// [`Process::NOISES_BACK`] is true.
    fn noise_back(&self, _step: usize, _next: &Self::State, _noise: Tensor<2>) -> Self::State {
        unreachable!("the chain says that it noises nothing back")
    }

    /// log p_φ(x_{i+1}|x_i) − log p_θ(x_{i+1}|x_i), `[rows]`: one difference, since the two sums
    /// are too large for f32. Rows are `steps.len()` blocks of equal length. The default takes the
    /// difference of the two, which is precise enough where log-probabilities are small numbers.
    fn log_ratio(
        &self,
        steps: &[usize],
        x: &Self::State,
        next: &Self::State,
        posterior: &Self::Kernel,
        prior: &Self::Kernel,
    ) -> Tensor<1> {
        self.log_prob(steps, x, next, posterior) - self.log_prob(steps, x, next, prior)
    }

    /// log p(x_{i+1}|x_i), normalised, `[rows]`. Rows are `steps.len()` blocks of equal length.
    fn log_prob(
        &self,
        steps: &[usize],
        x: &Self::State,
        next: &Self::State,
        kernel: &Self::Kernel,
    ) -> Tensor<1>;

    /// log q(x_i|x_{i+1}) of [`Process::noise_back`], normalised, `[rows]`; 0 where x_i is certain.
    fn log_noise(&self, _step: usize, _x: &Self::State, _next: &Self::State) -> Tensor<1> {
        unreachable!("the chain says that it noises nothing back")
    }

    /// KL(p_φ(·|x_i) ‖ p_θ(·|x_i)), `[rows]`. Rows are `steps.len()` blocks of equal length.
    fn divergence(
        &self,
        steps: &[usize],
        x: &Self::State,
        posterior: &Self::Kernel,
        prior: &Self::Kernel,
    ) -> Tensor<1>;

    /// Numbers of one row of a state on the host.
    fn state_size(&self) -> usize;

    /// The end point that a kernel predicts, `[rows, state_size]`: the mean, or the likeliest words; `None` if
    /// the kernel does not predict it.
    fn preview(&self, _step: usize, _x: &Self::State, _kernel: &Self::Kernel) -> Option<Tensor<2>> {
        None
    }

    /// States from the host, `[rows][state_size]`.
    fn upload(&self, states: Vec<f32>, device: &Device) -> Self::State {
        Self::State::from_numbers(states, self.state_size(), device)
    }

    /// Rows whose kernels are compared at once, limited by memory.
    fn rows_at_once(&self) -> usize {
        100_000
    }

    /// A state as a tensor to read, `[rows, state_size]`.
    fn download(&self, state: &Self::State) -> Tensor<2> {
        state.numbers()
    }
}

/// A chain in ℝᵈ with Gaussian kernels, which can be moved along a gradient.
pub trait Diffusion: Process<State = Tensor<2>, Kernel = Tensor<2>> {
    /// E[x_T | x_i] according to a kernel, `[rows, state_size]`; differentiable in both.
    fn expected_end(&self, step: usize, x: &Tensor<2>, kernel: &Tensor<2>) -> Tensor<2>;

    /// The standard deviation of a coordinate of x_T given x_i, for Gaussian data of this variance: r² of
    /// LGD-MC (ICML 2023, §3.2), there for data of variance 1.
    fn end_deviation(&self, step: usize, data_variance: f64) -> f64;

    /// The kernel of the chain whose score at `step` has `gradient`, `[rows, state_size]`, added.
    fn guide(&self, step: usize, kernel: &Tensor<2>, gradient: Tensor<2>) -> Tensor<2>;
}

/// A diffusion whose noise can be scaled without changing its marginals. The Radon–Nikodym estimator needs
/// this for densities, powers and products of priors.
pub trait Composable: Diffusion {
    /// log of the noising kernel q(x_i|x_{i+1}) as Euler and Maruyama discretise its SDE, `[rows]`;
    /// 0 where x_i is certain.
    fn log_noise_euler(&self, step: usize, x: &Tensor<2>, next: &Tensor<2>) -> Tensor<1>;

    /// The chain led by Σ_k power_k·score_k of priors with these kernels, whose noise has `factor`
    /// times the variance: its kernels are their mean, weighted by the powers, for factor 1/Σ power.
    fn compose(&self, kernels: &[(f64, Tensor<2>)]) -> Tensor<2>;

    /// [`Process::transition`] with `factor` times the variance.
    fn transition_scaled(
        &self,
        step: usize,
        x: &Tensor<2>,
        kernel: &Tensor<2>,
        noise: Tensor<2>,
        factor: f64,
    ) -> Tensor<2>;

    /// log q(x_i|x_{i+1}) − log p(x_{i+1}|x_i), both with `factor` times the variance, `[rows]`.
    fn log_back_over_forth(
        &self,
        step: usize,
        x: &Tensor<2>,
        next: &Tensor<2>,
        kernel: &Tensor<2>,
        factor: f64,
    ) -> Tensor<1>;

    /// log p_{i+1}(x_{i+1}) − log p_i(x_i) of a prior's marginals on a path whose noise has
    /// `factor` times the variance, `[rows]`: the ratio of the kernels, forward and backward in
    /// time, of the process with that noise and the same marginals (RNE, arXiv 2506.05668). The
    /// prior's kernels are given at x_i and at x_{i+1}, the latter at its own step, or at this one
    /// where it is the last.
    fn log_marginal_ratio(
        &self,
        step: usize,
        x: &Tensor<2>,
        next: &Tensor<2>,
        kernels: [&Tensor<2>; 2],
        factor: f64,
    ) -> Tensor<1>;
}

/// The kernels at the states of one walk, asked for step after step from the first on.
pub type Walker<'a, P> = Box<dyn FnMut(usize, &<P as Process>::State) -> <P as Process>::Kernel + Send + 'a>;

/// A prior: kernels that never change.
pub trait Prior<P: Process>: Send + Sync {
    /// The kernels of the transition from step `step`, one row a state.
    fn kernel(&self, step: usize, x: &P::State) -> P::Kernel;

    /// The same of rows under these conditions, of a prior that differs by them; [`Prior::kernel`] then is that of the
    /// first condition.
    fn kernel_given(&self, step: usize, _conditions: &[usize], x: &P::State) -> P::Kernel {
        self.kernel(step, x)
    }

    /// The same along a walk; it may keep what it found on the way.
    fn walker<'a>(&'a self, conditions: &'a [usize]) -> Walker<'a, P> {
        Box::new(|step, x| self.kernel_given(step, conditions, x))
    }

    /// The kernels of all transitions of a walk under these conditions, from x_0 to x_{T−1}.
    fn kernels(&self, conditions: &[usize], states: &[P::State]) -> Vec<P::Kernel> {
        let states = states.iter().enumerate();
        let kernel = |(step, x)| self.kernel_given(step, conditions, x);
        states.map(kernel).collect()
    }

    /// Whether the chain's end points are standard normal noise, N(0, I).
    fn ends_are_noise(&self) -> bool {
        false
    }
}

/// Where a policy's kernels are wanted: `states` has one block of the same trajectories per step, in the same order, the
/// conditions belong to the rows of a block, and `guide` comes from [`Policy::guide`].
#[derive(Clone, Copy)]
pub struct At<'a, P: Process> {
    /// The step of every block.
    pub steps: &'a [usize],
    /// One a row of a block.
    pub conditions: &'a [usize],
    /// The blocks.
    pub states: &'a P::State,
    /// Of the same rows.
    pub guide: Option<&'a P::Kernel>,
}

/// What trajectories of a whole batch are drawn from: fresh rows first, given ones after them.
#[derive(Clone, Copy, Debug)]
pub struct Drawing<'a> {
    /// Rows that follow the policy.
    pub fresh: usize,
    /// Their noise, `[steps][fresh][noise_size]`.
    pub noise: &'a [f32],
    /// End points that are noised back, `[given][state_size]`.
    pub given: &'a [f32],
    /// The noise for that, `[steps][given][noise_size]`.
    pub given_noise: &'a [f32],
    /// Additional variance per unit of time, as in [`Process::transition`].
    pub extra: f64,
}

/// The trajectories of a whole batch with their kernels, a step's rows after those of the step before.
pub struct Walks<P: Process> {
    /// x_0 to x_T.
    pub states: P::State,
    /// The prior's kernels of the T transitions.
    pub prior: P::Kernel,
    /// The policy's.
    pub posterior: P::Kernel,
}

/// [`Policy::gradient`] with all of its graph in memory.
pub(crate) fn whole_gradient<P: Process, K: Policy<P> + ?Sized>(
    policy: &K,
    network: &K::Network,
    at: At<P>,
    prior: impl FnOnce() -> P::Kernel,
    value: impl FnOnce(P::Kernel) -> Tensor<1>,
) -> GradientsParams {
    let states = at.states.clone();
    let kernel = policy.kernel(network, at.steps, at.conditions, states, at.guide, prior);
    GradientsParams::from_grads(value(kernel).backward(), network)
}

/// A posterior: kernels given by a network that is trained.
pub trait Policy<P: Process>: Send + Sync {
    /// The network that is trained.
    type Network: Module + ModuleDisplay + Sync;

    /// The kernels towards which the gradient of the reward moves the prior's, at these states with rows under
    /// `conditions`. They are computed once and kept, since the network is evaluated there again. If this
    /// also computes the prior's kernels, it stores them in `prior`.
    fn guide(
        &self,
        _step: usize,
        _conditions: &[usize],
        _x: &P::State,
        _prior: &mut Option<P::Kernel>,
    ) -> Option<P::Kernel> {
        None
    }

    /// The kernels at `steps`; `x` has one block of the same trajectories per step, in the same order.
    /// `conditions` belong to the rows of a block, `guide` comes from [`Policy::guide`]. `prior` computes the
    /// prior's kernels at the same states; a policy that does not build on the prior never calls it.
    fn kernel(
        &self,
        network: &Self::Network,
        steps: &[usize],
        conditions: &[usize],
        x: P::State,
        guide: Option<&P::Kernel>,
        prior: impl FnOnce() -> P::Kernel,
    ) -> P::Kernel;

    /// The gradient of a number that is made of the kernels, with respect to a network that tracks gradients. A policy
    /// of a large network may compute parts of it again instead of keeping all in memory.
    fn gradient(
        &self,
        network: &Self::Network,
        at: At<P>,
        prior: impl FnOnce() -> P::Kernel,
        value: impl FnOnce(P::Kernel) -> Tensor<1>,
    ) -> GradientsParams {
        whole_gradient(self, network, at, prior, value)
    }

    /// Whole trajectories at once, where the policy has a way to that on its device.
    fn walk(&self, _network: &Self::Network, _drawing: Drawing) -> Option<Walks<P>> {
        None
    }

    /// How many pairs of a trajectory and a step a GPU takes through the network at once, even where a run asks for fewer: more
    /// than 0 only of a small network, whose launches would cost more than its products.
    fn rows_at_once(&self, _network: &Self::Network) -> usize {
        0
    }

    /// A cheaper way to the kernels of consecutive steps, for a policy that has one and needs neither guide nor
    /// prior.
    fn walker<'a>(&'a self, _network: &'a Self::Network, _conditions: &'a [usize]) -> Option<Walker<'a, P>> {
        None
    }
}
