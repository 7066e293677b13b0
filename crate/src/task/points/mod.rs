//! Posteriors over points of d named coordinates.

pub mod table;
