//! A run that is open: what the page's workers and the native program drive.

mod choice;
mod device;
mod digits;
mod learner;
mod plane;
mod posterior;
mod stories;

#[cfg(feature = "cpu")]
pub use device::cpu_device;
#[cfg(feature = "cuda")]
pub use device::cuda_device;
pub use device::device_name;
#[cfg(feature = "gpu")]
pub use device::gpu_device;
pub use learner::{Learner, Network, Simulated, Task, WeightedSamples};

use crate::config::{self, ConfigError, Run};
use crate::digits::{Digits, Pool};
use crate::image::SIDE;
use crate::message::{Files, Iteration, Report, SampledTruth, Scene, Snapshot};
use crate::plane::Plane;
use crate::rollout::Follow;
use crate::stories::Stories;
use crate::text::Reader;
use crate::train::Timing;
use burn::tensor::Device;
use learner::CheckpointRecord;

/// Why a run cannot open or go on.
#[derive(Debug, thiserror::Error)]
pub enum SessionError {
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// A weights file that does not fit; the text names the tensor and the shapes.
    #[error("weights: {0}")]
    Weights(String),
    /// A checkpoint that is damaged or of another run.
    #[error("checkpoint: {0}")]
    Checkpoint(String),
    /// The loss is no longer a number. The session can still be measured and saved.
    #[error("{0}")]
    Diverged(String),
    /// A training-free method cannot be used on the run, or its device failed.
    #[error("{0}")]
    Method(String),
    /// The device failed: lost, out of memory.
    #[error("device: {0}")]
    Device(String),
}

/// Refuses a run of another task.
pub(crate) fn other_task(run: &Run, task: config::Task) -> SessionError {
    ConfigError::new(
        "task",
        format!("`{}`", run.task.name()),
        format!("`{}` here", task.name()),
    )
    .into()
}

/// The network of a run's learned prior; what is wrong with its file is said of the field that
/// names it.
pub(crate) fn prior_network<N>(
    run: &Run,
    files: &Files,
    read: impl FnOnce(&[u8]) -> Result<N, String>,
) -> Result<N, SessionError> {
    let file = files.prior.as_deref();
    let network = file.ok_or_else(|| "its file is needed".to_owned()).and_then(read);
    network.map_err(|why| {
        let name = run.prior.weights.as_deref().unwrap_or_default();
        let allowed = format!(
            "the weights of a prior of {} are expected ({why})",
            run.task.name()
        );
        ConfigError::new("prior.weights", format!("`{name}`"), allowed).into()
    })
}

/// An open run.
pub struct Session(Kind);

enum Kind {
    Plane(Box<Learner<Plane>>),
    Digits(Box<Learner<Digits>>),
    Stories(Box<Learner<Stories>>),
}

/// The task of a session.
pub enum TaskOf<'a> {
    Plane(&'a mut Plane),
    Digits(&'a mut Digits),
    Stories(&'a mut Stories),
}

/// Does the same with the learner of any task.
macro_rules! any {
    ($kind:expr, $learner:ident => $what:expr) => {
        match $kind {
            Kind::Plane($learner) => $what,
            Kind::Digits($learner) => $what,
            Kind::Stories($learner) => $what,
        }
    };
}

impl Session {
    /// Opens a run on a device; `files` are those it needs ([`Run::files`]), `weights` those of a
    /// posterior to go on from (safetensors).
    ///
    /// # Errors
    ///
    /// Where the run, a formula in it or a file of weights is refused.
    pub async fn open(
        run: Run,
        device: Device,
        files: &Files,
        weights: Option<&[u8]>,
    ) -> Result<Self, SessionError> {
        Ok(Self(match run.task {
            config::Task::Mixtures => {
                Kind::Plane(Box::new(Learner::new(Plane::open(run, device, files)?, weights)?))
            }
            config::Task::Digits => Kind::Digits(Box::new(Learner::new(
                Digits::open(run, device, files)?,
                weights,
            )?)),
            config::Task::Stories => Kind::Stories(Box::new(Learner::new(
                Stories::open(run, device, files)?,
                weights,
            )?)),
        }))
    }

    /// Reopens a run exactly where [`Session::checkpoint`] was taken.
    ///
    /// # Errors
    ///
    /// Where the checkpoint is damaged or does not fit.
    pub async fn resume(checkpoint: &[u8], device: Device, files: &Files) -> Result<Self, SessionError> {
        let record: CheckpointRecord =
            rmp_serde::from_slice(checkpoint).map_err(|e| SessionError::Checkpoint(e.to_string()))?;
        let mut session = Self::open(record.run.clone(), device, files, None).await?;
        any!(&mut session.0, learner => learner.restore(record))?;
        Ok(session)
    }

    /// The task in training.
    pub fn task(&mut self) -> TaskOf<'_> {
        match &mut self.0 {
            Kind::Plane(learner) => TaskOf::Plane(&mut learner.task),
            Kind::Digits(learner) => TaskOf::Digits(&mut learner.task),
            Kind::Stories(learner) => TaskOf::Stories(&mut learner.task),
        }
    }

    /// The run as it was opened.
    pub fn run(&self) -> &Run {
        any!(&self.0, learner => &learner.task.run)
    }

    /// The shape of a sample.
    pub fn shape(&self) -> Vec<usize> {
        match &self.0 {
            Kind::Plane(_) => vec![2],
            Kind::Digits(_) => vec![SIDE, SIDE],
            Kind::Stories(learner) => vec![learner.task.reader().layout.length()],
        }
    }

    /// What reads its samples, where they are stories.
    pub fn reader(&self) -> Option<&Reader> {
        match &self.0 {
            Kind::Plane(_) | Kind::Digits(_) => None,
            Kind::Stories(learner) => Some(learner.task.reader()),
        }
    }

    /// T, the transitions of its chain.
    pub fn steps(&self) -> usize {
        any!(&self.0, learner => learner.steps())
    }

    /// Iterations done.
    pub fn iteration(&self) -> usize {
        any!(&self.0, learner => learner.iteration())
    }

    /// Whether all iterations of the run are done.
    pub fn finished(&self) -> bool {
        any!(&self.0, learner => learner.finished())
    }

    /// Seconds of training so far.
    pub fn seconds(&self) -> f64 {
        any!(&self.0, learner => learner.seconds())
    }

    /// Where the time of the last iteration went.
    pub fn timing(&self) -> Timing {
        any!(&self.0, learner => learner.timing())
    }

    /// What is fixed for the run, to draw it.
    ///
    /// # Errors
    ///
    /// Where the device fails.
    pub async fn scene(&mut self) -> Result<Scene, SessionError> {
        any!(&mut self.0, learner => learner.scene().await)
    }

    /// One training iteration.
    ///
    /// # Errors
    ///
    /// Where the device fails or the loss is no longer a number.
    pub async fn step(&mut self) -> Result<Iteration, SessionError> {
        any!(&mut self.0, learner => learner.step().await)
    }

    /// Paths and samples with the fixed noise, each chosen among so many candidates, and the figures
    /// over the samples (`evaluation.samples_while_training`), against what is known of the truth by now.
    ///
    /// # Errors
    ///
    /// Where the device fails.
    pub async fn snapshot(&mut self, candidates: usize) -> Result<Snapshot, SessionError> {
        any!(&mut self.0, learner => learner.snapshot(candidates).await)
    }

    /// The figures over `samples` policy samples, and over as many that are each chosen among
    /// `candidates`, where that is more than one. The exact posterior of images or stories is computed
    /// from as many samples of the prior, at least `evaluation.proposals`.
    ///
    /// # Errors
    ///
    /// Where the device fails.
    pub async fn evaluate(&mut self, samples: usize, candidates: usize) -> Result<Report, SessionError> {
        any!(&mut self.0, learner => learner.evaluate(samples, candidates).await)
    }

    /// Posterior samples, `[count]` of [`Session::shape`], each chosen among so many candidates in
    /// proportion to the weight r·p_θ(τ)/p_φ(τ) of its trajectory: one is the policy's own, many are
    /// the exact posterior's.
    ///
    /// # Errors
    ///
    /// Where the device fails.
    pub async fn samples(&self, count: usize, candidates: usize) -> Result<Vec<f32>, SessionError> {
        let ends = any!(&self.0, learner => learner.samples(count, candidates).await)?;
        match &self.0 {
            Kind::Plane(_) | Kind::Stories(_) => Ok(ends),
            Kind::Digits(learner) => learner.task.images_of(&ends).await,
        }
    }

    /// The same with the log weights r·p_θ(τ)/p_φ(τ) of all trajectories.
    ///
    /// # Errors
    ///
    /// Where the device fails.
    pub async fn weighted_samples(
        &self,
        count: usize,
        candidates: usize,
    ) -> Result<WeightedSamples, SessionError> {
        any!(&self.0, learner => learner.weighted_samples(count, candidates).await)
    }

    /// The posterior as safetensors; its header holds the run, the iteration, log Z
    /// and the seconds so far.
    ///
    /// # Errors
    ///
    /// Where the device fails.
    pub async fn weights(&self) -> Result<Vec<u8>, SessionError> {
        any!(&self.0, learner => learner.weights().await)
    }

    /// Everything needed to go on exactly: run, weights, optimiser, replay buffer, counters.
    ///
    /// # Errors
    ///
    /// Where the device fails.
    pub fn checkpoint(&self) -> Result<Vec<u8>, SessionError> {
        any!(&self.0, learner => learner.checkpoint())
    }

    /// Goes on with images of the same prior that a session before this one has made, if there are
    /// any among these.
    pub fn adopt(&mut self, pools: &mut Vec<Pool>) {
        if let TaskOf::Digits(digits) = self.task() {
            digits.adopt(pools);
        }
    }

    /// What a later session can go on with.
    pub fn into_pool(self) -> Option<Pool> {
        match self.0 {
            Kind::Plane(_) | Kind::Stories(_) => None,
            Kind::Digits(learner) => Some(learner.task.into_pool()),
        }
    }

    /// Makes `samples` more samples of the prior, up to `evaluation.proposals`, for the exact
    /// posterior of images or stories. Whether there are more to make; never for points in the plane.
    ///
    /// # Errors
    ///
    /// Where the device fails.
    pub async fn grow_truth(&mut self, samples: usize) -> Result<bool, SessionError> {
        match self.task() {
            TaskOf::Plane(_) => Ok(false),
            TaskOf::Digits(digits) => digits.grow_by(samples).await,
            TaskOf::Stories(stories) => stories.grow_by(samples).await,
        }
    }

    /// The exact posterior of images or stories as far as it is known; nothing while that is next to
    /// nothing, and for points, whose scene has it all.
    ///
    /// # Errors
    ///
    /// Where the device fails.
    pub async fn truth(&mut self) -> Result<Option<SampledTruth>, SessionError> {
        match &mut self.0 {
            Kind::Plane(_) => Ok(None),
            Kind::Digits(learner) => learner.task.truth().await,
            Kind::Stories(learner) => Ok(learner.task.truth()),
        }
    }
}

/// The trained posterior, without exploration.
const LEARNED: Follow = Follow::Policy { exploration: 0.0 };
