//! A posterior in training, for any task: training, samples, weights, checkpoints.

mod choice;
mod plain;
mod progress;

pub use choice::Choice;
pub use plain::Plain;
pub use progress::Header;

use super::frame;
use super::host::read;
use super::noise::{Noise, Purpose};
use super::objective;
use super::parallel;
use super::process::{Policy, Prior, Process};
use super::reward::Reward;
use super::rollout::{Batch, Chains, Drawn, Follow, Replay};
use super::settings::{Rollout, Settings};
use super::train::{Timing, Trainer, TrainerRecord};
use super::weights::{Weights, load_tensors};
use super::{Conditions, ConfigError, EngineError, Iteration, Method, Paths};
use burn::tensor::{Device, Tensor};
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

    /// Fills `given`, one buffer per condition, with the end points (and their log weights) that an iteration
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
}

/// The network of a task's posterior.
pub type Network<T> = <<T as Task>::Policy as Policy<<T as Task>::Process>>::Network;

/// Bits for the number of a chunk in a round.
const CHUNK_BITS: u32 = 24;

/// A task and the trainer of its posterior.
pub struct Learner<T: Task> {
    /// What is learned.
    pub task: T,
    settings: Settings,
    trainer: Trainer<T::Process, T::Prior, T::Policy>,
    /// Training time so far.
    seconds: f64,
}

/// Posterior samples of a trained policy.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct WeightedSamples {
    /// End points, `[count][state_size]`.
    pub ends: Vec<f32>,
    /// log of r·p_θ(τ)/p_φ(τ), one per sample; if samples are chosen, one per candidate, `[candidates][count]`.
    pub log_weights: Vec<f64>,
    /// Seconds to draw them; includes computing the weights only if samples are chosen by weight.
    pub seconds: f64,
}

/// Posterior samples under conditions that somebody asked for.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Sampled {
    /// End points, `[count][state_size]`.
    pub ends: Vec<f32>,
    /// log of r·p_θ(τ)/p_φ(τ), one per sample; if samples are chosen, log of the mean over their candidates.
    /// Empty if nobody asked for them.
    pub log_weights: Vec<f64>,
}

/// The figures of simulated trajectories, on the host.
#[derive(Default)]
pub struct Simulated {
    /// The condition of every trajectory.
    pub conditions: Vec<usize>,
    /// End points, `[count][state_size]`.
    pub ends: Vec<f32>,
    /// Σ_i log p_φ − log p_θ, one a trajectory.
    pub log_ratio: Vec<f64>,
    /// Tempered log r of the end points.
    pub log_reward: Vec<f64>,
    /// Seconds to draw them, without the log ratios.
    pub seconds: f64,
}

impl Simulated {
    /// log of r·p_θ(τ)/p_φ(τ), one a trajectory.
    pub fn log_weights(&self) -> Vec<f64> {
        let pairs = self.log_reward.iter().zip(&self.log_ratio);
        pairs.map(|(r, q)| r - q).collect()
    }

    /// Replaces a trajectory by another one of the same condition.
    fn replace(&mut self, row: usize, other: &Self) {
        let size = self.ends.len() / self.log_reward.len();
        let end = row * size..(row + 1) * size;
        self.ends[end.clone()].copy_from_slice(&other.ends[end]);
        self.log_ratio[row] = other.log_ratio[row];
        self.log_reward[row] = other.log_reward[row];
    }
}

/// The content of a checkpoint.
#[derive(Serialize, Deserialize)]
struct Record {
    seconds: f64,
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
        let iteration = self.trainer.step().await?;
        self.seconds += iteration.seconds;
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

    /// Posterior samples, `[count][state_size]`, cycling through the conditions. Each is chosen among
    /// `candidates` in proportion to r·p_θ/p_φ.
    ///
    /// # Errors
    ///
    /// Where the device fails.
    pub async fn samples(&self, count: usize, candidates: usize) -> Result<Vec<f32>, EngineError> {
        let sampled = self.sampled(&self.in_turn(count), candidates, false).await?;
        Ok(sampled.ends)
    }

    /// The same under these conditions, one per sample, with log weights if they are wanted.
    ///
    /// # Errors
    ///
    /// Where the device fails.
    pub async fn sampled(
        &self,
        conditions: &[usize],
        candidates: usize,
        weighted: bool,
    ) -> Result<Sampled, EngineError> {
        if candidates > 1 || weighted {
            let made = self
                .simulate_round(LEARNED, Purpose::Samples, 0, conditions)
                .await?;
            let choice = self.choose(made, Purpose::Samples, candidates).await?;
            return Ok(Sampled {
                log_weights: if weighted {
                    choice.mean_log_weights()
                } else {
                    Vec::new()
                },
                ends: choice.taken.ends,
            });
        }
        let network = self.trainer.network();
        let mut ends = Vec::with_capacity(self.trainer.chains.process.state_size() * conditions.len());
        for group in parallel::groups(self.task.device(), conditions.len(), T::CHUNK) {
            let draw = self.draw(&network, LEARNED, (Purpose::Samples, 0), (group, conditions));
            ends.extend(draw.await?.1);
        }
        Ok(Sampled {
            ends,
            log_weights: Vec::new(),
        })
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
    ) -> Result<WeightedSamples, EngineError> {
        let started = Instant::now();
        let made = self.simulate(LEARNED, Purpose::Evaluation, count).await?;
        if candidates == 1 {
            return Ok(WeightedSamples {
                log_weights: made.log_weights(),
                ends: made.ends,
                seconds: made.seconds,
            });
        }
        let choice = self.choose(made, Purpose::Evaluation, candidates).await?;
        Ok(WeightedSamples {
            log_weights: choice.log_weights,
            ends: choice.taken.ends,
            seconds: started.elapsed().as_secs_f64(),
        })
    }

    /// Simulates trajectories; their noise depends only on the purpose.
    ///
    /// # Errors
    ///
    /// Where the device fails.
    pub async fn simulate(
        &self,
        follow: Follow,
        purpose: Purpose,
        count: usize,
    ) -> Result<Simulated, EngineError> {
        self.simulate_round(follow, purpose, 0, &self.in_turn(count))
            .await
    }

    /// The conditions of so many rows, which cycle through all of them.
    fn in_turn(&self, count: usize) -> Vec<usize> {
        let conditions = self.task.conditions();
        (0..count).map(|row| conditions.in_turn(row)).collect()
    }

    /// The same under these conditions, with fresh noise in every round.
    pub(crate) async fn simulate_round(
        &self,
        follow: Follow,
        purpose: Purpose,
        round: u64,
        conditions: &[usize],
    ) -> Result<Simulated, EngineError> {
        let network = self.trainer.network();
        let mut made = Simulated::default();
        for group in parallel::groups(self.task.device(), conditions.len(), T::CHUNK) {
            let started = Instant::now();
            let draw = self.draw(&network, follow, (purpose, round), (group, conditions));
            let (drawn, ends) = draw.await?;
            made.seconds += started.elapsed().as_secs_f64();
            made.ends.extend(ends);
            made.conditions.extend(drawn.iter().flat_map(Drawn::conditions));
            let scored = parallel::map(drawn, |drawn| self.log_ratio(drawn));
            let log_ratio = read(Tensor::cat(scored, 0)).await.map_err(EngineError::Device)?;
            made.log_ratio.extend(log_ratio.into_iter().map(f64::from));
        }
        made.log_reward = self.log_reward(&made.conditions, &made.ends).await?;
        Ok(made)
    }

    /// Tempered log r of end points, `[count][state_size]`, under these conditions.
    ///
    /// # Errors
    ///
    /// Where the device fails.
    pub async fn log_reward(&self, conditions: &[usize], ends: &[f32]) -> Result<Vec<f64>, EngineError> {
        let log_reward = self.trainer.log_reward(conditions, ends).await;
        log_reward.map_err(EngineError::Device)
    }

    /// log r of end points without its floor, under these conditions, less what the floor is measured from.
    pub(crate) async fn depths(&self, conditions: &[usize], ends: &[f32]) -> Result<Vec<f64>, EngineError> {
        let depths = self.trainer.log_reward_depths(conditions, ends).await;
        depths.map_err(EngineError::Device)
    }

    /// The condition of every trajectory in a picture; trajectories of one condition are neighbours.
    pub(crate) fn pictured(&self) -> Vec<usize> {
        let conditions = self.task.conditions();
        (0..T::PICTURED)
            .map(|place| conditions.pictured(place, T::PICTURED))
            .collect()
    }

    /// Tempered log r of the ends of trajectories for a picture.
    ///
    /// # Errors
    ///
    /// Where the device fails.
    pub(crate) async fn log_reward_of_ends(&self, paths: &Paths) -> Result<Vec<f32>, EngineError> {
        let log_reward = self.log_reward(&self.pictured(), &paths.ends()).await?;
        Ok(log_reward.into_iter().map(|l| l as f32).collect())
    }

    /// Trajectories of the posterior for a picture, with the same noise in a round each time.
    pub(crate) fn pictured_round(&self, round: u64) -> Drawn<T::Process> {
        let batch = self.batch(Purpose::Pictures, round << CHUNK_BITS, self.pictured());
        self.trainer.chains.draw(&self.trainer.network(), batch, LEARNED)
    }

    /// Σ_i log p_φ − log p_θ of trajectories.
    pub(crate) fn log_ratio(&self, drawn: Drawn<T::Process>) -> Tensor<1> {
        self.trainer.chains.score(drawn).log_ratio()
    }

    /// The prior's trajectories for a picture, with the same noise.
    ///
    /// # Errors
    ///
    /// Where the device fails.
    pub async fn prior_paths(&self) -> Result<Paths, EngineError> {
        let batch = self.batch(Purpose::Pictures, 0, self.pictured());
        self.thinned(&self.trainer.chains.walk_prior(&batch.fresh, batch.noise))
            .await
    }

    /// Trajectories x_0 to x_T as they are shown.
    ///
    /// # Errors
    ///
    /// Where the device fails.
    pub(crate) async fn thinned(
        &self,
        states: &[<T::Process as Process>::State],
    ) -> Result<Paths, EngineError> {
        let process = &self.trainer.chains.process;
        let last = process.steps();
        let stride = last.div_ceil(T::PICTURED_STEPS - 1);
        let mut steps: Vec<usize> = (0..last).step_by(stride).collect();
        steps.push(last);
        let shown: Vec<Tensor<2>> = steps.iter().map(|s| process.download(&states[*s])).collect();
        // [rows, shown steps, size]
        let points = read(Tensor::stack::<3>(shown, 1))
            .await
            .map_err(EngineError::Device)?;
        Ok(Paths {
            steps,
            size: process.state_size(),
            points,
        })
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

    /// Trajectories of a group of chunks of these conditions, and their end points on the host: when those are there,
    /// the device is done drawing.
    async fn draw(
        &self,
        network: &Network<T>,
        follow: Follow,
        (purpose, round): (Purpose, u64),
        (group, conditions): (Vec<(u64, usize)>, &[usize]),
    ) -> Result<(Vec<Drawn<T::Process>>, Vec<f32>), EngineError> {
        let chains = &self.trainer.chains;
        let drawn = parallel::map(group, |(counter, rows)| {
            let first = counter as usize * T::CHUNK;
            let conditions = conditions[first..first + rows].to_vec();
            let batch = self.batch(purpose, round << CHUNK_BITS | counter, conditions);
            chains.draw(network, batch, follow)
        });
        let last = chains.process.steps();
        let ends = drawn.iter().map(|d| chains.process.download(&d.states[last]));
        let ends = read(Tensor::cat(ends.collect(), 0))
            .await
            .map_err(EngineError::Device)?;
        if !ends.iter().all(|value| value.is_finite()) {
            return Err(EngineError::Diverged(NO_NUMBERS.to_owned()));
        }
        Ok((drawn, ends))
    }

    fn batch(&self, purpose: Purpose, counter: u64, conditions: Vec<usize>) -> Batch {
        let process = &self.trainer.chains.process;
        let numbers = conditions.len() * process.noise_size() * process.steps();
        Batch {
            fresh: conditions,
            noise: self.noise().normal(purpose, counter, numbers),
            ..Batch::default()
        }
    }
}

/// What is said of samples of broken weights.
const NO_NUMBERS: &str = "samples of this posterior are not numbers: its training diverged; train again with a smaller optimizer.learning_rate";

/// The trained posterior, without exploration.
pub const LEARNED: Follow = Follow::Policy { exploration: 0.0 };
