//! All randomness of a run: a seeded counter-based generator on the host.
//!
//! Every draw depends only on (seed, purpose, counter), not on earlier draws. So a run gets the same noise on
//! every backend, and a resumed run continues with the same noise.

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};
use rand_distr::{Distribution, StandardNormal};

/// The purpose of noise; each purpose has its own streams.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// The weights that a network starts from.
    Initialization = 1,
    /// The transitions of an iteration's fresh trajectories.
    Rollout,
    /// The steps back from an iteration's given end points.
    Noising,
    /// Which end points of the replay buffers an iteration noises back.
    Replay,
    /// Which steps an iteration takes the gradient of.
    StepSelection,
    /// What a trained network is measured on.
    Evaluation,
    /// Samples of the prior, for its own figures and for the exact posterior.
    PriorEvaluation,
    /// Trajectories for pictures, and the choice among their candidates.
    Pictures,
    /// The examples of an iteration, and what is drawn with them.
    Pretraining,
    /// Which end points given from outside an iteration noises back, and those of a mixture.
    GivenEndPoints,
    /// Samples for the caller.
    Samples,
    /// Proposals of the training-free methods.
    Proposal,
    /// Whether a proposal is kept.
    Acceptance,
    /// The choice among weighted samples or candidates.
    Resampling,
    /// Paths that a density is estimated on, and points around an expected end point.
    Paths,
    /// The order in which the conditions have their turn.
    Conditions,
    /// The transitions of an iteration's trajectories that follow the prior.
    PriorRollout,
    /// Samples of the prior that trajectories are noised back from. They are training data, so no figure
    /// is measured against them.
    GivenPriorSamples,
    /// True values and conditions that calibration draws, and the order of equal values.
    Calibration,
    /// The moves of replayed end points.
    LocalSearch,
    /// Samples that a one-step sampler learns from.
    Distillation,
    /// States: those that are learned, those that episodes begin in, and the noise of an environment.
    Episodes,
    /// Actions of policies in episodes.
    Actions,
}

/// The generator of one run.
#[derive(Clone, Copy, Debug)]
pub struct Noise {
    seed: u64,
}

impl Noise {
    /// The generator of this seed.
    pub fn new(seed: u64) -> Self {
        Self { seed }
    }

    /// The stream of a purpose at a counter (below 2⁴⁸: an iteration, a chunk).
    pub fn stream(&self, purpose: Purpose, counter: u64) -> ChaCha8Rng {
        let mut rng = ChaCha8Rng::seed_from_u64(self.seed);
        rng.set_stream(((purpose as u64) << 48) | counter);
        rng
    }

    /// `count` standard normal numbers.
    pub fn normal(&self, purpose: Purpose, counter: u64, count: usize) -> Vec<f32> {
        normals(&mut self.stream(purpose, counter), count)
    }
}

/// A number uniform on [0, 1).
pub fn uniform(rng: &mut impl Rng) -> f64 {
    (rng.next_u64() >> 11) as f64 / (1u64 << 53) as f64
}

/// `count` standard normal numbers.
pub fn normals(rng: &mut impl Rng, count: usize) -> Vec<f32> {
    (0..count).map(|_| StandardNormal.sample(rng)).collect()
}

/// A standard normal number.
pub fn normal(rng: &mut impl Rng) -> f64 {
    StandardNormal.sample(rng)
}

/// Whether each of some Metropolis moves is accepted, by the logarithm of its ratio.
pub(crate) fn accepted(rng: &mut impl Rng, log_ratios: impl Iterator<Item = f64>) -> Vec<bool> {
    log_ratios
        .map(|log_ratio| uniform(rng) < log_ratio.exp())
        .collect()
}

/// An index drawn in proportion to non-negative weights, given as their running sum.
pub fn index(rng: &mut impl Rng, running: &[f64]) -> usize {
    let total = running.last().copied().unwrap_or(0.0);
    let at = uniform(rng) * total;
    running
        .partition_point(|sum| *sum <= at)
        // Rounding may put it at the sum itself, behind the last.
        .min(running.len().saturating_sub(1))
}

/// The running sum of weights, for [`index`].
pub(crate) fn running_sum(weights: impl IntoIterator<Item = f64>) -> Vec<f64> {
    weights
        .into_iter()
        .scan(0.0, |sum, w| {
            *sum += w;
            Some(*sum)
        })
        .collect()
}
