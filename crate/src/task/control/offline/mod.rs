//! Policies from recorded steps alone: the data of D4RL (arXiv 2004.07219), the diffusion that imitates its actions, and
//! the critics that value them.

#[cfg(feature = "native")]
pub mod hdf5;
mod score;
mod squash;
mod standard;
mod transitions;

pub use score::{D4RL, DataSet, Reference};
pub use squash::{LARGEST, log_jacobian, squashed, unsquashed};
pub use standard::Standard;
pub use transitions::{Episode, Recorded, Transitions};
