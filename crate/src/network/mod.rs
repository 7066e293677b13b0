//! The neural networks, and how they are written to files.

mod drift;
mod energy;
mod weights;

pub use drift::{DriftNetwork, DriftNetworkConfig, Preconditioning};
pub use energy::{EnergyModel, EnergyNetwork};
pub use weights::{Weights, load_tensors, read_tensors};
