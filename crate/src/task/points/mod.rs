//! Posteriors over points of d named coordinates.

pub mod marginals;
pub mod table;
