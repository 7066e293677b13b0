//! What priors of images are made of.

mod decoder;
mod denoiser;
mod flow;

pub use decoder::Decoder;
pub use denoiser::{DenoiserPrior, Denoising};
