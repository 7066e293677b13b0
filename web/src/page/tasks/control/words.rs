//! What is said of states, episodes and actions.

use super::episodes::{BEHAVIOUR, LEARNED as LEARNED_WAYS};
use super::fit;
use crate::kit::number::{figure, percent, short};
use crate::parts::panels::{LEARNED, PRIOR, PanelsProps, REWARD};
use rtb::message::Report;
use rtb::task::control::{ControlView, Earned, Spot};

/// Numbers under their names.
pub fn named(names: &[String], values: &[f32]) -> String {
    let all = names.iter().zip(values);
    let all: Vec<_> = all
        .map(|(name, value)| format!("{name} {}", short(f64::from(*value))))
        .collect();
    all.join(", ")
}

/// A state; there may be a single one without numbers.
pub fn state(view: &ControlView, spot: Option<&Spot>) -> String {
    match spot {
        Some(spot) if !spot.state.is_empty() => named(&view.state_names, &spot.state),
        _ => "the only state".to_owned(),
    }
}

/// The sentence under the panel of actions.
pub fn help(panel: usize, view: &ControlView, spot: Option<&Spot>) -> String {
    let range = spot.filter(|spot| spot.low.len() == 1).map(|spot| {
        let [low, high] = [spot.low[0], spot.low[0] + spot.sides[0]].map(f64::from);
        let name = view.action_names.first().map_or("a", String::as_str);
        format!(
            " From left to right: {name} from {} to {}.",
            short(low),
            short(high)
        )
    });
    let range = range.unwrap_or_default();
    match panel {
        PRIOR => format!("μ(a|s): how the behaviour acts in this state.{range}"),
        REWARD => "log r = Q(s, a)/α, less a constant of the state; the dots are learned actions.".to_owned(),
        LEARNED => "Density of learned actions in this state, and the actions.".to_owned(),
        _ => "The target in this state, by quadrature over actions, with the same smoothing:".to_owned(),
    }
}

/// What a screen reader says of the panel of actions.
pub fn label(panel: usize, props: &PanelsProps, state: &str, report: Option<&Report>) -> String {
    let log_z = figure(props.stage.log_z().unwrap_or(f64::NAN));
    match (panel, report) {
        (PRIOR, _) => format!("Density of the behaviour’s actions in the state {state}."),
        (REWARD, _) => {
            format!("β·log r of actions in the state {state}; the mean of log Z is {log_z}.")
        }
        (LEARNED, Some(r)) if r.iterations > 0 => format!(
            "Density of learned actions in the state {state} at iteration {}: total variation of a coordinate {}, effective sample size {}.",
            r.iterations,
            figure(fit(&r.fit).map_or(f64::NAN, |fit| fit.total_variation)),
            percent(r.ess)
        ),
        (LEARNED, _) => format!("Learned actions in the state {state}: nothing is trained yet."),
        _ => format!("Density of the exact policy in the state {state}, by quadrature."),
    }
}

/// What policies are called.
pub const POLICIES: [&str; 3] = ["behaviour", "learned policy", "exact policy"];

/// What they earn, below their episodes; the beginnings of some are drawn.
pub fn earned(of: usize, earned: Option<Earned>, maze: bool) -> String {
    let Some(Earned {
        mean,
        error,
        steps,
        arrived,
    }) = earned
    else {
        return "waiting for the worker".to_owned();
    };
    let arrives = match maze {
        true => format!(", {} reach the goal, {steps:.0} steps", percent(arrived)),
        false => String::new(),
    };
    let who = match of {
        BEHAVIOUR => "What the behaviour does",
        LEARNED_WAYS => "What the learned policy does",
        _ => "What the exact policy does",
    };
    format!("{who}. Return {} ± {}{arrives}.", short(mean), short(error))
}

/// What can be done on the map.
pub fn map_help(maze: bool) -> &'static str {
    match maze {
        true => {
            "Colour is V(s), what is still to be earned from a place; dots are states to look at below. By keyboard: arrows, and Space to draw."
        }
        false => "The first two numbers of the states to look at below. Point at one, or use the arrow keys.",
    }
}
