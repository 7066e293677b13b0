//! The parts of the page.

mod compare;
mod controls;
mod curves;
pub mod digits;
pub mod export;
mod figures;
mod gestures;
mod header;
mod intro;
mod log_rewards;
mod messages;
mod method;
mod panels;
mod pictures;
mod preset;
mod samples;
mod save_open;
mod stories;
mod tasks;
mod transport;
mod words;

pub use compare::Compare;
pub use controls::Controls;
pub use curves::Curves;
pub use digits::{DigitPanels, constraint};
pub use figures::Figures;
pub use header::Header;
pub use intro::Intro;
pub use messages::Messages;
pub use panels::{Panels, PanelsProps};
pub use save_open::{SaveOpen, use_dropped_files};
pub use stories::StoryPanels;
pub use tasks::Tasks;
pub use transport::Transport;
