//! Named runs, each of which shows one thing.

mod digits;
mod plane;
mod stories;

pub(super) use plane::{nine, twenty_five};

use super::{ConfigError, Run};

/// A named run.
#[derive(Clone, Debug, PartialEq)]
pub struct Preset {
    pub name: &'static str,
    pub title: &'static str,
    /// One sentence: what it shows.
    pub description: &'static str,
    pub run: Run,
}

impl Preset {
    /// The preset of that name.
    ///
    /// # Errors
    ///
    /// Lists the names there are.
    pub fn find(name: &str) -> Result<Self, ConfigError> {
        let all = presets();
        let names: Vec<_> = all.iter().map(|p| p.name).collect();
        all.iter().find(|p| p.name == name).cloned().ok_or_else(|| {
            ConfigError::new(
                "preset",
                format!("`{name}`"),
                format!("one of {}", names.join(", ")),
            )
        })
    }
}

/// All presets; the first is the one that opens.
pub fn presets() -> Vec<Preset> {
    let mut all = plane::presets();
    all.extend(digits::presets());
    all.extend(stories::presets());
    all
}
