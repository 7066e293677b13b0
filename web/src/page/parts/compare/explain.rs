//! What to make of a comparison, and when training pays off.

use super::columns::per_sample;
use super::state::{Comparison, Entry};
use crate::kit::math::{Math, PENALISED, TILTED};
use crate::kit::number::count;
use rtb::message::{Contender, Verdict, rounded};
use std::rc::Rc;
use yew::prelude::*;

#[derive(Properties, PartialEq)]
pub struct ExplainProps {
    pub comparison: Rc<Comparison>,
}

#[component]
pub fn Explain(props: &ExplainProps) -> Html {
    html! {
        <div class="explain">
            <article>
                <h3>{ "Which policy gradient has p·r as its optimum" }</h3>
                <p>
                    { "On log r less the path’s KL to the prior it maximises E[log r] − KL, and the best there is are the trajectories of the posterior: " }
                    <Math of={TILTED} />
                    { ". The paper’s code takes r itself and a squared penalty of weight α instead; its gradient vanishes where " }
                    <Math of={PENALISED} />
                    { ", and no α turns that into p·r. RTB asks for the same optimum as the first, from trajectories of any origin: \
                       up to a constant factor it is Trust-PCL, path consistency for the reward α·log r, whose loss is α² times RTB’s." }
                </p>
            </article>
            <article>
                <h3>{ "Why guidance is biased" }</h3>
                <p>
                    { "The exact step towards the posterior follows ∇ log E[r(x" }<sub>{ "T" }</sub>{ ") | x" }<sub>{ "t" }</sub>
                    { "], an average over all end points that are still within reach. \
                       DPS takes r at the average end point instead, and r(E[x]) is not E[r(x)]: between two modes the average lies in the gap, \
                       where neither is. LGD-MC averages over a Gaussian around it, classifier guidance does not look ahead at all; a larger scale only \
                       moves the bias. SMC may look ahead just as roughly, but weighs and resamples its particles for whatever it did, so the more there are \
                       the less it errs." }
                </p>
            </article>
            <article>
                <h3>{ "When training pays off" }</h3>
                <p>
                    { "Training is paid for once, the work of a training-free method with every sample. A trained method is held against the cheapest \
                       training-free one that comes as near, by this machine’s clock: it is ahead after training seconds / (the other’s seconds per sample − its own) samples. \
                       Its seconds are those of drawing alone, without the weights behind log Z and ESS; all samples of SMC count, though fewer are independent." }
                </p>
                { payoffs(&props.comparison) }
            </article>
        </div>
    }
}

/// What each method's training is worth beside the training-free ones.
fn payoffs(comparison: &Comparison) -> Html {
    let contender = |entry: &Entry| {
        let outcome = entry.outcome.as_ref()?;
        let sheet = comparison.subject.as_ref()?.run.task().room().sheet();
        Some(Contender {
            label: entry.label.to_string(),
            error: sheet.error(&outcome.fit)?,
            deviation: None,
            seconds: outcome.training_seconds,
            seconds_a_sample: per_sample(outcome),
        })
    };
    let (trained, free): (Vec<&Entry>, Vec<&Entry>) = comparison
        .entries
        .iter()
        .partition(|e| e.setting.method.is_trained());
    let free: Vec<Contender> = free.into_iter().filter_map(contender).collect();
    let said: Vec<(String, AttrValue, String)> = trained
        .into_iter()
        .filter_map(|entry| {
            let verdict = contender(entry)?.beside(&free).map(|verdict| words(&verdict))?;
            let so_far = entry
                .outcome
                .as_ref()
                .is_some_and(|outcome| outcome.progress < 1.0);
            let verdict = match so_far {
                true => format!("as far as it has trained, {verdict}"),
                false => verdict,
            };
            Some((entry.key(), entry.label.clone(), verdict))
        })
        .collect();
    if said.is_empty() {
        return html! { <p class="help" data-testid="payoff">{ "Compare a trained and a training-free method to read the number here." }</p> };
    }
    html! {
        <ul data-testid="payoff">
            { for said.into_iter().map(|(key, label, verdict)| html! {
                <li {key}><strong>{ label }</strong>{ ": " }{ verdict }</li>
            }) }
        </ul>
    }
}

fn words(verdict: &Verdict) -> String {
    match verdict {
        Verdict::Behind(best) => format!(
            "it does not come as near as {}, so its training does not pay off.",
            best.label
        ),
        Verdict::Ahead(best) => format!(
            "no training-free method comes as near; the best is {}.",
            best.label
        ),
        Verdict::Level { rival, after } => match after {
            Some(samples) => format!(
                "training pays off after {} samples against {}, the cheapest that comes as near.",
                count(rounded(*samples)),
                rival.label
            ),
            None => format!(
                "training never pays off against {}, which comes as near and samples as cheaply.",
                rival.label
            ),
        },
    }
}
