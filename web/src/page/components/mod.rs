//! The parts of the page.

mod chart;
mod compare;
mod controls;
mod curves;
mod field;
mod figures;
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
mod timeline;
mod transport;

pub use compare::Compare;
pub use controls::{Controls, Selection};
pub use curves::Curves;
pub use figures::Figures;
pub use header::Header;
pub use intro::Intro;
pub use messages::Messages;
pub use panels::Panels;
pub use save_open::{SaveOpen, use_dropped_files};
pub use transport::Transport;
