//! Samples of a prior that Metropolis steps move.

use super::Setting;
use crate::engine::host::read;
use crate::engine::noise::{self, Purpose};
use crate::engine::process::{Prior, Process, walk};
use burn::tensor::{Tensor, TensorData};
use rand_chacha::ChaCha8Rng;

/// Share of the moves that are to be accepted, the usual one for random walks.
const ACCEPTED: f64 = 0.25;
/// Smallest step of a move; 1 proposes a new sample of the prior.
pub(super) const SHORTEST: f64 = 1e-4;

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
        let pairs = proposed.log_r.iter().zip(&self.samples.log_r);
        let accepted = noise::accepted(&mut self.acceptance, pairs.map(|(new, old)| power * (new - old)));
        let share = self.samples.accept(&proposed, &accepted);
        self.length = (length * (share - ACCEPTED).exp()).clamp(SHORTEST, 1.0);
        self.evaluations += (rows * setting.process.steps()) as u64;
        Ok(())
    }
}

/// Samples with the noise they are made of.
pub(super) struct Samples {
    /// `[rows][steps·noise_size]`.
    pub noise: Vec<f32>,
    /// `[rows][state_size]`.
    pub ends: Vec<f32>,
    /// Tempered log r.
    pub log_r: Vec<f64>,
}

/// The noise of a step, of numbers `[rows][steps·noise_size]`.
pub(super) fn of_step<P: Process, Q>(
    setting: &Setting<'_, P, Q>,
    noise: &[f32],
    rows: usize,
    step: usize,
) -> Tensor<2> {
    let size = setting.process.noise_size();
    let each = noise.chunks_exact(setting.process.steps() * size);
    let numbers = each.flat_map(|row| &row[step * size..(step + 1) * size]);
    Tensor::from_data(
        TensorData::new(numbers.copied().collect(), [rows, size]),
        setting.device,
    )
}

/// Takes over the rows of `from` that are accepted.
pub(super) fn take(into: &mut [f32], from: &[f32], accepted: &[bool]) {
    let size = from.len() / accepted.len();
    let rows = into.chunks_exact_mut(size).zip(from.chunks_exact(size));
    for ((into, from), _) in rows.zip(accepted).filter(|(_, accepted)| **accepted) {
        into.copy_from_slice(from);
    }
}

impl Samples {
    /// The samples that the prior's chain makes of this noise.
    async fn of<P: Process, Q: Prior<P>>(
        noise: Vec<f32>,
        setting: &Setting<'_, P, Q>,
        rows: usize,
    ) -> Result<Self, String> {
        let process = setting.process;
        let drawn = |step: usize| of_step(setting, &noise, rows, step);
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

    /// Moves the samples that are accepted to where the proposed ones are. Returns their share.
    pub fn accept(&mut self, proposed: &Self, accepted: &[bool]) -> f64 {
        take(&mut self.noise, &proposed.noise, accepted);
        take(&mut self.ends, &proposed.ends, accepted);
        let rows = self.log_r.iter_mut().zip(&proposed.log_r).zip(accepted);
        let moved = rows.filter(|(_, accepted)| **accepted);
        let moved = moved.map(|((into, from), _)| *into = *from).count();
        moved as f64 / accepted.len() as f64
    }
}
