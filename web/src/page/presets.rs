//! The presets, built once: every change of a run is held against them.

use crate::tasks::shown;
use rtb::run::{Preset, Run};
use std::sync::LazyLock;

/// What a run's name ends in once it is no longer the preset of that name.
const EDITED: &str = " (edited)";

static PRESETS: LazyLock<Vec<Preset>> = LazyLock::new(|| {
    let all = rtb::task::presets().into_iter();
    all.filter(|preset| shown(preset.run.clone()).is_ok()).collect()
});

pub fn presets() -> &'static [Preset] {
    &PRESETS
}

/// The preset of that name.
pub fn preset(name: &str) -> Option<&'static Preset> {
    presets().iter().find(|preset| preset.name == name)
}

/// The name of the preset that a run equals, if it does.
pub fn name_of(run: &Run) -> Option<&'static str> {
    let preset = presets().iter().find(|preset| preset.run == *run);
    preset.map(|preset| preset.name)
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

/// The run under the name that tells whether it still is its preset.
pub fn named(mut run: Run) -> Run {
    if let Some(base) = run.name.strip_suffix(EDITED) {
        run.name = base.to_owned();
    }
    if preset(&run.name).is_some_and(|p| p.run != run) {
        run.name.push_str(EDITED);
    }
    run
}

/// What the page calls a run: a preset, edited or not, goes by its title.
pub fn title(run: &Run) -> String {
    let (base, edited) = match run.name.strip_suffix(EDITED) {
        Some(base) => (base, EDITED),
        None => (run.name.as_str(), ""),
    };
    match preset(base) {
        Some(preset) => format!("{}{edited}", preset.title),
        None if run.name.is_empty() => "Your own run".to_owned(),
        None => run.name.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn presets_go_by_their_titles_edited_or_not() {
        let mut run = first();
        assert_eq!(title(&run), preset("25-to-9").unwrap().title);
        run.seed += 1;
        run = named(run);
        assert_eq!(
            title(&run),
            format!("{} (edited)", preset("25-to-9").unwrap().title)
        );
        run.name = "mine (edited)".to_owned();
        assert_eq!(title(&run), "mine (edited)");
        run.name.clear();
        assert_eq!(title(&run), "Your own run");
    }
}
