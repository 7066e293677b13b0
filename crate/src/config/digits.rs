//! What a run of digits starts from.

use super::{
    Evaluation, LogZ, Network, Objective, Optimizer, Prior, PriorKind, Process, Reward, Rollout, Run, Task,
    Tempering, Training,
};

/// The values of the digits task: short chains, few and costly trajectories, low-rank corrections.
pub(super) fn defaults() -> Run {
    Run {
        task: Task::Digits,
        prior: Prior {
            kind: PriorKind::Learned,
            weights: Some("prior-digits-small".to_owned()),
            components: Vec::new(),
        },
        reward: Reward::Classes {
            classes: vec![3],
            by: Default::default(),
        },
        tempering: Tempering {
            start: 1.0,
            iterations: 0,
            floor: -20.0,
            ..Tempering::default()
        },
        process: Process {
            steps: 20,
            ..Process::default()
        },
        network: Network {
            rank: 8,
            ..Network::default()
        },
        objective: Objective {
            log_z: LogZ::Vargrad,
            step_share: 0.5,
            baseline: true,
            chunk: 128,
            ..Objective::default()
        },
        rollout: Rollout {
            batch: 64,
            noised_share: 0.25,
            ..Rollout::default()
        },
        optimizer: Optimizer {
            learning_rate: 1e-2,
            ema: 0.9,
            ..Optimizer::default()
        },
        training: Training {
            iterations: 200,
            checkpoint_every: 50,
        },
        evaluation: Evaluation {
            samples: 2000,
            every: 20,
            samples_while_training: 200,
        },
        ..Run::default()
    }
}
