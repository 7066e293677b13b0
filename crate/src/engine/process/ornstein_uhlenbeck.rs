//! The Ornstein–Uhlenbeck chain, which leaves standard normal noise as it is.

use super::{Diffusion, Process, log_constant, per_row, per_step, sum};
use burn::tensor::{Device, Tensor};
use std::f64::consts::FRAC_PI_2;

/// How steps crowd near the data; 1 is the cosine schedule.
const CROWDING: f64 = 1.5;

/// z_{i+1} = √(1 − b_i)·z_i + √b_i·(k + e^ℓ·ε), ε ~ N(0, I), with z_0 = 0 and b_0 = 1.
///
/// With k = ℓ = 0 every z_i from the first on is N(0, I), whatever T is, and the chain is reversible: it is the
/// prior of outsourced diffusion sampling (arXiv 2502.06999, §3). For data of another law, k is √b/√(1 − b) times
/// ∇ log of the ratio of the noised data's density to N(0, I); that reverses z_i = α_i·data + σ_i·ε,
/// α² + σ² = 1, up to O(1/T). A posterior that is narrower than √b needs ℓ < 0: its last steps, and those where
/// few are left.
///
/// The levels are σ_i = sin(½π·(1 − i/T)^1.5), b_i = 1 − (α_i/α_{i+1})²: the cosine schedule (arXiv 2102.09672) with
/// more of its steps near the data, as likelihoods are often narrow.
///
/// A state is `[rows, dimensions]`; a kernel is k and ℓ side by side, `[rows, 2·dimensions]`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct OrnsteinUhlenbeck {
    /// T, the number of transitions.
    pub steps: usize,
    /// Numbers of one row of a state.
    pub dimensions: usize,
}

impl OrnsteinUhlenbeck {
    /// The time of a step, from 0 for pure noise to 1 for data.
    pub fn time(&self, step: usize) -> f64 {
        step as f64 / self.steps as f64
    }

    /// The times of steps.
    pub fn times(&self, steps: &[usize]) -> Vec<f64> {
        steps.iter().map(|s| self.time(*s)).collect()
    }

    /// α and σ at a time.
    pub fn level(time: f64) -> (f64, f64) {
        let (sigma, alpha) = (FRAC_PI_2 * (1.0 - time).powf(CROWDING)).sin_cos();
        // cos(π/2) is not 0 in floating point.
        (if time <= 0.0 { 0.0 } else { alpha }, sigma)
    }

    /// α·data + σ·noise of a level, and (data − α·z)/σ, what a learned prior predicts of it.
    pub(crate) fn noised((alpha, sigma): (f64, f64), data: f32, noise: f64) -> [f32; 2] {
        let data = f64::from(data);
        // α² + σ² = 1.
        [alpha * data + sigma * noise, sigma * data - alpha * noise].map(|value| value as f32)
    }

    /// α and σ of a step.
    pub fn at(&self, step: usize) -> (f64, f64) {
        Self::level(self.time(step))
    }

    /// √(1 − b) and √b of a transition.
    pub fn mix(&self, step: usize) -> (f64, f64) {
        // α_i² + σ_i² = 1, so b is 1 − (α_i/α_{i+1})² without cancellation.
        let ((alpha, sigma), (next, next_sigma)) = (self.at(step), self.at(step + 1));
        let kept = alpha / next;
        (
            kept,
            (sigma.powi(2) - (kept * next_sigma).powi(2)).max(0.0).sqrt(),
        )
    }

    /// What multiplies (E\[data|z_i\] − α_i·z_i)/σ_i in k.
    pub fn output(&self, step: usize) -> f64 {
        let ((_, sigma), (next, _)) = (self.at(step), self.at(step + 1));
        self.mix(step).1 * next / sigma
    }

    /// What multiplies the gradient of log(density/N(0, I)) in k; 0 at the first step, where there is none.
    pub fn gradient_factor(&self, step: usize) -> f64 {
        match self.mix(step) {
            (0.0, _) => 0.0,
            (kept, gained) => gained / kept,
        }
    }

    /// E\[z_T|z_i\] according to kernels, of rows in `steps.len()` equal blocks.
    pub fn expected_ends(&self, steps: &[usize], x: &Tensor<2>, kernel: &Tensor<2>) -> Tensor<2> {
        per_step(steps, x.clone(), |s| self.at(s).0)
            + per_step(steps, self.moves(kernel), |s| self.at(s).1 / self.output(s))
    }

    /// A kernel with the chain's own variance.
    pub fn kernel_of(moves: Tensor<2>) -> Tensor<2> {
        let scales = moves.zeros_like();
        Tensor::cat(vec![moves, scales], 1)
    }

    /// k of kernels.
    fn moves(&self, kernel: &Tensor<2>) -> Tensor<2> {
        kernel.clone().narrow(1, 0, self.dimensions)
    }

    /// ℓ of kernels.
    fn scales(&self, kernel: &Tensor<2>) -> Tensor<2> {
        kernel.clone().narrow(1, self.dimensions, self.dimensions)
    }

    /// The noise that makes this move, in units of its deviation.
    fn noise_of(&self, move_of: &Tensor<2>, kernel: &Tensor<2>) -> Tensor<2> {
        (move_of.clone() - self.moves(kernel)) * self.scales(kernel).neg().exp()
    }

    /// z_{i+1} less √(1 − b)·z_i, in units of √b.
    fn move_of(&self, steps: &[usize], x: &Tensor<2>, next: &Tensor<2>) -> Tensor<2> {
        per_step(steps, next.clone(), |s| self.mix(s).1.recip())
            - per_step(steps, x.clone(), |s| {
                let (kept, gained) = self.mix(s);
                kept / gained
            })
    }

    /// log N(·; 0, b·I) of rows in units of √b.
    fn log_gaussian(&self, steps: &[usize], miss: Tensor<2>) -> Tensor<1> {
        let variance = |step: usize| self.mix(step).1.powi(2);
        let constant = |step| log_constant(self.dimensions, variance(step));
        per_row(steps, sum(miss.square()), |_| -0.5, constant)
    }
}

impl Process for OrnsteinUhlenbeck {
    type State = Tensor<2>;
    type Kernel = Tensor<2>;

    const NOISES_BACK: bool = true;

    fn steps(&self) -> usize {
        self.steps
    }

    fn start(&self, conditions: &[usize], device: &Device) -> Tensor<2> {
        Tensor::zeros([conditions.len(), self.dimensions], device)
    }

    fn transition(
        &self,
        step: usize,
        x: &Tensor<2>,
        kernel: &Tensor<2>,
        noise: Tensor<2>,
        extra: f64,
    ) -> Tensor<2> {
        let (kept, gained) = self.mix(step);
        let mean = x.clone().mul_scalar(kept) + self.moves(kernel).mul_scalar(gained);
        let scale = self.scales(kernel);
        let deviation = if extra > 0.0 {
            let variance = scale.mul_scalar(2.0).exp().mul_scalar(gained.powi(2));
            variance.add_scalar(extra / self.steps as f64).sqrt()
        } else {
            scale.exp().mul_scalar(gained)
        };
        mean + noise * deviation
    }

    fn noise_back(&self, step: usize, next: &Tensor<2>, noise: Tensor<2>) -> Tensor<2> {
        let (kept, gained) = self.mix(step);
        // From the first step the chain comes back to 0: nothing of it is kept, and there is no noise.
        match step {
            0 => next.zeros_like(),
            _ => next.clone().mul_scalar(kept) + noise.mul_scalar(gained),
        }
    }

    /// ½·(ε_θ − ε_φ)·(ε_θ + ε_φ) − ℓ_φ + ℓ_θ, where ε is the noise that makes the move.
    fn log_ratio(
        &self,
        steps: &[usize],
        x: &Tensor<2>,
        next: &Tensor<2>,
        posterior: &Tensor<2>,
        prior: &Tensor<2>,
    ) -> Tensor<1> {
        // The difference of the squares, multiplied out: f32 would lose it between two large sums.
        let move_of = self.move_of(steps, x, next);
        let [mine, other] = [posterior, prior].map(|kernel| self.noise_of(&move_of, kernel));
        let squares = (other.clone() - mine.clone()) * (other + mine);
        sum(squares.mul_scalar(0.5) - self.scales(posterior) + self.scales(prior))
    }

    fn log_prob(&self, steps: &[usize], x: &Tensor<2>, next: &Tensor<2>, kernel: &Tensor<2>) -> Tensor<1> {
        let noise = self.noise_of(&self.move_of(steps, x, next), kernel);
        self.log_gaussian(steps, noise) - sum(self.scales(kernel))
    }

    fn log_noise(&self, step: usize, x: &Tensor<2>, next: &Tensor<2>) -> Tensor<1> {
        if step == 0 {
            return Tensor::zeros([x.dims()[0]], &x.device());
        }
        // The chain is its own reversal.
        self.log_gaussian(&[step], self.move_of(&[step], next, x))
    }

    /// ½·(e^{2(ℓ_φ − ℓ_θ)} − 1 + (k_φ − k_θ)²·e^{−2ℓ_θ}) − ℓ_φ + ℓ_θ.
    fn divergence(
        &self,
        _steps: &[usize],
        _x: &Tensor<2>,
        posterior: &Tensor<2>,
        prior: &Tensor<2>,
    ) -> Tensor<1> {
        let wider = self.scales(posterior) - self.scales(prior);
        let apart = (self.moves(posterior) - self.moves(prior)) * self.scales(prior).neg().exp();
        let spread = wider.clone().mul_scalar(2.0).exp().sub_scalar(1.0);
        sum((spread + apart.square()).mul_scalar(0.5) - wider)
    }

    fn preview(&self, step: usize, x: &Tensor<2>, kernel: &Tensor<2>) -> Option<Tensor<2>> {
        Some(self.expected_end(step, x, kernel))
    }

    fn state_size(&self) -> usize {
        self.dimensions
    }
}

impl Diffusion for OrnsteinUhlenbeck {
    fn expected_end(&self, step: usize, x: &Tensor<2>, kernel: &Tensor<2>) -> Tensor<2> {
        self.expected_ends(&[step], x, kernel)
    }

    fn end_deviation(&self, step: usize, data_variance: f64) -> f64 {
        let (alpha, sigma) = self.at(step);
        (data_variance * sigma.powi(2) / (alpha.powi(2) * data_variance + sigma.powi(2))).sqrt()
    }

    /// From the first step there is nothing to guide: no gradient goes through it.
    fn guide(&self, step: usize, kernel: &Tensor<2>, gradient: Tensor<2>) -> Tensor<2> {
        kernel.clone() + Self::kernel_of(gradient.mul_scalar(self.gradient_factor(step)))
    }
}
