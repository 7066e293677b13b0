//! A task of images: digits under a diffusion prior, and a reward of images.

use crate::config::{ConfigError, ImageReward, Run};
use crate::network::{StridedClassifier, UNet};
use crate::noise::Noise;
use crate::prior::{DenoiserPrior, Denoising};
use crate::process::VariancePreserving;
use crate::reward::ImageLogReward;
use crate::rollout::{Chains, Replay};
use crate::session::Task;
use crate::train::EndReward;
use burn::tensor::Device;

/// Images are `[PIXELS]`, −1 black to 1 white. The posterior is the prior's network with low-rank
/// corrections, or a whole copy of it.
pub struct Digits {
    run: Run,
    reward: ImageReward,
    rank: usize,
    network: UNet,
    prior: DenoiserPrior,
    classifier: StridedClassifier,
    device: Device,
}

impl Digits {
    /// The task of a run's chain length, rollouts, objective and optimiser. Of its own it has the
    /// reward, the rank of the posterior's corrections (0 trains all weights), the prior's network
    /// and the classifier that rewards ask.
    ///
    /// # Errors
    ///
    /// Where the run or the reward is refused.
    pub fn new(
        run: Run,
        reward: ImageReward,
        rank: usize,
        network: UNet,
        classifier: StridedClassifier,
        device: Device,
    ) -> Result<Self, ConfigError> {
        run.validate()?;
        reward.validate()?;
        Ok(Self {
            prior: DenoiserPrior::new(network.clone(), run.process.steps),
            run,
            reward,
            rank,
            network,
            classifier,
            device,
        })
    }
}

impl Task for Digits {
    type Process = VariancePreserving;
    type Prior = DenoiserPrior;
    type Policy = Denoising;

    const CHUNK: usize = 128;

    fn run(&self) -> &Run {
        &self.run
    }

    fn device(&self) -> &Device {
        &self.device
    }

    fn noise(&self) -> Noise {
        Noise::new(self.run.seed)
    }

    fn chains(&self) -> Chains<VariancePreserving, DenoiserPrior, Denoising> {
        Chains {
            process: self.prior.denoising().process,
            prior: self.prior.clone(),
            policy: self.prior.denoising(),
            device: self.device.clone(),
        }
    }

    fn network(&self) -> UNet {
        match self.rank {
            0 => self.network.clone(),
            rank => self.network.clone().adapted(rank, &self.noise(), &self.device),
        }
    }

    fn reward(&self) -> Box<dyn EndReward> {
        Box::new(ImageLogReward::new(
            self.reward.clone(),
            self.run.tempering.floor,
            self.classifier.clone(),
            self.device.clone(),
        ))
    }

    /// None: training starts from the policy's own trajectories, which are the prior's.
    fn given(&self) -> Replay {
        Replay::new(1, self.prior.denoising().process.dimensions)
    }
}
