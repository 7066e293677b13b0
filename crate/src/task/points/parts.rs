//! What presets of points are made of.

use super::marginal::Coordinate;
use super::problem::{PointsProblem, Reward};
use crate::run::{Evaluation, LogZ, Network, Objective, Optimizer, Process, Run, Tempering};

pub(super) fn normal(name: &str, mean: f64, deviation: f64) -> Coordinate {
    Coordinate::Normal {
        name: name.to_owned(),
        mean,
        deviation,
    }
}

pub(super) fn log_likelihood(expression: &str) -> Reward {
    Reward::Formula {
        expression: expression.to_owned(),
        logarithm: true,
        data: None,
    }
}

/// A run with the task's own defaults.
pub(super) fn run(problem: PointsProblem) -> Run {
    Run {
        tempering: Tempering {
            // Likelihoods fall by hundreds of nats where the prior still is.
            floor: -50.0,
            ..Tempering::default()
        },
        process: Process {
            steps: 50,
            ..Process::default()
        },
        network: Network {
            width: 128,
            ..Network::default()
        },
        objective: Objective {
            log_z: LogZ::Vargrad,
            ..Objective::default()
        },
        optimizer: Optimizer {
            learning_rate: 2e-3,
            ..Optimizer::default()
        },
        evaluation: Evaluation {
            samples: 10_000,
            proposals: 200_000,
            ..Evaluation::default()
        },
        ..Run::new(problem)
    }
}
