//! An autoencoder of images: few numbers that an image can be made of again.

use crate::engine::noise::Noise;
use crate::engine::weights::{Weights, load_tensors};
use crate::network::{ResidualConfig, ResidualNetwork};
use burn::module::Module;
use burn::tensor::{Device, Tensor};

/// What pixels are multiplied by before the hyperbolic tangent: strokes have sharp edges.
const CONTRAST: f64 = 2.0;
/// Added to the variance of a latent that it is divided by.
const LEAST_VARIANCE: f64 = 1e-5;

/// Latents z = encoder(x), each with mean 0 and variance 1 over a batch, and images
/// tanh(c·decoder(z))/tanh(c), c = 2.
#[derive(Module, Debug)]
pub struct Autoencoder {
    encoder: ResidualNetwork,
    decoder: ResidualNetwork,
}

impl Autoencoder {
    /// Of images of so many pixels and so many latents, with networks of this width and so many blocks.
    pub fn new(
        pixels: usize,
        latents: usize,
        width: usize,
        blocks: usize,
        noise: &Noise,
        device: &Device,
    ) -> Self {
        let [encoder, decoder] = coders(pixels, latents, latents, [width, blocks], noise, device);
        Self { encoder, decoder }
    }

    /// The autoencoder in a file.
    ///
    /// # Errors
    ///
    /// Names the first tensor that is missing, superfluous or of another shape.
    pub fn read(mut weights: Weights, device: &Device) -> Result<Self, String> {
        let network = |part: Weights| {
            let config = ResidualConfig::of(&part)?;
            load_tensors(config.init(&Noise::new(0), device), &part)
        };
        let autoencoder = Self {
            encoder: network(weights.take_all("encoder."))?,
            decoder: network(weights.take_all(DECODER))?,
        };
        match weights.tensors.first() {
            Some((extra, ..)) => Err(format!("tensor `{extra}` belongs to no autoencoder")),
            None => Ok(autoencoder),
        }
    }

    /// `[rows, pixels]` → `[rows, latents]`, not normalised.
    pub fn encode(&self, images: Tensor<2>) -> Tensor<2> {
        self.encoder.map_rows(images)
    }

    /// Latents with mean 0 and variance 1 over their rows.
    pub fn normalised(latents: Tensor<2>) -> Tensor<2> {
        let centred = latents.clone() - latents.mean_dim(0);
        let variance = centred.clone().square().mean_dim(0);
        centred / variance.add_scalar(LEAST_VARIANCE).sqrt()
    }

    /// `[rows, latents]` → `[rows, pixels]`, of normalised latents.
    pub fn decode(&self, latents: Tensor<2>) -> Tensor<2> {
        decode(&self.decoder, latents)
    }

    /// Numbers of an image.
    pub fn pixels(&self) -> usize {
        self.decoder.outputs()
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

/// The networks that encode images in `code` numbers and decode latents, of this width and so many blocks each.
pub(super) fn coders(
    pixels: usize,
    code: usize,
    latents: usize,
    [width, blocks]: [usize; 2],
    noise: &Noise,
    device: &Device,
) -> [ResidualNetwork; 2] {
    [(pixels, code), (latents, pixels)].map(|(inputs, outputs)| {
        let config = ResidualConfig {
            inputs,
            outputs,
            width,
            blocks,
            embedding: 0,
        };
        config.init(noise, device)
    })
}

/// What the names of a decoder's tensors begin with.
pub const DECODER: &str = "decoder.";

/// `[rows, latents]` → `[rows, pixels]`.
pub fn decode(decoder: &ResidualNetwork, latents: Tensor<2>) -> Tensor<2> {
    let pixels = decoder.map_rows(latents).mul_scalar(CONTRAST);
    pixels.tanh().div_scalar(CONTRAST.tanh())
}
