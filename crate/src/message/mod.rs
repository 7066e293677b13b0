//! What a face of the program (the page, the terminal) and a running engine say to each other.
//!
//! The messages hold plain numbers, never tensors, so that a face needs no part of the engine.
//! Between the page and its workers they travel as MessagePack ([`to_bytes`], [`from_bytes`]).

mod figures;
mod scene;

pub use figures::{
    Chosen, ConditionReport, Fit, ImageFit, Outcome, PlaneFit, Report, Snapshot, StoryFit, Truth,
};
pub use scene::{DigitsView, Paths, PlaneView, SampledTruth, Scene, StoriesView, View};

use crate::config::{ConfigError, Method, Run};
use serde::{Deserialize, Serialize, de::DeserializeOwned};

/// The weights (safetensors) and texts that a run needs, as [`Run::files`] names them.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Files {
    #[serde(with = "serde_bytes")]
    pub prior: Option<Vec<u8>>,
    #[serde(with = "serde_bytes")]
    pub reward: Option<Vec<u8>>,
    #[serde(with = "serde_bytes")]
    pub judge: Option<Vec<u8>>,
    /// A story a line: what comes before the middle, the middle, and what comes after it, with a tab
    /// between them.
    #[serde(with = "serde_bytes")]
    pub corpus: Option<Vec<u8>>,
}

/// From a face to the engine.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Request {
    /// Start over with this run, from these posterior weights (safetensors) if given. Answered by
    /// [`Event::Opened`] and a first [`Event::Snapshot`], or by [`Event::Refused`], after which the
    /// run that was open before goes on. Where an untrained
    /// posterior is its prior ([`Run::starts_at_prior`]) the snapshot is left out.
    Open {
        run: Box<Run>,
        files: Files,
        #[serde(with = "serde_bytes")]
        weights: Option<Vec<u8>>,
    },
    /// Train until paused or until the run's iterations are done.
    Train,
    /// Stop training after the current iteration.
    Pause,
    /// Train one iteration.
    Step,
    /// Iterations per second at most; `None` is as fast as it goes.
    Speed(Option<f64>),
    /// Answered by [`Event::Weights`].
    Weights,
    /// Answered by [`Event::Samples`].
    Samples(usize),
    /// Look at the open run again, with every sample chosen among so many. Answered by
    /// [`Event::Snapshot`].
    Look(usize),
    /// Run these methods on a run, one after the other, and give it up for another comparison or
    /// for [`Request::Pause`]. Answered by [`Event::Compared`] with every method's outcome, trained
    /// ones again and again while they train, then by [`Event::ComparisonEnded`].
    Compare {
        run: Box<Run>,
        methods: Vec<Method>,
        files: Files,
    },
    /// Learn the density of the run's prior as an energy, first by score matching alone, then with
    /// the Radon–Nikodym estimator's consistency, `iterations` each; given up as a comparison is.
    /// Answered by [`Event::Energy`] again and again, then by [`Event::ComparisonEnded`].
    LearnEnergy {
        run: Box<Run>,
        iterations: usize,
        files: Files,
    },
    /// Learn to answer when a random number is asked for, first a prior with its habits, then the
    /// posterior that says all numbers equally often; given up as a comparison is. Answered by
    /// [`Event::Answers`] again and again, then by [`Event::ComparisonEnded`].
    LearnNumbers { seed: u64 },
}

/// From the engine to a face.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Event {
    /// The worker is up and waits for a run; `device` names what it computes on.
    Ready {
        device: String,
    },
    Opened(Box<Scene>),
    Iterated(Iteration),
    Snapshot(Box<Snapshot>),
    /// The exact posterior of images or stories as far as it is known, again and again while the worker has
    /// time for it.
    Truth(Box<SampledTruth>),
    Paused {
        iteration: usize,
    },
    /// All iterations of the run are done; the last snapshot came before.
    Finished {
        iteration: usize,
    },
    /// The weights as a safetensors file.
    Weights(#[serde(with = "serde_bytes")] Vec<u8>),
    /// Posterior samples, `[count][size]`.
    Samples(Vec<f32>),
    /// Outcome of the method at this place of the comparison.
    Compared {
        index: usize,
        outcome: Box<Outcome>,
    },
    /// The method at this place cannot be used on the run, and why.
    NotComparable {
        index: usize,
        message: String,
    },
    ComparisonEnded,
    Energy(Box<Energy>),
    Answers(Box<Answers>),
    /// The request held something that is not allowed; nothing changed.
    Refused {
        field: String,
        value: String,
        allowed: String,
    },
    /// The loss is no longer a number; training has stopped and the run stays open.
    Diverged {
        message: String,
    },
    /// The engine cannot go on.
    Failed {
        message: String,
    },
}

impl From<ConfigError> for Event {
    fn from(error: ConfigError) -> Self {
        Event::Refused {
            field: error.field,
            value: error.value,
            allowed: error.allowed,
        }
    }
}

/// One iteration of training.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Iteration {
    /// 1 for the first.
    pub iteration: usize,
    /// Mean of δ² over the batch (δ − mean for VarGrad).
    pub loss: f64,
    /// log Z in use: learned, or VarGrad's estimate of this batch.
    pub log_z: f64,
    pub residual_mean: f64,
    pub residual_std: f64,
    /// Mean tempered log r at the end points.
    pub log_reward: f64,
    pub beta: f64,
    pub learning_rate: f64,
    /// Wall time of the iteration.
    pub seconds: f64,
}

/// The density exp(−E) that an energy network has learned of the prior.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Energy {
    /// Whether it is trained with the Radon–Nikodym estimator's consistency.
    pub regularized: bool,
    pub iterations: usize,
    /// Share of the training that is done, 1 at the end.
    pub progress: f64,
    /// log ∫ exp(−E): 0 for a normalised density.
    pub log_normalizer: f64,
    /// Total variation of mode weights against the mixture.
    pub mode_total_variation: f64,
    /// KL(exp(−E) ‖ mixture) of the masses of a grid's cells.
    pub kl_grid: f64,
    /// The density, normalised, as a picture of `side`² cells, row by row from the top left.
    pub side: usize,
    pub density: Vec<f32>,
}

/// How often a language model names each number when it is asked for one from 0 to 100.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Answers {
    /// Whether they are the posterior's; else the prior's.
    pub posterior: bool,
    pub iterations: usize,
    /// Share of its training that is done, 1 at the end.
    pub progress: f64,
    /// The exact probabilities of the numbers 0 to 100.
    pub numbers: Vec<f64>,
    /// KL(uniform ‖ model) over the numbers, in nats.
    pub kl_of_uniform: f64,
    /// Total variation to the uniform law.
    pub total_variation: f64,
    /// The mass of answers that are no number from 0 to 100.
    pub invalid: f64,
}

/// A message as MessagePack.
///
/// # Panics
///
/// Never for the messages of this module.
pub fn to_bytes<T: Serialize>(message: &T) -> Vec<u8> {
    rmp_serde::to_vec_named(message).expect("messages are MessagePack")
}

/// Reads what [`to_bytes`] wrote.
///
/// # Errors
///
/// Says what is wrong with the bytes.
pub fn from_bytes<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, String> {
    rmp_serde::from_slice(bytes).map_err(|e| format!("not a message: {e}"))
}
