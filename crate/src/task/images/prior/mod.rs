//! What priors of images are made of.

mod decoder;
mod denoiser;
mod flow;
mod model;
mod outside;

pub use decoder::Decoder;
pub use denoiser::{DenoiserPrior, Denoising};
pub use model::{Made, PIXELS_AT_ONCE, pipeline};
pub use outside::{Finish, OutsidePrior};
