//! Images that a diffusion model of others makes.

use super::changed::{Change, ChangedModel};
use super::{ImagePrior, from_own_noise};
use crate::engine::noise::{Noise, Purpose};
use crate::engine::process::{Prior, Scheduled};
use crate::engine::weights::{Weights, load_tensors, read_tensors};
use crate::engine::{ConfigError, EngineError};
use crate::network::diffusers::{Adapters, Pipeline, UNet};
use crate::run::{Files, OnnxImageDenoiser, Run};
use crate::task::images::{
    Checkpoint, CheckpointsProblem, Decoder, Finish, ImageReward, Learned, Made, OutsidePrior, Shape,
    UNetConfig,
};
use burn::tensor::{Device, Tensor};
use std::sync::Arc;

/// Units of the time embedding of a network beside an ONNX model, and its residual blocks at half and at a quarter of the
/// images' sides.
const EMBEDDING: usize = 64;
const BLOCKS: [usize; 2] = [1, 2];

/// A diffusion model of others, whose weights never change: posteriors share them.
#[derive(Clone, Debug)]
pub struct CheckpointPrior {
    model: ChangedModel,
    decoder: Decoder,
}

impl CheckpointPrior {
    /// That of a folder.
    fn of_folder(
        described: &Checkpoint,
        run: &Run,
        files: &Files,
        device: &Device,
    ) -> Result<Self, EngineError> {
        let made = Arc::new(Made::open(described, run, files, device)?);
        // A target that no layer has is told of before anything is trained.
        adapters(made.model().network(), described, run, &Noise::new(0), device)?;
        Ok(Self {
            model: ChangedModel::Adapted(Box::new(made.model().clone())),
            decoder: Decoder::of_model(made.clone(), made.shape()),
        })
    }

    /// That of an ONNX model.
    fn of_denoiser(
        onnx: &OnnxImageDenoiser,
        described: &Checkpoint,
        run: &Run,
        files: &Files,
        device: &Device,
    ) -> Result<Self, EngineError> {
        let denoiser = files.denoiser("prior", described.field(), &onnx.model)?;
        let prior = OutsidePrior::new(onnx, denoiser, described.sampler, run.process.steps)?;
        let shape = Shape::of(onnx.shape);
        let decoder = match prior.process().finish() {
            None => Decoder::of_pixels(shape),
            Some(_) => {
                let (prior, device) = (prior.clone(), device.clone());
                Decoder::outside(Arc::new(Finish { prior, device }), shape, [-1.0, 1.0])
            }
        };
        Ok(Self {
            model: ChangedModel::Beside(prior),
            decoder,
        })
    }
}

impl Prior<Scheduled> for CheckpointPrior {
    fn kernel(&self, step: usize, x: &Tensor<2>) -> Tensor<2> {
        Prior::kernel(&self.model, step, x)
    }

    fn kernel_given(&self, step: usize, conditions: &[usize], x: &Tensor<2>) -> Tensor<2> {
        self.model.kernel_given(step, conditions, x)
    }
}

impl ImagePrior for CheckpointPrior {
    type Process = Scheduled;
    type Policy = ChangedModel;
    type Described = Checkpoint;

    const OF_NOISE: bool = false;

    fn open(
        described: &Checkpoint,
        run: &Run,
        files: &Files,
        device: &Device,
    ) -> Result<(Self, Learned), EngineError> {
        let prior = match &described.onnx {
            None => Self::of_folder(described, run, files, device)?,
            Some(onnx) => Self::of_denoiser(onnx, described, run, files, device)?,
        };
        let learned = Learned {
            shape: prior.decoder.shape(),
            ink: false,
            classes: Vec::new(),
            data: described.data.clone().unwrap_or_default(),
        };
        Ok((prior, learned))
    }

    fn process(&self) -> Scheduled {
        match &self.model {
            ChangedModel::Adapted(model) => model.process().clone(),
            ChangedModel::Beside(prior) => prior.process().clone(),
        }
    }

    fn conditions(&self) -> usize {
        match &self.model {
            ChangedModel::Adapted(model) => model.conditions(),
            ChangedModel::Beside(_) => 1,
        }
    }

    fn decoder(&self) -> &Decoder {
        &self.decoder
    }

    fn policy(&self, _run: &Run, _reward: &ImageReward, _conditions: usize) -> ChangedModel {
        self.model.clone()
    }

    fn network(&self, run: &Run, _conditions: usize, noise: &Noise, device: &Device) -> Change {
        match &self.model {
            ChangedModel::Adapted(model) => {
                let described = CheckpointsProblem::of(run).expect("it was opened for such a run");
                let made = adapters(model.network(), &described.prior, run, noise, device);
                Change::Adapters(made.expect("they were made when the prior was opened"))
            }
            ChangedModel::Beside(_) => {
                let units = run.network.width;
                let config = UNetConfig {
                    shape: self.decoder.shape(),
                    channels: [units / 2, units],
                    blocks: BLOCKS,
                    embedding: EMBEDDING,
                };
                Change::Beside(config.init(noise, device))
            }
        }
    }

    /// An error of the model is told: kernels have no way to.
    async fn samples_from(
        &self,
        noise: &Noise,
        purpose: Purpose,
        first: usize,
        count: usize,
        device: &Device,
    ) -> Result<Vec<f32>, String> {
        let made = from_own_noise(self, (noise, purpose), first..first + count, device).await;
        match &self.model {
            ChangedModel::Adapted(_) => made,
            ChangedModel::Beside(prior) => prior.sound().and(made),
        }
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
    if described.onnx.is_some() {
        let allowed = "prior.folder or prior.hub: an ONNX model has no adapters";
        return Err(ConfigError::new("prior.onnx.model", format!("`{}`", described.name()), allowed).into());
    }
    let folder = files.folder("prior", described.field(), described.name())?;
    let (_, network) = Pipeline::open(&*folder)?.unet(device)?;
    let blank = adapters(&network, described, run, &Noise::new(0), device)?;
    let trained = read_tensors(weights).and_then(|weights| load_tensors(blank, &weights));
    let published = trained.map_err(EngineError::Weights)?.weights().await;
    published.map_err(EngineError::Device)
}
