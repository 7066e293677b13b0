//! The parts of a description: environments, behaviours, critics, episodes.

use crate::engine::ConfigError;
use crate::engine::check::{Checked, range, whole};
use serde::{Deserialize, Serialize};

/// Most numbers of a state.
pub(super) const MOST_STATE: usize = 16;
/// Most numbers of an action: the exact policy is known on a grid.
pub(super) const MOST_ACTION: usize = 2;

/// Where actions lead, and what they are worth.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "native", derive(schemars::JsonSchema))]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum Environment {
    /// s' = A·s + B·a + noise, with a reward of −Σ q_i·s_i² − Σ c_j·a_j². Q is a quadratic form, by Riccati's equation.
    Linear {
        /// A, row by row.
        transition: Vec<Vec<f64>>,
        /// B, row by row: a row for each coordinate of the state.
        control: Vec<Vec<f64>>,
        /// q, one a coordinate of the state.
        state_cost: Vec<f64>,
        /// c, one a coordinate of the action.
        action_cost: Vec<f64>,
        /// Standard deviation of the noise of every coordinate.
        noise: f64,
        /// Standard deviation of the coordinates of the first state of an episode.
        spread: f64,
    },
    /// An episode is one action in a state that is uniform on [−1, 1]ⁿ; its reward is a formula.
    Bandit {
        /// n, the numbers of a state, which the formula calls s1, s2, …; 0 for a single state.
        state: usize,
        /// The numbers of an action, 1 or 2, which it calls a1 and a2.
        action: usize,
        /// The reward.
        expression: String,
    },
    /// An episode is one action in the plane, in a single state; its reward is painted.
    Painted {
        /// The rows, the first at the top (largest a2), each of as many digits as there are rows. The digit 9 stands for
        /// `best`, 0 for a reward of 0; between the centres of the cells it is linear, and constant beyond the outermost.
        rows: Vec<String>,
        /// Half the side of the square that is painted, in units of the actions, around 0.
        reach: f64,
        /// The reward of a 9.
        best: f64,
    },
    /// A point in a maze. An action is a step of at most `speed`, cut at walls; every step costs 1 until the goal is reached.
    Maze {
        /// The rows of its map: `#` is a wall, `.` is free, `G` a cell of the goal; episodes start in `S`, or in any
        /// free cell where there is none.
        rows: Vec<String>,
        /// Longest step, in cells.
        speed: f64,
    },
    /// States that somebody recorded, with what was done in them. Nobody can act there: policies are not played.
    Recorded {
        /// A file in D4RL's layout (HDF5), or the name of a published set, such as `hopper_medium-v2`, which is fetched.
        data: String,
    },
}

impl Default for Environment {
    fn default() -> Self {
        Self::Bandit {
            state: 0,
            action: 2,
            expression: "-2*(hypot(a1, a2) - 1.5)^2 + a1*a2/2".to_owned(),
        }
    }
}

/// The behaviour μ(a|s).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "native", derive(schemars::JsonSchema))]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum Prior {
    /// A mixture of Gaussians whose means follow the state: the drift of its chain has a closed form.
    Feedback {
        /// The Gaussians.
        components: Vec<Feedback>,
    },
    /// Somebody who wanders through a maze: eight Gaussians around steps in eight directions, likelier where the way is
    /// free.
    Wandering {
        /// Standard deviation of a step, in units of the environment's longest.
        deviation: f64,
    },
    /// A diffusion that was trained on recorded steps.
    Learned {
        /// The file that `rtb pretrain behaviour` wrote.
        weights: String,
    },
}

impl Prior {
    /// The kind, as in the TOML file.
    pub(super) fn kind(&self) -> &'static str {
        match self {
            Self::Feedback { .. } => "feedback",
            Self::Wandering { .. } => "wandering",
            Self::Learned { .. } => "learned",
        }
    }
}

impl Default for Prior {
    fn default() -> Self {
        let corners = [[1.5, 1.5], [-1.5, 1.5], [1.5, -1.5], [-1.5, -1.5], [0.0, 0.0]];
        Self::Feedback {
            components: corners
                .map(|mean| Feedback {
                    weight: 1.0,
                    gain: Vec::new(),
                    mean: mean.to_vec(),
                    variances: vec![0.4; 2],
                })
                .into(),
        }
    }
}

/// A Gaussian of a behaviour: N(K·s + b, diag(v)).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "native", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Feedback {
    /// Its weight, relative to the others.
    pub weight: f64,
    /// K, row by row: a row for each coordinate of the action. Empty for 0.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub gain: Vec<Vec<f64>>,
    /// b, one a coordinate of the action.
    pub mean: Vec<f64>,
    /// v, one a coordinate of the action.
    pub variances: Vec<f64>,
}

/// The critic: log r(a|s) = Q(s, a)/α.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "native", derive(schemars::JsonSchema))]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum Reward {
    /// Q of the behaviour: V(s) is the mean of Q(s, a) over its actions (policy evaluation).
    Behaviour {
        /// α: large values imitate the behaviour, small ones are greedy.
        alpha: f64,
    },
    /// What implicit Q-learning (arXiv 2110.06169, eq. 5 and 6) converges to: V(s) is an expectile of Q(s, a) over the
    /// behaviour's actions.
    Expectile {
        /// α, as above.
        alpha: f64,
        /// τ: 0.5 is the mean, towards 1 the largest value that the behaviour's actions have.
        level: f64,
    },
    /// Q of the best policy: V(s) is the largest Q(s, a).
    Optimal {
        /// α, as above.
        alpha: f64,
    },
    /// Q of networks that were trained on recorded steps.
    Learned {
        /// The file that `rtb pretrain critic` wrote.
        weights: String,
        /// α, in units in which the returns of the data's complete episodes span 1000, as in the paper's code.
        alpha: f64,
    },
}

/// The kinds of [`Reward`], as in the TOML file.
pub const REWARDS: &[&str] = &["behaviour", "expectile", "optimal", "learned"];

impl Default for Reward {
    fn default() -> Self {
        Self::Optimal { alpha: 0.5 }
    }
}

impl Reward {
    /// α.
    pub fn alpha(&self) -> f64 {
        match self {
            Self::Behaviour { alpha }
            | Self::Expectile { alpha, .. }
            | Self::Optimal { alpha }
            | Self::Learned { alpha, .. } => *alpha,
        }
    }

    /// The kind, as in the TOML file.
    pub fn kind(&self) -> &'static str {
        let at = match self {
            Self::Behaviour { .. } => 0,
            Self::Expectile { .. } => 1,
            Self::Optimal { .. } => 2,
            Self::Learned { .. } => 3,
        };
        REWARDS[at]
    }

    /// Refuses a learned critic where Q can be solved for.
    pub(super) fn only_above_steps(&self) -> ConfigError {
        ConfigError::new(
            "reward.kind",
            format!("`{}`", self.kind()),
            "`behaviour`, `expectile` or `optimal`, unless environment.kind is `recorded`",
        )
    }

    pub(super) fn validate(&self) -> Checked {
        range("reward.alpha", self.alpha(), 1e-4, 1e6)?;
        match self {
            Self::Expectile { level, .. } => range("reward.level", *level, 0.5, 0.99),
            Self::Behaviour { .. } | Self::Optimal { .. } | Self::Learned { .. } => Ok(()),
        }
    }
}

/// The states that are learned, and the episodes in which policies are compared; above recorded steps there are none.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "native", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, default)]
pub struct Episodes {
    /// States that the policy is trained on, drawn from those that the behaviour meets, or from the recorded ones.
    pub states: usize,
    /// States among them, the first ones, at which it is held against the exact policy. Of recorded states, further ones
    /// that it is not trained on.
    pub looked_at: usize,
    /// γ, the discount.
    pub discount: f64,
    /// Most steps of an episode.
    pub horizon: usize,
    /// Episodes of the final evaluation; during training there are a tenth.
    pub count: usize,
}

impl Default for Episodes {
    fn default() -> Self {
        Self {
            states: 2048,
            looked_at: 100,
            discount: 0.99,
            horizon: 200,
            count: 200,
        }
    }
}

impl Episodes {
    pub(super) fn validate(&self) -> Checked {
        whole("episodes.states", self.states, 1, 100_000)?;
        whole("episodes.looked_at", self.looked_at, 1, self.states.min(1000))?;
        range("episodes.discount", self.discount, 0.0, 0.999)?;
        whole("episodes.horizon", self.horizon, 1, 10_000)?;
        whole("episodes.count", self.count, 10, 100_000)
    }
}
