//! Sequential Monte Carlo over powers of the reward, with Metropolis moves of the prior's noise.

use super::moved::Moved;
use super::{Population, Sampler, Setting, Weighs, effective_share, systematic};
use crate::engine::noise::Purpose;
use crate::engine::process::{Prior, Process};
use crate::engine::statistics::log_mean_exp;

/// Least increase of the power: at equal rewards the search for it ends there.
const LEAST: f64 = 1e-9;

/// Annealed SMC (Del Moral, Doucet and Jasra 2006): particles of the prior are weighted and resampled towards
/// p·r^λ for λ that rise from 0 to β, each time as far as the effective share allows, and after each moved by
/// Metropolis steps.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Annealed {
    /// Metropolis moves after each increase of the power.
    pub moves: usize,
    /// Effective share that an increase leaves.
    pub resample_below: f64,
}

/// The power up to which the weights of samples at `power` keep this effective share.
fn raised(log_r: &[f64], power: f64, share: f64) -> f64 {
    let keeps = |next: f64| {
        let log_weights: Vec<f64> = log_r.iter().map(|l| (next - power) * l).collect();
        effective_share(&log_weights) >= share
    };
    if keeps(1.0) {
        return 1.0;
    }
    let (mut low, mut high) = (power, 1.0);
    while high - low > LEAST.max(1e-3 * (low - power)) {
        let middle = 0.5 * (low + high);
        *(if keeps(middle) { &mut low } else { &mut high }) = middle;
    }
    high
}

impl<P: Process, Q: Prior<P>> Sampler<P, Q> for Annealed {
    async fn population(
        &self,
        setting: &Setting<'_, P, Q>,
        rows: usize,
        counter: u64,
    ) -> Result<Population, String> {
        let mut resampling = setting.noise.stream(Purpose::Resampling, counter);
        let mut particles = Moved::of_prior(setting, rows, counter).await?;
        let (mut power, mut log_z) = (0.0, 0.0);
        while power < 1.0 {
            let next = raised(particles.log_r(), power, self.resample_below);
            let log_weights: Vec<f64> = particles.log_r().iter().map(|l| (next - power) * l).collect();
            let gained = log_mean_exp(log_weights.iter().copied());
            if gained == f64::NEG_INFINITY {
                return Err(
                    "r is 0 at all particles: samples with a reward are too rare under the prior".to_owned(),
                );
            }
            log_z += gained;
            particles.select(&systematic(&log_weights, rows, &mut resampling));
            power = next;
            for _ in 0..self.moves {
                particles.step(setting, power).await?;
            }
        }
        Ok(Population {
            log_weights: vec![log_z; rows],
            weighs: Weighs::Mean,
            evaluations: particles.evaluations(),
            ends: particles.into_ends(),
        })
    }
}
