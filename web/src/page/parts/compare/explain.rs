//! What to make of a comparison, and when training pays off.

use super::columns::per_sample;
use super::state::Comparison;
use crate::kit::math::{Math, PENALISED, TILTED};
use crate::kit::number::count;
use rtb::message::Outcome;
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
                    { "Training is paid once, SMC’s extra work for every sample: after training seconds / (SMC’s seconds per sample − the method’s) samples the trained one is ahead, \
                       by this machine’s clock and whatever the errors above. A trained method’s seconds are those of drawing \
                       alone, without the weights behind its log Z and ESS; SMC’s samples all count, though fewer are independent." }
                </p>
                { payoffs(&props.comparison) }
            </article>
        </div>
    }
}

/// The number of samples after which training has paid off against SMC; none where it never does.
fn crossover(trained: &Outcome, smc: &Outcome) -> Option<f64> {
    let saved = per_sample(smc) - per_sample(trained);
    (saved > 0.0).then(|| trained.training_seconds / saved)
}

fn payoffs(comparison: &Comparison) -> Html {
    let known = || {
        comparison
            .entries
            .iter()
            .filter_map(|e| Some((e, e.outcome.as_ref()?)))
    };
    let smc = || known().filter(|(e, _)| e.setting.name() == "smc");
    if smc().next().is_none() {
        return html! { <p class="help" data-testid="payoff">{ "Compare SMC and a trained method to read the number here." }</p> };
    }
    let trained = known().filter(|(e, _)| e.setting.method.is_trained());
    let pairs = trained.flat_map(|trained| smc().map(move |smc| (trained, smc)));
    html! {
        <ul data-testid="payoff">
            { for pairs.map(|((entry, outcome), (smc, smc_outcome))| {
                let so_far = if outcome.progress < 1.0 { ", as far as it has trained" } else { "" };
                let after = match crossover(outcome, smc_outcome) {
                    Some(samples) => format!("training pays off against {} after {} samples{so_far}.", smc.label, count(samples.ceil())),
                    None => format!("training never pays off against {} here{so_far}: its samples are no cheaper.", smc.label),
                };
                html! { <li key={format!("{} {}", entry.key(), smc.key())}><strong>{ &entry.label }</strong>{ ": " }{ after }</li> }
            }) }
        </ul>
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn training_pays_off_where_its_samples_are_cheaper() {
        let outcome = |training_seconds, sampling_seconds| Outcome {
            training_seconds,
            sampling_seconds,
            samples: 1000,
            ..Outcome::default()
        };
        let smc = outcome(0.0, 5.0);
        assert_eq!(
            crossover(&outcome(40.0, 1.0), &smc).map(f64::round),
            Some(10_000.0)
        );
        assert_eq!(crossover(&outcome(40.0, 5.0), &smc), None);
    }
}
