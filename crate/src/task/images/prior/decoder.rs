//! What the end points of a prior of images stand for.

use super::flow::Flow;
use crate::engine::generator::Generate;
use crate::engine::host::read;
use crate::engine::noise::Noise;
use crate::engine::parallel;
use crate::engine::process::State;
use crate::engine::weights::{Weights, load_tensors};
use crate::network::{ResidualConfig, ResidualNetwork};
use crate::task::images::network::decode;
use crate::task::images::{DECODER, Denoiser, Made, Shape};
use burn::tensor::{Device, Tensor};
use std::fmt;
use std::sync::Arc;

/// Images that are made of end points at once.
const BLOCK: usize = 500;

/// Images of end points: themselves, or what an autoencoder or a generator of somebody else's makes of latents.
#[derive(Clone, Debug, Default)]
pub struct Decoder {
    shape: Shape,
    by: By,
}

#[derive(Clone, Debug, Default)]
enum By {
    #[default]
    Nothing,
    Network(Box<Latents>),
    Flow(Box<Flow>, Box<Decoder>),
    Outside(Outside),
    Model(Arc<Made>),
}

/// A generator that is computed on the host.
#[derive(Clone)]
struct Outside {
    generator: Arc<dyn Generate>,
    /// What its pixels are for black and for white.
    range: [f64; 2],
}

impl fmt::Debug for Outside {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.debug_struct("Outside")
            .field("range", &self.range)
            .finish_non_exhaustive()
    }
}

#[derive(Clone, Debug)]
struct Latents {
    network: ResidualNetwork,
    size: usize,
    device: Device,
}

impl Decoder {
    /// Of end points that are images themselves.
    pub fn of_pixels(shape: Shape) -> Self {
        Self {
            shape,
            by: By::Nothing,
        }
    }

    /// Of latents.
    pub fn of(network: ResidualNetwork, shape: Shape, device: &Device) -> Self {
        let latents = Latents {
            size: network.inputs(),
            network,
            device: device.clone(),
        };
        Self {
            shape,
            by: By::Network(Box::new(latents)),
        }
    }

    /// Of the noise that the probability flow of a diffusion model's network carries, in so many steps, to end points
    /// that `decoder` makes images of.
    pub fn of_flow(network: Denoiser, decoder: Self, steps: usize, device: &Device) -> Self {
        let flow = Flow {
            network,
            steps,
            device: device.clone(),
        };
        Self {
            shape: decoder.shape,
            by: By::Flow(Box::new(flow), Box::new(decoder)),
        }
    }

    /// Of the noise that a generator of somebody else's makes images of, whose pixels have this range from black to
    /// white.
    pub fn outside(generator: Arc<dyn Generate>, shape: Shape, range: [f64; 2]) -> Self {
        Self {
            shape,
            by: By::Outside(Outside { generator, range }),
        }
    }

    /// Of the end points of a model of others.
    pub fn of_model(model: Arc<Made>, shape: Shape) -> Self {
        Self {
            shape,
            by: By::Model(model),
        }
    }

    /// Takes the decoder of images of this shape out of a prior's weights; what is left are those of its network.
    ///
    /// # Errors
    ///
    /// Names the first tensor that is missing or of another shape.
    pub fn take(weights: &mut Weights, shape: Shape, device: &Device) -> Result<Self, String> {
        let decoder = weights.take_all(DECODER);
        if decoder.tensors.is_empty() {
            return Ok(Self::of_pixels(shape));
        }
        let config = ResidualConfig::of(&decoder)?;
        if config.outputs != shape.pixels() || config.embedding != 0 {
            return Err(format!(
                "the decoder has {} outputs and a time embedding of size {}, but must have {} and 0",
                config.outputs,
                config.embedding,
                shape.pixels()
            ));
        }
        let network = load_tensors(config.init(&Noise::new(0), device), &decoder)?;
        Ok(Self::of(network, shape, device))
    }

    /// The shape of the images.
    pub fn shape(&self) -> Shape {
        self.shape
    }

    /// Whether end points are latents, not images.
    pub fn is_of_latents(&self) -> bool {
        !matches!(self.by, By::Nothing)
    }

    /// Numbers of an end point.
    pub fn size(&self) -> usize {
        match &self.by {
            By::Nothing => self.shape.pixels(),
            By::Network(latents) => latents.size,
            By::Flow(_, decoder) => decoder.size(),
            By::Outside(outside) => outside.generator.latents(),
            By::Model(model) => model.size(),
        }
    }

    /// `[rows, size]` → `[rows, pixels]`, each row under its condition, differentiable; `None` of a generator that the
    /// host computes.
    pub(crate) fn images_of(&self, ends: Tensor<2>, conditions: &[usize]) -> Option<Tensor<2>> {
        match &self.by {
            By::Nothing => Some(ends),
            By::Network(latents) => Some(decode(&latents.network, ends)),
            By::Flow(flow, decoder) => decoder.images_of(flow.ends(ends), conditions),
            By::Outside(_) => None,
            By::Model(model) => Some(model.images(&ends, conditions)),
        }
    }

    /// Whether images are one pass of a network on the device.
    pub(crate) fn is_one_pass(&self) -> bool {
        matches!(self.by, By::Network(_))
    }

    /// Whether the host computes the images.
    pub(crate) fn is_outside(&self) -> bool {
        matches!(self.by, By::Outside(_))
    }

    /// The same of end points on the host, under the first condition.
    ///
    /// # Errors
    ///
    /// Where the device or the generator fails.
    pub async fn images(&self, ends: &[f32]) -> Result<Vec<f32>, String> {
        self.images_given(ends, &vec![0; ends.len() / self.size()]).await
    }

    /// The same, each under its condition.
    ///
    /// # Errors
    ///
    /// Where the device or the generator fails.
    pub async fn images_given(&self, ends: &[f32], conditions: &[usize]) -> Result<Vec<f32>, String> {
        let device = match &self.by {
            By::Nothing => return Ok(ends.to_vec()),
            By::Outside(outside) => return outside.images(ends),
            By::Network(latents) => &latents.device,
            By::Flow(flow, _) => &flow.device,
            By::Model(model) => model.device(),
        };
        let size = self.size();
        let blocks: Vec<_> = ends.chunks(BLOCK * size).zip(conditions.chunks(BLOCK)).collect();
        let mut images = Vec::with_capacity(ends.len() / size * self.shape.pixels());
        for group in blocks.chunks(parallel::at_once(device)) {
            let made = parallel::map(group.to_vec(), |(block, conditions)| {
                let block = Tensor::from_numbers(block.to_vec(), size, device);
                let images = self.images_of(block, conditions);
                images.expect("it is computed on the device")
            });
            for block in made {
                images.extend(read(block).await?);
            }
        }
        Ok(images)
    }
}

impl Outside {
    /// Images, −1 black to 1 white.
    fn images(&self, noise: &[f32]) -> Result<Vec<f32>, String> {
        let [black, white] = self.range;
        let level = |pixel: f32| (2.0 * (f64::from(pixel) - black) / (white - black) - 1.0).clamp(-1.0, 1.0);
        let pixels = self.generator.samples(noise)?.into_iter();
        Ok(pixels.map(|pixel| level(pixel) as f32).collect())
    }
}
