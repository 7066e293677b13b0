//! The reward: a ratio of mixtures, a formula, a mask, a painting, a power of the prior, or a second
//! prior.

mod annealed;
mod formula;
mod mask;
mod painted;
mod product;
mod ratio;

use super::{problem, problem_mut};
use crate::kit::field::Choice;
use crate::parts::edit::EditProps;
use crate::tasks::common::factor::refloor;
pub use painted::BLANK;
use ratio::Ratio;
use rtb::run::{ConfigError, Run};
use rtb::task::plane::{Component, Reward, Shape};
use yew::prelude::*;

/// The floor of log r that a kind needs, where it needs its own: densities are small numbers.
fn floor(kind: &str) -> Option<f64> {
    match kind {
        "annealed" => Some(-40.0),
        "product" => Some(-16.0),
        _ => None,
    }
}

/// What a kind of reward starts from.
fn start(kind: &str, run: &Run) -> Reward {
    match kind {
        "formula" => Reward::Formula {
            expression: "exp(0.3*x)".to_owned(),
            logarithm: false,
        },
        "mask" => Reward::Mask {
            shape: Shape::Disc {
                center: [0.0, 0.0],
                radius: 6.0,
            },
            inside: 1.0,
            outside: 0.0,
        },
        "painted" => painted::start(),
        "annealed" => Reward::Annealed { power: 2.0 },
        "product" => Reward::Product {
            components: [[-6.0, 0.0], [4.0, 6.0], [5.0, -6.0]]
                .map(|mean| Component::isotropic(1.0, mean, 4.0))
                .to_vec(),
        },
        _ => {
            let components = &problem(run).prior.components;
            let numerator = components.iter().step_by(2).copied().collect();
            Reward::Ratio {
                numerator,
                denominator: Vec::new(),
            }
        }
    }
}

/// Gives a run a reward of the kind that it has.
fn set(edits: &EditProps, reward: Reward) -> Result<(), ConfigError> {
    edits.apply(|run| problem_mut(run).reward = reward)
}

#[component]
pub fn RewardControls(edits: &EditProps) -> Html {
    let choose = {
        let edits = edits.clone();
        Callback::from(move |chosen: String| {
            // What a kind starts from is allowed.
            let _ = edits.apply(|run| {
                let reward = start(&chosen, run);
                refloor(run, [problem(run).reward.kind(), reward.kind()], floor);
                problem_mut(run).reward = reward;
            });
        })
    };
    let options = [
        ("ratio", "target mixture / prior"),
        ("formula", "formula in x and y"),
        ("mask", "mask"),
        ("painted", "painted by hand"),
        ("annealed", "power of the prior"),
        ("product", "product with a second prior"),
    ];
    let reward = &problem(&edits.run).reward;
    let editor = match reward {
        Reward::Ratio {
            numerator,
            denominator,
        } => {
            html! { <Ratio edits={edits.clone()} numerator={numerator.clone()} denominator={denominator.clone()} /> }
        }
        Reward::Formula {
            expression,
            logarithm,
        } => formula::formula(edits, expression, *logarithm),
        Reward::Mask { .. } => mask::mask(edits, reward),
        Reward::Painted { .. } => painted::painted(edits),
        Reward::Annealed { power } => annealed::annealed(edits, *power),
        Reward::Product { components } => product::product(edits, components),
    };
    html! {
        <>
            <Choice id="reward-kind" label="Kind of reward" value={reward.kind()} set={choose}
                options={options.map(|(value, text)| (value.into(), text.into())).to_vec()}
                help="How much each end point is wanted, r ≥ 0. RTB needs only the values of r, not its gradient." />
            { editor }
        </>
    }
}
