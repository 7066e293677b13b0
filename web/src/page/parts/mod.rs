//! The parts of the page, which every task has: they know runs and reports, and of a task what its
//! room hands them, rows and Html.

pub mod compare;
pub mod controls;
pub mod curves;
pub mod edit;
pub mod figures;
mod header;
mod intro;
pub mod lesson;
mod messages;
mod method;
pub mod navigation;
pub mod panels;
mod presets;
pub mod save_open;
pub mod transport;

pub use compare::Compare;
pub use controls::Controls;
pub use curves::Curves;
pub use figures::Figures;
pub use header::Header;
pub use intro::Intro;
pub use messages::Messages;
pub use navigation::Navigation;
pub use save_open::{SaveOpen, run_of, use_dropped_files};
pub use transport::Transport;
