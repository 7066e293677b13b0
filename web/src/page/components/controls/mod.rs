//! Everything that describes a run.

mod method;
mod mixture;
mod numbers;
mod prior;
mod reward;

use crate::kit::selection::Selection;
use crate::kit::shared::Shared;
use crate::state::{Action, Notice};
use method::MethodControls;
use numbers::{Group, Numbers, OBJECTIVE, ROLLOUT, TRAINING};
use prior::{PriorControls, ShippedPriors};
pub use reward::BLANK;
use reward::RewardControls;
use rtb::config::{Run, Task};
use yew::prelude::*;

#[derive(Properties, PartialEq)]
pub struct ControlsProps {
    pub run: Shared<Run>,
    pub notice: Option<Notice>,
    pub selection: Selection,
    pub select: Callback<Selection>,
    pub dispatch: Callback<Action>,
}

#[component]
pub fn Controls(props: &ControlsProps) -> Html {
    let edit = use_callback(props.dispatch.clone(), |run: Run, dispatch| {
        dispatch.emit(Action::Edit(run))
    });
    let refused = match &props.notice {
        Some(Notice::Refused(error)) => Some(error.clone()),
        _ => None,
    };
    html! {
        <section class="controls" aria-labelledby="controls-title">
            <h2 id="controls-title" class="hidden">{ "The run" }</h2>
            <details open=true>
                <summary><h3>{ "Reward" }</h3></summary>
                <RewardControls run={props.run.clone()} edit={edit.clone()} {refused} selection={props.selection} select={props.select.clone()} />
            </details>
            <details>
                <summary><h3>{ "Prior" }</h3></summary>
                if props.run.task == Task::Mixtures {
                    <PriorControls run={props.run.clone()} edit={edit.clone()} selection={props.selection} select={props.select.clone()} />
                } else {
                    <ShippedPriors run={props.run.clone()} edit={edit.clone()} />
                }
            </details>
            <details open=true>
                <summary><h3>{ "Training" }</h3></summary>
                <MethodControls run={props.run.clone()} edit={edit.clone()} />
                <Numbers run={props.run.clone()} edit={edit.clone()} group={Group(&TRAINING)} />
            </details>
            <details>
                <summary><h3>{ "Where trajectories come from" }</h3></summary>
                <Numbers run={props.run.clone()} edit={edit.clone()} group={Group(&ROLLOUT)} />
            </details>
            <details>
                <summary><h3>{ "Objective and network" }</h3></summary>
                <numbers::ObjectiveChoices run={props.run.clone()} edit={edit.clone()} />
                <Numbers run={props.run.clone()} {edit} group={Group(&OBJECTIVE)} />
            </details>
        </section>
    }
}
