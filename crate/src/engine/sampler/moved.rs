//! Samples of a prior that Metropolis steps move.

use super::Setting;
use crate::engine::host::read;
use crate::engine::noise::{self, Purpose};
use crate::engine::process::{Prior, Process, walk};
use burn::tensor::{Tensor, TensorData};
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::Rng;

/// Share of the moves that are to be accepted, the usual one for random walks.
const ACCEPTED: f64 = 0.25;
/// Smallest step of a move; 1 proposes a new sample of the prior.
const SHORTEST: f64 = 1e-4;

/// Samples that are moved towards p·r^power.
///
/// A sample is a function of the noise of its chain, which is standard normal under the prior. So the
/// preconditioned Crank–Nicolson proposal √(1 − s²)·ε + s·ξ (Cotter et al. 2013) leaves the prior of any chain as it
/// is, and is accepted by the ratio of the rewards alone. s follows the accepted share.
pub(super) struct Moved {
    samples: Samples,
    /// s.
    length: f64,
    proposals: ChaCha8Rng,
    acceptance: ChaCha8Rng,
    evaluations: u64,
}

impl Moved {
    /// Samples of the prior.
    pub async fn of_prior<P: Process, Q: Prior<P>>(
        setting: &Setting<'_, P, Q>,
        rows: usize,
        counter: u64,
    ) -> Result<Self, String> {
        let process = setting.process;
        let mut proposals = setting.noise.stream(Purpose::Proposal, counter);
        let drawn = noise::normals(&mut proposals, rows * process.steps() * process.noise_size());
        Ok(Self {
            samples: Samples::of(drawn, setting, rows).await?,
            length: 0.5,
            proposals,
            acceptance: setting.noise.stream(Purpose::Acceptance, counter),
            evaluations: (rows * process.steps()) as u64,
        })
    }

    /// Tempered log r.
    pub fn log_r(&self) -> &[f64] {
        &self.samples.log_r
    }

    /// Evaluations of the prior's kernel so far.
    pub fn evaluations(&self) -> u64 {
        self.evaluations
    }

    /// End points, `[rows][state_size]`.
    pub fn into_ends(self) -> Vec<f32> {
        self.samples.ends
    }

    /// Replaces the samples by those at these places.
    pub fn select(&mut self, rows: &[usize]) {
        self.samples.select(rows);
    }

    /// One move of every sample towards p·r^power.
    pub async fn step<P: Process, Q: Prior<P>>(
        &mut self,
        setting: &Setting<'_, P, Q>,
        power: f64,
    ) -> Result<(), String> {
        let (rows, length) = (self.samples.log_r.len(), self.length);
        let kept = (1.0 - length * length).sqrt() as f32;
        let old = &self.samples.noise;
        let new = noise::normals(&mut self.proposals, old.len());
        let pairs = old.iter().zip(new);
        let moved = pairs.map(|(old, new)| kept * old + length as f32 * new).collect();
        let proposed = Samples::of(moved, setting, rows).await?;
        let accepted = self.samples.accept(&proposed, power, &mut self.acceptance);
        self.length = (length * (accepted - ACCEPTED).exp()).clamp(SHORTEST, 1.0);
        self.evaluations += (rows * setting.process.steps()) as u64;
        Ok(())
    }
}

/// Samples with the noise they are made of.
struct Samples {
    /// `[rows][steps·noise_size]`.
    noise: Vec<f32>,
    /// `[rows][state_size]`.
    ends: Vec<f32>,
    /// Tempered log r.
    log_r: Vec<f64>,
}

impl Samples {
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
