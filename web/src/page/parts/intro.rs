//! A short introduction for somebody who never heard of relative trajectory balance.

use super::navigation::Naming;
use crate::kit::math::{Math, POSTERIOR, RESIDUAL};
use yew::prelude::*;

const METHOD: &str = "The paper: Venkatraman et al., “Amortizing intractable inference in diffusion models for vision, language, and control”, arXiv 2405.20971.";

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
                    { "A diffusion model makes samples: it starts at one point and takes many small noisy steps. \
                       The distribution of its end points is the " }<em>{ "prior" }</em>{ " p. A " }<em>{ "reward" }</em>
                    { " r says how much we want each end point. The goal is to sample the " }<em>{ "posterior" }</em>{ ", " }
                    <Math of={POSTERIOR} />
                    { ": not one best point, but every point in proportion to prior × reward." }
                </p>
                <p>
                    { "Relative trajectory balance (RTB) trains a second diffusion model p" }<sub>{ "φ" }</sub>
                    { " to sample the posterior, without any example of it. Its loss is the square of this residual, \
                       which is 0 for every trajectory τ once the posterior is reached:" }
                </p>
                <Math of={RESIDUAL} />
                <p>
                    { "The sum compares the log-probabilities of p" }<sub>{ "φ" }</sub>{ " and of the prior p" }<sub>{ "θ" }</sub>
                    { " step by step. The reward counts only at the end point, and log Z is one more number to learn. \
                       No gradient passes through the sampling, the prior or the reward, so the reward may be a formula, a hard mask or a drawing." }
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
