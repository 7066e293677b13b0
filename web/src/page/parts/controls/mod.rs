//! Everything that describes a run.

mod method;
pub mod numbers;

use super::edit::EditProps;
use crate::kit::shared::Fixed;
use method::MethodControls;
use numbers::{Group, NumberGroup, Numbers, ObjectiveChoices};
use yew::prelude::*;

#[derive(Properties, PartialEq)]
pub struct ControlsProps {
    pub edits: EditProps,
    /// The controls of the task's rewards, and of its prior.
    pub reward: Html,
    pub prior: Html,
    pub numbers: Fixed<Numbers>,
    /// What is to be said of this run's network.
    pub note: Option<&'static str>,
}

#[component]
pub fn Controls(props: &ControlsProps) -> Html {
    let EditProps { run, edit, .. } = &props.edits;
    let group = |group| html! { <NumberGroup run={run.clone()} edit={edit.clone()} numbers={props.numbers} {group} /> };
    html! {
        <section class="controls" aria-labelledby="controls-title">
            <h2 id="controls-title" class="hidden">{ "The run" }</h2>
            <details open=true>
                <summary><h3>{ "Reward" }</h3></summary>
                { props.reward.clone() }
            </details>
            <details>
                <summary><h3>{ "Prior" }</h3></summary>
                { props.prior.clone() }
            </details>
            <details open=true>
                <summary><h3>{ "Training" }</h3></summary>
                <MethodControls run={run.clone()} edit={edit.clone()} />
                { group(Group::Training) }
            </details>
            <details>
                <summary><h3>{ "Where trajectories come from" }</h3></summary>
                { group(Group::Rollout) }
            </details>
            <details>
                <summary><h3>{ "Objective and network" }</h3></summary>
                <ObjectiveChoices run={run.clone()} edit={edit.clone()} numbers={props.numbers} note={props.note} />
                { group(Group::Objective) }
            </details>
        </section>
    }
}
