//! The schedulers of diffusers as chains.

mod schedule;

pub use schedule::{BetaSchedule, Levels, Prediction, Rule, Schedule, Spacing, Transition, Variance};

use super::{Diffusion, Process, log_constant, log_gaussian, per_row, per_step, sum};
use crate::engine::ConfigError;
use burn::tensor::{Device, Tensor};

/// Numbers of means that are compared at once: 64 MiB.
const NUMBERS_AT_ONCE: usize = 1 << 24;

/// The chain of a [`Schedule`], whose means a network's output gives.
///
/// The first transition draws pure noise, from the state 0. The others are the schedule's; one that adds no
/// noise, as DDPM's last, has no density and is none of the chain: [`Scheduled::finished`] makes of the chain's
/// end what it would. So the end is the last noisy state, and a reward is one of what `finished` makes of it
/// with the prior's network, which both posterior and prior share.
///
/// A state is `[rows, dimensions]`; a kernel is the mean of the next state, of the same shape.
#[derive(Clone, Debug, PartialEq)]
pub struct Scheduled {
    transitions: Vec<Transition>,
    finish: Option<Transition>,
    prediction: Prediction,
    clip: Option<f64>,
    dimensions: usize,
}

impl Scheduled {
    /// A chain that visits `steps` timesteps; states have this many numbers.
    ///
    /// # Errors
    ///
    /// Names the value that is not allowed.
    pub fn new(schedule: &Schedule, steps: usize, dimensions: usize) -> Result<Self, ConfigError> {
        let mut transitions = schedule.transitions(steps)?;
        let certain = |t: &Transition| t.variance == 0.0;
        let finish = transitions.pop_if(|last| certain(last));
        if transitions.iter().any(certain) || transitions.is_empty() {
            return Err(ConfigError::new(
                "process.steps",
                steps,
                "steps that add noise, at least one before the last",
            ));
        }
        Ok(Self {
            transitions,
            finish,
            prediction: schedule.prediction,
            clip: schedule.clip,
            dimensions,
        })
    }

    /// The transition of a step; `None` of the first, which is pure noise and needs no network.
    pub fn transition_at(&self, step: usize) -> Option<&Transition> {
        self.transitions.get(step.checked_sub(1)?)
    }

    /// The transition without noise that the schedule has after the chain.
    pub fn finish(&self) -> Option<&Transition> {
        self.finish.as_ref()
    }

    /// The mean of the next state, given the network's output at these steps. Rows are `steps.len()` blocks of
    /// equal length; those of step 0 are 0, whatever the output.
    pub fn mean(&self, steps: &[usize], x: &Tensor<2>, output: Tensor<2>) -> Tensor<2> {
        self.predicted(steps, x, output, |step| self.transition_at(step))
    }

    /// What the schedule makes of the chain's end, given the network's output at [`Scheduled::finish`].
    pub fn finished(&self, x: &Tensor<2>, output: Tensor<2>) -> Tensor<2> {
        match &self.finish {
            None => x.clone(),
            Some(finish) => self.predicted(&[0], x, output, |_| Some(finish)),
        }
    }

    fn predicted<'a>(
        &self,
        steps: &[usize],
        x: &Tensor<2>,
        output: Tensor<2>,
        at: impl Fn(usize) -> Option<&'a Transition>,
    ) -> Tensor<2> {
        let of = |rows: &Tensor<2>, factor: &dyn Fn(&Transition) -> f64| {
            per_step(steps, rows.clone(), |step| at(step).map_or(0.0, factor))
        };
        let signal = |t: &Transition| t.alpha.sqrt();
        let noise = |t: &Transition| (1.0 - t.alpha).sqrt();
        let data = match self.prediction {
            Prediction::Sample => output.clone(),
            Prediction::Epsilon => of(x, &|t| 1.0 / signal(t)) - of(&output, &|t| noise(t) / signal(t)),
            Prediction::Velocity => of(x, &signal) - of(&output, &noise),
        };
        let clipped = match self.clip {
            None => data.clone(),
            Some(most) => data.clone().clamp(-most, most),
        };
        let mean = of(&clipped, &|t| t.data);
        let ancestral = self.transitions.iter().all(|t| t.noise == 0.0);
        if ancestral {
            return mean + of(x, &|t| t.state);
        }
        // The noise is that of the unclipped prediction, as diffusers has it.
        let epsilon = match self.prediction {
            Prediction::Epsilon => output,
            Prediction::Sample => of(x, &|t| 1.0 / noise(t)) - of(&output, &|t| signal(t) / noise(t)),
            Prediction::Velocity => of(&output, &signal) + of(x, &noise),
        };
        mean + of(&epsilon, &|t| t.noise)
    }

    /// ᾱ of the chain's end.
    fn last_alpha(&self) -> f64 {
        self.transitions.last().map_or(1.0, |last| last.next_alpha)
    }

    /// The variance of the next state.
    pub fn variance(&self, step: usize) -> f64 {
        self.transition_at(step).map_or(1.0, |t| t.variance)
    }
}

/// A network's output under classifier-free guidance (arXiv 2207.12598, as diffusers weighs it):
/// unconditional + scale·(conditional − unconditional).
pub fn guided(unconditional: Tensor<2>, conditional: Tensor<2>, scale: f64) -> Tensor<2> {
    unconditional.clone() + (conditional - unconditional).mul_scalar(scale)
}

impl Process for Scheduled {
    type State = Tensor<2>;
    type Kernel = Tensor<2>;

    const NOISES_BACK: bool = true;

    fn steps(&self) -> usize {
        self.transitions.len() + 1
    }

    fn start(&self, conditions: &[usize], device: &Device) -> Tensor<2> {
        Tensor::zeros([conditions.len(), self.dimensions], device)
    }

    fn transition(
        &self,
        step: usize,
        _x: &Tensor<2>,
        mean: &Tensor<2>,
        noise: Tensor<2>,
        extra: f64,
    ) -> Tensor<2> {
        let variance = self.variance(step) + extra / self.steps() as f64;
        mean.clone() + noise.mul_scalar(variance.sqrt())
    }

    fn noise_back(&self, step: usize, next: &Tensor<2>, noise: Tensor<2>) -> Tensor<2> {
        match self.transition_at(step) {
            None => next.zeros_like(),
            Some(transition) => {
                let (kept, gained) = transition.noising();
                next.clone().mul_scalar(kept) + noise.mul_scalar(gained.sqrt())
            }
        }
    }

    /// (m_φ − m_θ)·(x_{i+1} − (m_φ + m_θ)/2)/v.
    fn log_ratio(
        &self,
        steps: &[usize],
        _x: &Tensor<2>,
        next: &Tensor<2>,
        posterior: &Tensor<2>,
        prior: &Tensor<2>,
    ) -> Tensor<1> {
        // From the mean of both: the difference of the squares, which f32 would lose between two large sums.
        let middle = (posterior.clone() + prior.clone()).mul_scalar(0.5);
        let terms = sum((posterior.clone() - prior.clone()) * (next.clone() - middle));
        per_row(steps, terms, |s| 1.0 / self.variance(s), |_| 0.0)
    }

    fn log_prob(&self, steps: &[usize], _x: &Tensor<2>, next: &Tensor<2>, mean: &Tensor<2>) -> Tensor<1> {
        per_row(
            steps,
            sum((next.clone() - mean.clone()).square()),
            |s| -0.5 / self.variance(s),
            |s| log_constant(self.dimensions, self.variance(s)),
        )
    }

    fn log_noise(&self, step: usize, x: &Tensor<2>, next: &Tensor<2>) -> Tensor<1> {
        match self.transition_at(step) {
            None => Tensor::zeros([x.dims()[0]], &x.device()),
            Some(transition) => {
                let (kept, gained) = transition.noising();
                log_gaussian(x.clone() - next.clone().mul_scalar(kept), gained)
            }
        }
    }

    /// |m_φ − m_θ|²/(2v).
    fn divergence(
        &self,
        steps: &[usize],
        _x: &Tensor<2>,
        posterior: &Tensor<2>,
        prior: &Tensor<2>,
    ) -> Tensor<1> {
        let squares = sum((posterior.clone() - prior.clone()).square());
        per_row(steps, squares, |s| 0.5 / self.variance(s), |_| 0.0)
    }

    /// The data that the mean was made of, as if it had not been clipped.
    fn preview(&self, step: usize, x: &Tensor<2>, mean: &Tensor<2>) -> Option<Tensor<2>> {
        let (data, state) = self.transition_at(step)?.unclipped();
        Some((mean.clone() - x.clone().mul_scalar(state)).div_scalar(data))
    }

    fn state_size(&self) -> usize {
        self.dimensions
    }

    fn rows_at_once(&self) -> usize {
        (NUMBERS_AT_ONCE / self.dimensions.max(1)).max(1)
    }
}

impl Diffusion for Scheduled {
    /// What is left of the data in the last state; nothing is known of it in the first.
    fn expected_end(&self, step: usize, x: &Tensor<2>, mean: &Tensor<2>) -> Tensor<2> {
        match self.preview(step, x, mean) {
            None => mean.clone(),
            Some(data) => data.mul_scalar(self.last_alpha().sqrt()),
        }
    }

    /// x_i/√ᾱ_i is the data with noise of variance (1 − ᾱ_i)/ᾱ_i.
    fn end_deviation(&self, step: usize, data_variance: f64) -> f64 {
        let left = match self.transition_at(step) {
            None => data_variance,
            Some(at) => {
                let noise = 1.0 - at.alpha;
                data_variance * noise / (at.alpha * data_variance + noise)
            }
        };
        let last = self.last_alpha();
        (last * left + 1.0 - last).sqrt()
    }

    /// E\[data|x_i\] = (x_i + (1 − ᾱ_i)·score)/√ᾱ_i. From pure noise there is nothing to guide.
    fn guide(&self, step: usize, mean: &Tensor<2>, gradient: Tensor<2>) -> Tensor<2> {
        match self.transition_at(step) {
            None => mean.clone(),
            Some(at) => {
                let (data, _) = at.unclipped();
                mean.clone() + gradient.mul_scalar(data * (1.0 - at.alpha) / at.alpha.sqrt())
            }
        }
    }
}
