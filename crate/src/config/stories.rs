//! What a run of stories is about, and what it starts from.

use super::{
    Evaluation, Objective, Optimizer, Prior, Process, Reward, Rollout, Run, Task, Tempering, digits,
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

/// Many stories, whose middles one network learns together: the posterior is amortised over them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Corpus {
    /// `stories`, of the offline folder, or a file of the native program with a story a line. The
    /// fourth of five sentences is the middle.
    pub file: String,
    /// Which of its stories.
    pub part: Part,
    /// Stories that are learned: the first ones that fit the prior's places.
    pub stories: usize,
    /// Trajectories of each story that takes part in an iteration; those that do change in turn.
    pub group: usize,
}

/// A part of a corpus: of one story in twenty, by a hash of its words, nothing is learned but by a run
/// that is told to. Middles as they were told are not learned by any run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Part {
    #[default]
    Train,
    /// Gaps that are to be filled, not an example of how to: `rtb infill` measures on the first of them.
    HeldOut,
}

impl Default for Corpus {
    fn default() -> Self {
        Self {
            file: "stories".to_owned(),
            part: Part::default(),
            stories: 500,
            group: 8,
        }
    }
}

/// The story that opens.
fn story() -> Story {
    Story {
        beginning: "Tom wanted to buy a new bike. He did not have enough money.".to_owned(),
        ending: "Tom rode his new bike home.".to_owned(),
    }
}

/// The values of the stories task: those of digits, but for a smaller batch, which is of one story,
/// and a language model asked once a trajectory, not once a step.
pub(super) fn defaults() -> Run {
    let digits = digits::defaults();
    Run {
        task: Task::Stories,
        story: Some(story()),
        prior: Prior {
            weights: Some("prior-stories".to_owned()),
            ..digits.prior
        },
        reward: Reward::Ending {},
        tempering: Tempering {
            floor: -150.0,
            ..digits.tempering
        },
        process: Process {
            steps: 12,
            temperature: 0.6,
            ..digits.process
        },
        objective: Objective {
            chunk: 96,
            baseline: false,
            ..digits.objective
        },
        rollout: Rollout {
            batch: 32,
            ..digits.rollout
        },
        optimizer: Optimizer {
            learning_rate: 3e-3,
            ..digits.optimizer
        },
        evaluation: Evaluation {
            samples: 1000,
            proposals: 1000,
            samples_while_training: 32,
            candidates: 1,
            ..digits.evaluation
        },
        ..digits
    }
}
