//! The chains of images: what a task needs to know of its prior.

mod changed;
mod checkpoint;
mod denoised;
mod generated;
mod memory;

pub use checkpoint::{CheckpointPrior, published_adapters};
pub use generated::GeneratorPrior;
pub use memory::expected_memory;

use super::prior::Decoder;
use super::{DescribedPrior, ImageReward, Learned};
use crate::engine::EngineError;
use crate::engine::noise::{Noise, Purpose};
use crate::engine::process::{Diffusion, Policy, Prior};
use crate::engine::sampler::own_samples;
use crate::run::{Files, Run};
use burn::tensor::Device;
use std::fmt;
use std::ops::Range;

/// End points that are made at once.
const BLOCK: usize = 250;
/// [`ImagePrior::given`] of most priors.
const GIVEN: [usize; 2] = [32, 1 << 14];

/// The network of the posterior above a prior.
pub type NetworkOf<Q> = <<Q as ImagePrior>::Policy as Policy<<Q as ImagePrior>::Process>>::Network;

/// A prior of images: a chain, and what makes images of its end points.
pub trait ImagePrior: Prior<Self::Process> + Clone + fmt::Debug + Sized + 'static {
    /// The chain.
    type Process: Diffusion + Clone + fmt::Debug + 'static;
    /// The kernels of posteriors above it.
    type Policy: Policy<Self::Process> + 'static;
    /// How a run describes it.
    type Described: DescribedPrior;

    /// Whether its end points are standard normal noise.
    const OF_NOISE: bool;

    /// The prior of a run, and the images that it learned.
    ///
    /// # Errors
    ///
    /// Where its file is missing or damaged.
    fn open(
        described: &Self::Described,
        run: &Run,
        files: &Files,
        device: &Device,
    ) -> Result<(Self, Learned), EngineError>;

    /// The chain.
    fn process(&self) -> Self::Process;

    /// Conditions that its chain differs by.
    fn conditions(&self) -> usize {
        1
    }

    /// What makes images of its end points.
    fn decoder(&self) -> &Decoder;

    /// Images that an iteration adds to those that trajectories are noised back from, and the most of them: a run
    /// starts at once, what it has at an iteration does not depend on time, and few would be learned by heart.
    fn given(&self) -> [usize; 2] {
        GIVEN
    }

    /// The posterior's kernels in a run of so many conditions.
    fn policy(&self, run: &Run, reward: &ImageReward, conditions: usize) -> Self::Policy;

    /// The posterior's network before any training.
    fn network(&self, run: &Run, conditions: usize, noise: &Noise, device: &Device) -> NetworkOf<Self>;

    /// The first `count` end points of the chain, `[count][size]`.
    ///
    /// # Errors
    ///
    /// Where the device fails.
    fn samples(
        &self,
        noise: &Noise,
        purpose: Purpose,
        count: usize,
        device: &Device,
    ) -> impl Future<Output = Result<Vec<f32>, String>> {
        self.samples_from(noise, purpose, 0, count, device)
    }

    /// `count` end points of the chain from number `first` on, `[count][size]`. Every one has noise of
    /// its own, whoever it is made together with. Where the chain differs by conditions, these take turns.
    ///
    /// # Errors
    ///
    /// Where the device fails.
    fn samples_from(
        &self,
        noise: &Noise,
        purpose: Purpose,
        first: usize,
        count: usize,
        device: &Device,
    ) -> impl Future<Output = Result<Vec<f32>, String>> {
        from_own_noise(self, (noise, purpose), first..first + count, device)
    }
}

/// End points of a prior's chain with these numbers.
async fn from_own_noise<Q: ImagePrior>(
    prior: &Q,
    (noise, purpose): (&Noise, Purpose),
    rows: Range<usize>,
    device: &Device,
) -> Result<Vec<f32>, String> {
    let rows = rows.collect::<Vec<_>>();
    let conditions = prior.conditions();
    own_samples(
        &prior.process(),
        prior,
        conditions,
        (noise, purpose),
        &rows,
        BLOCK,
        device,
    )
    .await
}
