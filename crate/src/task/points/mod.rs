//! Posteriors over points of d named coordinates.

#[cfg(feature = "engine")]
pub mod c2st;
pub mod marginals;
pub mod table;
