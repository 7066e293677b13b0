//! Levels of noise, and what a step of a scheduler does, as numbers.

use crate::engine::ConfigError;
use crate::engine::check::{Checked, positive, range, whole};
use std::f64::consts::FRAC_PI_2;

/// Largest β of the cosine schedule.
const LARGEST_BETA: f64 = 0.999;
/// Variances up to this are none: rounding leaves them where the exact one is 0.
const NO_VARIANCE: f64 = 1e-12;

/// How β grows with the timestep.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BetaSchedule {
    /// β evenly spaced (DDPM, arXiv 2006.11239).
    Linear,
    /// √β evenly spaced (latent diffusion, arXiv 2112.10752).
    ScaledLinear,
    /// ᾱ = cos²(π/2·(u + 0.008)/1.008), β at most 0.999 (arXiv 2102.09672).
    Cosine,
}

/// What the network predicts at x = √ᾱ·data + √(1−ᾱ)·ε.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Prediction {
    /// The noise ε.
    Epsilon,
    /// The data.
    Sample,
    /// v = √ᾱ·ε − √(1−ᾱ)·data (arXiv 2202.00512).
    Velocity,
}

/// Which timesteps of the training a chain of fewer steps visits (arXiv 2305.08891, table 2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Spacing {
    /// Multiples of ⌊timesteps/steps⌋ from the offset on.
    Leading,
    /// From the last timestep down, timesteps/steps apart.
    Trailing,
    /// Evenly from the first to the last timestep.
    Linspace,
}

/// The variance of a step of DDPM, β the noise that the step takes away.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Variance {
    /// β·(1−ᾱ_next)/(1−ᾱ); diffusers' `fixed_small_log` has the same value.
    Small,
    /// β.
    Large,
}

/// The rule by which the next state is drawn.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Rule {
    /// Ancestral steps (DDPM, arXiv 2006.11239, eq. 7).
    Ddpm(Variance),
    /// DDIM with η times the deviation of DDPM's small variance (arXiv 2010.02502, eq. 12 and 16).
    Ddim {
        /// η, above 0 and at most 1.
        eta: f64,
        /// Whether ᾱ is 1 after the last step, else that of the first timestep.
        last_alpha_is_one: bool,
    },
}

/// The levels of noise of every timestep of the training.
#[derive(Clone, Debug, PartialEq)]
pub enum Levels {
    /// By the noise that each adds.
    Betas {
        /// How many there are.
        timesteps: usize,
        /// β of the first; the cosine schedule has its own.
        start: f64,
        /// β of the last.
        end: f64,
        /// How β grows between them.
        schedule: BetaSchedule,
    },
    /// ᾱ of each: what of the data's variance is left.
    Alphas(Vec<f64>),
}

/// A scheduler of diffusers: `DDPMScheduler` or `DDIMScheduler`.
#[derive(Clone, Debug, PartialEq)]
pub struct Schedule {
    /// The levels of noise that the network was trained with.
    pub levels: Levels,
    /// What the network predicts.
    pub prediction: Prediction,
    /// Largest absolute number of the predicted data; `None` where it is not clipped.
    pub clip: Option<f64>,
    /// Which timesteps are visited.
    pub spacing: Spacing,
    /// Added to the timesteps of [`Spacing::Leading`].
    pub offset: usize,
    /// How the next state is drawn.
    pub rule: Rule,
}

/// A transition: N(data·E\[data|x\] + state·x + noise·E\[ε|x\], variance), the data clipped.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Transition {
    /// The timestep that the network is told.
    pub timestep: usize,
    /// ᾱ of the state.
    pub alpha: f64,
    /// ᾱ of the next state.
    pub next_alpha: f64,
    /// Factor of the predicted data.
    pub data: f64,
    /// Factor of the state.
    pub state: f64,
    /// Factor of the predicted noise.
    pub noise: f64,
    /// Variance of the next state; 0 where it is certain.
    pub variance: f64,
}

impl Levels {
    /// How many there are.
    pub fn count(&self) -> usize {
        match self {
            Self::Betas { timesteps, .. } => *timesteps,
            Self::Alphas(alphas) => alphas.len(),
        }
    }

    /// ᾱ of every timestep: what of the data's variance is left.
    pub fn alphas(&self) -> Vec<f64> {
        let (count, first, last, schedule) = match self {
            Self::Alphas(alphas) => return alphas.clone(),
            Self::Betas {
                timesteps,
                start,
                end,
                schedule,
            } => (*timesteps, *start, *end, *schedule),
        };
        let between =
            |low: f64, high: f64, at: usize| low + (high - low) * at as f64 / (count.max(2) - 1) as f64;
        let cosine = |u: f64| ((u + 0.008) / 1.008 * FRAC_PI_2).cos().powi(2);
        let beta = |at: usize| match schedule {
            BetaSchedule::Linear => between(first, last, at),
            BetaSchedule::ScaledLinear => between(first.sqrt(), last.sqrt(), at).powi(2),
            BetaSchedule::Cosine => {
                let u = |at: usize| at as f64 / count as f64;
                (1.0 - cosine(u(at + 1)) / cosine(u(at))).min(LARGEST_BETA)
            }
        };
        let left = |product: &mut f64, beta: f64| {
            *product *= 1.0 - beta;
            Some(*product)
        };
        (0..count).map(beta).scan(1.0, left).collect()
    }
}

impl Schedule {
    fn check(&self) -> Checked {
        whole("num_train_timesteps", self.levels.count(), 1, 100_000)?;
        if let Levels::Betas { start, end, .. } = self.levels {
            positive("beta_start", start, LARGEST_BETA)?;
            range("beta_end", end, start, LARGEST_BETA)?;
        }
        whole("steps_offset", self.offset, 0, self.levels.count() - 1)?;
        if let Some(clip) = self.clip {
            positive("clip_sample_range", clip, f64::MAX)?;
        }
        match self.rule {
            Rule::Ddim { eta, .. } => positive("eta", eta, 1.0),
            Rule::Ddpm(_) => Ok(()),
        }
    }

    /// The timesteps that a chain of so many steps visits, from the noisiest on.
    fn visited(&self, steps: usize) -> Vec<usize> {
        let apart = self.levels.count() as f64 / steps as f64;
        // As NumPy rounds: halves to the even neighbour.
        let rounded = |x: f64| x.round_ties_even() as usize;
        let evenly = |at: usize| (self.levels.count() - 1) as f64 * at as f64 / (steps.max(2) - 1) as f64;
        let ascending = |at: usize| match self.spacing {
            Spacing::Leading => self.levels.count() / steps * at + self.offset,
            Spacing::Linspace => rounded(evenly(at)),
            Spacing::Trailing => rounded(self.levels.count() as f64 - (steps - 1 - at) as f64 * apart) - 1,
        };
        (0..steps).rev().map(ascending).collect()
    }

    /// The transitions of a chain of so many steps, from pure noise to data.
    ///
    /// # Errors
    ///
    /// Names the value that is not allowed.
    pub fn transitions(&self, steps: usize) -> Result<Vec<Transition>, ConfigError> {
        self.check()?;
        whole("process.steps", steps, 1, self.levels.count())?;
        let (alphas, visited) = (self.levels.alphas(), self.visited(steps));
        if visited[0] >= self.levels.count() {
            return Err(ConfigError::new(
                "steps_offset",
                self.offset,
                format!("less, as {steps} steps would begin at timestep {}", visited[0]),
            ));
        }
        let transition = |at: usize| {
            let timestep = visited[at];
            let (next, last) = match self.rule {
                Rule::Ddpm(_) => (visited.get(at + 1).copied(), 1.0),
                Rule::Ddim {
                    last_alpha_is_one, ..
                } => (
                    timestep.checked_sub(self.levels.count() / steps),
                    if last_alpha_is_one { 1.0 } else { alphas[0] },
                ),
            };
            let next_alpha = next.map_or(last, |next| alphas[next]);
            self.transition(timestep, alphas[timestep], next_alpha)
        };
        Ok((0..steps).map(transition).collect())
    }

    fn transition(&self, timestep: usize, alpha: f64, next_alpha: f64) -> Transition {
        let (kept, left) = (alpha / next_alpha, 1.0 - alpha);
        let small = (1.0 - next_alpha) / left * (1.0 - kept);
        let (data, state, noise, variance) = match self.rule {
            Rule::Ddpm(variance) => (
                next_alpha.sqrt() * (1.0 - kept) / left,
                kept.sqrt() * (1.0 - next_alpha) / left,
                0.0,
                match variance {
                    // diffusers adds no noise on the way from timestep 0.
                    Variance::Large if timestep > 0 => 1.0 - kept,
                    Variance::Large => 0.0,
                    Variance::Small => small,
                },
            ),
            Rule::Ddim { eta, .. } => {
                let variance = eta.powi(2) * small;
                let noise = (1.0 - next_alpha - variance).max(0.0).sqrt();
                (next_alpha.sqrt(), 0.0, noise, variance)
            }
        };
        Transition {
            timestep,
            alpha,
            next_alpha,
            data,
            state,
            noise,
            variance: if variance > NO_VARIANCE { variance } else { 0.0 },
        }
    }
}

impl Transition {
    /// What of the state's factor is left in the noisier one, and the variance that it gains.
    pub(super) fn noising(&self) -> (f64, f64) {
        let kept = self.alpha / self.next_alpha;
        (kept.sqrt(), 1.0 - kept)
    }

    /// The mean as factors of the data and of the state, where nothing is clipped.
    pub(super) fn unclipped(&self) -> (f64, f64) {
        let per_noise = self.noise / (1.0 - self.alpha).sqrt();
        (self.data - per_noise * self.alpha.sqrt(), self.state + per_noise)
    }
}
