//! What is told of a run of control.

use serde::{Deserialize, Serialize};

/// How far the policy is from the exact one, and what it earns; means over the states that are looked at.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct ControlFit {
    /// Total variation of a coordinate of the action, on a grid, mean over the coordinates.
    pub total_variation: f64,
    /// That of as many exact actions, expected.
    pub total_variation_exact: f64,
    /// Total variation of the whole action, on a grid.
    pub total_variation_joint: f64,
    /// That of as many exact actions, expected.
    pub total_variation_joint_exact: f64,
    /// E\[(1 − r·p_θ(τ)/(Z·p_φ(τ)))₊\] over trajectories: an upper bound of the total variation, without bins.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub total_variation_bound: Option<f64>,
    /// Mean distance of the importance-weighted log Z of a state from the exact one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub log_z_off: Option<f64>,
    /// What the policy earns, and others: at the end, and where a snapshot is taken.
    #[serde(flatten)]
    pub earned: Option<Returns>,
}

/// What policies earn in the same episodes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Returns {
    /// Mean discounted return of the learned policy.
    pub return_learned: f64,
    /// Its standard error.
    pub return_error: f64,
    /// That of the exact policy.
    pub return_exact: f64,
    /// Its standard error.
    pub return_exact_error: f64,
    /// Learned less exact, in the same episodes.
    pub return_off: f64,
    /// Its standard error.
    pub return_off_error: f64,
    /// Of the behaviour.
    pub return_behaviour: f64,
    /// Of the best, by Q, of 32 actions of the behaviour.
    pub return_best_of: f64,
    /// Of the best action by a Q that knows the environment, where it is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub return_optimal: Option<f64>,
    /// Mean steps of the learned policy.
    pub steps_learned: f64,
    /// Of the exact one.
    pub steps_exact: f64,
    /// Of the behaviour.
    pub steps_behaviour: f64,
    /// Of the best, where it is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub steps_optimal: Option<f64>,
}

/// What a policy above recorded steps is worth; means over the states that are looked at, Q in the units of the data's
/// rewards. Nothing of it is exact: Q is what the critic says.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct OfflineFit {
    /// Mean Q of the policy's actions.
    pub q_learned: f64,
    /// KL of the policy's trajectories from the behaviour's, in nats: an upper bound of that of its actions.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub divergence: Option<f64>,
    /// What it is held against; absent where another method is measured.
    #[serde(flatten)]
    pub beside: Option<Beside>,
}

/// What others do in the same states.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Beside {
    /// Mean Q of the behaviour's actions.
    pub q_behaviour: f64,
    /// The same with each action weighted by r: an estimate of the posterior's.
    pub q_weighted: f64,
    /// Mean Q of the best, by Q, of 32 of its actions; absent where fewer were drawn in a state.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub q_best_of: Option<f64>,
    /// Mean Q of the recorded actions.
    pub q_recorded: f64,
    /// Mean tempered log r of the behaviour's actions.
    pub log_reward_behaviour: f64,
    /// The same with each action weighted by r.
    pub log_reward_weighted: f64,
}

/// The figures of a state.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct StateFit {
    /// As [`ControlFit::total_variation`].
    pub total_variation: f64,
    /// As [`ControlFit::total_variation_joint`].
    pub total_variation_joint: f64,
}

/// What is drawn of a run.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct ControlView {
    /// The names of a state's numbers.
    pub state_names: Vec<String>,
    /// The names of an action's numbers.
    pub action_names: Vec<String>,
    /// V on a map, where there is one: rows, columns, and the values, NaN in walls.
    pub value: Option<([usize; 2], Vec<f32>)>,
    /// The states at which actions are drawn.
    pub spots: Vec<Spot>,
    /// Episodes of the behaviour.
    pub behaviour: Traces,
    /// Episodes of the exact policy.
    pub exact: Traces,
}

/// A state at which actions are drawn, with its densities on a square of actions, `side`² cells row by row from the top
/// left; of an action of one number, `side` cells.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Spot {
    /// `[n]`.
    pub state: Vec<f32>,
    /// The corner with the least coordinates, and the sides, `[d]` each.
    pub low: Vec<f32>,
    /// The sides of the square.
    pub sides: Vec<f32>,
    /// Cells along a side.
    pub side: usize,
    /// Density of the behaviour, up to a factor.
    pub prior: Vec<f32>,
    /// log r.
    pub log_r: Vec<f32>,
    /// Density of the exact policy, up to a factor.
    pub exact: Vec<f32>,
}

/// What many episodes earned.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Earned {
    /// Mean discounted return.
    pub mean: f64,
    /// Its standard error.
    pub error: f64,
    /// Mean number of actions.
    pub steps: f64,
    /// Share of episodes that ended before the horizon.
    pub arrived: f64,
}

/// Episodes as they are drawn, and what they earned.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Traces {
    /// In single precision where it came with numbers.
    pub earned: Earned,
    /// States of each.
    pub lengths: Vec<usize>,
    /// The states, one episode after the other, `[Σ lengths][n]`.
    pub states: Vec<f32>,
}

impl Traces {
    /// As numbers of a snapshot.
    pub fn to_numbers(&self) -> Vec<f32> {
        let Earned {
            mean,
            error,
            steps,
            arrived,
        } = self.earned;
        let earned = [mean, error, steps, arrived].map(|value| value as f32);
        let lengths = [self.lengths.len()]
            .into_iter()
            .chain(self.lengths.iter().copied());
        let lengths: Vec<f32> = lengths.map(|length| length as f32).collect();
        [&earned, &lengths[..], &self.states].concat()
    }

    /// From [`Traces::to_numbers`]; nothing of other numbers.
    pub fn from_numbers(numbers: &[f32]) -> Self {
        let Some(([mean, error, steps, arrived, count], rest)) = numbers.split_first_chunk() else {
            return Self::default();
        };
        let Some((lengths, states)) = rest.split_at_checked(*count as usize) else {
            return Self::default();
        };
        let [mean, error, steps, arrived] = [mean, error, steps, arrived].map(|value| f64::from(*value));
        Self {
            earned: Earned {
                mean,
                error,
                steps,
                arrived,
            },
            lengths: lengths.iter().map(|length| *length as usize).collect(),
            states: states.to_vec(),
        }
    }
}
