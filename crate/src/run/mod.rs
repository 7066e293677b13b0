//! One description of a run: prior, reward, process, objective, rollouts, optimiser, seed.
//!
//! [`Run`] is the TOML file of the native program, the message to a worker and, compressed, the
//! fragment of the page's URL ([`task::link`](crate::task::link)). Whatever its origin, a value passes
//! [`Run::validate`] before anything is built from it, so the engine itself never meets a bad one.
//!
//! This module holds what all tasks share; the fields of one task are its [`Problem`].

mod change;
mod class;
mod denoiser;
mod experiment;
#[cfg(feature = "native")]
mod fields;
mod files;
mod generator;
mod outside;
mod preset;
mod problem;
mod shipped;
mod table;
mod text;
mod validate;

pub use crate::engine::settings::{
    Algorithm, LogZ, Objective, Optimizer, ReplayBy, Rollout, Schedule, Settings, Spacing, Tempering,
    Training,
};
pub use crate::engine::{Advantage, ConfigError, Method, MethodInfo};
pub use change::Change;
pub use class::Class;
pub use denoiser::{
    DenoisedAxes, DenoiserFile, NoiseSchedule, OnnxDenoiser, OnnxImageDenoiser, Prediction, Time,
};
pub use experiment::{Experiment, PROBLEM, values};
#[cfg(feature = "native")]
pub use fields::{Choice, Field, Shape, Variant, common_fields, fields_of};
pub use files::{FileKind, FileNeed, Files};
pub use generator::OnnxGenerator;
pub use outside::{Command, Meaning, Onnx};
pub(crate) use outside::{MOST_FACTORS, OUTSIDE};
pub use preset::Preset;
pub use problem::{AnyProblem, Erased, Problem};
pub use shipped::ShippedPrior;
#[cfg(feature = "native")]
pub use shipped::shipped_weights;
pub use table::{assignment, merge};
pub(crate) use table::{common_defaults, common_table, common_text, split_common, syntax, unreadable_own};
pub use text::statements;
pub use validate::MOST_CANDIDATES;

use crate::engine::Conditions;
use serde::{Deserialize, Serialize};

/// Everything that determines a run. Two equal values give the same trajectories on every
/// backend up to rounding.
///
/// It is written and read with the fields of its problem beside its own: `task`, `prior`, `reward` and
/// whatever else the task has.
#[derive(Clone, Debug, PartialEq)]
pub struct Run {
    /// Title of the run; presets have their own name here.
    pub name: String,
    /// Seed of all noise, on the host.
    pub seed: u64,
    /// Prior and reward, which also set the task.
    pub problem: AnyProblem,
    /// The power of the reward during training, and its floor.
    pub tempering: Tempering,
    /// The method that makes the posterior.
    pub method: Method,
    /// The Markov chain: its length and other settings.
    pub process: Process,
    /// The posterior's network.
    pub network: Network,
    /// The loss of a trained method.
    pub objective: Objective,
    /// Where the trajectories of training come from.
    pub rollout: Rollout,
    /// How the weights are updated.
    pub optimizer: Optimizer,
    /// How long to train and how often to save.
    pub training: Training,
    /// What is measured, and how often.
    pub evaluation: Evaluation,
}

impl Run {
    /// A run with the defaults that all tasks share.
    pub fn new(problem: impl Into<AnyProblem>) -> Self {
        Self {
            name: String::new(),
            seed: 0,
            problem: problem.into(),
            tempering: Tempering::default(),
            method: Method::default(),
            process: Process::default(),
            network: Network::default(),
            objective: Objective::default(),
            rollout: Rollout::default(),
            optimizer: Optimizer::default(),
            training: Training::default(),
            evaluation: Evaluation::default(),
        }
    }

    /// Its settings for the engine.
    pub fn settings(&self) -> Settings {
        Settings {
            seed: self.seed,
            method: self.method,
            tempering: self.tempering,
            objective: self.objective,
            rollout: self.rollout,
            optimizer: self.optimizer,
            training: self.training,
        }
    }

    /// Whether an untrained posterior equals its prior, kernel by kernel.
    pub fn starts_at_prior(&self) -> bool {
        self.problem.starts_at_prior(self)
    }

    /// Whether the reward has a gradient for the Langevin term, and the network an output for its scale.
    pub fn may_have_langevin(&self) -> bool {
        self.problem.without_langevin().is_none()
    }

    /// Whether every step takes numbers from the host, which the GPU of a browser cannot wait for.
    pub fn asks_host(&self) -> bool {
        self.network.langevin && self.problem.langevin_is_of_host()
    }

    /// As [`Problem::conditions`].
    pub fn conditions(&self) -> usize {
        self.problem.conditions()
    }

    /// Number of conditions per iteration.
    #[cfg(feature = "engine")]
    pub(crate) fn conditions_at_once(&self) -> usize {
        self.problem.conditions_at_once(self.rollout.batch)
    }

    /// The files it needs.
    pub fn files(&self) -> Vec<FileNeed<'_>> {
        self.problem.files()
    }

    /// The name of its file with this role, if it needs one.
    pub fn file(&self, role: &str) -> Option<&str> {
        let files = self.files();
        files.iter().find(|need| need.role == role).map(|need| need.name)
    }

    /// Whether a method can make all its posteriors: only trained methods make several.
    pub(crate) fn takes(&self, method: &Method) -> bool {
        !self.problem.is_amortised() || method.is_trained()
    }

    /// The condition of a row, when the rows cycle through all conditions.
    pub fn in_turn(&self, row: usize) -> usize {
        Conditions::all(self.conditions()).in_turn(row)
    }

    /// The condition at a place of a picture, where samples of the same condition are neighbours.
    pub fn pictured(&self, place: usize, places: usize) -> usize {
        Conditions::all(self.conditions()).pictured(place, places)
    }
}

/// The Markov chain from x_0 to x_T.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "native", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, default)]
pub struct Process {
    /// T, the number of transitions from x_0 to x_T. A causal language model ignores it: each of its steps
    /// makes one word.
    pub steps: usize,
    /// σ², the variance of the Brownian bridge per unit of time.
    pub variance: f64,
    /// Where the times of the Brownian bridge's steps lie.
    pub spacing: Spacing,
    /// Divides the logits of the prior's language model; below 1 likely words become likelier. It changes
    /// the prior, and with it the posterior.
    pub temperature: f64,
}

impl Default for Process {
    fn default() -> Self {
        Self {
            steps: 100,
            variance: 5.0,
            spacing: Spacing::default(),
            temperature: 1.0,
        }
    }
}

/// The posterior's network. Above a learned prior it is a copy of the prior's, and `width` and `depth`
/// have no effect.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "native", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, default)]
pub struct Network {
    /// Units of each hidden layer.
    pub width: usize,
    /// Number of hidden layers.
    pub depth: usize,
    /// Adds the Langevin term to the drift: ∇ log r times a learned scale (arXiv 2405.20971, §E). A mixture
    /// needs an exact prior for it, images a reward with a gradient, points formulas.
    pub langevin: bool,
    /// Rank of the trained low-rank corrections to the prior's weights (LoRA, arXiv 2106.09685); 0 trains
    /// all weights.
    pub rank: usize,
}

impl Default for Network {
    fn default() -> Self {
        Self {
            width: 64,
            depth: 2,
            langevin: false,
            rank: 0,
        }
    }
}

/// What is measured, and how often.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "native", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, default)]
pub struct Evaluation {
    /// Samples of the final evaluation.
    pub samples: usize,
    /// Samples of the prior from which the exact posterior is computed. A mixture with an exact prior needs
    /// none. Given a table of observations, they are as many for each of the first 100 rows; a script or a model is
    /// asked at no more than 200,000 points in all, of fewer rows, but at least ten.
    pub proposals: usize,
    /// Iterations between two evaluations during training; 0 evaluates only at the end.
    pub every: usize,
    /// Samples of each evaluation during training.
    pub samples_while_training: usize,
    /// The final evaluation also measures samples, each chosen among this many candidates; 1 turns this off.
    /// The choice is in proportion to r·p_θ/p_φ.
    pub candidates: usize,
}

impl Default for Evaluation {
    fn default() -> Self {
        Self {
            samples: 20_000,
            proposals: 20_000,
            every: 100,
            samples_while_training: 2000,
            candidates: 1,
        }
    }
}
