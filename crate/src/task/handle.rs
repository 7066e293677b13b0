//! A handle on a task.

use super::Room;
use std::fmt;

/// A task of the registry.
#[derive(Clone, Copy)]
pub struct Task(pub(super) &'static dyn Room);

impl Task {
    /// What it tells of itself.
    pub fn room(self) -> &'static dyn Room {
        self.0
    }

    /// Its name, as in the TOML file.
    pub fn name(self) -> &'static str {
        self.0.name()
    }
}

impl PartialEq for Task {
    fn eq(&self, other: &Self) -> bool {
        self.name() == other.name()
    }
}

impl Eq for Task {}

impl fmt::Debug for Task {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        write!(f, "Task({})", self.name())
    }
}
