//! The native program as its user meets it: the real binary, its folders, messages and exit
//! codes.

mod broken;
mod comparison;
mod control;
mod data;
mod ddpm;
mod digits;
mod examples;
mod folder;
#[cfg(feature = "gpu")]
mod gpu;
mod infill;
mod input;
mod kill;
mod models;
#[cfg(feature = "mpi")]
mod mpi;
mod numbers;
mod observations;
mod offline;
#[path = "../../crate/src/program/outside/onnx/written.rs"]
#[expect(dead_code, reason = "the program's own tests use all of it")]
mod onnx;
mod own_images;
mod own_pictures;
mod own_prior;
mod own_scripts;
mod pretraining;
#[path = "../../crate/src/program/scratch.rs"]
mod scratch;
#[cfg(feature = "mujoco")]
mod simulate;
mod stories;
mod support;
