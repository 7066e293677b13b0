//! What a run of images is about: a prior, and a reward of images.

mod checkpoint;
mod defaults;
mod generator;
mod prior;
mod prompts;
mod reward;
#[cfg(feature = "engine")]
mod suits;

pub use crate::run::Class;
pub use checkpoint::{Checkpoint, Precision, Sampler};
#[cfg(feature = "native")]
pub(super) use defaults::checkpoint_defaults;
pub(super) use defaults::{defaults, latent_defaults};
pub use generator::Generator;
pub use prior::DescribedPrior;
pub use reward::{ClassesBy, FileSize, REWARDS, Reward};

use crate::engine::ConfigError;
use crate::engine::check::Checked;
use crate::run::{FileKind, FileNeed, OUTSIDE, Problem, Run};
use crate::task::network_prior::NetworkPrior;
/// A known pixel is a digit from 0 to this one.
pub use crate::task::planar::PAINT_LEVELS;
use serde::{Deserialize, Serialize};

/// Fewest trajectories of a text in an iteration.
const LEAST_OF_EACH: usize = 4;

/// Prior and reward of images.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "native", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct ProblemOf<P> {
    /// The prior p(x).
    pub prior: P,
    /// The reward r(x) of an image x.
    pub reward: Reward,
    /// What only measures.
    #[serde(default, skip_serializing_if = "Judge::is_shipped")]
    pub judge: Judge,
}

/// Images under a diffusion model.
pub type ImagesProblem = ProblemOf<NetworkPrior>;

/// Images that a generator makes of noise.
pub type LatentsProblem = ProblemOf<Generator>;

/// Images under a diffusion model of others.
pub type CheckpointsProblem = ProblemOf<Checkpoint>;

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

impl<P: DescribedPrior> Default for ProblemOf<P> {
    fn default() -> Self {
        Self {
            prior: P::shipped(),
            reward: Reward::Classes {
                classes: vec![Class::Number(3)],
                by: ClassesBy::default(),
                weights: None,
            },
            judge: Judge::default(),
        }
    }
}

impl<P: DescribedPrior> ProblemOf<P> {
    /// The problem of a run of images.
    ///
    /// # Errors
    ///
    /// Where the run is about something else.
    pub fn of(run: &Run) -> Result<&Self, ConfigError> {
        run.problem
            .get()
            .ok_or_else(|| crate::task::other_task(run, P::TASK))
    }

    /// The same to change.
    ///
    /// # Errors
    ///
    /// Where the run is about something else.
    pub fn of_mut(run: &mut Run) -> Result<&mut Self, ConfigError> {
        let refused = crate::task::other_task(run, P::TASK);
        run.problem.get_mut().ok_or(refused)
    }
}

impl<P: DescribedPrior> Problem for ProblemOf<P> {
    fn task(&self) -> &'static str {
        P::TASK
    }

    fn validate(&self, run: &Run) -> Checked {
        self.prior.validate(run)?;
        self.reward.validate("reward", self.prior.ships())?;
        if let (Reward::EachClass { .. }, false) = (&self.reward, P::TOLD_CLASSES) {
            let allowed = "another kind: the network is told of no class, but of several prior.prompts";
            return Err(ConfigError::new("reward.kind", "`each_class`", allowed));
        }
        reward::named("judge.weights", self.judge.weights.as_deref())
    }

    fn files(&self) -> Vec<FileNeed<'_>> {
        let (asked, judge) = (self.reward.weights(), self.judge.weights.as_deref());
        let mut needs = self.prior.files();
        needs.extend([
            classifier("reward", "reward.weights", asked, "classifier"),
            classifier("judge", "judge.weights", judge, "classifier-evaluation"),
        ]);
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
        match self.prior.prompts() {
            None => self.classes().map_or(1, <[Class]>::len),
            Some(prompts) => prompts.len().max(1),
        }
    }

    fn is_amortised(&self) -> bool {
        self.prior.prompts().is_some() || self.conditions() > 1
    }

    fn classes(&self) -> Option<&[Class]> {
        match &self.reward {
            Reward::EachClass { classes, .. } => Some(classes),
            _ => None,
        }
    }

    /// Where conditions are texts, as many as have several trajectories each.
    fn conditions_at_once(&self, batch: usize) -> usize {
        match self.prior.prompts() {
            None => self.conditions(),
            Some(_) => (batch / LEAST_OF_EACH).clamp(1, self.conditions()),
        }
    }

    fn least_batch(&self) -> usize {
        match self.prior.prompts() {
            None => 2 * self.conditions(),
            Some(_) => LEAST_OF_EACH,
        }
    }

    fn why_several(&self) -> &'static str {
        match self.prior.prompts() {
            None => "reward.kind `each_class` has one posterior per class",
            Some(_) => "there is one posterior per prompt",
        }
    }

    fn starts_at_prior(&self, run: &Run) -> bool {
        !run.network.langevin
    }

    fn without_langevin(&self) -> Option<&'static str> {
        if let Some(why) = P::WITHOUT_LANGEVIN {
            return Some(why);
        }
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
