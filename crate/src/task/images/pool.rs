//! End points of the prior's own chain, with their rewards.

use super::metric::Seen;
use super::{DescribedPrior, ImagePrior};
use crate::engine::EngineError;
use crate::engine::noise::{Noise, Purpose};
use crate::run::Run;
use crate::task::opened::Kept;
use burn::tensor::Device;
use std::hash::{DefaultHasher, Hash, Hasher};

/// The first end points of an endless row that depends on the prior, its steps, the seed and what they are
/// for: other runs above the same prior can go on with them.
#[derive(Clone, Debug)]
pub struct Pool {
    /// Of the prior's description and file.
    prior: u64,
    steps: usize,
    seed: u64,
    purpose: Purpose,
    /// `[made][size]`.
    pub(super) ends: Vec<f32>,
}

/// What a reward makes of the first images of a pool: of all that count.
#[derive(Clone, Debug, Default)]
pub(super) struct Scored {
    /// log r, floored and not tempered; not a number of images that are no proposals for this condition.
    pub log_r: Vec<f64>,
    /// Those that rejection keeps.
    pub(super) kept: Vec<usize>,
    /// What the classifiers see in the first of the kept ones: the judge, and the rewards' own.
    pub(super) seen: [Seen; 2],
}

impl Pool {
    /// An empty pool of a run above the prior that is described so and read of this file.
    pub(super) fn new(run: &Run, prior: &impl DescribedPrior, file: &[u8], purpose: Purpose) -> Self {
        let mut hasher = DefaultHasher::new();
        format!("{prior:?}").hash(&mut hasher);
        file.hash(&mut hasher);
        Self {
            prior: hasher.finish(),
            steps: run.process.steps,
            seed: run.seed,
            purpose,
            ends: Vec::new(),
        }
    }

    /// Makes end points until there are `count`. What they are does not depend on how they were asked for.
    pub(super) async fn grow(
        &mut self,
        prior: &impl ImagePrior,
        count: usize,
        device: &Device,
    ) -> Result<(), EngineError> {
        let made = self.ends.len() / prior.decoder().size();
        if made < count {
            let noise = Noise::new(self.seed);
            let more = prior.samples_from(&noise, self.purpose, made, count - made, device);
            self.ends.extend(more.await.map_err(EngineError::Device)?);
        }
        Ok(())
    }

    /// Goes on with what an earlier task kept, if the same prior, chain and noise made it.
    pub(super) fn adopt(&mut self, kept: &mut Vec<Kept>) {
        let of = |pool: &Self| (pool.prior, pool.steps, pool.seed, pool.purpose);
        let more = |pool: &Self| of(pool) == of(self) && pool.ends.len() > self.ends.len();
        let found = kept.iter().position(|kept| kept.downcast_ref().is_some_and(more));
        if let Some(Ok(pool)) = found.map(|at| kept.swap_remove(at).downcast::<Self>()) {
            *self = *pool;
        }
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
