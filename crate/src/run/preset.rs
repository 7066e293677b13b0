//! Named runs, each of which shows one thing.

use super::Run;

/// A named run.
#[derive(Clone, Debug, PartialEq)]
pub struct Preset {
    pub name: &'static str,
    pub title: &'static str,
    /// One sentence: what it shows.
    pub description: &'static str,
    pub run: Run,
}
