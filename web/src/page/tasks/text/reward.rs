//! What is wanted of middles: the kinds of reward, their controls and their words.

use super::mention::Mention;
use super::{FACTS, Text, problem, problem_mut};
use crate::kit::place::{Numbers, Part, Place};
use crate::presets::presets_of;
use crate::tasks::common::factor::{FactorProps, Kind, Rewards, alone, kind};
use rtb::run::Run;
use rtb::task::text::Reward;
use yew::prelude::*;

impl Rewards for Text {
    type Reward = Reward;

    const KINDS: &'static [Kind] = &[
        kind("ending", "the ending follows"),
        kind("mention", "mentions certain words"),
        kind("length", "number of words"),
        kind("distinct", "no repetition"),
        alone("all", "product of several rewards"),
    ];

    fn of(run: &Run) -> &Reward {
        &problem(run).reward
    }

    fn put(run: &mut Run, reward: Reward) {
        problem_mut(run).reward = reward;
    }

    fn kind(reward: &Reward) -> &'static str {
        reward.kind()
    }

    /// What its first preset has.
    fn start(kind: &str) -> Option<Reward> {
        if kind == "distinct" {
            return Some(Self::another());
        }
        let mut rewards = presets_of(FACTS.naming.name).map(|p| problem(&p.run).reward.clone());
        rewards.find(|reward| reward.kind() == kind)
    }

    fn another() -> Reward {
        Reward::Distinct { penalty: 2.0 }
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

    fn editor(props: &FactorProps<Self>) -> Html {
        let FactorProps { id, field, set, .. } = props;
        let numbers = Numbers {
            value: &props.reward,
            parts,
            kind: props.reward.kind(),
            id,
            field,
            set,
        };
        let Reward::Mention { words, penalty } = &props.reward else {
            return numbers.html();
        };
        html! {
            <>
                <Mention id={id.clone()} field={field.clone()} words={words.clone()} penalty={*penalty} set={set.clone()} />
                { numbers.html() }
            </>
        }
    }
}

/// The numbers of a reward.
fn parts(reward: &mut Reward) -> Vec<Part<'_>> {
    let wide = "Standard deviation of the Gaussian reward; a smaller one is stricter, and fewer prior samples meet it.";
    match reward {
        Reward::Length { target, deviation } => vec![
            Part::new(
                "target",
                "Number of words",
                "Target for the middle, without punctuation marks; usual sentences have about nine.",
                Place::Real(target),
            ),
            Part::new("deviation", "Deviation", wide, Place::Real(deviation)),
        ],
        Reward::Distinct { penalty } => vec![Part::new(
            "penalty",
            "Penalty",
            "How much each repeated word lowers log r.",
            Place::Real(penalty),
        )],
        Reward::Mention { penalty, .. } => vec![Part::new(
            "penalty",
            "Penalty",
            "How much each missing word lowers log r.",
            Place::Real(penalty),
        )],
        _ => Vec::new(),
    }
}

/// What a reward wants, in a phrase.
pub fn wish(reward: &Reward) -> String {
    match reward {
        Reward::Ending {} => "the ending follows from the middle".to_owned(),
        Reward::Mention { words, .. } => {
            let words: Vec<_> = words.iter().map(|word| format!("“{word}”")).collect();
            format!("the middle mentions {}", words.join(" and "))
        }
        Reward::Length { target, .. } => format!("the middle has about {target} words"),
        Reward::Distinct { .. } => "no word is repeated".to_owned(),
        Reward::Command(_) => "what a program rewards".to_owned(),
        Reward::All { rewards } => rewards.iter().map(wish).collect::<Vec<_>>().join(", and "),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rtb::run::Preset;

    #[test]
    fn every_kind_has_a_name_something_to_start_from_and_words() {
        let task = Preset::find("story-bike").unwrap().run.task();
        let names: Vec<_> = Text::KINDS.iter().map(|kind| kind.name).collect();
        // Programs run natively only.
        let kinds: Vec<_> = task.rewards().iter().filter(|kind| **kind != "command").collect();
        assert_eq!(names.len(), kinds.len());
        for kind in kinds {
            assert!(names.contains(kind), "{kind}");
            let reward = Text::start(kind).unwrap();
            assert_eq!(reward.kind(), *kind);
            assert!(!wish(&reward).is_empty(), "{kind}");
        }
    }
}
