//! Episodes of one action.

use crate::engine::ConfigError;
use crate::engine::check::{positive, range, whole};
#[cfg(feature = "engine")]
use crate::task::formula::Rows;
use crate::task::formula::{Formula, Names};
use crate::task::planar::Painted;

use super::super::description::{MOST_ACTION, MOST_STATE};

/// Farthest edge of a painted square, and largest reward of one.
const MOST_REACH: f64 = 1e3;
const MOST_REWARD: f64 = 1e3;

/// A reward of a state and an action.
#[derive(Clone, Debug)]
pub struct Bandit {
    state: usize,
    action: usize,
    #[cfg_attr(
        not(feature = "engine"),
        expect(dead_code, reason = "only the engine evaluates")
    )]
    pays: Pays,
}

/// What an action is worth.
#[derive(Clone, Debug)]
#[cfg_attr(
    not(feature = "engine"),
    expect(dead_code, reason = "only the engine evaluates")
)]
enum Pays {
    Formula(Box<Formula>),
    Painted { picture: Painted, reach: f64, best: f64 },
}

impl Bandit {
    pub(super) fn new(state: usize, action: usize, expression: &str) -> Result<Self, ConfigError> {
        whole("environment.state", state, 0, MOST_STATE)?;
        whole("environment.action", action, 1, MOST_ACTION)?;
        whole(
            "the length of environment.expression",
            expression.chars().count(),
            1,
            5000,
        )?;
        let names = [super::numbered('s', state), super::numbered('a', action)].concat();
        let names = Names {
            coordinates: &names,
            columns: &[],
        };
        let formula = Formula::new("environment.expression", expression, names)?;
        Ok(Self {
            state,
            action,
            pays: Pays::Formula(Box::new(formula)),
        })
    }

    /// One whose reward is painted on the square up to `reach`.
    pub(super) fn painted(rows: &[String], reach: f64, best: f64) -> Result<Self, ConfigError> {
        positive("environment.reach", reach, MOST_REACH)?;
        range("environment.best", best, -MOST_REWARD, MOST_REWARD)?;
        let picture = Painted::new("environment.rows", rows)?;
        Ok(Self {
            state: 0,
            action: 2,
            pays: Pays::Painted { picture, reach, best },
        })
    }

    /// Numbers of a state.
    pub fn state(&self) -> usize {
        self.state
    }

    /// Numbers of an action.
    pub fn action(&self) -> usize {
        self.action
    }
}

#[cfg(feature = "engine")]
impl Bandit {
    /// The reward; what is no number counts as the lowest.
    pub fn reward(&self, state: &[f64], action: &[f64]) -> f64 {
        let value = match &self.pays {
            Pays::Formula(formula) => {
                let point: Vec<f64> = state.iter().chain(action).copied().collect();
                formula.value(&point, Rows::NONE)
            }
            Pays::Painted { picture, reach, best } => {
                best * picture.at([0, 1].map(|axis| action[axis] / reach))
            }
        };
        if value.is_nan() { f64::NEG_INFINITY } else { value }
    }
}
