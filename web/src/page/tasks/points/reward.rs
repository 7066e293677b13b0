//! What is wanted of points: formulas in their coordinates.

use super::{Points, problem, problem_mut};
use crate::tasks::common::factor::{FactorProps, Kind, Rewards, alone, kind};
use crate::tasks::common::formula::{Formula, LANGUAGE};
use rtb::run::Run;
use rtb::task::points::Reward;
use yew::prelude::*;

impl Rewards for Points {
    type Reward = Reward;

    /// The other kinds need the native program.
    const KINDS: &'static [Kind] = &[
        kind("formula", "formula"),
        kind("over_prior", "one over the prior"),
        alone("product", "product of formulas"),
    ];

    const HELP: &'static str = "How much each sample is wanted, r ≥ 0: a likelihood, for example. RTB needs only the values of r, not its gradient.";

    fn of(run: &Run) -> &Reward {
        &problem(run).reward
    }

    fn put(run: &mut Run, reward: Reward) {
        problem_mut(run).reward = reward;
    }

    fn kind(reward: &Reward) -> &'static str {
        match reward {
            Reward::Formula { .. } => "formula",
            Reward::Command(_) => "command",
            Reward::Onnx(_) => "onnx",
            Reward::OverPrior {} => "over_prior",
            Reward::Product { .. } => "product",
        }
    }

    fn start(kind: &str) -> Option<Reward> {
        match kind {
            "formula" => Some(Self::another()),
            "over_prior" => Some(Reward::OverPrior {}),
            "product" => Some(Self::product(vec![Self::another(); 2])),
            _ => None,
        }
    }

    /// One that changes nothing, in whatever names.
    fn another() -> Reward {
        Reward::Formula {
            expression: "0".to_owned(),
            logarithm: true,
            data: None,
        }
    }

    fn factors(reward: &Reward) -> Option<&[Reward]> {
        match reward {
            Reward::Product { rewards } => Some(rewards),
            _ => None,
        }
    }

    fn product(rewards: Vec<Reward>) -> Reward {
        Reward::Product { rewards }
    }

    fn editor(props: &FactorProps<Self>) -> Html {
        let FactorProps { id, field, set, .. } = props;
        if props.reward == (Reward::OverPrior {}) {
            return html! { <p class="help">{ "1/p(x) of the prior. In a product, the other factors are then the density of the posterior itself, and the prior is only where the chain starts." }</p> };
        }
        let Reward::Formula {
            expression,
            logarithm,
            data,
        } = props.reward.clone()
        else {
            return html! { <p class="help">{ "This reward needs the native program." }</p> };
        };
        let set = set.reform(move |(expression, logarithm)| Reward::Formula {
            expression,
            logarithm,
            data: data.clone(),
        });
        // Once is enough.
        let help = if props.part && **id != *"part-0" {
            "In the same language as factor 1.".to_owned()
        } else {
            format!("Numbers, the names of the coordinates, {LANGUAGE}")
        };
        html! {
            <Formula id={format!("{id}-expression")} field={format!("{field}.expression")} labels={["r =", "log r ="]}
                {help} {expression} {logarithm} {set} />
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::presets::presets_of;
    use crate::tasks::points::FACTS;
    use rtb::task::points::Prior;

    #[test]
    fn presets_have_kinds_that_can_be_edited_and_what_starts_is_allowed() {
        for preset in presets_of(FACTS.naming.name) {
            let kind = Points::kind(Points::of(&preset.run));
            assert!(Points::KINDS.iter().any(|known| known.name == kind), "{kind}");
            let laws = matches!(problem(&preset.run).prior, Prior::Marginals { .. });
            // Only laws have a density that can be divided by.
            for kind in Points::KINDS
                .iter()
                .filter(|kind| laws || kind.name != "over_prior")
            {
                let mut run = preset.run.clone();
                Points::put(&mut run, Points::start(kind.name).expect(kind.name));
                assert_eq!(run.validate(), Ok(()));
            }
        }
    }
}
