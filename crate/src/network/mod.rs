//! The neural networks that tasks share.

pub(crate) mod attention;
mod block;
pub(crate) mod conditioning;
pub mod diffusers;
mod drift;
pub(crate) mod embedding;
mod gpt2;
pub(crate) mod layer;
mod residual;
mod sedd;
mod transformer;

pub use drift::{DriftNetwork, DriftNetworkConfig};
pub(crate) use drift::{HATS, hats};
#[cfg(feature = "cube")]
pub(crate) use drift::{MIDDLE, PER_UNIT};
pub use gpt2::{Gpt2, Gpt2Config};
pub use layer::{Conv, Dense};
pub use residual::{ResidualConfig, ResidualNetwork};
pub use sedd::{Sedd, SeddConfig};
pub use transformer::{Seen, Transformer, TransformerConfig};
