//! A short introduction for somebody who never heard of relative trajectory balance.

use crate::kit::math::{Math, POSTERIOR, RESIDUAL};
use yew::prelude::*;

#[component]
pub fn Intro() -> Html {
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
                <p>
                    { "In the plane the exact answer is known, so you can watch the learned posterior become the exact one. Press Train; \
                       drag the prior's components; type or paint another reward; point at a sample to see the path it took. At the foot of the page, other ways to the same posterior run side by side." }
                </p>
                <p>
                    { "The second task, Digits, is the same engine on images: the prior is a small diffusion model of MNIST’s digits, and the reward \
                       may ask a classifier, count holes, measure strokes or hold the image to pixels that you paint. The exact posterior is what the reward lets pass of the prior’s own images. " }
                </p>
                <p>
                    { "The third, Stories, writes with a language model that unmasks words: it knows how a story begins, you say how it ends, and the \
                       posterior finds what may have happened in between. " }
                    { "The method: Venkatraman et al., “Amortizing intractable inference in diffusion models for vision, language, and control”, arXiv 2405.20971." }
                </p>
            </div>
        </details>
    }
}
