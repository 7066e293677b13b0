//! A short introduction for somebody who never heard of relative trajectory balance.

use super::navigation::Naming;
use crate::kit::math::{Math, POSTERIOR, RESIDUAL};
use yew::prelude::*;

const METHOD: &str = "The method: Venkatraman et al., “Amortizing intractable inference in diffusion models for vision, language, and control”, arXiv 2405.20971.";

#[derive(Properties, PartialEq)]
pub struct IntroProps {
    pub tasks: Vec<&'static Naming>,
}

#[component]
pub fn Intro(props: &IntroProps) -> Html {
    html! {
        <details class="intro" data-testid="intro">
            <summary>{ "New here? What this page shows" }</summary>
            <div class="prose">
                <p>
                    { "A diffusion model has learned to make samples: it starts at one point and takes many small noisy steps, \
                       and where it ends follows a distribution, the " }<em>{ "prior" }</em>{ " p. A " }<em>{ "reward" }</em>
                    { " r says how much we want each end point. What we are after is the " }<em>{ "posterior" }</em>{ ", " }
                    <Math of={POSTERIOR} />
                    { ": not the one best sample, but every good sample as often as it deserves." }
                </p>
                <p>
                    { "Relative trajectory balance (RTB) trains a second diffusion model p" }<sub>{ "φ" }</sub>
                    { " to be that posterior, without a single example of it. For every trajectory τ it asks that the following residual be zero, \
                       and its loss is the residual's square:" }
                </p>
                <Math of={RESIDUAL} />
                <p>
                    { "The log-probabilities of p" }<sub>{ "φ" }</sub>{ " and of the prior p" }<sub>{ "θ" }</sub>
                    { " are compared step by step, the reward enters at the end point alone, and log Z is one more number to learn. \
                       Nothing is differentiated through the sampling, the prior or the reward, so the reward may be a formula, a hard mask or a drawing." }
                </p>
                { for props.tasks.iter().enumerate().map(|(at, task)| html! {
                    <p>
                        { task.intro }
                        if at + 1 == props.tasks.len() { { METHOD } }
                    </p>
                }) }
            </div>
        </details>
    }
}
