//! Priors and posteriors of images: a network that says what the noise hides.

use super::Decoder;
use crate::engine::process::{Prior, VariancePreserving, per_step};
use crate::engine::weights::read_tensors;
use crate::task::images::{Denoiser, Learned};
use burn::tensor::{Device, Tensor};

/// E\[data|x_i\] = α·x_i − σ·v of a network that predicts v (arXiv 2202.00512, §4).
#[derive(Clone, Copy, Debug)]
pub struct Denoising {
    /// The chain whose noise the network takes away.
    pub process: VariancePreserving,
}

impl Denoising {
    /// `[blocks·rows, size]` at as many steps as there are blocks; `conditions` are those of a
    /// block's rows, for a network that has any.
    pub fn expected_data(
        &self,
        network: &Denoiser,
        steps: &[usize],
        conditions: &[usize],
        x: Tensor<2>,
    ) -> Tensor<2> {
        let v = network.forward(&self.process.times(steps), conditions, x.clone());
        per_step(steps, x, |s| self.process.at(s).0) - per_step(steps, v, |s| self.process.at(s).1)
    }
}

/// The prior that a trained network is.
#[derive(Clone, Debug)]
pub struct DenoiserPrior {
    network: Denoiser,
    decoder: Decoder,
    denoising: Denoising,
}

impl DenoiserPrior {
    /// The prior in a file (safetensors), whose chain has this many steps.
    ///
    /// # Errors
    ///
    /// Says what is wrong with the file.
    pub fn read(file: &[u8], steps: usize, device: &Device) -> Result<Self, String> {
        let mut weights = read_tensors(file)?;
        let shape = Learned::of(&weights.metadata)?.shape;
        let decoder = Decoder::take(&mut weights, shape, device)?;
        let network = Denoiser::read(&weights, device)?;
        let (size, decoded) = (network.size(), decoder.size());
        if size != decoded {
            return Err(format!(
                "the network denoises {size} values, but the decoder takes {decoded} latents; without a decoder the network \
                 must denoise the {} pixels of images of the shape {shape}",
                shape.pixels()
            ));
        }
        match &network {
            Denoiser::Pixels(unet) if unet.shape().pixels() == size && unet.shape() != shape => Err(format!(
                "the network denoises images of the shape {}, but the header says {shape}",
                unet.shape()
            )),
            _ => Ok(Self::new(network, decoder, steps)),
        }
    }

    /// The prior whose chain has this many steps.
    pub fn new(network: Denoiser, decoder: Decoder, steps: usize) -> Self {
        let process = VariancePreserving {
            steps,
            dimensions: decoder.size(),
        };
        Self {
            network,
            decoder,
            denoising: Denoising { process },
        }
    }

    /// The network, to start a posterior from.
    pub fn network(&self) -> &Denoiser {
        &self.network
    }

    /// What makes images of its end points.
    pub fn decoder(&self) -> &Decoder {
        &self.decoder
    }

    /// What its network means.
    pub fn denoising(&self) -> Denoising {
        self.denoising
    }
}

impl Prior<VariancePreserving> for DenoiserPrior {
    fn kernel(&self, step: usize, x: &Tensor<2>) -> Tensor<2> {
        self.denoising
            .expected_data(&self.network, &[step], &[], x.clone())
    }
}
