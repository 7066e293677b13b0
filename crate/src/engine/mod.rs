//! The engine: chains whose densities can be evaluated, rollouts, objectives, the trainer, samplers and
//! the statistics of weights. It knows no run, no session, no message and no file.
//!
//! Data walks straight through it: a [`process::Process`] is a chain, [`process::Prior`] and
//! [`process::Policy`] give its kernels, [`rollout`] makes trajectories, an [`objective::Objective`] says
//! what each weighs, [`train::Trainer`] descends, and [`learner::Learner`] is all of that with samples,
//! weights and checkpoints. [`sampler`] holds what needs no training.
//!
//! Without the feature `engine` there are the settings, the methods and the errors alone.

pub(crate) mod check;
mod conditions;
mod error;
mod iteration;
mod method;
mod paths;
pub mod settings;

#[cfg(feature = "engine")]
pub mod device;
#[cfg(feature = "engine")]
pub mod file;
#[cfg(feature = "engine")]
pub mod frame;
#[cfg(feature = "engine")]
pub mod generator;
#[cfg(feature = "engine")]
pub(crate) mod hamiltonian;
#[cfg(feature = "engine")]
pub mod host;
#[cfg(feature = "engine")]
pub mod learner;
#[cfg(feature = "engine")]
pub mod noise;
#[cfg(feature = "engine")]
pub mod objective;
#[cfg(feature = "engine")]
pub(crate) mod parallel;
#[cfg(feature = "engine")]
pub mod process;
#[cfg(feature = "engine")]
pub mod reward;
#[cfg(feature = "engine")]
pub mod rollout;
#[cfg(feature = "engine")]
pub mod sampler;
#[cfg(feature = "engine")]
pub mod statistics;
#[cfg(feature = "engine")]
pub mod team;
#[cfg(feature = "engine")]
pub mod train;
#[cfg(feature = "engine")]
pub mod weights;
#[cfg(feature = "cube")]
pub mod work;

pub use conditions::Conditions;
pub(crate) use error::beginning;
pub use error::{ConfigError, EngineError};
pub use iteration::Iteration;
pub use method::{Advantage, Method, MethodInfo};
pub use paths::Paths;
pub use settings::Settings;
