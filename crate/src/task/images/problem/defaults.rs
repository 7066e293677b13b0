//! The values that runs of images have where nothing else is said.

#[cfg(feature = "native")]
use super::{Checkpoint, CheckpointsProblem, DescribedPrior, FileSize, Judge, Reward};
use super::{ImagesProblem, LatentsProblem};
use crate::run::{
    Evaluation, LogZ, Network, Objective, Optimizer, Process, Rollout, Run, Tempering, Training,
};

/// Under a diffusion model: short chains, and all weights of a copy of the prior's network.
pub fn defaults() -> Run {
    Run {
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
        ..Run::new(ImagesProblem::default())
    }
}

/// In the space of a generator's noise: a small network of its own, and many trajectories, which cost little.
pub fn latent_defaults() -> Run {
    Run {
        tempering: Tempering {
            start: 0.1,
            iterations: 100,
            floor: -20.0,
            ..Tempering::default()
        },
        process: Process {
            steps: 40,
            ..Process::default()
        },
        network: Network {
            width: 128,
            depth: 3,
            ..Network::default()
        },
        objective: Objective {
            log_z: LogZ::Vargrad,
            // A few end points far below the others, past the edge of a class, would else move the network more than all
            // the rest.
            residual_clip: 3.0,
            ..Objective::default()
        },
        rollout: Rollout {
            batch: 256,
            noised_share: 0.5,
            ..Rollout::default()
        },
        optimizer: Optimizer {
            learning_rate: 2e-3,
            ema: 0.98,
            ..Optimizer::default()
        },
        training: Training {
            iterations: 800,
            checkpoint_every: 100,
        },
        evaluation: Evaluation {
            samples: 4000,
            proposals: 20_000,
            every: 40,
            samples_while_training: 400,
            candidates: 16,
        },
        ..Run::new(LatentsProblem::default())
    }
}

/// Under a model of others: low-rank changes, few trajectories at once, of which some steps have gradients.
#[cfg(feature = "native")]
pub fn checkpoint_defaults() -> Run {
    let problem = CheckpointsProblem {
        prior: Checkpoint::shipped(),
        reward: Reward::Jpeg {
            wanted: FileSize::Small,
            scale: 1.0,
            quality: 95,
        },
        judge: Judge::default(),
    };
    Run {
        tempering: Tempering {
            start: 1.0,
            iterations: 0,
            floor: -100.0,
            ..Tempering::default()
        },
        process: Process {
            steps: 50,
            ..Process::default()
        },
        network: Network {
            rank: 4,
            ..Network::default()
        },
        objective: Objective {
            log_z: LogZ::Vargrad,
            step_share: 0.2,
            chunk: 32,
            ..Objective::default()
        },
        rollout: Rollout {
            batch: 32,
            ..Rollout::default()
        },
        optimizer: Optimizer {
            learning_rate: 3e-4,
            ema: 0.9,
            ..Optimizer::default()
        },
        training: Training {
            iterations: 1000,
            checkpoint_every: 20,
        },
        evaluation: Evaluation {
            samples: 128,
            proposals: 256,
            every: 0,
            samples_while_training: 32,
            candidates: 1,
        },
        ..Run::new(problem)
    }
}
