//! The learned priors that ship with the page.

use rtb::config::{Component, Preset, PriorKind, Run, Task};

/// Their names, each with a preset that has its mixture.
const LEARNED: [(&str, &str); 4] = [
    ("prior-25", "25-to-9"),
    ("prior-ring", "ring-tilt"),
    ("prior-moons", "moons-one"),
    ("prior-checkerboard", "checkerboard-waves"),
];

/// The learned prior of a mixture.
pub fn learned(components: &[Component]) -> Option<&'static str> {
    let same = |preset: &str| Preset::find(preset).is_ok_and(|p| p.run.prior.components == components);
    LEARNED
        .iter()
        .find(|(_, preset)| same(preset))
        .map(|(name, _)| *name)
}

/// Gives a run with a learned prior the weights that belong to its mixture, or the exact drift
/// where none ship, and digits and stories their prior. Says what changed.
pub fn fit(run: &mut Run) -> Option<String> {
    if run.prior.kind != PriorKind::Learned {
        return None;
    }
    let shipped = match run.task {
        Task::Mixtures => learned(&run.prior.components).map(str::to_owned),
        Task::Digits | Task::Stories => run.task.defaults().prior.weights,
    };
    let Some(name) = shipped else {
        (run.prior.kind, run.prior.weights) = (PriorKind::Exact, None);
        return Some(
            "The prior’s drift is the exact one now: the learned priors that ship with this page belong to the \
             presets’ own mixtures, and this mixture is none of them."
                .to_owned(),
        );
    };
    let before = run.prior.weights.replace(name.clone())?;
    (before != name)
        .then(|| format!("The learned prior is {name} now, the one that ships with this page, not {before}."))
}
