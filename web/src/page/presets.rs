//! The presets, built once: every change of a run is held against them.

use rtb::run::{Preset, Run};
use std::sync::LazyLock;

static PRESETS: LazyLock<Vec<Preset>> = LazyLock::new(rtb::task::presets);

pub fn presets() -> &'static [Preset] {
    &PRESETS
}

/// The preset of that name.
pub fn preset(name: &str) -> Option<&'static Preset> {
    presets().iter().find(|preset| preset.name == name)
}

/// The presets of the task of that name.
pub fn presets_of(task: &str) -> impl Iterator<Item = &'static Preset> {
    presets()
        .iter()
        .filter(move |preset| preset.run.task().name() == task)
}

/// The run that opens where none is named.
pub fn first() -> Run {
    presets()[0].run.clone()
}
