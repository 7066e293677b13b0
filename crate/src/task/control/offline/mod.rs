//! Policies from recorded steps alone: the data of D4RL (arXiv 2004.07219), the diffusion that imitates its actions, and
//! the critics that value them.
//!
//! [`Transitions`] are read from a file; a [`Behaviour`] is the prior μ(a|s) of a posterior π(a|s) ∝ μ(a|s)·exp(Q(s, a)/α),
//! and a [`Critic`] gives Q; both together are a [`Judge`], above which an [`Actor`] acts.

pub mod behaviour;
pub mod critic;
#[cfg(feature = "native")]
pub mod hdf5;
mod judge;
#[cfg(feature = "native")]
mod known;
#[cfg(feature = "native")]
mod measured;
mod policy;
mod prior;
mod recorder;
mod reward;
mod robot;
mod score;
#[cfg(feature = "native")]
mod shown;
mod squash;
#[cfg(feature = "native")]
mod task;
mod transitions;

pub use super::standard::Standard;
pub use behaviour::Behaviour;
pub use critic::Critic;
pub use judge::Judge;
pub use policy::{Actor, Learned, Rule};
pub use prior::BehaviourPrior;
pub use recorder::{Layer, Recorder};
pub use reward::OfflineReward;
pub use robot::{ROBOTS, Robot};
pub use score::{D4RL, DataSet, Reference};
pub use squash::{LARGEST, log_jacobian, squashed, unsquashed};
#[cfg(feature = "native")]
pub use task::OfflineTask;
pub use transitions::{Episode, Recorded, Transitions};
