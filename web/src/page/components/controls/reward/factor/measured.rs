//! Rewards that measure strokes or count words: a few numbers each.

use crate::kit::place::{Numbers, Part, Place};
use rtb::config::{ConfigError, Reward};
use yew::prelude::*;

#[derive(Properties, PartialEq)]
pub struct MeasuredProps {
    pub id: AttrValue,
    pub field: AttrValue,
    pub reward: Reward,
    pub set: Callback<Reward, Result<(), ConfigError>>,
}

fn part<'a>(field: &'static str, label: &'static str, help: &'static str, place: Place<'a>) -> Part<'a> {
    Part {
        field,
        label,
        help,
        place,
    }
}

fn parts(reward: &mut Reward) -> Vec<Part<'_>> {
    let wide = "Standard deviation of the Gaussian; less is stricter, and rarer under the prior.";
    match reward {
        Reward::Ink { target, deviation } => vec![
            part(
                "target",
                "Mean brightness",
                "Of all pixels, 0 to 1; MNIST has about 0.13.",
                Place::Real(target),
            ),
            part("deviation", "Deviation", wide, Place::Real(deviation)),
        ],
        Reward::Thickness { target, deviation } => vec![
            part(
                "target",
                "Width",
                "Of the strokes, in pixels; MNIST has about 3.",
                Place::Real(target),
            ),
            part("deviation", "Deviation", wide, Place::Real(deviation)),
        ],
        Reward::Symmetry { deviation } => vec![part(
            "deviation",
            "Deviation",
            "How much of the ink may lack its like in the mirror image.",
            Place::Real(deviation),
        )],
        Reward::Holes { count, penalty } => vec![
            part(
                "count",
                "Holes",
                "A 0 has one, an 8 two, a 1 none.",
                Place::Whole(count),
            ),
            part(
                "penalty",
                "Penalty",
                "What each hole too many or too few takes from log r.",
                Place::Real(penalty),
            ),
        ],
        Reward::Length { target, deviation } => vec![
            part(
                "target",
                "Words",
                "Of the middle, without marks; sentences here have about nine.",
                Place::Real(target),
            ),
            part("deviation", "Deviation", wide, Place::Real(deviation)),
        ],
        Reward::Distinct { penalty } => vec![part(
            "penalty",
            "Penalty",
            "What each word that was said before takes from log r.",
            Place::Real(penalty),
        )],
        _ => Vec::new(),
    }
}

#[component]
pub fn Measured(props: &MeasuredProps) -> Html {
    let numbers = Numbers {
        value: &props.reward,
        parts,
        kind: props.reward.kind(),
        id: &props.id,
        field: &props.field,
        set: &props.set,
    };
    numbers.html()
}
