//! What a run of stories is about, and what it starts from.

use super::{
    Evaluation, LogZ, Network, Objective, Optimizer, Prior, PriorKind, Process, Reward, Rollout, Run, Task,
    Tempering, Training,
};
use serde::{Deserialize, Serialize};

/// A story whose middle is missing.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Story {
    /// What comes before the middle: all that the prior knows.
    pub beginning: String,
    /// What comes after it. Rewards may ask how well it follows.
    pub ending: String,
}

/// The story that opens.
fn story() -> Story {
    Story {
        beginning: "Tom wanted to buy a new bike. He did not have enough money.".to_owned(),
        ending: "Tom rode his new bike home.".to_owned(),
    }
}

/// The values of the stories task: a chain of few steps, a group of trajectories of one story, log Z
/// by their mean.
pub(super) fn defaults() -> Run {
    Run {
        task: Task::Stories,
        story: Some(story()),
        prior: Prior {
            kind: PriorKind::Learned,
            weights: Some("prior-stories".to_owned()),
            components: Vec::new(),
        },
        reward: Reward::Ending {},
        tempering: Tempering {
            start: 1.0,
            iterations: 0,
            floor: -150.0,
            ..Tempering::default()
        },
        process: Process {
            steps: 12,
            temperature: 0.6,
            ..Process::default()
        },
        network: Network {
            rank: 8,
            ..Network::default()
        },
        objective: Objective {
            log_z: LogZ::Vargrad,
            step_share: 0.5,
            chunk: 96,
            ..Objective::default()
        },
        rollout: Rollout {
            batch: 32,
            noised_share: 0.25,
            ..Rollout::default()
        },
        optimizer: Optimizer {
            learning_rate: 3e-3,
            ema: 0.9,
            ..Optimizer::default()
        },
        training: Training {
            iterations: 200,
            checkpoint_every: 50,
        },
        evaluation: Evaluation {
            samples: 1000,
            every: 20,
            samples_while_training: 32,
        },
        ..Run::default()
    }
}
