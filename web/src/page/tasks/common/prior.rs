//! The networks that ship with the page as priors.

use crate::kit::field::Choice;
use rtb::run::Run;
use yew::prelude::*;

/// The network that ships as the prior of a run's task: the one of this name, or the first.
pub fn shipped(run: &Run, named: &str) -> Option<&'static str> {
    let mut names = run.task().priors().iter().map(|prior| prior.name);
    names.clone().find(|name| *name == named).or(names.next())
}

/// Says that a learned prior took the place of another one.
pub fn replaced(before: String, name: &str) -> Option<String> {
    (before != name)
        .then(|| format!("The learned prior is {name} now, the one that ships with this page, not {before}."))
}

/// The choice among the networks that ship as priors of a run's task.
pub fn choice(run: &Run, chosen: String, set: Callback<String>, help: &'static str) -> Html {
    let priors = run.task().priors().iter();
    let options: Vec<_> = priors
        .map(|prior| (prior.name.into(), prior.title.into()))
        .collect();
    html! { <Choice id="prior-network" label="Network" {options} value={chosen} {set} {help} /> }
}
