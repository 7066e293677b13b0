//! What a face of the program (the page, the terminal) and a running engine say to each other.
//!
//! The messages hold plain numbers, never tensors, so that a face needs no part of the engine.
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

/// From a face to the engine.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Request {
    /// Start over with this run, from these posterior weights (safetensors) if given. Answered by
    /// [`Event::Opened`] and a first [`Event::Snapshot`], or by [`Event::Refused`], after which the
    /// run that was open before goes on. Where an untrained
    /// posterior is its prior ([`Run::starts_at_prior`]) the snapshot is left out.
    Open {
        /// The run to open.
        run: Box<Run>,
        /// The files that it needs ([`Run::files`]).
        files: Files,
        /// Weights of its posterior as a safetensors file; `None` starts with the untrained network.
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
        /// The run, whose own method each of `methods` takes the place of in turn.
        run: Box<Run>,
        /// The methods, in the order in which they have their turn.
        methods: Vec<Method>,
        /// The files that the run needs ([`Run::files`]).
        files: Files,
    },
    /// Follow a lesson of the run's task ([`Room::lesson`](crate::task::Room::lesson)); given up as a
    /// comparison is. Answered by [`Event::Lesson`] again and again, then by [`Event::ComparisonEnded`].
    Learn {
        /// The name of the lesson.
        lesson: String,
        /// The run whose task has the lesson.
        run: Box<Run>,
        /// Iterations of each of its parts, where it leaves that open.
        iterations: usize,
        /// The files that the run needs ([`Run::files`]).
        files: Files,
    },
}

/// From the engine to a face.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Event {
    /// The worker is up and waits for a run; `device` names what it computes on.
    Ready {
        /// What people call the device.
        device: String,
    },
    /// A run is open: what is fixed for it.
    Opened(Box<Scene>),
    /// An iteration of training is done.
    Iterated(Iteration),
    /// The state of training by now.
    Snapshot(Box<Snapshot>),
    /// The exact posterior as far as samples of the prior tell it, again and again while the worker has
    /// time for it.
    Truth(Box<SampledTruth>),
    /// Training has stopped, as was asked for, and can go on.
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
        /// Place of the method in the comparison, from 0.
        index: usize,
        /// Its figures, so far or at the end ([`Outcome::progress`]).
        outcome: Box<Outcome>,
    },
    /// The method at this place cannot be used on the run, and why.
    NotComparable {
        /// Place of the method in the comparison, from 0.
        index: usize,
        /// Why it cannot be used.
        message: String,
    },
    /// A comparison or a lesson is over, at its end or by [`Request::Pause`].
    ComparisonEnded,
    /// What a lesson has to show by now, in the task's own terms.
    Lesson(Packed),
    /// The request held something that is not allowed; nothing changed.
    Refused {
        /// As [`ConfigError::field`].
        field: String,
        /// As [`ConfigError::value`].
        value: String,
        /// As [`ConfigError::allowed`].
        allowed: String,
    },
    /// The loss is no longer a number; training has stopped and the run stays open.
    Diverged {
        /// What the loss is, at which iteration, and what may help.
        message: String,
    },
    /// The engine cannot go on.
    Failed {
        /// What has failed.
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
