//! Linear dynamics with quadratic costs.

use super::super::description::{MOST_ACTION, MOST_STATE};
use crate::engine::ConfigError;
use crate::engine::check::{Checked, range, whole};

/// Largest absolute entry of a matrix.
const MOST: f64 = 1e3;

/// s' = A·s + B·a + N(0, σ²·I), with cost sᵀ·diag(q)·s + aᵀ·diag(c)·a.
#[derive(Clone, Debug, PartialEq)]
pub struct Linear {
    /// A, row by row, `[n·n]`.
    transition: Vec<f64>,
    /// B, row by row, `[n·d]`.
    control: Vec<f64>,
    state_cost: Vec<f64>,
    action_cost: Vec<f64>,
    noise: f64,
    spread: f64,
}

fn matrix(field: &str, rows: &[Vec<f64>], count: usize, columns: usize) -> Result<Vec<f64>, ConfigError> {
    whole(&format!("the number of {field}"), rows.len(), count, count)?;
    if rows.iter().any(|row| row.len() != columns) {
        let found: Vec<String> = rows.iter().map(|row| row.len().to_string()).collect();
        return Err(ConfigError::new(
            field,
            format!("rows of {} numbers", found.join(", ")),
            format!("{count} rows of {columns} numbers"),
        ));
    }
    let all: Vec<f64> = rows.iter().flatten().copied().collect();
    all.iter()
        .try_for_each(|value| range(field, *value, -MOST, MOST))?;
    Ok(all)
}

fn costs(field: &str, costs: &[f64], count: usize, least: f64) -> Checked {
    // Numbers that are refused anyway are named before their count.
    costs
        .iter()
        .try_for_each(|cost| range(field, *cost, least, MOST))?;
    whole(&format!("the number of {field}"), costs.len(), count, count)
}

impl Linear {
    pub(super) fn new(
        [transition, control]: [&[Vec<f64>]; 2],
        [state_cost, action_cost]: [&[f64]; 2],
        noise: f64,
        spread: f64,
    ) -> Result<Self, ConfigError> {
        let n = transition.len();
        whole("the number of environment.transition", n, 1, MOST_STATE)?;
        let d = control.first().map_or(0, Vec::len);
        whole("the length of environment.control[0]", d, 1, MOST_ACTION)?;
        costs("environment.state_cost", state_cost, n, 0.0)?;
        // An action without a cost may be as large as it likes.
        costs("environment.action_cost", action_cost, d, 1e-6)?;
        range("environment.noise", noise, 0.0, MOST)?;
        range("environment.spread", spread, 1e-6, MOST)?;
        Ok(Self {
            transition: matrix("environment.transition", transition, n, n)?,
            control: matrix("environment.control", control, n, d)?,
            state_cost: state_cost.to_vec(),
            action_cost: action_cost.to_vec(),
            noise,
            spread,
        })
    }

    /// n, the numbers of a state.
    pub fn state(&self) -> usize {
        self.state_cost.len()
    }

    /// d, the numbers of an action.
    pub fn action(&self) -> usize {
        self.action_cost.len()
    }

    /// Standard deviation of the noise.
    pub fn noise(&self) -> f64 {
        self.noise
    }

    /// Standard deviation of first states.
    pub fn spread(&self) -> f64 {
        self.spread
    }

    /// q and c.
    pub fn costs(&self) -> [&[f64]; 2] {
        [&self.state_cost, &self.action_cost]
    }

    /// A·s + B·a.
    pub fn mean(&self, state: &[f64], action: &[f64]) -> Vec<f64> {
        let (n, d) = (self.state(), self.action());
        let row = |at: usize| {
            let kept = self.transition[at * n..][..n].iter().zip(state);
            let moved = self.control[at * d..][..d].iter().zip(action);
            kept.chain(moved).map(|(factor, value)| factor * value).sum()
        };
        (0..n).map(row).collect()
    }

    /// sᵀ·diag(q)·s + aᵀ·diag(c)·a.
    pub fn cost(&self, state: &[f64], action: &[f64]) -> f64 {
        let of_state = self.state_cost.iter().zip(state);
        let of_action = self.action_cost.iter().zip(action);
        of_state
            .chain(of_action)
            .map(|(cost, value)| cost * value * value)
            .sum()
    }
}
