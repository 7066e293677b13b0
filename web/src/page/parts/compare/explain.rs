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
                <h3>{ "Which policy gradient has the optimum p·r?" }</h3>
                <p>
                    { "A policy gradient on log r minus the trajectory’s KL to the prior maximises E[log r] − KL. Its optimum is the posterior over trajectories: " }
                    <Math of={TILTED} />
                    { ". The paper’s code uses r itself and a squared penalty of weight α instead; its gradient vanishes where " }
                    <Math of={PENALISED} />
                    { ", and no α turns that into p·r. RTB has the same optimum as the first, but learns from trajectories of any origin. \
                       Up to a constant factor it is Trust-PCL, path consistency for the reward α·log r, whose loss is α² times that of RTB." }
                </p>
            </article>
            <article>
                <h3>{ "Why is guidance biased?" }</h3>
                <p>
                    { "Exact guidance follows ∇ log E[r(x" }<sub>{ "T" }</sub>{ ") | x" }<sub>{ "t" }</sub>
                    { "], where the mean is over all end points that the prior can still reach from x" }<sub>{ "t" }</sub>{ ". \
                       DPS uses r at the mean end point instead, and r(E[x]) is not E[r(x)]: between two modes the mean lies in the gap, \
                       where neither mode is. LGD-MC averages r over a Gaussian around the mean. Classifier guidance does not look ahead at all. \
                       A larger guidance scale only moves the bias. SMC may look ahead just as roughly, but it corrects this by weighting and resampling its particles: \
                       the error shrinks with more particles." }
                </p>
            </article>
            <article>
                <h3>{ "When does training pay off?" }</h3>
                <p>
                    { "Training is paid once; a training-free method pays again for every sample. Each trained method is compared with the cheapest \
                       training-free one that is about as accurate, in seconds on this machine. Training pays off after this many samples: \
                       training seconds / (the other method’s seconds per sample − its own). \
                       These are the seconds of drawing samples, without computing the weights for log Z and ESS. All samples of SMC count, although fewer are independent." }
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
            errors: vec![sheet.error(&outcome.fit)?],
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
                true => format!("so far, {verdict}"),
                false => verdict,
            };
            Some((entry.key(), entry.label.clone(), verdict))
        })
        .collect();
    if said.is_empty() {
        return html! { <p class="help" data-testid="payoff">{ "Compare a trained and a training-free method to see this number." }</p> };
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
            "it is less accurate than {}, so its training does not pay off.",
            best.label
        ),
        Verdict::Ahead(best) => format!(
            "no training-free method is as accurate; the best one is {}.",
            best.label
        ),
        Verdict::Level { rival, after } => match after {
            Some(samples) => format!(
                "training pays off after {} samples, compared with {}, the cheapest method that is as accurate.",
                count(rounded(*samples)),
                rival.label
            ),
            None => format!(
                "training never pays off, because {} is as accurate and samples as cheaply.",
                rival.label
            ),
        },
    }
}
