//! The tasks: one folder a state space, with all that is particular to it, and the registry that lists
//! them.
//!
//! `docs/build-on-rtb.md` walks through adding one.

#[cfg(feature = "engine")]
pub(crate) mod bounded;
pub mod calibration;
pub mod control;
mod corner;
pub(crate) mod formula;
pub mod images;
#[cfg_attr(
    not(feature = "engine"),
    expect(dead_code, reason = "descriptions are checked with it")
)]
mod linear;
pub mod link;
mod memory;
pub(crate) mod network_prior;
#[cfg(feature = "engine")]
pub mod noise_mixture;
#[cfg(feature = "engine")]
pub mod noise_policy;
#[cfg(feature = "engine")]
pub mod one_step;
#[cfg(feature = "engine")]
pub mod opened;
mod panel;
pub mod planar;
pub mod plane;
pub mod points;
mod rank_histograms;
mod registry;
mod room;
mod samples;
pub mod sheet;
pub mod text;

pub use corner::{Cells, Corner, Piece, Role, SHARES, Series};
pub use memory::Memory;
pub use network_prior::NetworkPrior;
pub use panel::{Listing, PROMPTS, Panel, Picture, Scale, Shown};
pub use rank_histograms::Ranks;
pub use registry::{experiments, presets, ships};
pub use room::{Room, Task};
pub use samples::csv;

use crate::engine::ConfigError;
use crate::run::Run;

/// Refuses a run of another task than the one of this name.
fn other_task(run: &Run, name: &str) -> ConfigError {
    ConfigError::new(
        "task",
        format!("`{}`", run.problem.task()),
        format!("`{name}` here"),
    )
}
