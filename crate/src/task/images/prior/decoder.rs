//! What the end points of a prior of images stand for.

use crate::engine::host::read;
use crate::engine::noise::Noise;
use crate::engine::parallel;
use crate::engine::weights::{Weights, load_tensors};
use crate::network::{ResidualConfig, ResidualNetwork};
use crate::task::images::network::decode;
use crate::task::images::{DECODER, Shape};
use burn::tensor::{Device, Tensor, TensorData};

/// Images that are made of end points at once.
const BLOCK: usize = 500;

/// Images of end points: themselves, or what an autoencoder makes of latents.
#[derive(Clone, Debug, Default)]
pub struct Decoder {
    shape: Shape,
    latents: Option<Latents>,
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
        Self { shape, latents: None }
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
            latents: Some(latents),
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
        self.latents.is_some()
    }

    /// Numbers of an end point.
    pub fn size(&self) -> usize {
        self.latents
            .as_ref()
            .map_or(self.shape.pixels(), |latents| latents.size)
    }

    /// `[rows, size]` → `[rows, pixels]`; differentiable.
    pub(crate) fn images_of(&self, ends: Tensor<2>) -> Tensor<2> {
        match &self.latents {
            None => ends,
            Some(latents) => decode(&latents.network, ends),
        }
    }

    /// The same of end points on the host.
    ///
    /// # Errors
    ///
    /// Where the device fails.
    pub async fn images(&self, ends: &[f32]) -> Result<Vec<f32>, String> {
        let Some(Latents {
            network,
            size,
            device,
        }) = &self.latents
        else {
            return Ok(ends.to_vec());
        };
        let blocks: Vec<&[f32]> = ends.chunks(BLOCK * size).collect();
        let mut images = Vec::with_capacity(ends.len() / size * self.shape.pixels());
        for group in blocks.chunks(parallel::at_once(device)) {
            let made = parallel::map(group.to_vec(), |block| {
                let shape = [block.len() / size, *size];
                decode(
                    network,
                    Tensor::from_data(TensorData::new(block.to_vec(), shape), device),
                )
            });
            for block in made {
                images.extend(read(block).await?);
            }
        }
        Ok(images)
    }
}
