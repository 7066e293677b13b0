//! Runs of control.

use super::description::{Environment, Episodes, Feedback, Prior, Reward};
use super::problem::ControlProblem;
use crate::run::{
    Evaluation, LogZ, Network, Objective, Optimizer, Preset, Process, Rollout, Run, Tempering, Training,
};
use crate::task::planar::PAINT_LEVELS;

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

/// One action, whose reward is painted: a crescent.
fn painted() -> ControlProblem {
    const CELLS: usize = 28;
    const REACH: f64 = 4.0;
    let level = |row: usize, column: usize| {
        let place = |cell: usize| ((cell as f64 + 0.5) / CELLS as f64 * 2.0 - 1.0) * REACH;
        let (x, y) = (place(column), -place(row));
        // How far inside of the moon, and outside of its shadow.
        let inside = (2.4 - x.hypot(y)).min((x - 0.9).hypot(y - 0.5) - 1.9);
        ((0.5 + inside / 0.4).clamp(0.0, 1.0) * f64::from(PAINT_LEVELS)).round() as u32
    };
    let digit = |row, column| char::from_digit(level(row, column), 10).expect("a level is a digit");
    let rows = (0..CELLS).map(|row| (0..CELLS).map(|column| digit(row, column)).collect());
    ControlProblem {
        environment: Environment::Painted {
            rows: rows.collect(),
            reach: REACH,
            best: 3.0,
        },
        ..ControlProblem::default()
    }
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

/// α of the published code's example (`offline_RL/README.md` beside arXiv 2405.20971), which is for the half cheetah's
/// medium-replay set. The returns of all sets span the same in its units, so all begin with it.
const ALPHA: f64 = 0.05;

/// A preset above a published set of D4RL: its name, a title, and the set.
const ABOVE_STEPS: [[&str; 3]; 9] = [
    [
        "d4rl-halfcheetah-medium",
        "Half cheetah, medium",
        "halfcheetah_medium-v2",
    ],
    [
        "d4rl-halfcheetah-medium-replay",
        "Half cheetah, medium, replayed",
        "halfcheetah_medium_replay-v2",
    ],
    [
        "d4rl-halfcheetah-medium-expert",
        "Half cheetah, medium and expert",
        "halfcheetah_medium_expert-v2",
    ],
    ["d4rl-hopper-medium", "Hopper, medium", "hopper_medium-v2"],
    [
        "d4rl-hopper-medium-replay",
        "Hopper, medium, replayed",
        "hopper_medium_replay-v2",
    ],
    [
        "d4rl-hopper-medium-expert",
        "Hopper, medium and expert",
        "hopper_medium_expert-v2",
    ],
    ["d4rl-walker2d-medium", "Walker, medium", "walker2d_medium-v2"],
    [
        "d4rl-walker2d-medium-replay",
        "Walker, medium, replayed",
        "walker2d_medium_replay-v2",
    ],
    [
        "d4rl-walker2d-medium-expert",
        "Walker, medium and expert",
        "walker2d_medium_expert-v2",
    ],
];

/// A run above a published set, with the chain of arXiv 2405.20971. Behaviour and critic are files beside the run.
fn above_steps(data: &str) -> Run {
    let weights = |what: &str| format!("{data}-{what}.safetensors");
    let problem = Environment::Recorded {
        data: data.to_owned(),
    }
    .with(
        Prior::Learned {
            weights: weights("behaviour"),
        },
        Reward::Learned {
            weights: weights("critic"),
            alpha: ALPHA,
        },
        Episodes {
            states: 50_000,
            ..Episodes::default()
        },
    );
    let own = run(problem);
    Run {
        process: Process {
            steps: 75,
            ..own.process
        },
        network: Network {
            width: 256,
            ..own.network
        },
        optimizer: Optimizer {
            learning_rate: 1e-3,
            ..own.optimizer
        },
        training: Training {
            iterations: 5000,
            ..own.training
        },
        evaluation: Evaluation {
            samples: 20_000,
            ..own.evaluation
        },
        ..own
    }
}

/// One action alone is looked at closely: with the task's own 20 steps the edges of a reward are twice as blurred.
fn bandit(problem: ControlProblem) -> Run {
    let own = run(problem);
    Run {
        process: Process {
            steps: 40,
            ..own.process
        },
        ..own
    }
}

/// The presets of control.
pub(super) fn presets() -> Vec<Preset> {
    const STEPS: &str =
        "A policy above a behaviour and a critic that `rtb pretrain` learns from recorded steps.";
    let above = ABOVE_STEPS.map(|[name, title, data]| Preset::new(name, title, STEPS, above_steps(data)));
    let mut presets = vec![
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
            bandit(ControlProblem::default()),
        ),
        Preset::new(
            "control-painted",
            "A painted reward",
            "One action again, in the plane: what it is worth is painted, a crescent for a start.",
            bandit(painted()),
        ),
    ];
    presets.extend(above);
    presets
}
