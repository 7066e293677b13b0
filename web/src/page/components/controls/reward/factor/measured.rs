//! Rewards that measure strokes or count words: a few numbers each.

use crate::components::field::Number;
use crate::components::method::Place;
use rtb::config::{ConfigError, Reward};
use yew::prelude::*;

#[derive(Properties, PartialEq)]
pub struct MeasuredProps {
    pub id: AttrValue,
    pub field: AttrValue,
    pub reward: Reward,
    pub set: Callback<Reward, Result<(), ConfigError>>,
}

/// A number: its field, its label, what it is, and its place.
type Part<'a> = (&'static str, &'static str, &'static str, Place<'a>);

fn parts(reward: &mut Reward) -> Vec<Part<'_>> {
    let wide = "Standard deviation of the Gaussian; less is stricter, and rarer under the prior.";
    match reward {
        Reward::Ink { target, deviation } => vec![
            (
                "target",
                "Mean brightness",
                "Of all pixels, 0 to 1; MNIST has about 0.13.",
                Place::Real(target),
            ),
            ("deviation", "Deviation", wide, Place::Real(deviation)),
        ],
        Reward::Thickness { target, deviation } => vec![
            (
                "target",
                "Width",
                "Of the strokes, in pixels; MNIST has about 3.",
                Place::Real(target),
            ),
            ("deviation", "Deviation", wide, Place::Real(deviation)),
        ],
        Reward::Symmetry { deviation } => vec![(
            "deviation",
            "Deviation",
            "How much of the ink may lack its like in the mirror image.",
            Place::Real(deviation),
        )],
        Reward::Holes { count, penalty } => vec![
            (
                "count",
                "Holes",
                "A 0 has one, an 8 two, a 1 none.",
                Place::Whole(count),
            ),
            (
                "penalty",
                "Penalty",
                "What each hole too many or too few takes from log r.",
                Place::Real(penalty),
            ),
        ],
        Reward::Length { target, deviation } => vec![
            (
                "target",
                "Words",
                "Of the middle, without marks; sentences here have about nine.",
                Place::Real(target),
            ),
            ("deviation", "Deviation", wide, Place::Real(deviation)),
        ],
        Reward::Distinct { penalty } => vec![(
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
    let mut reward = props.reward.clone();
    let number = |(at, (field, label, help, place)): (usize, Part)| {
        let (set, before) = (props.set.clone(), props.reward.clone());
        let set = Callback::from(move |value: f64| {
            let mut reward = before.clone();
            parts(&mut reward).swap_remove(at).3.put(value);
            set.emit(reward)
        });
        html! {
            <Number key={format!("{}-{field}", props.reward.kind())} id={format!("{}-{field}", props.id)} field={format!("{}.{field}", props.field)}
                {label} {help} value={place.value()} whole={place.is_whole()} {set} />
        }
    };
    html! { <div class="numbers">{ for parts(&mut reward).into_iter().enumerate().map(number) }</div> }
}
