//! Images that a diffusion model makes.

use super::ImagePrior;
use crate::engine::EngineError;
use crate::engine::noise::Noise;
use crate::engine::process::VariancePreserving;
use crate::engine::weights::read_metadata;
use crate::run::{Files, Run};
use crate::task::images::{Decoder, Denoiser, DenoiserPrior, ImagePolicy, ImageReward, Learned};
use crate::task::network_prior::NetworkPrior;
use crate::task::opened::prior_network;
use burn::tensor::Device;

/// The diffusion model of a run, whose chain has this many steps, and the images that it learned.
pub(super) fn open(
    run: &Run,
    files: &Files,
    steps: usize,
    device: &Device,
) -> Result<(DenoiserPrior, Learned), EngineError> {
    prior_network(run, files, |file| {
        let prior = DenoiserPrior::read(file, steps, device)?;
        Ok((prior, Learned::of(&read_metadata(file)?)?))
    })
}

impl ImagePrior for DenoiserPrior {
    type Process = VariancePreserving;
    type Policy = ImagePolicy;
    type Described = NetworkPrior;

    const OF_NOISE: bool = false;

    fn open(
        _described: &NetworkPrior,
        run: &Run,
        files: &Files,
        device: &Device,
    ) -> Result<(Self, Learned), EngineError> {
        open(run, files, run.process.steps, device)
    }

    fn process(&self) -> VariancePreserving {
        self.denoising().process
    }

    fn decoder(&self) -> &Decoder {
        DenoiserPrior::decoder(self)
    }

    fn policy(&self, run: &Run, reward: &ImageReward, _conditions: usize) -> ImagePolicy {
        if run.network.langevin {
            ImagePolicy::with_langevin(self, reward.clone(), run.tempering.beta)
        } else {
            ImagePolicy::new(self)
        }
    }

    /// The prior's network with low-rank corrections, or a whole copy of it.
    fn network(&self, run: &Run, conditions: usize, noise: &Noise, device: &Device) -> Denoiser {
        let network = self.network().clone();
        let network = match run.network.rank {
            0 => network,
            rank => network.adapted(rank, noise, device),
        };
        let network = if run.network.langevin {
            network.with_langevin(device)
        } else {
            network
        };
        match conditions {
            1 => network,
            conditions => network.conditional(conditions, device),
        }
    }
}
