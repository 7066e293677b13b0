//! The prior: its mixture, and where its drift comes from.

use super::Selection;
use super::mixture::Mixture;
use crate::kit::field::Choice;
use crate::kit::shared::Shared;
use crate::parts::edit::{apply, changes};
use crate::shipped;
use rtb::config::{PriorKind, Run, Task};
use yew::prelude::*;

#[derive(Properties, PartialEq)]
pub struct PriorProps {
    pub run: Shared<Run>,
    pub edit: Callback<Run>,
    pub selection: Selection,
    pub select: Callback<Selection>,
}

#[component]
pub fn PriorControls(props: &PriorProps) -> Html {
    let missing = use_state_eq(|| false);
    let kind = {
        let missing = missing.clone();
        changes(&props.run, &props.edit, move |run, kind: String| {
            run.prior.weights = (kind == "learned")
                .then(|| shipped::learned(&run.prior.components).map(str::to_owned))
                .flatten();
            missing.set(kind == "learned" && run.prior.weights.is_none());
            run.prior.kind = if run.prior.weights.is_some() {
                // The prior's network has no output for it.
                run.network.langevin = false;
                PriorKind::Learned
            } else {
                PriorKind::Exact
            };
        })
    };
    let set = {
        let (run, edit) = (props.run.clone(), props.edit.clone());
        Callback::from(move |components| {
            apply(&run, &edit, |run| {
                run.prior.components = components;
            })
        })
    };
    let select = {
        let (selection, select) = (props.selection, props.select.clone());
        Callback::from(move |component| select.emit(selection.with(true, component)))
    };
    let value = if props.run.prior.kind == PriorKind::Learned {
        "learned"
    } else {
        "exact"
    };
    let error = missing.then_some("prior.kind: `learned` is not allowed for this mixture; weights ship for the presets’ own mixtures only");
    html! {
        <>
            <Choice id="prior-kind" label="Drift" value={value} set={kind} {error}
                options={vec![("exact".into(), "exact: closed form of the mixture".into()), ("learned".into(), "learned: a network trained on samples".into())]}
                help="With the exact drift the only errors are time steps and training; a learned prior adds its own, and becomes the truth." />
            <Mixture id="prior" field="prior.components" components={props.run.prior.components.clone()} selected={props.selection.prior} {select} {set} />
        </>
    }
}

#[derive(Properties, PartialEq)]
pub struct ShippedProps {
    pub run: Shared<Run>,
    pub edit: Callback<Run>,
}

/// Which of the networks that ship with the page is the prior of digits or of stories.
#[component]
pub fn ShippedPriors(props: &ShippedProps) -> Html {
    let set = changes(&props.run, &props.edit, |run, name| {
        run.prior.weights = Some(name);
    });
    let priors = props.run.task.priors().iter();
    let options: Vec<_> = priors
        .map(|prior| (prior.name.into(), prior.title.into()))
        .collect();
    let (has_learned, does, kept) = match props.run.task {
        Task::Stories => (
            "A transformer that has learned everyday stories of five sentences",
            "writes",
            "middles, by their weights",
        ),
        _ => ("A network that has learned MNIST’s digits", "draws", "images"),
    };
    let value = props.run.prior.weights.clone().unwrap_or_default();
    html! {
        <Choice id="prior-network" label="Network" {options} {value} {set}
            help={format!("{has_learned}. Its own chain of T steps is the prior, whatever it {does}; the exact posterior is made of its {kept}.")} />
    }
}
