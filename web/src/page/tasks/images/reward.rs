//! What is wanted of images: the kinds of reward, their controls and their words.

use super::classes::Classes;
use super::{FACTS, Images, canvas, reward_mut};
use crate::kit::place::{Numbers, Part, Place};
use crate::presets::presets_of;
use crate::tasks::common::factor::{FactorProps, Kind, Rewards, alone, kind, refloor};
use rtb::run::Run;
use rtb::task::images::{Class, ClassesBy, Reward};
use yew::prelude::*;

impl Rewards for Images {
    type Reward = Reward;

    const KINDS: &'static [Kind] = &[
        kind("classes", "classes of digits"),
        alone("each_class", "each class, when asked for it"),
        kind("inpaint", "known pixels, painted"),
        kind("thickness", "width of the strokes"),
        kind("ink", "amount of ink"),
        kind("symmetry", "mirror symmetry"),
        kind("holes", "number of holes"),
        alone("all", "product of several rewards"),
    ];

    fn of(run: &Run) -> &Reward {
        super::reward(run)
    }

    fn put(run: &mut Run, reward: Reward) {
        refloor(run, [super::reward(run).kind(), reward.kind()], floor);
        *reward_mut(run) = reward;
        // It goes with the last factor that has a gradient.
        run.network.langevin &= run.may_have_langevin();
    }

    fn kind(reward: &Reward) -> &'static str {
        reward.kind()
    }

    /// What its first preset has.
    fn start(kind: &str) -> Option<Reward> {
        let mut rewards = presets_of(FACTS.naming.name).map(|p| super::reward(&p.run).clone());
        rewards.find(|reward| reward.kind() == kind)
    }

    fn another() -> Reward {
        Self::start("thickness").expect("a preset of strokes")
    }

    fn factors(reward: &Reward) -> Option<&[Reward]> {
        match reward {
            Reward::All { rewards } => Some(rewards),
            _ => None,
        }
    }

    fn product(rewards: Vec<Reward>) -> Reward {
        Reward::All { rewards }
    }

    /// Of several posteriors the first.
    fn first(reward: &Reward) -> Reward {
        reward.given(0)
    }

    fn editor(props: &FactorProps<Self>) -> Html {
        let FactorProps { id, field, set, .. } = props;
        match props.reward.clone() {
            Reward::Classes { classes, by, weights } => {
                let classes: Vec<usize> = classes.iter().filter_map(Class::number).collect();
                html! { <Classes id={id.clone()} {classes} by={Some(by)} {weights} set={set.clone()} /> }
            }
            Reward::EachClass { classes, weights } => {
                let classes: Vec<usize> = classes.iter().filter_map(Class::number).collect();
                html! { <Classes id={id.clone()} {classes} by={None::<ClassesBy>} {weights} set={set.clone()} /> }
            }
            reward => {
                let numbers = Numbers {
                    value: &reward,
                    parts,
                    kind: reward.kind(),
                    id,
                    field,
                    set,
                };
                html! { <>{ canvas::brush(props) }{ numbers.html() }</> }
            }
        }
    }
}

/// The numbers of a reward.
fn parts(reward: &mut Reward) -> Vec<Part<'_>> {
    let wide = "Standard deviation of the Gaussian reward; a smaller one is stricter, and fewer prior samples meet it.";
    match reward {
        Reward::Ink { target, deviation } => vec![
            Part::new(
                "target",
                "Mean brightness",
                "Target mean of all pixels, from 0 (paper) to 1 (ink); MNIST has about 0.13.",
                Place::Real(target),
            ),
            Part::new("deviation", "Deviation", wide, Place::Real(deviation)),
        ],
        Reward::Thickness { target, deviation } => vec![
            Part::new(
                "target",
                "Stroke width, pixels",
                "Target width of the strokes; MNIST has about 3 pixels.",
                Place::Real(target),
            ),
            Part::new("deviation", "Deviation", wide, Place::Real(deviation)),
        ],
        Reward::Symmetry { deviation } => vec![Part::new(
            "deviation",
            "Deviation",
            "Share of the ink that may differ from the mirror image; a smaller one is stricter.",
            Place::Real(deviation),
        )],
        Reward::Holes { count, penalty } => vec![
            Part::new(
                "count",
                "Holes",
                "Target number of holes: a 0 has one, an 8 two, a 1 none.",
                Place::Whole(count),
            ),
            Part::new(
                "penalty",
                "Penalty",
                "How much each hole too many or too few lowers log r.",
                Place::Real(penalty),
            ),
        ],
        Reward::Inpaint { deviation, .. } => vec![Part::new(
            "deviation",
            "Noise",
            "Standard deviation of the noise on the known pixels, where paper to ink is a range of 2; a smaller one is stricter.",
            Place::Real(deviation),
        )],
        _ => Vec::new(),
    }
}

/// The floor of log r that a kind needs, where it needs its own: many pixels are a large sum.
fn floor(kind: &str) -> Option<f64> {
    (kind == "inpaint").then_some(-60.0)
}

/// What a reward wants, in a phrase.
pub fn wish(reward: &Reward) -> String {
    match reward {
        Reward::Classes { classes, by, .. } => {
            let mut names: Vec<_> = classes.iter().map(ToString::to_string).collect();
            names.sort();
            match (by, &names[..]) {
                (_, [one]) => format!("a classifier’s probability of a {one}"),
                (ClassesBy::Sum, _) => format!("a classifier’s probability of any of {}", names.join(", ")),
                (ClassesBy::Max, _) => format!(
                    "the largest of a classifier’s probabilities of {}",
                    names.join(", ")
                ),
            }
        }
        Reward::EachClass { classes, .. } => {
            let names: Vec<_> = classes.iter().map(ToString::to_string).collect();
            format!(
                "a classifier’s probability of the class that is asked for, one of {}",
                names.join(", ")
            )
        }
        Reward::Ink { target, .. } => format!("a mean brightness near {target}"),
        Reward::Color { .. } => "a colour along the border".to_owned(),
        Reward::Jpeg { .. } => "the size of a JPEG file".to_owned(),
        Reward::Symmetry { .. } => "mirror symmetry".to_owned(),
        Reward::Holes { count: 1, .. } => "one hole".to_owned(),
        Reward::Holes { count, .. } => format!("{count} holes"),
        Reward::Thickness { target, .. } => format!("strokes about {target} pixels wide"),
        Reward::Inpaint { deviation, .. } => {
            format!("the painted pixels, with noise of standard deviation {deviation}")
        }
        Reward::Command(_) => "what a program rewards".to_owned(),
        Reward::Onnx(_) => "what a model rewards".to_owned(),
        Reward::All { rewards } => rewards.iter().map(wish).collect::<Vec<_>>().join(", and "),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rtb::run::Preset;

    #[test]
    fn every_kind_has_a_name_something_to_start_from_and_words() {
        let task = Preset::find("digit-3").unwrap().run.task();
        let names: Vec<_> = Images::KINDS.iter().map(|kind| kind.name).collect();
        // Programs, models and files are native only, and no image of the page has colours.
        let here = |kind: &&&str| !["command", "onnx", "color", "jpeg"].contains(*kind);
        let kinds: Vec<_> = task.rewards().iter().filter(here).collect();
        assert_eq!(names.len(), kinds.len());
        for kind in kinds {
            assert!(names.contains(kind), "{kind}");
            let reward = Images::start(kind).unwrap();
            assert_eq!(reward.kind(), *kind);
            assert!(!wish(&reward).is_empty(), "{kind}");
        }
    }
}
