//! The learned priors that ship with the page.

use rtb::config::{Component, Preset, PriorKind, Run, Task};

/// The learned prior of a mixture.
pub fn learned(components: &[Component]) -> Option<&'static str> {
    let same = |preset: &str| Preset::find(preset).is_ok_and(|p| p.run.prior.components == components);
    let mut priors = Task::Mixtures.priors().iter();
    priors
        .find(|prior| prior.preset.is_some_and(same))
        .map(|prior| prior.name)
}

/// Gives a run with a learned prior the weights that belong to its mixture, or the exact drift
/// where none ship, and digits and stories a prior of theirs. Says what changed.
pub fn fit(run: &mut Run) -> Option<String> {
    if run.prior.kind != PriorKind::Learned {
        return None;
    }
    let shipped = match run.task {
        Task::Mixtures => learned(&run.prior.components),
        Task::Digits | Task::Stories => {
            let mut priors = run.task.priors().iter().map(|prior| prior.name);
            let named = run.prior.weights.as_deref();
            priors.clone().find(|name| Some(*name) == named).or(priors.next())
        }
    };
    let Some(name) = shipped else {
        (run.prior.kind, run.prior.weights) = (PriorKind::Exact, None);
        return Some(
            "The prior’s drift is the exact one now: the learned priors that ship with this page belong to the \
             presets’ own mixtures, and this mixture is none of them."
                .to_owned(),
        );
    };
    let before = run.prior.weights.replace(name.to_owned())?;
    (before != name)
        .then(|| format!("The learned prior is {name} now, the one that ships with this page, not {before}."))
}
