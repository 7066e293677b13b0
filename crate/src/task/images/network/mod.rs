//! The networks of images: what denoises them, what makes them of latents, what tells their classes.

mod autoencoder;
mod classifier;
mod denoiser;
mod learned;
mod shape;
mod unet;
mod variational;

pub(super) use autoencoder::decode;
pub use autoencoder::{Autoencoder, DECODER};
pub use classifier::{Classify, FEATURES, PooledClassifier, StridedClassifier};
pub use denoiser::{Denoise, Denoiser};
pub use learned::{Learned, MNIST};
pub use unet::{UNet, UNetConfig};
pub use variational::{Encoded, VariationalAutoencoder};
