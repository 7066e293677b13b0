//! Variance-preserving diffusion, from pure noise to data (DDPM, arXiv 2006.11239).

use super::{Diffusion, Process, log_constant, log_gaussian, per_row, per_step, sum};
use burn::tensor::{Device, Tensor};
use std::f64::consts::FRAC_PI_2;

/// Standard deviation of the noise that remains in x_T.
const LAST_NOISE: f64 = 0.03;

/// The chain that reverses x_i = α_i·data + σ_i·noise, α² + σ² = 1, with ancestral kernels.
///
/// The levels follow the cosine schedule (arXiv 2102.09672), α = cos(πu/2) with u evenly spaced
/// from 1, where nothing of the data is left (arXiv 2305.08891), so that x_0 can be 0 and its noise
/// belongs to the first transition; to the u of σ_T = 0.03, so that every kernel has a density.
/// A state is `[rows, dimensions]`; a kernel is the expected data E\[data|x_i\], of the same shape.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct VariancePreserving {
    /// T, the number of transitions.
    pub steps: usize,
    /// Numbers of one row of a state.
    pub dimensions: usize,
}

/// x_{i+1} given x_i and the data: N(data·d + x_i·c, v).
#[derive(Clone, Copy, Debug, PartialEq)]
struct Ancestral {
    data: f64,
    state: f64,
    variance: f64,
}

impl VariancePreserving {
    /// u of a step, 1 for pure noise.
    pub fn time(&self, step: usize) -> f64 {
        let last = LAST_NOISE.asin() / FRAC_PI_2;
        1.0 - (1.0 - last) * step as f64 / self.steps as f64
    }

    /// The times of steps.
    pub fn times(&self, steps: &[usize]) -> Vec<f64> {
        steps.iter().map(|s| self.time(*s)).collect()
    }

    /// α and σ at time u.
    pub fn level(time: f64) -> (f64, f64) {
        let angle = FRAC_PI_2 * time;
        // cos(π/2) is not 0 in floating point.
        (if time >= 1.0 { 0.0 } else { angle.cos() }, angle.sin())
    }

    /// α and σ of a step.
    pub fn at(&self, step: usize) -> (f64, f64) {
        Self::level(self.time(step))
    }

    /// The part of x_i that x_j keeps on the way to noise, i < j in the chain, and the variance of
    /// the noise it gains.
    fn noising(&self, step: usize, later: usize) -> (f64, f64) {
        let ((alpha, sigma), (next_alpha, next_sigma)) = (self.at(step), self.at(later));
        let kept = alpha / next_alpha;
        (kept, sigma.powi(2) - (kept * next_sigma).powi(2))
    }

    /// x_j given x_i and the data, i < j (arXiv 2006.11239, eq. 7).
    fn ancestral(&self, step: usize, later: usize) -> Ancestral {
        let ((_, sigma), (next_alpha, next_sigma)) = (self.at(step), self.at(later));
        let (kept, gained) = self.noising(step, later);
        Ancestral {
            data: next_alpha * gained / sigma.powi(2),
            state: kept * next_sigma.powi(2) / sigma.powi(2),
            variance: gained * next_sigma.powi(2) / sigma.powi(2),
        }
    }

    fn forward(&self, step: usize) -> Ancestral {
        self.ancestral(step, step + 1)
    }

    /// What [`Diffusion::guide`] adds to the expected data, shortened so that it moves the transition by
    /// at most one deviation of its noise.
    pub fn shift(&self, step: usize, gradient: Tensor<2>) -> Tensor<2> {
        let kernel = self.forward(step);
        let longest = kernel.variance.sqrt() / kernel.data;
        let shift = self.guide(step, &gradient.zeros_like(), gradient);
        let length = shift.clone().square().sum_dim(1).sqrt();
        // A shift that is no longer than that is multiplied by longest/longest: it stays, 0 too.
        let shortened = length.clamp_min(longest).recip().mul_scalar(longest);
        shift * shortened
    }

    /// x_{i+1} less its mean given x_i.
    fn miss(&self, steps: &[usize], x: &Tensor<2>, next: &Tensor<2>, data: &Tensor<2>) -> Tensor<2> {
        next.clone()
            - per_step(steps, x.clone(), |s| self.forward(s).state)
            - per_step(steps, data.clone(), |s| self.forward(s).data)
    }
}

impl Process for VariancePreserving {
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
        data: &Tensor<2>,
        noise: Tensor<2>,
        extra: f64,
    ) -> Tensor<2> {
        let kernel = self.forward(step);
        let variance = kernel.variance + extra / self.steps as f64;
        x.clone().mul_scalar(kernel.state)
            + data.clone().mul_scalar(kernel.data)
            + noise.mul_scalar(variance.sqrt())
    }

    fn noise_back(&self, step: usize, next: &Tensor<2>, noise: Tensor<2>) -> Tensor<2> {
        if step == 0 {
            return Tensor::zeros(next.dims(), &next.device());
        }
        let (kept, gained) = self.noising(step, step + 1);
        next.clone().mul_scalar(kept) + noise.mul_scalar(gained.sqrt())
    }

    /// d·(data_φ − data_θ)·(2·x_{i+1} − 2·c·x_i − d·(data_φ + data_θ))/(2v).
    fn log_ratio(
        &self,
        steps: &[usize],
        x: &Tensor<2>,
        next: &Tensor<2>,
        posterior: &Tensor<2>,
        prior: &Tensor<2>,
    ) -> Tensor<1> {
        // From the mean of both: the difference of the squares, which f32 would lose between two large sums.
        let middle = (posterior.clone() + prior.clone()).mul_scalar(0.5);
        let miss = self.miss(steps, x, next, &middle);
        let terms = sum((posterior.clone() - prior.clone()) * miss);
        let factor = |s| self.forward(s).data / self.forward(s).variance;
        per_row(steps, terms, factor, |_| 0.0)
    }

    fn log_prob(&self, steps: &[usize], x: &Tensor<2>, next: &Tensor<2>, data: &Tensor<2>) -> Tensor<1> {
        let squares = sum(self.miss(steps, x, next, data).square());
        per_row(
            steps,
            squares,
            |s| -0.5 / self.forward(s).variance,
            |s| log_constant(self.dimensions, self.forward(s).variance),
        )
    }

    fn log_noise(&self, step: usize, x: &Tensor<2>, next: &Tensor<2>) -> Tensor<1> {
        if step == 0 {
            return Tensor::zeros([x.dims()[0]], &x.device());
        }
        let (kept, gained) = self.noising(step, step + 1);
        log_gaussian(x.clone() - next.clone().mul_scalar(kept), gained)
    }

    /// d²·|data_φ − data_θ|²/(2v).
    fn divergence(
        &self,
        steps: &[usize],
        _x: &Tensor<2>,
        posterior: &Tensor<2>,
        prior: &Tensor<2>,
    ) -> Tensor<1> {
        let squares = sum((posterior.clone() - prior.clone()).square());
        let factor = |s| 0.5 * self.forward(s).data.powi(2) / self.forward(s).variance;
        per_row(steps, squares, factor, |_| 0.0)
    }

    fn preview(&self, step: usize, x: &Tensor<2>, kernel: &Tensor<2>) -> Option<Tensor<2>> {
        Some(self.expected_end(step, x, kernel))
    }

    fn state_size(&self) -> usize {
        self.dimensions
    }
}

impl Diffusion for VariancePreserving {
    fn expected_end(&self, step: usize, x: &Tensor<2>, data: &Tensor<2>) -> Tensor<2> {
        let end = self.ancestral(step, self.steps);
        x.clone().mul_scalar(end.state) + data.clone().mul_scalar(end.data)
    }

    /// x_i/α_i is the data with noise of variance σ_i²/α_i².
    fn end_deviation(&self, step: usize, data_variance: f64) -> f64 {
        let (alpha, sigma) = self.at(step);
        let data = data_variance * sigma.powi(2) / (alpha.powi(2) * data_variance + sigma.powi(2));
        let end = self.ancestral(step, self.steps);
        (end.data.powi(2) * data + end.variance).sqrt()
    }

    /// E\[data|x_i\] = (x_i + σ²·score)/α. From pure noise there is nothing to guide: no gradient
    /// goes through it.
    fn guide(&self, step: usize, data: &Tensor<2>, gradient: Tensor<2>) -> Tensor<2> {
        if step == 0 {
            return data.clone();
        }
        let (alpha, sigma) = self.at(step);
        data.clone() + gradient.mul_scalar(sigma.powi(2) / alpha)
    }
}
