//! The parts of the page.

mod chart;
mod compare;
mod controls;
mod curves;
mod digits;
mod field;
mod figures;
mod frame;
mod gestures;
mod header;
mod intro;
mod messages;
mod method;
mod panel;
mod panels;
mod pictures;
mod preset;
mod save_open;
mod tasks;
mod timeline;
mod transport;

pub use compare::Compare;
pub use controls::{Controls, Selection};
pub use curves::Curves;
pub use digits::DigitPanels;
pub use figures::Figures;
pub use header::Header;
pub use intro::Intro;
pub use messages::Messages;
pub use panels::{Panels, PanelsProps};
pub use save_open::{SaveOpen, use_dropped_files};
pub use tasks::Tasks;
pub use transport::Transport;
