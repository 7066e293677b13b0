//! What a face of the program (the page, the terminal) and a running engine say to each other.
//!
//! The messages hold plain numbers, never tensors, so that a face needs no part of the engine.
//! Between the page and its workers they travel as MessagePack ([`to_bytes`], [`from_bytes`]).

use crate::config::{ConfigError, Method, Run};
use serde::{Deserialize, Serialize, de::DeserializeOwned};

/// From a face to the engine.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Request {
    /// Start over with this run, from these posterior weights (safetensors) if given; a learned
    /// prior needs its weights too. Answered by [`Event::Opened`] and a first
    /// [`Event::Snapshot`], or by [`Event::Refused`], after which the run that was open before
    /// goes on.
    Open {
        run: Box<Run>,
        #[serde(with = "serde_bytes")]
        prior_weights: Option<Vec<u8>>,
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
    /// Run these methods on a run, one after the other, and give it up for another comparison or
    /// for [`Request::Pause`]. Answered by [`Event::Compared`] with every method's outcome, trained
    /// ones again and again while they train, then by [`Event::ComparisonEnded`].
    Compare {
        run: Box<Run>,
        methods: Vec<Method>,
        #[serde(with = "serde_bytes")]
        prior_weights: Option<Vec<u8>>,
    },
    /// Learn the density of the run's prior as an energy, first by score matching alone, then with
    /// the Radon–Nikodym estimator's consistency, `iterations` each; given up as a comparison is.
    /// Answered by [`Event::Energy`] again and again, then by [`Event::ComparisonEnded`].
    LearnEnergy {
        run: Box<Run>,
        iterations: usize,
        #[serde(with = "serde_bytes")]
        prior_weights: Option<Vec<u8>>,
    },
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
    Paused {
        iteration: usize,
    },
    /// All iterations of the run are done; the last snapshot came before.
    Finished {
        iteration: usize,
    },
    /// The weights as a safetensors file.
    Weights(#[serde(with = "serde_bytes")] Vec<u8>),
    /// Posterior samples, x and y in turn.
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

/// What is fixed for a run: the pictures of prior, reward and exact posterior.
///
/// Pictures are `side`² cell averages over the square of half side
/// [`HALF_WIDTH`](crate::config::HALF_WIDTH), row by row from the top left (y largest first).
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Scene {
    pub side: usize,
    /// Density of the prior; a learned prior's is estimated from its own samples.
    pub prior: Vec<f32>,
    /// log r at the cell centres, tempered and floored: β·max(log r, floor).
    pub log_reward: Vec<f32>,
    /// Density of the exact posterior.
    pub exact: Vec<f32>,
    pub truth: Truth,
    /// log Z of the truth.
    pub log_z: f64,
    /// Trajectories of the prior with the noise that every snapshot uses.
    pub prior_paths: Paths,
}

/// What "exact" means for a run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Truth {
    /// Quadrature of p(x)·r(x) on a grid: the mixture itself is the prior.
    #[default]
    Quadrature,
    /// Samples of the discretised prior chain weighted by r: a learned prior is not its mixture.
    ImportanceWeighted,
}

/// Trajectories, thinned in time.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Paths {
    /// The steps shown, from 0 to T.
    pub steps: Vec<usize>,
    /// x and y in turn: trajectory by trajectory, step by step.
    pub points: Vec<f32>,
}

impl Paths {
    /// Number of trajectories.
    pub fn count(&self) -> usize {
        self.points.len() / (2 * self.steps.len().max(1))
    }

    /// The point of trajectory `path` at the shown step `step`.
    pub fn point(&self, path: usize, step: usize) -> [f32; 2] {
        let at = 2 * (path * self.steps.len() + step);
        [self.points[at], self.points[at + 1]]
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

/// The state of training at an iteration, drawn with the same noise each time.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Snapshot {
    pub iteration: usize,
    /// End points of policy samples, x and y in turn.
    pub samples: Vec<f32>,
    pub paths: Paths,
    pub report: Report,
}

/// How far a set of weighted points is from the truth.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Fit {
    /// Half the absolute differences of mode weights against the truth, summed.
    pub mode_total_variation: f64,
    /// Mass on modes that hold less than 1/1000 of the exact posterior.
    pub excluded_mass: f64,
    pub excluded_mass_exact: f64,
    /// Mean over the points of half the trace of the covariance of their mode.
    pub within_mode_variance: f64,
    pub within_mode_variance_exact: f64,
    /// Largest absolute difference of an entry of a mode's covariance from the truth, weighted
    /// mean over modes.
    pub within_mode_covariance_error: f64,
    /// KL(points ‖ exact) of the masses of the cells of a grid.
    pub kl_grid: f64,
}

/// What is measured, each figure beside its exact counterpart where there is one.
///
/// The names are the keys of `report.json`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Report {
    /// log Z in the loss.
    pub log_z_learned: f64,
    /// log mean of the importance weights r·p_θ(τ)/p_φ(τ) over policy samples.
    pub log_z_importance: f64,
    /// log Z of the truth ([`Report::truth`]).
    pub log_z_exact: f64,
    /// log mean r over samples of the prior's own discretised chain.
    pub log_z_prior: f64,
    /// Effective number of the prior samples behind `log_z_prior` and `eubo`: the two say little
    /// below about 50, where the posterior is rare under the prior.
    pub prior_samples_effective: f64,
    /// Mean log weight over policy samples, a lower bound of log Z.
    pub elbo: f64,
    /// Mean log weight over posterior trajectories (prior samples weighted by r), an upper bound.
    pub eubo: f64,
    /// Effective sample size of the importance weights over the number of samples.
    pub ess: f64,
    #[serde(flatten)]
    pub fit: Fit,
    /// Share of samples where log r is floored.
    pub floored_mass: f64,
    pub floored_mass_exact: f64,
    /// Mean and standard deviation of δ over policy samples, with the learned log Z.
    pub residual_mean: f64,
    pub residual_std: f64,
    /// Policy samples behind these figures.
    pub samples: usize,
    pub truth: Truth,
    pub iterations: usize,
    pub seconds_per_iteration: f64,
    pub seconds: f64,
    pub seed: u64,
    pub device: String,
}

/// How one method did on a run, or does so far.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Outcome {
    /// The method's name and title.
    pub method: String,
    pub title: String,
    pub seed: u64,
    /// Share of the work that is done, 1 at the end.
    pub progress: f64,
    /// Iterations of training so far; 0 for a training-free method.
    pub iterations: usize,
    /// Samples behind the figures.
    pub samples: usize,
    /// log Z by importance weights, where the method has any.
    pub log_z: Option<f64>,
    pub log_z_exact: f64,
    /// Effective sample size of those weights over the number of samples.
    pub ess: Option<f64>,
    #[serde(flatten)]
    pub fit: Fit,
    /// Mean tempered log r of the samples.
    pub log_reward: f64,
    pub training_seconds: f64,
    /// What drawing the samples took; scoring those of a trained policy is not part of it.
    pub sampling_seconds: f64,
    /// Evaluations of a drift for one state, prior and policy alike; a backward pass counts as two.
    pub training_evaluations: f64,
    pub sampling_evaluations: f64,
    pub truth: Truth,
    pub device: String,
    /// Posterior samples to draw, x and y in turn; weighted ones are resampled.
    pub points: Vec<f32>,
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
