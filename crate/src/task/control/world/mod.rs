//! Environments: where actions lead, and what they are worth.

mod bandit;
mod linear;
mod maze;

pub use bandit::Bandit;
pub use linear::Linear;
pub use maze::Maze;

use super::description::Environment;
use crate::engine::ConfigError;
#[cfg(feature = "engine")]
use crate::engine::noise;
#[cfg(feature = "engine")]
use rand_chacha::rand_core::Rng;

/// An environment that has been checked.
#[derive(Clone, Debug)]
pub enum World {
    /// s' = A·s + B·a + noise.
    Linear(Linear),
    /// One action.
    Bandit(Bandit),
    /// A point among walls.
    Maze(Maze),
}

/// Names of so many numbers: a letter and their places, from 1.
pub(super) fn numbered(letter: char, count: usize) -> Vec<String> {
    (1..=count).map(|at| format!("{letter}{at}")).collect()
}

/// Where an action led.
#[derive(Clone, Debug, PartialEq)]
pub struct Outcome {
    /// The next state.
    pub next: Vec<f64>,
    /// The reward of the step.
    pub reward: f64,
    /// Whether the episode is over.
    pub done: bool,
}

impl World {
    /// The described one.
    ///
    /// # Errors
    ///
    /// Names the first field that is wrong, its value and what is allowed.
    pub fn of(described: &Environment) -> Result<Self, ConfigError> {
        Ok(match described {
            Environment::Linear {
                transition,
                control,
                state_cost,
                action_cost,
                noise,
                spread,
            } => Self::Linear(Linear::new(
                [transition, control],
                [state_cost, action_cost],
                *noise,
                *spread,
            )?),
            Environment::Bandit {
                state,
                action,
                expression,
            } => Self::Bandit(Bandit::new(*state, *action, expression)?),
            Environment::Painted { rows, reach, best } => Self::Bandit(Bandit::painted(rows, *reach, *best)?),
            Environment::Maze { rows, speed } => Self::Maze(Maze::new(rows, *speed)?),
            Environment::Recorded { .. } => {
                return Err(ConfigError::new(
                    "environment.kind",
                    "`recorded`",
                    "one in which somebody can act: recorded steps are learned from in the native program alone",
                ));
            }
        })
    }

    /// The names of a state's numbers.
    pub fn state_names(&self) -> Vec<String> {
        match self {
            Self::Linear(_) | Self::Bandit(_) => numbered('s', self.state()),
            Self::Maze(_) => vec!["x".to_owned(), "y".to_owned()],
        }
    }

    /// The names of an action's numbers.
    pub fn action_names(&self) -> Vec<String> {
        match self {
            Self::Linear(_) | Self::Bandit(_) => numbered('a', self.action()),
            Self::Maze(_) => vec!["dx".to_owned(), "dy".to_owned()],
        }
    }

    /// Numbers of a state.
    pub fn state(&self) -> usize {
        match self {
            Self::Linear(linear) => linear.state(),
            Self::Bandit(bandit) => bandit.state(),
            Self::Maze(_) => 2,
        }
    }

    /// Numbers of an action.
    pub fn action(&self) -> usize {
        match self {
            Self::Linear(linear) => linear.action(),
            Self::Bandit(bandit) => bandit.action(),
            Self::Maze(_) => 2,
        }
    }
}

#[cfg(feature = "engine")]
impl World {
    /// A first state.
    pub fn start(&self, rng: &mut impl Rng) -> Vec<f64> {
        match self {
            Self::Linear(linear) => (0..linear.state())
                .map(|_| linear.spread() * noise::normal(rng))
                .collect(),
            Self::Bandit(bandit) => (0..bandit.state())
                .map(|_| 2.0 * noise::uniform(rng) - 1.0)
                .collect(),
            Self::Maze(maze) => maze.somewhere(rng, true).to_vec(),
        }
    }

    /// Where an action leads from a state.
    pub fn step(&self, state: &[f64], action: &[f64], rng: &mut impl Rng) -> Outcome {
        match self {
            Self::Linear(linear) => {
                let mut next = linear.mean(state, action);
                for value in &mut next {
                    *value += linear.noise() * noise::normal(rng);
                }
                Outcome {
                    next,
                    reward: -linear.cost(state, action),
                    done: false,
                }
            }
            Self::Bandit(bandit) => Outcome {
                next: state.to_vec(),
                reward: bandit.reward(state, action),
                done: true,
            },
            Self::Maze(maze) => {
                let next = maze.step([state[0], state[1]], [action[0], action[1]]);
                Outcome {
                    next: next.to_vec(),
                    reward: -1.0,
                    done: maze.is_goal(next),
                }
            }
        }
    }
}
