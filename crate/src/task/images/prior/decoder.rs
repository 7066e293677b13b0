//! What the end points of a prior of images stand for.

use crate::engine::host::read;
use crate::engine::noise::Noise;
use crate::engine::parallel;
use crate::engine::weights::{Weights, load_tensors};
use crate::network::{ResidualConfig, ResidualNetwork};
use crate::task::images::network::decode;
use crate::task::images::{DECODER, PIXELS};
use burn::tensor::{Device, Tensor, TensorData};

/// Images that are made of end points at once.
const BLOCK: usize = 500;

/// Images of end points: themselves, or what an autoencoder makes of latents.
#[derive(Clone, Debug, Default)]
pub struct Decoder(Option<Latents>);

#[derive(Clone, Debug)]
struct Latents {
    network: ResidualNetwork,
    size: usize,
    device: Device,
}

impl Decoder {
    /// Of latents.
    pub fn of(network: ResidualNetwork, size: usize, device: &Device) -> Self {
        Self(Some(Latents {
            network,
            size,
            device: device.clone(),
        }))
    }

    /// Takes the decoder out of a prior's weights; what is left are those of its network.
    ///
    /// # Errors
    ///
    /// Names the first tensor that is missing or of another shape.
    pub fn take(weights: &mut Weights, device: &Device) -> Result<Self, String> {
        let decoder = weights.take_all(DECODER);
        if decoder.tensors.is_empty() {
            return Ok(Self::default());
        }
        let config = ResidualConfig::of(&decoder)?;
        if config.outputs != PIXELS || config.embedding != 0 {
            return Err(format!(
                "the decoder has {} outputs and a time embedding of size {}, but must have {PIXELS} and 0",
                config.outputs, config.embedding
            ));
        }
        let network = load_tensors(config.init(&Noise::new(0), device), &decoder)?;
        Ok(Self::of(network, config.inputs, device))
    }

    /// Numbers of an end point.
    pub fn size(&self) -> usize {
        self.0.as_ref().map_or(PIXELS, |latents| latents.size)
    }

    /// `[rows, size]` → `[rows, PIXELS]`; differentiable.
    pub(crate) fn images_of(&self, ends: Tensor<2>) -> Tensor<2> {
        match &self.0 {
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
        }) = &self.0
        else {
            return Ok(ends.to_vec());
        };
        let blocks: Vec<&[f32]> = ends.chunks(BLOCK * size).collect();
        let mut images = Vec::with_capacity(ends.len() / size * PIXELS);
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
