//! The images of the prior's own chain that a task knows, their rewards, and what classifiers see in them.

use super::metric::{Seen, see};
use super::pool::{Pool, picked};
use super::task::ImagesTask;
use crate::engine::EngineError;
use crate::engine::noise::{self, Purpose};
use crate::task::opened::Kept;

impl ImagesTask {
    /// Images of the prior that count: those the exact posterior is known from.
    pub fn proposals(&self) -> usize {
        self.scored[0].log_r.len()
    }

    /// The prior's end points, `[made][size]`.
    pub(super) fn ends(&self) -> &[f32] {
        &self.pool.ends
    }

    /// Goes on with the images of a task before this one, if the same prior made them. They count
    /// once [`ImagesTask::grow`] has shown them to the reward, which is quicker than making them.
    pub(super) fn adopt_pool(&mut self, kept: &mut Vec<Kept>) {
        let more = |pool: &Pool| pool.is_like(&self.pool) && pool.ends.len() > self.pool.ends.len();
        let found = kept.iter().position(|kept| kept.downcast_ref().is_some_and(more));
        if let Some(Ok(pool)) = found.map(|at| kept.swap_remove(at).downcast::<Pool>()) {
            self.pool = *pool;
        }
    }

    /// Makes images until `count` of them count. What they are does not depend on how they were
    /// asked for.
    ///
    /// # Errors
    ///
    /// Where the device fails.
    pub async fn grow(&mut self, count: usize) -> Result<(), EngineError> {
        let noise = self.noise();
        let size = self.size();
        let made = self.pool.ends.len() / size;
        if made < count {
            let more =
                self.prior
                    .samples_from(&noise, Purpose::PriorEvaluation, made, count - made, &self.device);
            self.pool.ends.extend(more.await.map_err(EngineError::Device)?);
        }
        let scored = self.proposals();
        if scored < count {
            let ends = &self.pool.ends[scored * size..count * size];
            let log_r = self.reward.under_all(&self.process, &self.device, ends).await;
            let log_r = log_r.map_err(EngineError::Device)?;
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

    /// Shows the kept images to the classifiers, those that are new to them.
    pub(super) async fn look_at_kept(&mut self) -> Result<(), EngineError> {
        for condition in 0..self.count() {
            let scored = &self.scored[condition];
            let new = &scored.kept[scored.seen[0].len()..];
            let new = picked(self.ends(), self.size(), new.iter().copied());
            let seen = self.look_at(&new).await?;
            for (all, new) in self.scored[condition].seen.iter_mut().zip(seen) {
                all.extend(new);
            }
        }
        Ok(())
    }

    /// What the judge and the rewards' classifier see in the images of end points.
    pub(super) async fn look_at(&self, ends: &[f32]) -> Result<[Seen; 2], EngineError> {
        let images = self.images_of(ends).await?;
        let judged = see(&self.judge, &images, &self.device).await;
        let classified = see(&self.classifier, &images, &self.device).await;
        Ok([
            judged.map_err(EngineError::Device)?,
            classified.map_err(EngineError::Device)?,
        ])
    }
}
