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

impl Preset {
    /// A run under this name.
    pub(crate) fn new(name: &'static str, title: &'static str, description: &'static str, run: Run) -> Self {
        Self {
            name,
            title,
            description,
            run: Run {
                name: name.to_owned(),
                ..run
            },
        }
    }
}
