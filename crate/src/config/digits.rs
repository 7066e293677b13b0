//! What a run of digits starts from.

use super::{
    Evaluation, LogZ, Objective, Optimizer, Prior, PriorKind, Process, Reward, Rollout, Run, Task, Tempering,
    Training,
};

/// The values of the digits task: short chains, and all weights of a copy of the prior's network.
pub(super) fn defaults() -> Run {
    Run {
        task: Task::Digits,
        prior: Prior {
            kind: PriorKind::Learned,
            weights: Some("prior-digits".to_owned()),
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
            steps: 40,
            ..Process::default()
        },
        objective: Objective {
            log_z: LogZ::Vargrad,
            chunk: 512,
            ..Objective::default()
        },
        rollout: Rollout {
            batch: 32,
            noised_share: 0.25,
            ..Rollout::default()
        },
        optimizer: Optimizer {
            learning_rate: 1e-3,
            ema: 0.9,
            ..Optimizer::default()
        },
        training: Training {
            iterations: 800,
            checkpoint_every: 100,
        },
        evaluation: Evaluation {
            samples: 2000,
            proposals: 2000,
            every: 80,
            samples_while_training: 200,
            candidates: 16,
        },
        ..Run::default()
    }
}
