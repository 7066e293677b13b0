//! Episodes of one action, whose reward is a formula.

use crate::engine::ConfigError;
use crate::engine::check::whole;
#[cfg(feature = "engine")]
use crate::task::formula::Rows;
use crate::task::formula::{Formula, Names};

use super::super::description::{MOST_ACTION, MOST_STATE};

/// A reward of a state and an action.
#[derive(Clone, Debug)]
pub struct Bandit {
    state: usize,
    action: usize,
    #[cfg_attr(
        not(feature = "engine"),
        expect(dead_code, reason = "only the engine evaluates")
    )]
    formula: Formula,
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
        Ok(Self {
            state,
            action,
            formula: Formula::new("environment.expression", expression, names)?,
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
        let point: Vec<f64> = state.iter().chain(action).copied().collect();
        let value = self.formula.value(&point, Rows::NONE);
        if value.is_nan() { f64::NEG_INFINITY } else { value }
    }
}
