//! Metropolis chains of the prior's noise.

use super::moved::Moved;
use super::{Population, Sampler, Setting, Weighs};
use crate::engine::process::{Prior, Process};

/// Independent chains of preconditioned Crank–Nicolson moves (Cotter et al. 2013) of the prior's noise, each from a
/// sample of the prior. They say nothing of Z, and mix slowly where modes are apart.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Metropolis {
    /// Moves of a chain; its last state is the sample.
    pub moves: usize,
}

impl<P: Process, Q: Prior<P>> Sampler<P, Q> for Metropolis {
    async fn population(
        &self,
        setting: &Setting<'_, P, Q>,
        rows: usize,
        counter: u64,
    ) -> Result<Population, String> {
        let mut chains = Moved::of_prior(setting, rows, counter).await?;
        for _ in 0..self.moves {
            chains.step(setting, 1.0).await?;
        }
        Ok(Population {
            log_weights: vec![0.0; rows],
            weighs: Weighs::Nothing,
            evaluations: chains.evaluations(),
            ends: chains.into_ends(),
        })
    }
}
