//! Critics: Q(s, a), exact up to a grid.

mod grid;
mod quadratic;

use super::behaviour::Behaviour;
use super::description::{Episodes, Reward};
use super::world::{Bandit, World};
use crate::engine::ConfigError;
use grid::Grid;
use quadratic::Quadratic;

/// Q(s, a) of an environment.
#[derive(Clone, Debug)]
pub struct Critic {
    kind: Kind,
    /// Between which places a slope is taken.
    difference: f64,
}

#[derive(Clone, Debug)]
enum Kind {
    Quadratic(Quadratic),
    Bandit(Bandit),
    Grid(Grid),
}

/// Whose Q is solved for.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Target {
    /// The behaviour's own.
    Behaviour,
    /// That of an expectile of this level over the behaviour's actions.
    Expectile(f64),
    /// The best policy's.
    Optimal,
}

impl Target {
    fn of(described: &Reward) -> Result<Self, ConfigError> {
        Ok(match described {
            Reward::Behaviour { .. } => Self::Behaviour,
            Reward::Expectile { level, .. } => Self::Expectile(*level),
            Reward::Optimal { .. } => Self::Optimal,
            Reward::Learned { .. } => return Err(described.only_above_steps()),
        })
    }
}

impl Critic {
    /// Solves the environment.
    ///
    /// # Errors
    ///
    /// Where the values do not converge, or the critic is a learned one.
    pub fn solve(
        described: &Reward,
        world: &World,
        behaviour: &Behaviour,
        episodes: &Episodes,
    ) -> Result<Self, ConfigError> {
        let (discount, target) = (episodes.discount, Target::of(described)?);
        Ok(match world {
            World::Linear(linear) => Self {
                kind: Kind::Quadratic(Quadratic::solve(target, linear, behaviour, discount)?),
                difference: 1e-4,
            },
            World::Bandit(bandit) => Self {
                kind: Kind::Bandit(bandit.clone()),
                difference: 1e-4,
            },
            World::Maze(maze) => Self {
                kind: Kind::Grid(Grid::solve(target, maze, behaviour, discount)),
                // Between nodes values are linear; a slope over a little less than that has fewer jumps.
                difference: 0.05,
            },
        })
    }

    /// Q(s, a).
    pub fn value(&self, state: &[f64], action: &[f64]) -> f64 {
        match &self.kind {
            Kind::Quadratic(quadratic) => quadratic.value(state, action),
            Kind::Bandit(bandit) => bandit.reward(state, action),
            Kind::Grid(grid) => grid.value([state[0], state[1]], [action[0], action[1]]),
        }
    }

    /// The gradient of Q in the action, `[d]`, by differences.
    pub fn gradient(&self, state: &[f64], action: &[f64]) -> Vec<f64> {
        let mut at = action.to_vec();
        let slope = |coordinate: usize| {
            let mut value = |by: f64| {
                at[coordinate] = action[coordinate] + by;
                let value = self.value(state, &at);
                at[coordinate] = action[coordinate];
                value
            };
            (value(self.difference) - value(-self.difference)) / (2.0 * self.difference)
        };
        (0..action.len()).map(slope).collect()
    }

    /// The action with the largest Q, where it is known.
    pub fn best(&self, state: &[f64]) -> Option<Vec<f64>> {
        match &self.kind {
            Kind::Quadratic(quadratic) => Some(quadratic.best(state)),
            Kind::Bandit(_) => None,
            Kind::Grid(grid) => Some(grid.best([state[0], state[1]]).to_vec()),
        }
    }

    /// V at the middles of the nodes of a map, `[rows][columns]`, with nothing in walls; `None` without a map.
    pub fn map(&self) -> Option<([usize; 2], Vec<Option<f64>>)> {
        match &self.kind {
            Kind::Grid(grid) => Some(grid.map()),
            Kind::Quadratic(_) | Kind::Bandit(_) => None,
        }
    }
}
