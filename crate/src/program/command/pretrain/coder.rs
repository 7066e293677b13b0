//! The flags of networks that encode images and decode them again.

use crate::program::number::whole;
use rtb::run::ConfigError;

/// The sizes of both networks.
#[derive(clap::Args)]
pub struct Coder {
    /// Size of the latent vector of an image
    #[arg(long, value_name = "N", value_parser = whole::<usize>(1, 784))]
    latents: Option<usize>,
    /// Units per layer of the encoder and the decoder
    #[arg(long, value_name = "N", default_value_t = 256,
          value_parser = whole::<usize>(4, 2048))]
    width: usize,
    /// Residual blocks of the encoder, and of the decoder
    #[arg(long, value_name = "N", default_value_t = 2,
          value_parser = whole::<usize>(1, 16))]
    blocks: usize,
}

/// Their values, once the default of a training is in.
#[derive(Clone, Copy)]
pub struct Sizes {
    pub latents: usize,
    pub width: usize,
    pub blocks: usize,
}

impl Coder {
    /// The sizes of these flags, or so many latents, for images of so many pixels.
    pub fn sizes(&self, latents: usize, pixels: usize) -> Result<Sizes, ConfigError> {
        let latents = self.latents.unwrap_or(latents);
        if latents > pixels {
            let allowed = format!("at most {pixels}, the numbers of an image");
            return Err(ConfigError::new("--latents", latents, allowed));
        }
        Ok(Sizes {
            latents,
            width: self.width,
            blocks: self.blocks,
        })
    }
}

impl Sizes {
    /// The flags as they are written.
    pub fn command(&self) -> String {
        let Self {
            latents,
            width,
            blocks,
        } = self;
        format!("--latents {latents} --width {width} --blocks {blocks}")
    }
}
