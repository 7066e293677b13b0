//! Everything that describes a run.

mod method;
pub mod numbers;

use super::edit::EditProps;
use crate::kit::fold::use_narrow;
use crate::kit::shared::Fixed;
use method::method;
use numbers::Numbers;
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
    let ControlsProps { edits, numbers, .. } = props;
    let wide = !use_narrow();
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
            <details open={wide}>
                <summary><h3>{ "Training" }</h3></summary>
                { method(edits) }
                { numbers.training(edits) }
            </details>
            <details>
                <summary><h3>{ "Sources of trajectories" }</h3></summary>
                { numbers.rollout(edits) }
            </details>
            <details>
                <summary><h3>{ "Objective and network" }</h3></summary>
                { numbers.objective(edits, props.note) }
            </details>
        </section>
    }
}
