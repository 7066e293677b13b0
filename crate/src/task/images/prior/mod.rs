//! Priors of images.

mod decoder;
mod denoiser;

pub use decoder::Decoder;
pub use denoiser::{DenoiserPrior, Denoising};
