//! The networks of images: what denoises them, what makes them of latents, what tells their classes.

mod autoencoder;
mod classifier;
mod data_set;
mod denoiser;
mod shape;
mod unet;

pub(super) use autoencoder::decode;
pub use autoencoder::{Autoencoder, DECODER};
pub use classifier::{Classify, FEATURES, PooledClassifier, StridedClassifier};
pub use data_set::{MNIST, data_set, with_data_set};
pub use denoiser::{Denoise, Denoiser};
pub use unet::{UNet, UNetConfig};
