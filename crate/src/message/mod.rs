//! Messages between a user interface (the page, the terminal) and a running engine.
//!
//! They hold plain numbers, never tensors, so that an interface needs no part of the engine.
//! Between the page and its workers they travel as MessagePack ([`to_bytes`], [`from_bytes`]).

mod figures;
mod fit;
mod packed;
mod scene;
mod verdict;

pub use crate::run::Files;
pub use figures::{Chosen, ConditionReport, Outcome, REFERENCE, Report, Snapshot, Truth};
pub use fit::Fit;
pub use packed::Packed;
pub use scene::{SampledTruth, Scene};
pub use verdict::{Contender, Verdict, rounded};

use crate::engine::{ConfigError, Method};
pub use crate::engine::{Iteration, Paths};
use crate::run::Run;
use serde::{Deserialize, Serialize, de::DeserializeOwned};

/// From the user interface to the engine.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Request {
    /// Open this run, from these posterior weights (safetensors) if given. Answered by [`Event::Opening`],
    /// then by [`Event::Opened`] and a first [`Event::Snapshot`]; or by [`Event::Refused`], and the run that was open stays open. There is no
    /// first snapshot if an untrained posterior equals its prior ([`Run::starts_at_prior`]).
    Open {
        /// The run to open.
        run: Box<Run>,
        /// The files that it needs ([`Run::files`]).
        files: Files,
        /// Weights of its posterior as a safetensors file; `None` starts with the untrained network.
        #[serde(with = "serde_bytes")]
        weights: Option<Vec<u8>>,
    },
    /// Go on with the open run under another description of the same training
    /// ([`Run::same_training`]). Answered by a [`Event::Snapshot`] if what it measures has changed and
    /// nothing trains, by [`Event::Finished`] if no iteration is left, or by [`Event::Refused`].
    Revise(Box<Run>),
    /// Train until paused or until the run's iterations are done.
    Train,
    /// Stop training after the current iteration.
    Pause,
    /// Train one iteration.
    Step,
    /// Share the iterations of training among so many workers, this one among them, from the next one on. Answered by
    /// [`Event::Members`] once that begins.
    Members(usize),
    /// Open the run of a checkpoint as a member of a team, and make a step whenever [`Request::Step`] says so. Answered by
    /// [`Event::Following`].
    Follow {
        /// Where the others are.
        #[serde(with = "serde_bytes")]
        checkpoint: Vec<u8>,
        /// The files that the run needs.
        files: Files,
        /// The member's place in the team, and its size.
        place: [usize; 2],
        /// The number of the request.
        serial: u32,
    },
    /// Iterations per second at most; `None` is as fast as it goes.
    Speed(Option<f64>),
    /// Answered by [`Event::Weights`].
    Weights,
    /// Answered by [`Event::Samples`].
    Samples(usize),
    /// Take a snapshot of the open run, with each sample chosen among this many candidates. Answered by
    /// [`Event::Snapshot`].
    Look(usize),
    /// Run these methods on a run, one after the other. Another comparison or [`Request::Pause`] ends it.
    /// Answered by [`Event::Compared`] with the outcome of every method (repeatedly while a method trains, and
    /// after [`Event::Preparing`] where the exact posterior comes from samples of the prior), then by
    /// [`Event::ComparisonEnded`].
    Compare {
        /// The run; each of `methods` replaces its method in turn.
        run: Box<Run>,
        /// The methods, in the order of the comparison.
        methods: Vec<Method>,
        /// The files that the run needs ([`Run::files`]).
        files: Files,
    },
    /// Run a lesson of the run's task ([`Room::lesson`](crate::task::Room::lesson)); it ends like a comparison.
    /// Answered by [`Event::Lesson`], repeatedly, then by [`Event::ComparisonEnded`].
    Learn {
        /// The name of the lesson.
        lesson: String,
        /// The run whose task has the lesson.
        run: Box<Run>,
        /// Iterations of each of its parts, unless the lesson fixes them.
        iterations: usize,
        /// The files that the run needs ([`Run::files`]).
        files: Files,
    },
}

/// From the engine to the user interface.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Event {
    /// The worker is ready for a run.
    Ready {
        /// Name of its device.
        device: String,
        /// The build that it is of: a page and workers of another build do not understand each other.
        #[serde(default)]
        build: String,
    },
    /// The worker has begun to open a run; before, it may have been deaf for a while.
    Opening,
    /// A run is open, with everything that is fixed for it.
    Opened(Box<Scene>),
    /// So many workers share the iterations from now on: no more than the batch has rows for.
    Members(usize),
    /// The answer to the [`Request::Follow`] of this number.
    Following(u32),
    /// An iteration of training is done.
    Iterated(Iteration),
    /// The state of training by now.
    Snapshot(Box<Snapshot>),
    /// The exact posterior as estimated from samples of the prior so far; sent repeatedly while the worker is
    /// idle.
    Truth(Box<SampledTruth>),
    /// Training has paused, as requested, and can continue.
    Paused {
        /// Iterations done.
        iteration: usize,
    },
    /// All iterations of the run are done; the last snapshot came before.
    Finished {
        /// Iterations done.
        iteration: usize,
    },
    /// The weights as a safetensors file.
    Weights(#[serde(with = "serde_bytes")] Vec<u8>),
    /// Posterior samples, `[count][size]`.
    Samples(Vec<f32>),
    /// Outcome of the method at this place of the comparison.
    Compared {
        /// Index of the method in the comparison, from 0.
        index: usize,
        /// Its figures, so far or at the end ([`Outcome::progress`]).
        outcome: Box<Outcome>,
    },
    /// Before the method at this index begins, samples of the prior are drawn for the exact posterior.
    Preparing {
        /// Index of the method in the comparison, from 0.
        index: usize,
        /// The share of the samples that is drawn by now.
        share: f64,
    },
    /// The method at this index does not work on the run.
    NotComparable {
        /// Index of the method in the comparison, from 0.
        index: usize,
        /// The reason.
        message: String,
    },
    /// A comparison or a lesson is over, at its end or by [`Request::Pause`].
    ComparisonEnded,
    /// The present state of a lesson, in a type of the task.
    Lesson(Packed),
    /// The request held a value that is not allowed; nothing changed.
    Refused {
        /// As [`ConfigError::field`].
        field: String,
        /// As [`ConfigError::value`].
        value: String,
        /// As [`ConfigError::allowed`].
        allowed: String,
    },
    /// The loss is infinite or not a number. Training has stopped; the run stays open.
    Diverged {
        /// What the loss is, at which iteration, and what may help.
        message: String,
    },
    /// The engine failed and cannot continue.
    Failed {
        /// The reason.
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
