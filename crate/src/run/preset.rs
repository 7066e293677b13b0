//! Named runs, each of which shows one thing.

use super::Run;

/// A named run.
#[derive(Clone, Debug, PartialEq)]
pub struct Preset {
    /// What it is called on the command line, and as [`Run::name`].
    pub name: &'static str,
    /// What people see as its title.
    pub title: &'static str,
    /// One sentence: what it shows.
    pub description: &'static str,
    /// The run itself.
    pub run: Run,
}
