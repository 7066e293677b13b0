//! The critic with its α, and the environment that it values.

mod environment;

use super::{problem, problem_mut};
use crate::kit::field::{Choice, Number, Slider, plain};
use crate::parts::edit::EditProps;
use environment::environment;
pub use environment::{lines, matrix};
use rtb::task::control::{Environment, Reward};
use yew::prelude::*;

/// The ends of the slider of α, as decimal logarithms, and its step.
const SLIDER: [f64; 2] = [-2.0, 1.0];
const STEP: f64 = 0.02;
/// What expectiles start from.
const LEVEL: f64 = 0.8;

const KINDS: [(&str, &str); 3] = [
    ("optimal", "of the best policy"),
    ("expectile", "an expectile over the behaviour’s actions"),
    ("behaviour", "of the behaviour itself"),
];

const CRITIC: &str = "Q(s, a) is what is still earned after the action a: if the best policy acts from then on, or the behaviour, or something between.";

/// A critic of a kind; an unknown one is that of the best policy.
fn critic(kind: &str, alpha: f64) -> Reward {
    match kind {
        "behaviour" => Reward::Behaviour { alpha },
        "expectile" => Reward::Expectile { alpha, level: LEVEL },
        _ => Reward::Optimal { alpha },
    }
}

fn alpha_mut(reward: &mut Reward) -> &mut f64 {
    match reward {
        Reward::Behaviour { alpha }
        | Reward::Expectile { alpha, .. }
        | Reward::Optimal { alpha }
        | Reward::Learned { alpha, .. } => alpha,
    }
}

/// α of a place of the slider: three digits keep links short.
fn alpha_at(place: f64) -> f64 {
    let unit = 10f64.powf(place.floor() - 2.0);
    let digits = (10f64.powf(place) / unit).round();
    // Dividing keeps 0.2 from being 0.2000…01.
    digits / (1.0 / unit).round().max(1.0) * if unit > 1.0 { unit } else { 1.0 }
}

#[component]
pub fn RewardControls(edits: &EditProps) -> Html {
    let described = problem(&edits.run);
    let reward = described.reward.clone();
    let kinds = KINDS.iter().filter(|(kind, _)| match &described.environment {
        // Where an episode is one action, all critics are the reward itself.
        Environment::Bandit { .. } | Environment::Painted { .. } | Environment::Recorded { .. } => false,
        Environment::Linear { .. } => *kind != "expectile",
        Environment::Maze { .. } => true,
    });
    let options: Vec<_> = kinds
        .map(|(kind, title)| ((*kind).into(), (*title).into()))
        .collect();
    let alpha = reward.alpha();
    let choose = edits.changes(move |run, kind: String| problem_mut(run).reward = critic(&kind, alpha));
    let slide = edits.changes(|run, place: f64| *alpha_mut(&mut problem_mut(run).reward) = alpha_at(place));
    let set = {
        let edits = edits.clone();
        Callback::from(move |alpha: f64| edits.apply(|run| *alpha_mut(&mut problem_mut(run).reward) = alpha))
    };
    let level = match reward {
        Reward::Expectile { level, .. } => Some(level),
        _ => None,
    };
    let set_level = {
        let edits = edits.clone();
        Callback::from(move |to: f64| {
            edits.apply(|run| {
                if let Reward::Expectile { level, .. } = &mut problem_mut(run).reward {
                    *level = to;
                }
            })
        })
    };
    let [low, high] = SLIDER;
    html! {
        <>
            <Slider id="alpha" label="α, from greed to imitation:" value={alpha.log10().clamp(low, high)} text={plain(alpha)} {low} {high} step={STEP} set={slide}
                help="r = exp(Q(s, a)/α). With a small α, only the best actions are wanted; with a large one, the policy stays the behaviour. The slider is logarithmic." />
            <div class="numbers">
                <Number<f64> id="reward-alpha" field="reward.alpha" label="α" value={alpha} {set} />
                if let Some(level) = level {
                    <Number<f64> id="reward-level" field="reward.level" label="Level τ" value={level} set={set_level}
                        help="0.5 is the mean over the behaviour’s actions; towards 1 it is the largest Q that they have." />
                }
            </div>
            if !options.is_empty() {
                <Choice id="reward-kind" field="reward.kind" label="Critic: Q" value={reward.kind()} set={choose} {options} help={CRITIC} />
            }
            { environment(edits) }
        </>
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::presets::presets_of;
    use crate::tasks::control::FACTS;

    #[test]
    fn critics_of_all_kinds_are_allowed_where_they_are_offered() {
        for preset in presets_of(FACTS.naming.name) {
            for (kind, _) in KINDS {
                let mut run = preset.run.clone();
                problem_mut(&mut run).reward = critic(kind, 0.3);
                let linear = matches!(problem(&run).environment, Environment::Linear { .. });
                assert_eq!(run.validate().is_ok(), !(linear && kind == "expectile"), "{kind}");
                assert_eq!(problem(&run).reward.kind(), kind);
            }
        }
    }

    #[test]
    fn alpha_has_three_digits() {
        for (place, alpha) in [
            (-2.0, 0.01),
            (-0.7, 0.2),
            (-0.3, 0.501),
            (0.0, 1.0),
            (0.48, 3.02),
            (1.0, 10.0),
        ] {
            assert_eq!(alpha_at(place), alpha);
        }
    }
}
