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
//! Without features the crate holds the description of a run ([`config`]), the messages
//! ([`message`]), the pictures ([`picture`]) and the densities of mixtures ([`mixture`]): all that a
//! face of the program needs. The feature `engine`, which `cpu`, `gpu` and `cuda` turn on, adds the rest.

#![recursion_limit = "256"]

pub mod config;
#[cfg(feature = "engine")]
pub mod digits;
#[cfg(feature = "engine")]
mod host;
pub mod image;
pub mod message;
#[cfg(feature = "engine")]
pub mod metric;
pub mod mixture;
#[cfg(feature = "engine")]
pub mod network;
#[cfg(feature = "engine")]
pub mod noise;
#[cfg(feature = "engine")]
pub mod numbers;
#[cfg(feature = "engine")]
pub mod objective;
#[cfg(feature = "engine")]
mod parallel;
pub mod picture;
#[cfg(feature = "engine")]
pub mod plane;
#[cfg(feature = "engine")]
pub mod policy;
#[cfg(feature = "engine")]
pub mod prior;
#[cfg(feature = "engine")]
pub mod process;
#[cfg(feature = "engine")]
pub mod reward;
#[cfg(feature = "engine")]
pub mod rollout;
#[cfg(feature = "engine")]
pub mod sampler;
#[cfg(feature = "engine")]
pub mod session;
#[cfg(feature = "engine")]
pub mod stories;
pub mod text;
#[cfg(feature = "engine")]
pub mod train;
#[cfg(feature = "engine")]
pub mod trial;
