//! The Brownian bridge from the origin: x_0 = 0, x_{i+1} = x_i + u·dt_i + N(0, σ²·dt_i·I), dt_i = t_{i+1} − t_i.

use super::{Composable, Diffusion, Process, Spacing, log_constant, log_gaussian, per_row, per_step, sum};
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
    /// Where the times of its steps lie.
    pub spacing: Spacing,
}

impl BrownianBridge {
    /// dt_i.
    pub fn dt(&self, step: usize) -> f64 {
        self.time(step + 1) - self.time(step)
    }

    /// t_i, from 0 to 1.
    pub fn time(&self, step: usize) -> f64 {
        self.spacing.time(step, self.steps)
    }

    /// t_i/t_{i+1}, the share of x_{i+1} that the noising chain keeps in x_i.
    fn share(&self, step: usize) -> f64 {
        self.time(step) / self.time(step + 1)
    }

    /// Given x_{i+1}, x_i of the bridge pinned at 0 is N(x_{i+1}·t_i/t_{i+1}, σ²·dt_i·t_i/t_{i+1}): the share and the deviation.
    pub(crate) fn noising(&self, step: usize) -> [f64; 2] {
        let share = self.share(step);
        [share, (self.variance * self.dt(step) * share).sqrt()]
    }

    /// x + u·dt and noise of this variance per unit of time.
    fn moved(
        &self,
        step: usize,
        x: &Tensor<2>,
        drift: &Tensor<2>,
        noise: Tensor<2>,
        variance: f64,
    ) -> Tensor<2> {
        let dt = self.dt(step);
        x.clone() + drift.clone().mul_scalar(dt) + noise.mul_scalar((variance * dt).sqrt())
    }

    /// x_{i+1} less its mean given x_i.
    fn miss(&self, steps: &[usize], x: &Tensor<2>, next: &Tensor<2>, drift: &Tensor<2>) -> Tensor<2> {
        next.clone() - x.clone() - self.by_dt(steps, drift.clone())
    }

    /// Rows in `steps.len()` equal blocks, times dt of their steps.
    fn by_dt(&self, steps: &[usize], rows: Tensor<2>) -> Tensor<2> {
        per_step(steps, rows, |step| self.dt(step))
    }

    /// x_i less its mean given x_{i+1} in the noising chain.
    fn miss_back(&self, step: usize, x: &Tensor<2>, next: &Tensor<2>) -> Tensor<2> {
        x.clone() - next.clone().mul_scalar(self.share(step))
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
        step: usize,
        x: &Tensor<2>,
        drift: &Tensor<2>,
        noise: Tensor<2>,
        extra: f64,
    ) -> Tensor<2> {
        self.moved(step, x, drift, noise, self.variance + extra)
    }

    fn noise_back(&self, step: usize, next: &Tensor<2>, noise: Tensor<2>) -> Tensor<2> {
        let [share, deviation] = self.noising(step);
        next.clone().mul_scalar(share) + noise.mul_scalar(deviation)
    }

    /// (u_φ − u_θ)·(2Δ − (u_φ + u_θ)·dt)/(2σ²) with Δ = x_{i+1} − x_i.
    fn log_ratio(
        &self,
        steps: &[usize],
        x: &Tensor<2>,
        next: &Tensor<2>,
        posterior: &Tensor<2>,
        prior: &Tensor<2>,
    ) -> Tensor<1> {
        // The difference of the squares, multiplied out: f32 would lose it between two large sums.
        let moved = (next.clone() - x.clone()).mul_scalar(2.0);
        let both = self.by_dt(steps, posterior.clone() + prior.clone());
        let terms = (posterior.clone() - prior.clone()) * (moved - both);
        sum(terms).mul_scalar(0.5 / self.variance)
    }

    fn log_prob(&self, steps: &[usize], x: &Tensor<2>, next: &Tensor<2>, drift: &Tensor<2>) -> Tensor<1> {
        let variance = |step| self.variance * self.dt(step);
        per_row(
            steps,
            sum(self.miss(steps, x, next, drift).square()),
            |step| -0.5 / variance(step),
            |step| log_constant(self.dimensions, variance(step)),
        )
    }

    fn log_noise(&self, step: usize, x: &Tensor<2>, next: &Tensor<2>) -> Tensor<1> {
        if step == 0 {
            return Tensor::zeros([x.dims()[0]], &x.device());
        }
        let variance = self.variance * self.dt(step) * self.share(step);
        log_gaussian(self.miss_back(step, x, next), variance)
    }

    /// |u_φ − u_θ|²·dt/(2σ²).
    fn divergence(
        &self,
        steps: &[usize],
        _x: &Tensor<2>,
        posterior: &Tensor<2>,
        prior: &Tensor<2>,
    ) -> Tensor<1> {
        let squares = (posterior.clone() - prior.clone()).square();
        sum(self.by_dt(steps, squares)).mul_scalar(0.5 / self.variance)
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
    /// N(x_{i+1}·(1 − dt_i/t_{i+1}), σ²·dt_i): the mean is exact, the variance lacks the factor
    /// t_i/t_{i+1}.
    fn log_noise_euler(&self, step: usize, x: &Tensor<2>, next: &Tensor<2>) -> Tensor<1> {
        if step == 0 {
            return self.log_noise(step, x, next);
        }
        log_gaussian(self.miss_back(step, x, next), self.variance * self.dt(step))
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
        step: usize,
        x: &Tensor<2>,
        drift: &Tensor<2>,
        noise: Tensor<2>,
        factor: f64,
    ) -> Tensor<2> {
        self.moved(step, x, drift, noise, self.variance * factor)
    }

    fn log_back_over_forth(
        &self,
        step: usize,
        x: &Tensor<2>,
        next: &Tensor<2>,
        drift: &Tensor<2>,
        factor: f64,
    ) -> Tensor<1> {
        let variance = self.variance * factor * self.dt(step);
        let forth = log_gaussian(self.miss(&[step], x, next, drift), variance);
        if step == 0 {
            return forth.neg();
        }
        log_gaussian(self.miss_back(step, x, next), variance * self.share(step)) - forth
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
        let (t, dt) = (self.time(step), self.dt(step));
        let variance = self.variance * factor * dt;
        let share = self.share(step);
        let next_t = self.time((step + 1).min(self.steps - 1));
        // σ²·∇log p_t = u − x/t.
        let score = drift.clone() - x.clone().mul_scalar(1.0 / t);
        let next_score = next_drift.clone() - next.clone().mul_scalar(1.0 / next_t);
        let forth =
            next.clone() - x.clone().mul_scalar(1.0 + dt / t) - score.mul_scalar(0.5 * (1.0 + factor) * dt);
        let back = self.miss_back(step, x, next) + next_score.mul_scalar(0.5 * (1.0 - factor) * dt);
        log_gaussian(forth, variance) - log_gaussian(back, variance * share)
    }
}
