//! Sequential Monte Carlo over powers of the reward, with Metropolis moves of the prior's noise.

use super::{Population, Sampler, Setting, Weighs, effective_share, systematic};
use crate::engine::host::read;
use crate::engine::noise::{self, Purpose};
use crate::engine::process::{Prior, Process, walk};
use crate::engine::statistics::log_mean_exp;
use burn::tensor::{Tensor, TensorData};
use rand_chacha::rand_core::Rng;

/// Share of the moves that are to be accepted, the usual one for random walks.
const ACCEPTED: f64 = 0.25;
/// Smallest step of a move; 1 proposes a new sample of the prior.
const SHORTEST: f64 = 1e-4;
/// Least increase of the power: at equal rewards the search for it ends there.
const LEAST: f64 = 1e-9;

/// Annealed SMC (Del Moral, Doucet and Jasra 2006): particles of the prior are weighted and resampled towards
/// p·r^λ for λ that rise from 0 to β, each time as far as the effective share allows, and after each moved by
/// Metropolis steps.
///
/// A sample is a function of the noise of its chain, which is standard normal under the prior. So the
/// preconditioned Crank–Nicolson proposal √(1 − s²)·ε + s·ξ (Cotter et al. 2013) leaves the prior of any chain as it
/// is, and is accepted by the ratio of the rewards alone. s follows the accepted share.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Annealed {
    /// Metropolis moves after each increase of the power.
    pub moves: usize,
    /// Effective share that an increase leaves.
    pub resample_below: f64,
}

/// Samples with the noise they are made of.
struct Particles {
    /// `[rows][steps·noise_size]`.
    noise: Vec<f32>,
    /// `[rows][state_size]`.
    ends: Vec<f32>,
    /// Tempered log r.
    log_r: Vec<f64>,
}

impl Particles {
    /// The samples that the prior's chain makes of this noise.
    async fn of<P: Process, Q: Prior<P>>(
        noise: Vec<f32>,
        setting: &Setting<'_, P, Q>,
        rows: usize,
    ) -> Result<Self, String> {
        let (process, size) = (setting.process, setting.process.noise_size());
        let drawn = |step: usize| {
            let each = noise.chunks_exact(process.steps() * size);
            let of_step = each.flat_map(|row| &row[step * size..(step + 1) * size]);
            let numbers = TensorData::new(of_step.copied().collect(), [rows, size]);
            Tensor::from_data(numbers, setting.device)
        };
        let conditions = vec![0; rows];
        let end = walk(
            process,
            &conditions,
            setting.device,
            drawn,
            setting.walker(&conditions),
        );
        let ends = read(process.download(&end)).await?;
        Ok(Self {
            log_r: setting.log_reward(&ends).await?,
            noise,
            ends,
        })
    }

    fn select(&mut self, rows: &[usize]) {
        let pick = |numbers: &[f32], count: usize| {
            let size = numbers.len() / count;
            let rows = rows.iter().flat_map(|row| &numbers[row * size..(row + 1) * size]);
            rows.copied().collect::<Vec<f32>>()
        };
        let count = self.log_r.len();
        self.noise = pick(&self.noise, count);
        self.ends = pick(&self.ends, count);
        self.log_r = rows.iter().map(|row| self.log_r[*row]).collect();
    }

    /// One move of every particle towards p·r^power; `proposed` are its samples. Returns the accepted share.
    fn accept(&mut self, proposed: &Self, power: f64, rng: &mut impl Rng) -> f64 {
        let count = self.log_r.len();
        let pairs = proposed.log_r.iter().zip(&self.log_r);
        let accepted = noise::accepted(rng, pairs.map(|(new, old)| power * (new - old)));
        let rows: Vec<usize> = (0..count).filter(|row| accepted[*row]).collect();
        for row in &rows {
            self.log_r[*row] = proposed.log_r[*row];
            for (into, from) in [
                (&mut self.noise, &proposed.noise),
                (&mut self.ends, &proposed.ends),
            ] {
                let size = from.len() / count;
                let place = row * size..(row + 1) * size;
                into[place.clone()].copy_from_slice(&from[place]);
            }
        }
        rows.len() as f64 / count as f64
    }
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
        let size = setting.process.steps() * setting.process.noise_size();
        let mut rng = setting.noise.stream(Purpose::Proposal, counter);
        let mut resampling = setting.noise.stream(Purpose::Resampling, counter);
        let mut acceptance = setting.noise.stream(Purpose::Acceptance, counter);
        let mut particles = Particles::of(noise::normals(&mut rng, rows * size), setting, rows).await?;
        let (mut power, mut log_z, mut step, mut walks) = (0.0, 0.0, 0.5f64, 1);
        while power < 1.0 {
            let next = raised(&particles.log_r, power, self.resample_below);
            let log_weights: Vec<f64> = particles.log_r.iter().map(|l| (next - power) * l).collect();
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
                let kept = (1.0 - step * step).sqrt() as f32;
                let moved = particles
                    .noise
                    .iter()
                    .zip(noise::normals(&mut rng, rows * size))
                    .map(|(old, new)| kept * old + step as f32 * new)
                    .collect();
                let proposed = Particles::of(moved, setting, rows).await?;
                let accepted = particles.accept(&proposed, power, &mut acceptance);
                step = (step * (accepted - ACCEPTED).exp()).clamp(SHORTEST, 1.0);
                walks += 1;
            }
        }
        Ok(Population {
            ends: particles.ends,
            log_weights: vec![log_z; rows],
            weighs: Weighs::Mean,
            evaluations: (rows * setting.process.steps()) as u64 * walks,
        })
    }
}
