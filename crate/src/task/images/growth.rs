//! The images of the prior's own chain that a task knows, their rewards, and what classifiers see in them.

use super::classifiers::Classifiers;
use super::metric::picked;
use super::metric::{Seen, see};
use super::pool::Scored;
use super::{ImagePrior, TaskOf};
use crate::engine::EngineError;
use crate::engine::noise::{self, Purpose};
use std::collections::BTreeSet;

impl<Q: ImagePrior> TaskOf<Q> {
    /// Images of the prior that count: those the exact posterior is known from.
    pub fn proposals(&self) -> usize {
        self.scored[0].log_r.len()
    }

    /// The prior's end points, `[made][size]`.
    pub(super) fn ends(&self) -> &[f32] {
        &self.pool.ends
    }

    /// Makes images until `count` of them count. What they are does not depend on how they were
    /// asked for.
    ///
    /// # Errors
    ///
    /// Where the device fails.
    pub async fn grow(&mut self, count: usize) -> Result<(), EngineError> {
        self.pool.grow(&self.prior, count, &self.device).await?;
        let (noise, size) = (self.noise(), self.size());
        let scored = self.proposals();
        if scored < count {
            let ends = &self.pool.ends[scored * size..count * size];
            let log_r = self.log_reward_of_prior(scored, ends).await?;
            let beta = self.run.tempering.beta;
            for (of, log_r) in self.scored.iter_mut().zip(log_r) {
                for (at, log_r) in (scored..).zip(log_r) {
                    // Rewards of images are at most 1.
                    let draw = noise::uniform(&mut noise.stream(Purpose::Acceptance, at as u64));
                    if draw.ln() < beta * log_r {
                        of.kept.push(at);
                    }
                    of.log_r.push(log_r);
                }
            }
        }
        Ok(())
    }

    /// Adds to the images that count, up to `evaluation.proposals`. Whether there are more to add.
    ///
    /// # Errors
    ///
    /// Where the device fails.
    pub(crate) async fn grow_by(&mut self, more: usize) -> Result<bool, EngineError> {
        let wanted = self.run.evaluation.proposals;
        self.grow((self.proposals() + more).min(wanted)).await?;
        Ok(self.proposals() < wanted)
    }

    /// Shows the kept images to the classifiers, those that are new to them: each once, however many
    /// conditions have kept it.
    pub(super) async fn look_at_kept(&mut self) -> Result<(), EngineError> {
        let Classifiers { judge, asked, .. } = &self.classifiers;
        if judge.is_none() && asked.is_none() {
            return Ok(());
        }
        let looked_at = |scored: &Scored| scored.seen.iter().map(Seen::len).max().unwrap_or(0);
        let new_of = |scored: &Scored| scored.kept[looked_at(scored)..].to_vec();
        let new: Vec<Vec<usize>> = self.scored.iter().map(new_of).collect();
        let all: BTreeSet<usize> = new.iter().flatten().copied().collect();
        let all: Vec<usize> = all.into_iter().collect();
        let ends = picked(self.ends(), self.size(), all.iter().copied());
        let seen = self.look_at(&ends, &self.of_prior(&all)).await?;
        for (scored, new) in self.scored.iter_mut().zip(new) {
            let rows = || new.iter().filter_map(|at| all.binary_search(at).ok());
            for (into, seen) in scored.seen.iter_mut().zip(&seen) {
                into.extend(seen.rows(rows()));
            }
        }
        Ok(())
    }

    /// What the judge and the rewards' classifier see in the images of end points under their conditions; nothing in
    /// the eyes of one that has learned others.
    pub(super) async fn look_at(&self, ends: &[f32], conditions: &[usize]) -> Result<[Seen; 2], EngineError> {
        let Classifiers { judge, asked, .. } = &self.classifiers;
        if judge.is_none() && asked.is_none() {
            return Ok(<[Seen; 2]>::default());
        }
        let images = self.images_of(ends, conditions).await?;
        let judged = match judge {
            Some(judge) => see(judge, &images, &self.device).await,
            None => Ok(Seen::default()),
        };
        let classified = match asked {
            Some(classifier) => see(classifier, &images, &self.device).await,
            None => Ok(Seen::default()),
        };
        Ok([
            judged.map_err(EngineError::Device)?,
            classified.map_err(EngineError::Device)?,
        ])
    }
}
