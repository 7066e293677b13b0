//! Named runs, each of which shows one thing.

use super::Run;

/// A named run.
#[derive(Clone, Debug, PartialEq)]
pub struct Preset {
    /// Its name on the command line, and its [`Run::name`].
    pub name: &'static str,
    /// Its title.
    pub title: &'static str,
    /// What it shows, in one sentence.
    pub description: &'static str,
    /// The run itself.
    pub run: Run,
}
