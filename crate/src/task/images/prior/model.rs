//! A diffusion model in the format of diffusers, and the images of its end points.

use crate::engine::process::{Rows, Scheduled, in_chunks};
use crate::engine::{ConfigError, EngineError};
use crate::network::diffusers::{Autoencoder, Folder, Model, Pipeline, Prompt};
use crate::run::{Files, Run};
use crate::task::images::{Checkpoint, Precision, Sampler, Shape};
use burn::tensor::{Device, FloatDType, Int, Tensor, TensorData};

/// Pixels of a channel that are decoded at once: one image of 512².
pub const PIXELS_AT_ONCE: usize = 1 << 18;

/// A model, and what makes images of its end points.
#[derive(Debug)]
pub struct Made {
    model: Model,
    /// Of what the network denoises: channels, height and width.
    sides: [usize; 3],
    /// Of the images.
    shape: Shape,
    /// What makes images of latents.
    autoencoder: Option<Autoencoder>,
    /// Most of them that go through a network at once.
    chunk: usize,
    device: Device,
}

/// The text's embedding, `[1, tokens, width]`.
fn embedded(pipeline: &Pipeline, texts: &[&str], device: &Device) -> Result<Vec<Tensor<3>>, EngineError> {
    let tokenizer = pipeline.tokenizer()?;
    let (config, encoder) = pipeline.text_encoder(device)?;
    if tokenizer.size() > config.words {
        return Err(ConfigError::new(
            "tokenizer/vocab.json",
            format!("{} words", tokenizer.size()),
            format!(
                "the {} that the text encoder knows: it is of another model",
                config.words
            ),
        )
        .into());
    }
    let length = config.positions;
    let embedded = texts.iter().map(|text| {
        let tokens: Vec<i32> = tokenizer
            .encode(text, length)
            .into_iter()
            .map(|t| t as i32)
            .collect();
        encoder.forward(Tensor::<2, Int>::from_data(
            TensorData::new(tokens, [1, length]),
            device,
        ))
    });
    Ok(embedded.collect())
}

/// The model's folder, whose weights are kept as a run says.
///
/// # Errors
///
/// Where it is none, or the device has no such numbers.
pub fn pipeline<'a>(
    described: &Checkpoint,
    folder: &'a dyn Folder,
    device: &Device,
) -> Result<Pipeline<'a>, EngineError> {
    let pipeline = Pipeline::open(folder)?;
    Ok(match described.weights {
        None => pipeline,
        Some(weights) => pipeline.keeping(kept_as(weights, device)?),
    })
}

/// The type that weights are kept as, which the device must have.
fn kept_as(weights: Precision, device: &Device) -> Result<FloatDType, ConfigError> {
    let kind = match weights {
        Precision::F32 => FloatDType::F32,
        Precision::Bf16 => FloatDType::BF16,
        Precision::F16 => FloatDType::F16,
    };
    match device.supports_dtype(kind) {
        true => Ok(kind),
        false => {
            let allowed = "f32: the device has no such numbers";
            Err(ConfigError::new("prior.weights", weights.name(), allowed))
        }
    }
}

/// What the network is told in a run.
fn prompt(
    described: &Checkpoint,
    pipeline: &Pipeline,
    takes_text: bool,
    device: &Device,
) -> Result<Option<Prompt>, EngineError> {
    match (described.texts().next(), takes_text) {
        (None, false) => Ok(None),
        (Some(_), true) => {
            let away = (described.guidance != 1.0).then_some(described.negative_prompt.as_str());
            let count = described.texts().count();
            let texts: Vec<&str> = described.texts().chain(away).collect();
            let mut texts = embedded(pipeline, &texts, device)?;
            let away = texts.split_off(count).pop();
            Ok(Some(Prompt {
                context: Tensor::cat(texts, 0),
                guidance: away.map(|away| (away, described.guidance)),
            }))
        }
        (None, true) => {
            let needed = "the text that images are made for: this model takes one";
            Err(ConfigError::missing("prior.prompt", needed).into())
        }
        (Some(prompt), false) => {
            let allowed = "no prompt: this model takes none";
            Err(ConfigError::new("prior.prompt", format!("`{prompt}`"), allowed).into())
        }
    }
}

impl Made {
    /// The model that a run names.
    ///
    /// # Errors
    ///
    /// Names the field of the run or of the model that does not fit.
    pub fn open(
        described: &Checkpoint,
        run: &Run,
        files: &Files,
        device: &Device,
    ) -> Result<Self, EngineError> {
        let folder = files.folder("prior", described.field(), described.name())?;
        let pipeline = pipeline(described, &*folder, device)?;
        let config = pipeline.scheduler()?;
        let schedule = match described.sampler {
            Sampler::Ddpm => config.ddpm(),
            Sampler::Ddim { eta } => config.ddim(eta),
        };
        let (shape, network) = pipeline.unet(device)?;
        let sides = shape.sides.ok_or_else(|| {
            let needed = "the sides of the images that it learned";
            ConfigError::missing("unet/config.json: sample_size", needed)
        })?;
        let divisor = 1 << (shape.channels.len() - 1);
        if let Some(side) = sides.into_iter().find(|side| side % divisor != 0) {
            let allowed = format!("a multiple of {divisor}, which the network divides the sides by");
            return Err(ConfigError::new("unet/config.json: sample_size", side, allowed).into());
        }
        let sides = [shape.inputs, sides[0], sides[1]];
        if shape.outputs != shape.inputs {
            let allowed = format!(
                "{}, as in_channels: a learned variance is not supported",
                shape.inputs
            );
            return Err(ConfigError::new("unet/config.json: out_channels", shape.outputs, allowed).into());
        }
        let prompt = prompt(described, &pipeline, shape.context > 0, device)?;
        let has_latents = pipeline.has("vae");
        let autoencoder = has_latents.then(|| pipeline.autoencoder(device)).transpose()?;
        let [channels, height, width] = sides;
        let (channels, factor) = match &autoencoder {
            None => (channels, 1),
            Some((config, _)) => (config.outputs, config.factor()),
        };
        let process = Scheduled::new(&schedule, run.process.steps, sides.iter().product())?;
        Ok(Self {
            model: Model::new(network, process, sides, prompt).in_chunks(run.objective.chunk),
            sides,
            shape: Shape {
                channels,
                height: factor * height,
                width: factor * width,
            },
            autoencoder: autoencoder.map(|(_, network)| network),
            chunk: run.objective.chunk,
            device: device.clone(),
        })
    }

    /// The shape of the images.
    pub fn shape(&self) -> Shape {
        self.shape
    }

    /// The model.
    pub fn model(&self) -> &Model {
        &self.model
    }

    /// Numbers of an end point.
    pub fn size(&self) -> usize {
        self.sides.iter().product()
    }

    /// What it is computed on.
    pub fn device(&self) -> &Device {
        &self.device
    }

    /// Images of end points under conditions, −1 black to 1 white, `[rows, pixels]`: what the schedule's last step makes
    /// of them with the prior's network where that adds no noise, then decoded, a few at once.
    pub fn images(&self, ends: &Tensor<2>, conditions: &[usize]) -> Tensor<2> {
        let finished = self.model.finished(ends, conditions);
        let images = match &self.autoencoder {
            None => finished,
            Some(decoder) => {
                let at_once = (PIXELS_AT_ONCE / self.shape.area()).min(self.chunk);
                in_chunks(ends.dims()[0], at_once, |rows| {
                    let latents = finished.some_rows(rows.start, rows.len());
                    self.decoded(decoder, latents)
                })
            }
        };
        images.clamp(-1.0, 1.0)
    }

    fn decoded(&self, decoder: &Autoencoder, latents: Tensor<2>) -> Tensor<2> {
        let ([rows, _], [channels, height, width]) = (latents.dims(), self.sides);
        let images = decoder.decode(latents.reshape([rows, channels, height, width]));
        images.reshape([rows, self.shape.pixels()])
    }
}
