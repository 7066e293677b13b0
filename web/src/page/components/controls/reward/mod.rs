//! The reward: in the plane a ratio of mixtures, a formula, a mask, a painting, a power of the prior,
//! or a second prior; of images what they are to be like.

mod annealed;
mod factor;
mod formula;
mod mask;
mod painted;
mod product;
mod ratio;

use crate::kit::field::Choice;
use crate::kit::selection::Selection;
use crate::kit::shared::Shared;
use crate::parts::edit::apply;
use annealed::Annealed;
use factor::Factor;
use formula::Formula;
use mask::Mask;
pub use painted::BLANK;
use painted::Painted;
use product::Product;
use ratio::Ratio;
use rtb::config::{Component, ConfigError, Reward, Run, Shape};
use yew::prelude::*;

#[derive(Properties, PartialEq)]
pub struct RewardProps {
    pub run: Shared<Run>,
    pub edit: Callback<Run>,
    /// What the engine refused last.
    pub refused: Option<ConfigError>,
    pub selection: Selection,
    pub select: Callback<Selection>,
}

/// The floor of log r that a kind needs, where it needs its own: densities are small numbers, and
/// many pixels are a large sum.
fn floor(kind: &str) -> Option<f64> {
    match kind {
        "annealed" => Some(-40.0),
        "product" => Some(-16.0),
        "inpaint" => Some(-60.0),
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
            let numerator = run.prior.components.iter().step_by(2).copied().collect();
            Reward::Ratio {
                numerator,
                denominator: Vec::new(),
            }
        }
    }
}

/// Gives a run another reward. A floor that came with the kind goes with it; the user's own stays.
fn put(run: &mut Run, reward: Reward) {
    let (old, new) = (run.reward.kind(), reward.kind());
    let usual = floor(old).map(|_| run.task.defaults().tempering.floor);
    if let Some(floor) = floor(new).or(usual).filter(|_| old != new) {
        run.tempering.floor = floor;
    }
    set_reward(run, reward);
}

/// Gives a run a reward of the kind that it has. The Langevin term goes with the last factor that has a
/// gradient.
fn set_reward(run: &mut Run, reward: Reward) {
    run.reward = reward;
    run.network.langevin &= run.may_have_langevin();
}

#[component]
pub fn RewardControls(props: &RewardProps) -> Html {
    let choose = {
        let (run, edit) = (props.run.clone(), props.edit.clone());
        Callback::from(move |chosen: String| {
            // What a kind starts from is allowed.
            let _ = apply(&run, &edit, |run| put(run, start(&chosen, run)));
        })
    };
    let options = [
        ("ratio", "a target mixture over the prior"),
        ("formula", "a formula in x and y"),
        ("mask", "a mask"),
        ("painted", "painted by hand"),
        ("annealed", "the prior at another temperature"),
        ("product", "a second prior: their product"),
    ];
    let editor = match &props.run.reward {
        Reward::Ratio {
            numerator,
            denominator,
        } => {
            html! { <Ratio common={Common::of(props)} numerator={numerator.clone()} denominator={denominator.clone()} /> }
        }
        Reward::Formula {
            expression,
            logarithm,
        } => {
            let refused = props.refused.clone().filter(|e| e.field == "reward.expression");
            html! { <Formula common={Common::of(props)} expression={expression.clone()} logarithm={*logarithm} {refused} /> }
        }
        Reward::Mask {
            shape,
            inside,
            outside,
        } => {
            html! { <Mask common={Common::of(props)} shape={*shape} inside={*inside} outside={*outside} /> }
        }
        Reward::Painted { .. } => html! { <Painted common={Common::of(props)} /> },
        Reward::Annealed { power } => {
            html! { <Annealed common={Common::of(props)} power={*power} /> }
        }
        Reward::Product { components } => {
            html! { <Product common={Common::of(props)} components={components.clone()} /> }
        }
        reward => {
            let (run, edit) = (props.run.clone(), props.edit.clone());
            let set = Callback::from(move |reward| apply(&run, &edit, |run| put(run, reward)));
            return html! {
                <Factor task={props.run.task} id="reward" field="reward" reward={reward.clone()} {set} selection={props.selection} select={props.select.clone()} />
            };
        }
    };
    html! {
        <>
            <Choice id="reward-kind" label="Kind" value={props.run.reward.kind()} set={choose}
                options={options.map(|(value, text)| (value.into(), text.into())).to_vec()}
                help="How much each end point is wanted, r ≥ 0; only its values are used, never its gradient." />
            { editor }
        </>
    }
}

/// What every editor of a reward needs.
#[derive(Clone, PartialEq)]
struct Common {
    run: Shared<Run>,
    edit: Callback<Run>,
    selection: Selection,
    select: Callback<Selection>,
}

impl Common {
    fn of(props: &RewardProps) -> Self {
        Self {
            run: props.run.clone(),
            edit: props.edit.clone(),
            selection: props.selection,
            select: props.select.clone(),
        }
    }

    fn set(&self, reward: Reward) -> Result<(), ConfigError> {
        apply(&self.run, &self.edit, |run| set_reward(run, reward))
    }
}
