//! The Brownian bridge from the origin: x_0 = 0, x_{i+1} = x_i + u·dt + N(0, σ²·dt·I), dt = 1/T.

use super::{Composable, Diffusion, Process, log_gaussian, per_step, sum};
use burn::tensor::{Device, Tensor};

/// The chain of the paper's toy (arXiv 2405.20971, §3.1). A state is `[rows, dimensions]`, a kernel
/// the drift u `[rows, dimensions]`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct BrownianBridge {
    /// T, the number of transitions.
    pub steps: usize,
    /// σ², the noise's variance per unit of time.
    pub variance: f64,
    /// Numbers of one row of a state.
    pub dimensions: usize,
}

impl BrownianBridge {
    /// dt.
    pub fn dt(&self) -> f64 {
        1.0 / self.steps as f64
    }

    /// The time of a step, from 0 to 1.
    pub fn time(&self, step: usize) -> f64 {
        step as f64 / self.steps as f64
    }

    /// i/(i + 1), the share of x_{i+1} that the noising chain keeps in x_i.
    fn share(step: usize) -> f64 {
        step as f64 / (step + 1) as f64
    }

    /// x + u·dt and noise of this variance per unit of time.
    fn moved(&self, x: &Tensor<2>, drift: &Tensor<2>, noise: Tensor<2>, variance: f64) -> Tensor<2> {
        let deviation = (variance * self.dt()).sqrt();
        x.clone() + drift.clone().mul_scalar(self.dt()) + noise.mul_scalar(deviation)
    }

    /// x_{i+1} less its mean given x_i.
    fn miss(&self, x: &Tensor<2>, next: &Tensor<2>, drift: &Tensor<2>) -> Tensor<2> {
        next.clone() - x.clone() - drift.clone().mul_scalar(self.dt())
    }

    /// x_i less its mean given x_{i+1} in the noising chain.
    fn miss_back(step: usize, x: &Tensor<2>, next: &Tensor<2>) -> Tensor<2> {
        x.clone() - next.clone().mul_scalar(Self::share(step))
    }

    /// The times of steps.
    pub fn times(&self, steps: &[usize]) -> Vec<f64> {
        steps.iter().map(|s| self.time(*s)).collect()
    }

    /// Rows in `steps.len()` equal blocks, each block multiplied by a function of its time.
    pub(crate) fn per_step(
        &self,
        steps: &[usize],
        rows: Tensor<2>,
        factor: impl Fn(f64) -> f64,
    ) -> Tensor<2> {
        per_step(steps, rows, |s| factor(self.time(s)))
    }
}

impl Process for BrownianBridge {
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
        _step: usize,
        x: &Tensor<2>,
        drift: &Tensor<2>,
        noise: Tensor<2>,
        extra: f64,
    ) -> Tensor<2> {
        self.moved(x, drift, noise, self.variance + extra)
    }

    /// Given x_{i+1}, x_i of the bridge pinned at 0 is N(x_{i+1}·i/(i+1), σ²·dt·i/(i+1)).
    fn noise_back(&self, step: usize, next: &Tensor<2>, noise: Tensor<2>) -> Tensor<2> {
        let share = Self::share(step);
        next.clone().mul_scalar(share) + noise.mul_scalar((self.variance * self.dt() * share).sqrt())
    }

    /// (u_φ − u_θ)·(2Δ − (u_φ + u_θ)·dt)/(2σ²) with Δ = x_{i+1} − x_i.
    fn log_ratio(
        &self,
        _steps: &[usize],
        x: &Tensor<2>,
        next: &Tensor<2>,
        posterior: &Tensor<2>,
        prior: &Tensor<2>,
    ) -> Tensor<1> {
        // The difference of the squares, multiplied out: f32 would lose it between two large sums.
        let moved = (next.clone() - x.clone()).mul_scalar(2.0);
        let both = (posterior.clone() + prior.clone()).mul_scalar(self.dt());
        let terms = (posterior.clone() - prior.clone()) * (moved - both);
        sum(terms).mul_scalar(0.5 / self.variance)
    }

    fn log_prob(&self, _steps: &[usize], x: &Tensor<2>, next: &Tensor<2>, drift: &Tensor<2>) -> Tensor<1> {
        log_gaussian(self.miss(x, next, drift), self.variance * self.dt())
    }

    fn log_noise(&self, step: usize, x: &Tensor<2>, next: &Tensor<2>) -> Tensor<1> {
        if step == 0 {
            return Tensor::zeros([x.dims()[0]], &x.device());
        }
        let variance = self.variance * self.dt() * Self::share(step);
        log_gaussian(Self::miss_back(step, x, next), variance)
    }

    /// |u_φ − u_θ|²·dt/(2σ²).
    fn divergence(
        &self,
        _steps: &[usize],
        _x: &Tensor<2>,
        posterior: &Tensor<2>,
        prior: &Tensor<2>,
    ) -> Tensor<1> {
        let squares = sum((posterior.clone() - prior.clone()).square());
        squares.mul_scalar(0.5 * self.dt() / self.variance)
    }

    fn preview(&self, step: usize, x: &Tensor<2>, kernel: &Tensor<2>) -> Option<Tensor<2>> {
        Some(self.expected_end(step, x, kernel))
    }

    fn state_size(&self) -> usize {
        self.dimensions
    }
}

/// The bridge's noising chain, forward in time, has the drift x/t, and u = x/t + σ²·∇log p_t.
impl Diffusion for BrownianBridge {
    /// x + (1 − t)·u.
    fn expected_end(&self, step: usize, x: &Tensor<2>, drift: &Tensor<2>) -> Tensor<2> {
        x.clone() + drift.clone().mul_scalar(1.0 - self.time(step))
    }

    /// x_t/t is x_1 with noise of variance σ²(1 − t)/t.
    fn end_deviation(&self, step: usize, data_variance: f64) -> f64 {
        let t = self.time(step);
        let noise = self.variance * (1.0 - t);
        (noise * data_variance / (t * data_variance + noise)).sqrt()
    }

    /// u + σ²·gradient.
    fn guide(&self, _step: usize, drift: &Tensor<2>, gradient: Tensor<2>) -> Tensor<2> {
        drift.clone() + gradient.mul_scalar(self.variance)
    }
}

impl Composable for BrownianBridge {
    /// N(x_{i+1}·(1 − dt/t_{i+1}), σ²·dt): the mean is exact, the variance lacks the factor
    /// i/(i + 1).
    fn log_noise_euler(&self, step: usize, x: &Tensor<2>, next: &Tensor<2>) -> Tensor<1> {
        if step == 0 {
            return self.log_noise(step, x, next);
        }
        log_gaussian(Self::miss_back(step, x, next), self.variance * self.dt())
    }

    /// x/t + σ²/Σ power·Σ_k power_k·score_k = Σ_k power_k·u_k/Σ power.
    fn compose(&self, kernels: &[(f64, Tensor<2>)]) -> Tensor<2> {
        let total: f64 = kernels.iter().map(|(power, _)| power).sum();
        kernels
            .iter()
            .map(|(power, drift)| drift.clone().mul_scalar(power / total))
            .reduce(|a, b| a + b)
            .expect("there is a kernel")
    }

    fn transition_scaled(
        &self,
        x: &Tensor<2>,
        drift: &Tensor<2>,
        noise: Tensor<2>,
        factor: f64,
    ) -> Tensor<2> {
        self.moved(x, drift, noise, self.variance * factor)
    }

    fn log_back_over_forth(
        &self,
        step: usize,
        x: &Tensor<2>,
        next: &Tensor<2>,
        drift: &Tensor<2>,
        factor: f64,
    ) -> Tensor<1> {
        let variance = self.variance * factor * self.dt();
        let forth = log_gaussian(self.miss(x, next, drift), variance);
        if step == 0 {
            return forth.neg();
        }
        log_gaussian(Self::miss_back(step, x, next), variance * Self::share(step)) - forth
    }

    /// With noise of variance g² the marginals are kept by the drift x/t + ½(σ² + g²)·∇log p_t, and
    /// its reversal has x/t + ½(σ² − g²)·∇log p_t; the first marginal is the first kernel.
    fn log_marginal_ratio(
        &self,
        step: usize,
        x: &Tensor<2>,
        next: &Tensor<2>,
        [drift, next_drift]: [&Tensor<2>; 2],
        factor: f64,
    ) -> Tensor<1> {
        if step == 0 {
            return self.log_prob(&[step], x, next, drift);
        }
        let (t, dt) = (self.time(step), self.dt());
        let variance = self.variance * factor * dt;
        let share = Self::share(step);
        let next_t = self.time((step + 1).min(self.steps - 1));
        // σ²·∇log p_t = u − x/t.
        let score = drift.clone() - x.clone().mul_scalar(1.0 / t);
        let next_score = next_drift.clone() - next.clone().mul_scalar(1.0 / next_t);
        let forth =
            next.clone() - x.clone().mul_scalar(1.0 + dt / t) - score.mul_scalar(0.5 * (1.0 + factor) * dt);
        let back = Self::miss_back(step, x, next) + next_score.mul_scalar(0.5 * (1.0 - factor) * dt);
        log_gaussian(forth, variance) - log_gaussian(back, variance * share)
    }
}
