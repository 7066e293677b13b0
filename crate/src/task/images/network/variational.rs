//! A variational autoencoder of images: a decoder whose latents are standard normal, and the encoder that trains it.

use super::autoencoder::{coders, decode};
use crate::engine::noise::Noise;
use crate::network::ResidualNetwork;
use burn::module::Module;
use burn::tensor::{Device, Tensor};

/// Latents z ~ N(0, I), and images whose pixels have independent Laplace laws around f(z), where f is the decoder; the
/// encoder gives the q(z|x) of the bound on log p(x) (arXiv 1312.6114). The best f(z) of a Laplace law is a median,
/// which has sharper strokes than the mean that a normal law leads to.
#[derive(Module, Debug)]
pub struct VariationalAutoencoder {
    encoder: ResidualNetwork,
    decoder: ResidualNetwork,
}

/// Gaussians q(z|x) of independent latents, a row each.
#[derive(Clone, Debug)]
pub struct Encoded {
    /// `[rows, latents]`.
    pub mean: Tensor<2>,
    /// `[rows, latents]`.
    pub log_variance: Tensor<2>,
}

impl Encoded {
    /// One sample of each, of standard normal noise `[rows, latents]`; differentiable.
    pub fn sample(&self, noise: Tensor<2>) -> Tensor<2> {
        self.mean.clone() + self.log_variance.clone().mul_scalar(0.5).exp() * noise
    }

    /// KL(q(z|x) ‖ N(0, I)) of each in nats, `[rows, 1]`: ½·Σ (μ² + σ² − 1 − log σ²) (arXiv 1312.6114, appendix B).
    pub fn kl(&self) -> Tensor<2> {
        let variance = self.log_variance.clone().exp();
        let twice = self.mean.clone().square() + variance.sub_scalar(1.0) - self.log_variance.clone();
        twice.sum_dim(1).mul_scalar(0.5)
    }
}

impl VariationalAutoencoder {
    /// Of images of so many pixels and so many latents, with networks of this width and so many blocks.
    pub fn new(
        pixels: usize,
        latents: usize,
        width: usize,
        blocks: usize,
        noise: &Noise,
        device: &Device,
    ) -> Self {
        let [encoder, decoder] = coders(pixels, 2 * latents, latents, [width, blocks], noise, device);
        Self { encoder, decoder }
    }

    /// q(z|x) of images `[rows, pixels]`.
    pub fn encode(&self, images: Tensor<2>) -> Encoded {
        let latents = self.latents();
        let both = self.encoder.map_rows(images);
        Encoded {
            mean: both.clone().narrow(1, 0, latents),
            log_variance: both.narrow(1, latents, latents),
        }
    }

    /// `[rows, latents]` → the mean images `[rows, pixels]`.
    pub fn decode(&self, latents: Tensor<2>) -> Tensor<2> {
        decode(&self.decoder, latents)
    }

    /// Latents of an image.
    pub fn latents(&self) -> usize {
        self.decoder.inputs()
    }

    /// The network that decodes.
    pub fn decoder(&self) -> &ResidualNetwork {
        &self.decoder
    }
}
