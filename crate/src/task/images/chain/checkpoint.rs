//! Images that a diffusion model in the format of diffusers makes.

use super::ImagePrior;
use crate::engine::noise::Noise;
use crate::engine::process::{Prior, Scheduled};
use crate::engine::weights::{Weights, load_tensors, read_tensors};
use crate::engine::{ConfigError, EngineError};
use crate::network::diffusers::{Adapters, Model, Pipeline, UNet};
use crate::run::{Files, Run};
use crate::task::images::{Checkpoint, CheckpointsProblem, Decoder, ImageReward, Learned, Made};
use burn::tensor::{Device, Tensor};
use std::sync::Arc;

/// A diffusion model of others, whose weights never change: posteriors share them.
#[derive(Clone, Debug)]
pub struct CheckpointPrior {
    made: Arc<Made>,
    decoder: Decoder,
}

impl Prior<Scheduled> for CheckpointPrior {
    fn kernel(&self, step: usize, x: &Tensor<2>) -> Tensor<2> {
        self.made.model().kernel(step, x)
    }

    fn kernel_given(&self, step: usize, conditions: &[usize], x: &Tensor<2>) -> Tensor<2> {
        self.made.model().kernel_given(step, conditions, x)
    }
}

impl ImagePrior for CheckpointPrior {
    type Process = Scheduled;
    type Policy = Model;
    type Described = Checkpoint;

    const OF_NOISE: bool = false;

    fn open(
        described: &Checkpoint,
        run: &Run,
        files: &Files,
        device: &Device,
    ) -> Result<(Self, Learned), EngineError> {
        let made = Arc::new(Made::open(described, run, files, device)?);
        let shape = made.shape();
        let learned = Learned {
            shape,
            ink: false,
            classes: Vec::new(),
            data: described.data.clone().unwrap_or_default(),
        };
        // A target that no layer has is told of before anything is trained.
        adapters(made.model().network(), described, run, &Noise::new(0), device)?;
        let decoder = Decoder::of_model(made.clone(), shape);
        Ok((Self { made, decoder }, learned))
    }

    fn process(&self) -> Scheduled {
        self.made.model().process().clone()
    }

    fn conditions(&self) -> usize {
        self.made.model().conditions()
    }

    fn decoder(&self) -> &Decoder {
        &self.decoder
    }

    fn policy(&self, _run: &Run, _reward: &ImageReward, _conditions: usize) -> Model {
        self.made.model().clone()
    }

    fn network(&self, run: &Run, _conditions: usize, noise: &Noise, device: &Device) -> Adapters {
        let described = CheckpointsProblem::of(run).expect("it was opened for such a run");
        let made = adapters(self.made.model().network(), &described.prior, run, noise, device);
        made.expect("they were made when the prior was opened")
    }
}

/// The changes of a network that a run starts from.
pub(super) fn adapters(
    network: &UNet,
    described: &Checkpoint,
    run: &Run,
    noise: &Noise,
    device: &Device,
) -> Result<Adapters, ConfigError> {
    let rank = run.network.rank;
    let targets: Vec<&str> = described.targets.iter().map(String::as_str).collect();
    let scale = (rank, described.alpha.unwrap_or(rank as f64));
    let made = Adapters::new(network, &targets, scale, noise, device);
    made.map_err(|error| ConfigError {
        field: format!("prior.{}", error.field),
        ..error
    })
}

/// The changes that a run has trained, its `weights`, as diffusers names them (`pytorch_lora_weights.safetensors`).
///
/// # Errors
///
/// Where the run is about something else, or a file is missing or damaged.
pub async fn published_adapters(
    run: &Run,
    files: &Files,
    weights: &[u8],
    device: &Device,
) -> Result<Weights, EngineError> {
    let described = &CheckpointsProblem::of(run)?.prior;
    let folder = files.folder("prior", described.field(), described.name())?;
    let (_, network) = Pipeline::open(&*folder)?.unet(device)?;
    let blank = adapters(&network, described, run, &Noise::new(0), device)?;
    let trained = read_tensors(weights).and_then(|weights| load_tensors(blank, &weights));
    let published = trained.map_err(EngineError::Weights)?.weights().await;
    published.map_err(EngineError::Device)
}
