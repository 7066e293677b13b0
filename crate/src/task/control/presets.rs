//! Runs of control.

use super::description::{Environment, Episodes, Feedback, Prior, Reward};
use super::problem::ControlProblem;
use crate::run::{
    Evaluation, LogZ, Network, Objective, Optimizer, Preset, Process, Rollout, Run, Tempering, Training,
};

/// A run with the task's own defaults.
pub(super) fn run(problem: ControlProblem) -> Run {
    Run {
        tempering: Tempering {
            floor: -50.0,
            ..Tempering::default()
        },
        process: Process {
            steps: 20,
            ..Process::default()
        },
        network: Network {
            width: 128,
            langevin: true,
            ..Network::default()
        },
        objective: Objective {
            log_z: LogZ::Vargrad,
            ..Objective::default()
        },
        rollout: Rollout {
            noised_share: 0.5,
            batch: 1024,
            ..Rollout::default()
        },
        optimizer: Optimizer {
            learning_rate: 2e-3,
            ..Optimizer::default()
        },
        training: Training {
            iterations: 1000,
            ..Training::default()
        },
        evaluation: Evaluation {
            samples: 100_000,
            ..Evaluation::default()
        },
        ..Run::new(problem)
    }
}

/// A point in the plane with a place and a speed, pushed towards 0 by somebody who wavers between two habits.
fn linear() -> ControlProblem {
    let component = |weight: f64, brake: f64, shift: [f64; 2]| Feedback {
        weight,
        gain: vec![vec![-0.2, 0.0, -brake, 0.0], vec![0.0, -0.2, 0.0, -brake]],
        mean: shift.to_vec(),
        variances: vec![0.15; 2],
    };
    Environment::Linear {
        transition: vec![
            vec![1.0, 0.0, 0.3, 0.0],
            vec![0.0, 1.0, 0.0, 0.3],
            vec![0.0, 0.0, 1.0, 0.0],
            vec![0.0, 0.0, 0.0, 1.0],
        ],
        control: vec![vec![0.0; 2], vec![0.0; 2], vec![0.3, 0.0], vec![0.0, 0.3]],
        state_cost: vec![1.0, 1.0, 0.1, 0.1],
        action_cost: vec![0.1, 0.1],
        noise: 0.02,
        spread: 1.0,
    }
    .with(
        Prior::Feedback {
            components: vec![
                component(2.0, 0.8, [0.6, 0.0]),
                component(1.0, 0.4, [-0.6, 0.6]),
                component(1.0, 0.8, [0.0, -0.8]),
            ],
        },
        Reward::Optimal { alpha: 0.5 },
        Episodes {
            discount: 0.95,
            horizon: 60,
            ..Episodes::default()
        },
    )
}

/// A maze with a detour.
fn maze() -> ControlProblem {
    let rows = [
        "#########",
        "#S..#...#",
        "#.#.#.#.#",
        "#.#...#.#",
        "#.#####.#",
        "#...#...#",
        "###.#.###",
        "#.....#G#",
        "#.###.#.#",
        "#...#...#",
        "#########",
    ];
    Environment::Maze {
        rows: rows.map(str::to_owned).into(),
        speed: 0.5,
    }
    .with(
        Prior::Wandering { deviation: 0.25 },
        Reward::Optimal { alpha: 0.2 },
        Episodes::default(),
    )
}

impl Environment {
    fn with(self, prior: Prior, reward: Reward, episodes: Episodes) -> ControlProblem {
        ControlProblem {
            environment: self,
            prior,
            reward,
            episodes,
        }
    }
}

/// The presets of control.
pub(super) fn presets() -> Vec<Preset> {
    vec![
        Preset::new(
            "control-maze",
            "Through a maze",
            "Somebody wanders through a maze; the posterior keeps their ways of stepping and finds the goal.",
            run(maze()),
        ),
        Preset::new(
            "control-linear",
            "Linear dynamics, quadratic cost",
            "A point with a speed, pushed by a mixture of habits; the exact policy is a mixture too.",
            run(linear()),
        ),
        Preset::new(
            "control-bandit",
            "One action",
            "A bandit in the plane: five habits, and a reward on a ring.",
            run(ControlProblem::default()),
        ),
    ]
}
