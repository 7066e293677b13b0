//! The subcommands: what each takes, and what it does.

pub mod bench;
pub mod compare;
pub mod density;
pub mod distill;
pub mod energy;
pub mod evaluate;
pub mod export;
pub mod infill;
pub mod list;
pub mod model;
pub mod numbers;
pub mod pretrain;
pub mod run;
pub mod sample;
#[cfg(feature = "mujoco")]
pub mod simulate;
