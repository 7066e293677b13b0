//! A posterior in training, for any task: training, samples, weights, checkpoints.

mod choice;
mod pictures;
mod plain;
mod progress;
mod sampling;

pub use choice::Choice;
pub(crate) use pictures::shown_steps;
pub use plain::Plain;
pub use progress::Header;
pub use sampling::{LEARNED, Sampled, Simulated, WeightedSamples};

use super::frame;
use super::noise::Noise;
use super::objective;
use super::process::{Policy, Prior, Process};
use super::reward::Reward;
use super::rollout::{Chains, Replay};
use super::settings::{Rollout, Settings};
use super::team::{Team, gathered};
use super::train::{Timing, Trainer, TrainerRecord};
use super::weights::{Weights, load_tensors};
use super::{Conditions, ConfigError, EngineError, Iteration, Method};
use burn::tensor::Device;
use serde::{Deserialize, Serialize};
use std::future::Future;
use web_time::Instant;

/// A task to learn: a chain, a prior and a reward.
pub trait Task: Sync {
    /// The chain.
    type Process: Process;
    /// The prior's kernels, which are fixed.
    type Prior: Prior<Self::Process>;
    /// The policy's kernels, which are trained.
    type Policy: Policy<Self::Process>;

    /// Trajectories that are simulated at once.
    const CHUNK: usize = 1000;
    /// Trajectories in a picture.
    const PICTURED: usize = 64;
    /// Most steps of each that are shown.
    const PICTURED_STEPS: usize = 51;

    /// The device for all computations.
    fn device(&self) -> &Device;

    /// Chain, prior and policy.
    fn chains(&self) -> Chains<Self::Process, Self::Prior, Self::Policy>;

    /// The posterior's network before any training; `noise` is that of the run.
    fn network(&self, noise: &Noise) -> Network<Self>;

    /// The reward under every condition.
    fn reward(&self) -> Box<dyn Reward<Self::Process>>;

    /// The conditions of the posterior; a single one if it is not amortised.
    fn conditions(&self) -> Conditions {
        Conditions::all(1)
    }

    /// Fills `given`, one buffer per condition, with the end points (and log r, floored and not tempered) that an iteration
    /// on `conditions` noises trajectories back from. What the buffers of these conditions then hold depends
    /// only on the iteration.
    ///
    /// # Errors
    ///
    /// Where the device fails.
    fn give(
        &mut self,
        _iteration: usize,
        _conditions: &[usize],
        _given: &mut [Replay],
    ) -> impl Future<Output = Result<(), EngineError>> {
        async { Ok(()) }
    }

    /// Points at which the reward was asked for so far: a checkpoint keeps the number. `None` where they are not counted.
    fn evaluations(&self) -> Option<u64> {
        None
    }

    /// Goes on counting from the number of a checkpoint.
    fn count_evaluations_from(&self, _evaluations: u64) {}
}

/// The network of a task's posterior.
pub type Network<T> = <<T as Task>::Policy as Policy<<T as Task>::Process>>::Network;

/// A task and the trainer of its posterior.
pub struct Learner<T: Task> {
    /// What is learned.
    pub task: T,
    settings: Settings,
    trainer: Trainer<T::Process, T::Prior, T::Policy>,
    /// Training time so far.
    seconds: f64,
}

/// The content of a checkpoint.
#[derive(Serialize, Deserialize)]
struct Record {
    seconds: f64,
    /// 0 in files of older versions.
    #[serde(default)]
    evaluations: u64,
    trainer: TrainerRecord,
}

/// Weights of a posterior to start from, instead of the prior.
pub struct Start<'a> {
    /// The weights of its network, with the names and shapes of the task's own.
    pub weights: &'a Weights,
    /// Whether they were trained on the same target; training then continues from their iteration and log Z.
    pub same: bool,
}

impl<T: Task> Learner<T> {
    /// Starts at the prior, or at a posterior.
    ///
    /// # Errors
    ///
    /// Where a setting is out of range, the method is not trained, or the weights are refused.
    pub fn new(task: T, settings: Settings, start: Option<Start>) -> Result<Self, EngineError> {
        settings.validate(task.conditions().at_once)?;
        if !T::Process::NOISES_BACK {
            let Rollout {
                noised_share,
                replay_share,
                ..
            } = settings.rollout;
            for (field, share) in [
                ("rollout.noised_share", noised_share),
                ("rollout.replay_share", replay_share),
            ] {
                if share > 0.0 {
                    let allowed = "0, as this chain cannot be noised back from end points";
                    return Err(ConfigError::new(field, share, allowed).into());
                }
            }
        }
        let method = settings.method;
        let objective = objective::objective(method, &settings.objective).ok_or_else(|| {
            let trained = Method::all().into_iter().filter(Method::is_trained);
            let names: Vec<_> = trained.map(|m| m.info().name).collect();
            ConfigError::new(
                "method",
                format!("the training-free `{}`", method.info().name),
                format!(
                    "one of {}; `rtb compare` runs the training-free methods",
                    names.join(", ")
                ),
            )
        })?;
        let noise = Noise::new(settings.seed);
        let mut network = task.network(&noise);
        let conditions = task.conditions();
        let mut done = None;
        if let Some(Start { weights, same }) = start {
            network = load_tensors(network, weights).map_err(EngineError::Weights)?;
            if same {
                done = Some(Header::of(weights, conditions.count).map_err(EngineError::Weights)?);
            }
        }
        let asked = (conditions, task.reward());
        let mut trainer = Trainer::new(settings.clone(), task.chains(), asked, objective, network);
        if let Some(Header { iteration, log_z }) = done {
            trainer.set_progress(iteration, log_z);
        }
        Ok(Self {
            task,
            settings,
            trainer,
            seconds: 0.0,
        })
    }

    /// Goes on as a member of a team: several learners, of the same task and settings, that have come to the same iteration.
    ///
    /// # Errors
    ///
    /// Where the batch is too small for so many.
    pub fn join(&mut self, team: Box<dyn Team>) -> Result<(), ConfigError> {
        self.trainer.join(team)
    }

    /// How many train together.
    pub fn members(&self) -> usize {
        self.trainer.team().size()
    }

    /// A checkpoint from which training continues exactly: weights, optimiser, replay buffer, counters.
    ///
    /// # Errors
    ///
    /// Where the device fails, or a weight is no longer a number.
    pub fn checkpoint(&self) -> Result<Vec<u8>, EngineError> {
        Ok(frame::encode(&self.record()?))
    }

    /// The same without a frame, as a part of a larger checkpoint.
    pub(crate) fn record(&self) -> Result<Vec<u8>, EngineError> {
        let record = Record {
            seconds: self.seconds,
            evaluations: self.task.evaluations().unwrap_or(0),
            trainer: self.trainer.record()?,
        };
        rmp_serde::to_vec_named(&record).map_err(|e| EngineError::Checkpoint(e.to_string()))
    }

    /// Restores a checkpoint of the same task with the same settings; training continues exactly from there.
    ///
    /// # Errors
    ///
    /// Where it is damaged or does not fit.
    pub fn restore(&mut self, checkpoint: &[u8]) -> Result<(), EngineError> {
        self.restore_record(frame::decode(checkpoint)?)
    }

    /// The same of what [`Learner::record`] gave.
    pub(crate) fn restore_record(&mut self, record: &[u8]) -> Result<(), EngineError> {
        let record: Record = rmp_serde::from_slice(record)
            .map_err(|_| EngineError::Checkpoint("it is of another run".to_owned()))?;
        self.trainer
            .restore(record.trainer)
            .map_err(EngineError::Checkpoint)?;
        self.seconds = record.seconds;
        self.task.count_evaluations_from(record.evaluations);
        Ok(())
    }

    /// Goes on with another length and other schedules of training; no other setting may differ.
    pub(crate) fn revise(&mut self, settings: Settings) {
        self.trainer.revise(settings.clone());
        self.settings = settings;
    }

    /// Its settings.
    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    /// Iterations done.
    pub fn iteration(&self) -> usize {
        self.trainer.iteration()
    }

    /// Whether all iterations of the run are done.
    pub fn finished(&self) -> bool {
        self.iteration() >= self.settings.training.iterations
    }

    /// T, the transitions of its chain.
    pub fn steps(&self) -> usize {
        self.trainer.chains.process.steps()
    }

    /// log Z of every condition as the last iteration used it.
    pub fn log_z(&self) -> &[f64] {
        self.trainer.log_z()
    }

    /// Seconds of training so far.
    pub fn seconds(&self) -> f64 {
        self.seconds
    }

    /// The posterior's network as it is sampled: with the averaged weights, where weights are averaged.
    pub fn network(&self) -> Network<T> {
        self.trainer.network()
    }

    /// Where the time of the last iteration went.
    pub fn timing(&self) -> Timing {
        self.trainer.timing()
    }

    /// One training iteration.
    ///
    /// # Errors
    ///
    /// Where the device fails or the loss is no longer a number.
    pub async fn step(&mut self) -> Result<Iteration, EngineError> {
        let started = Instant::now();
        if self.trainer.wants_given() {
            let (at, conditions) = (self.iteration(), self.trainer.taking_part());
            self.task.give(at, &conditions, self.trainer.given()).await?;
        }
        self.seconds += started.elapsed().as_secs_f64();
        let before = self.task.evaluations();
        let iteration = self.trainer.step().await?;
        self.seconds += iteration.seconds;
        if let (Some(before), Some(after)) = (before, self.task.evaluations()) {
            // Every member counts its own.
            let counted = gathered(self.trainer.team(), vec![(after - before) as f64]).await;
            let counted: f64 = counted.map_err(EngineError::Device)?.iter().flatten().sum();
            self.task.count_evaluations_from(before + counted as u64);
        }
        Ok(iteration)
    }

    /// Trains all remaining iterations.
    ///
    /// # Errors
    ///
    /// As [`Learner::step`].
    pub async fn finish(&mut self) -> Result<(), EngineError> {
        while !self.finished() {
            self.step().await?;
        }
        Ok(())
    }

    /// The noise generator of the run's seed.
    pub fn noise(&self) -> Noise {
        Noise::new(self.settings.seed)
    }

    /// The posterior's weights, whose header holds the iteration and log Z so far.
    ///
    /// # Errors
    ///
    /// Where the device fails.
    pub async fn weights(&self) -> Result<Weights, EngineError> {
        let mut weights = Weights::of(&self.trainer.network())
            .await
            .map_err(EngineError::Device)?;
        let header = Header {
            iteration: self.iteration(),
            log_z: self.log_z().to_vec(),
        };
        header.write(&mut weights);
        Ok(weights)
    }
}
