//! The parts of the page, which every task has: they know runs and reports, and no task.

pub mod edit;
