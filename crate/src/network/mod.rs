//! The neural networks, and how they are written to files.

mod attention;
mod autoencoder;
mod block;
mod classifier;
mod conditioning;
mod denoiser;
mod drift;
mod embedding;
mod energy;
mod gpt2;
mod language;
mod layer;
mod residual;
mod sedd;
mod shape;
mod transformer;
mod unet;
mod weights;

pub(crate) use autoencoder::decode;
pub use autoencoder::{Autoencoder, DECODER};
pub use classifier::{Classify, FEATURES, PooledClassifier, StridedClassifier};
pub use denoiser::{Denoise, Denoiser};
pub use drift::{DriftNetwork, DriftNetworkConfig, Preconditioning};
pub use energy::{EnergyModel, EnergyNetwork};
pub use gpt2::{Gpt2, Gpt2Config};
pub use language::LanguageModel;
pub use layer::{Conv, Dense};
pub use residual::{ResidualConfig, ResidualNetwork};
pub use sedd::{Sedd, SeddConfig};
pub use transformer::{Seen, Transformer, TransformerConfig};
pub use unet::{UNet, UNetConfig};
pub use weights::{Weights, load_tensors, read_tensors};
