//! Priors that are networks which ship with the page.

use crate::kit::field::Choice;
use crate::parts::edit::EditProps;
use rtb::run::Run;
use yew::prelude::*;

/// Where a run of a task names the network.
pub type Place = fn(&mut Run) -> &mut String;

/// Says that a learned prior took the place of another one.
pub fn replaced(before: String, name: &str) -> Option<String> {
    (before != name)
        .then(|| format!("The learned prior is now {name}, because this page does not provide {before}."))
}

/// Gives a run the first network that ships, where it names another one. Says what changed.
pub fn adopt(run: &mut Run, place: Place) -> Option<String> {
    let names = run.task().priors().iter().map(|prior| prior.name);
    let named = place(run);
    let ships = names.clone().find(|name| named == name);
    let name = ships.or(names.clone().next())?;
    replaced(std::mem::replace(named, name.to_owned()), name)
}

/// The choice among the networks that ship.
pub fn choice(edits: &EditProps, place: Place, help: &'static str) -> Html {
    let priors = edits.run.task().priors().iter();
    let options: Vec<_> = priors
        .map(|prior| (prior.name.into(), prior.title.into()))
        .collect();
    let value = place(&mut (*edits.run).clone()).clone();
    let set = edits.changes(move |run, name| *place(run) = name);
    html! { <Choice id="prior-network" field="prior.weights" label="Prior network" {options} {value} {set} {help} /> }
}
