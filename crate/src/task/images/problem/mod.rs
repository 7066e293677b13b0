//! What a run of images is about: a diffusion prior, and a reward of images.

mod class;
mod reward;
#[cfg(feature = "engine")]
mod suits;

pub use class::Class;
pub use reward::{ClassesBy, REWARDS, Reward};

use crate::engine::ConfigError;
use crate::engine::check::Checked;
use crate::run::{
    Evaluation, FileKind, FileNeed, LogZ, OUTSIDE, Objective, Optimizer, Problem, Process, Rollout, Run,
    Tempering, Training,
};
use crate::task::network_prior::NetworkPrior;
use serde::{Deserialize, Serialize};

/// Levels of a known pixel: a digit d from 0 to 9 means the brightness d/9.
pub const PAINT_LEVELS: u32 = 9;

/// Prior and reward of images.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "native", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct ImagesProblem {
    /// The prior p(x): a diffusion model.
    pub prior: NetworkPrior,
    /// The reward r(x) of an image x.
    pub reward: Reward,
    /// What only measures.
    #[serde(default, skip_serializing_if = "Judge::is_shipped")]
    pub judge: Judge,
}

/// The classifier that only measures: it sees the classes of samples and the features that FID compares, and no reward
/// asks it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "native", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Judge {
    /// A file that `rtb pretrain classifier pooled` wrote; the shipped one if it is absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub weights: Option<String>,
}

impl Judge {
    fn is_shipped(&self) -> bool {
        self.weights.is_none()
    }
}

impl Default for ImagesProblem {
    fn default() -> Self {
        Self {
            prior: NetworkPrior::new("prior-digits"),
            reward: Reward::Classes {
                classes: vec![Class::Number(3)],
                by: ClassesBy::default(),
                weights: None,
            },
            judge: Judge::default(),
        }
    }
}

impl ImagesProblem {
    /// Whether its prior is one that ships, of MNIST's shape.
    fn ships(&self) -> bool {
        super::PRIORS.iter().any(|prior| prior.name == self.prior.weights)
    }

    /// The problem of a run of images.
    ///
    /// # Errors
    ///
    /// Where the run is about something else.
    pub fn of(run: &Run) -> Result<&Self, ConfigError> {
        run.problem.get().ok_or_else(|| super::other_task(run))
    }

    /// The same to change.
    ///
    /// # Errors
    ///
    /// Where the run is about something else.
    pub fn of_mut(run: &mut Run) -> Result<&mut Self, ConfigError> {
        let refused = super::other_task(run);
        run.problem.get_mut().ok_or(refused)
    }
}

impl Problem for ImagesProblem {
    fn task(&self) -> &'static str {
        super::NAME
    }

    fn validate(&self, run: &Run) -> Checked {
        self.prior.validate(super::NAME, run)?;
        self.reward.validate("reward", self.ships())?;
        reward::named("judge.weights", self.judge.weights.as_deref())
    }

    fn files(&self) -> Vec<FileNeed<'_>> {
        let (asked, judge) = (self.reward.weights(), self.judge.weights.as_deref());
        let mut needs = vec![
            self.prior.file(),
            classifier("reward", "reward.weights", asked, "classifier"),
            classifier("judge", "judge.weights", judge, "classifier-evaluation"),
        ];
        for (at, factor) in self.reward.factors().into_iter().enumerate() {
            let (name, field, kind) = match factor {
                Reward::Command(command) => (command.program(), "reward.run", FileKind::Command(command)),
                Reward::Onnx(onnx) => (&*onnx.model, "reward.model", FileKind::Onnx(onnx)),
                _ => continue,
            };
            needs.push(FileNeed {
                role: OUTSIDE[at],
                name,
                field,
                kind,
            });
        }
        needs
    }

    fn conditions(&self) -> usize {
        self.classes().map_or(1, <[usize]>::len)
    }

    fn classes(&self) -> Option<&[usize]> {
        match &self.reward {
            Reward::EachClass { classes, .. } => Some(classes),
            _ => None,
        }
    }

    fn why_several(&self) -> &'static str {
        "reward.kind `each_class` has one posterior per class"
    }

    fn starts_at_prior(&self, run: &Run) -> bool {
        !run.network.langevin
    }

    fn without_langevin(&self) -> Option<&'static str> {
        match self.reward.has_gradient() {
            true => None,
            false => Some("false: a black-box reward has no gradient"),
        }
    }
}

/// The file of a classifier, the user's own or one that ships.
fn classifier<'a>(
    role: &'static str,
    field: &'static str,
    own: Option<&'a str>,
    shipped: &'a str,
) -> FileNeed<'a> {
    let (name, kind) = match own {
        Some(own) => (own, FileKind::Weights),
        None => (shipped, FileKind::ShippedWeights),
    };
    FileNeed {
        role,
        name,
        field,
        kind,
    }
}

/// The values of the digits task: short chains, and all weights of a copy of the prior's network.
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
