//! End points of the prior's own chain, with their rewards.

use super::{Digits, picked};
use crate::config::Run;
use crate::metric::{Seen, see};
use crate::noise::{self, Purpose};
use crate::session::{SessionError, Task};
use crate::train::EndReward;
use std::hash::{DefaultHasher, Hash, Hasher};

/// The first end points of an endless row that depends on the prior, its steps and the seed only: other
/// runs above the same prior can go on with them.
#[derive(Clone, Debug)]
pub struct Pool {
    /// Of the prior's file.
    prior: u64,
    steps: usize,
    seed: u64,
    /// `[made][size]`.
    ends: Vec<f32>,
}

/// What a reward makes of the first images of a pool: of all that count.
#[derive(Clone, Debug, Default)]
pub(super) struct Scored {
    /// log r, floored and not tempered.
    pub log_r: Vec<f64>,
    /// Those that rejection keeps.
    kept: Vec<usize>,
    /// What the classifiers see in the first of the kept ones: the judge, and the rewards' own.
    seen: [Seen; 2],
}

impl Pool {
    /// An empty pool of a run above the prior in a file.
    pub(super) fn new(run: &Run, prior: &[u8]) -> Self {
        let mut hasher = DefaultHasher::new();
        prior.hash(&mut hasher);
        Self {
            prior: hasher.finish(),
            steps: run.process.steps,
            seed: run.seed,
            ends: Vec::new(),
        }
    }

    fn is_like(&self, other: &Self) -> bool {
        (self.prior, self.steps, self.seed) == (other.prior, other.steps, other.seed)
    }
}

impl Scored {
    /// The images among the first `proposals` that rejection keeps.
    pub fn kept(&self, proposals: usize) -> &[usize] {
        &self.kept[..self.kept.partition_point(|at| *at < proposals)]
    }

    /// What the judge and the rewards' classifier see in the first kept images.
    pub fn seen(&self, kept: usize) -> [Seen; 2] {
        self.seen.each_ref().map(|seen| seen.first(kept))
    }
}

impl Digits {
    /// Images of the prior that count: those the exact posterior is known from.
    pub fn proposals(&self) -> usize {
        self.posteriors[0].scored.log_r.len()
    }

    /// The prior's end points, `[made][size]`.
    pub(super) fn ends(&self) -> &[f32] {
        &self.pool.ends
    }

    /// Goes on with the images of a task before this one, if the same prior made them. They count
    /// once [`Digits::grow`] has shown them to the reward, which is quicker than making them.
    pub fn adopt(&mut self, pools: &mut Vec<Pool>) {
        let more = |pool: &Pool| pool.is_like(&self.pool) && pool.ends.len() > self.pool.ends.len();
        if let Some(found) = pools.iter().position(more) {
            self.pool = pools.swap_remove(found);
        }
    }

    /// What a later task can go on with.
    pub fn into_pool(self) -> Pool {
        self.pool
    }

    /// Makes images until `count` of them count. What they are does not depend on how they were
    /// asked for.
    ///
    /// # Errors
    ///
    /// Where the device fails.
    pub async fn grow(&mut self, count: usize) -> Result<(), SessionError> {
        let noise = self.noise();
        let size = self.size();
        let made = self.pool.ends.len() / size;
        if made < count {
            let more =
                self.prior
                    .samples_from(&noise, Purpose::PriorEvaluation, made, count - made, &self.device);
            self.pool.ends.extend(more.await.map_err(SessionError::Device)?);
        }
        let scored = self.proposals();
        if scored < count {
            let ends = &self.pool.ends[scored * size..count * size];
            let mut log_r = Vec::with_capacity(self.conditions());
            for of in &self.posteriors {
                log_r.push(of.reward.log_reward(ends).await.map_err(SessionError::Device)?);
            }
            let beta = self.run.tempering.beta;
            for (of, log_r) in self.posteriors.iter_mut().zip(log_r) {
                for (at, log_r) in (scored..).zip(log_r) {
                    // Rewards of images are at most 1.
                    let draw = noise::uniform(&mut noise.stream(Purpose::Acceptance, at as u64));
                    if draw.ln() < beta * log_r {
                        of.scored.kept.push(at);
                    }
                    of.scored.log_r.push(log_r);
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
    pub async fn grow_by(&mut self, more: usize) -> Result<bool, SessionError> {
        let wanted = self.run.evaluation.proposals;
        self.grow((self.proposals() + more).min(wanted)).await?;
        Ok(self.proposals() < wanted)
    }

    /// Shows the kept images to the classifiers, those that are new to them.
    pub(super) async fn look_at_kept(&mut self) -> Result<(), SessionError> {
        for condition in 0..self.conditions() {
            let scored = &self.posteriors[condition].scored;
            let new = &scored.kept[scored.seen[0].len()..];
            let new = picked(self.ends(), self.size(), new.iter().copied());
            let seen = self.look_at(&new).await?;
            for (all, new) in self.posteriors[condition].scored.seen.iter_mut().zip(seen) {
                all.extend(new);
            }
        }
        Ok(())
    }

    /// What the judge and the rewards' classifier see in the images of end points.
    pub(super) async fn look_at(&self, ends: &[f32]) -> Result<[Seen; 2], SessionError> {
        let images = self.images_of(ends).await?;
        let judged = see(&self.judge, &images, &self.device).await;
        let classified = see(&self.classifier, &images, &self.device).await;
        Ok([
            judged.map_err(SessionError::Device)?,
            classified.map_err(SessionError::Device)?,
        ])
    }
}
