//! **rtb** trains diffusion models to sample the posterior p(x)·r(x)/Z of a prior p and a reward
//! r with *relative trajectory balance* (RTB, arXiv 2405.20971).
//!
//! A prior makes samples by a Markov chain x_0 → … → x_T. RTB trains a second chain so that for
//! every trajectory τ the residual
//!
//! δ(τ) = log Z + Σ_i [log p_φ(x_{i+1}|x_i) − log p_θ(x_{i+1}|x_i)] − log r(x_T)
//!
//! is zero; its end points then follow p_θ(x)·r(x)/Z. No gradient flows through the sampling,
//! the prior or the reward.
//!
//! A reward of one's own above a prior that ships (`examples/own_reward.rs`; beside it lie a chain and a
//! denoiser of one's own):
//!
//! ```no_run
#![doc = include_str!("../examples/own_reward.rs")]
//! ```
//!
//! The crate is built in layers, each of which knows only those before it:
//!
//! - [`engine`]: chains whose densities can be evaluated, rollouts, objectives, the trainer, samplers;
//! - `network`: the neural nets that tasks share;
//! - [`run`] and [`message`]: the description of a run, and what a face of the program and a running
//!   engine say to each other;
//! - [`task`]: one folder a state space, and their registry;
//! - `session`: a run that is open, and methods side by side.
//!
//! Without features there is all that a face needs: descriptions, messages, pictures and the densities of
//! mixtures. The feature `engine`, which `cpu`, `gpu` and `cuda` turn on, adds the rest. Tensors are those
//! of [burn](https://docs.rs/burn), in the version that `Cargo.toml` names.

#![warn(missing_docs)]
#![recursion_limit = "256"]

pub mod engine;
pub mod message;
#[cfg(feature = "engine")]
pub mod network;
#[cfg(feature = "engine")]
pub mod prelude;
pub mod run;
#[cfg(feature = "engine")]
pub mod session;
pub mod task;
