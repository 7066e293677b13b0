//! A task in training, whatever it is about.

use super::posterior::{Progress, posterior_network};
use super::{LEARNED, SessionError};
use crate::config::{ConfigError, Method, Run};
use crate::host::read;
use crate::message::{Iteration, Paths, Report};
use crate::network::Weights;
use crate::noise::{Noise, Purpose};
use crate::objective;
use crate::parallel;
use crate::process::{Policy, Prior, Process};
use crate::rollout::{Batch, Chains, Drawn, Follow, Replay};
use crate::train::{Conditions, EndReward, Timing, TrainError, Trainer, TrainerRecord};
use burn::tensor::{Device, Tensor};
use serde::{Deserialize, Serialize};
use std::future::Future;
use web_time::Instant;

/// What can be learned: the prior, the reward and the chain of a run.
pub trait Task: Sync {
    type Process: Process;
    type Prior: Prior<Self::Process>;
    type Policy: Policy<Self::Process>;

    /// Trajectories that are simulated at once.
    const CHUNK: usize;
    /// Trajectories in a picture, and most steps of each that are shown.
    const PICTURED: usize;
    const PICTURED_STEPS: usize;

    fn run(&self) -> &Run;

    fn device(&self) -> &Device;

    fn noise(&self) -> Noise {
        Noise::new(self.run().seed)
    }

    /// Chain, prior and policy.
    fn chains(&self) -> Chains<Self::Process, Self::Prior, Self::Policy>;

    /// The posterior's network before any training.
    fn network(&self) -> Network<Self>;

    /// The reward under every condition; or a single one, which tells from an end point what it is
    /// asked.
    fn rewards(&self) -> Vec<Box<dyn EndReward>>;

    /// Adds the end points for trajectories noised back, with the logarithms of their weights, that an
    /// iteration about `conditions` is to have and `given`, one buffer a condition, lacks. What it has
    /// of these conditions then depends on the iteration only.
    ///
    /// # Errors
    ///
    /// Where the device fails.
    fn give(
        &mut self,
        iteration: usize,
        conditions: &[usize],
        given: &mut [Replay],
    ) -> impl Future<Output = Result<(), SessionError>>;
}

/// The network of a task's posterior.
pub type Network<T> = <<T as Task>::Policy as Policy<<T as Task>::Process>>::Network;

/// Chunks of a round are numbered with so many bits.
const CHUNK_BITS: u32 = 24;

/// A task and the trainer of its posterior.
pub struct Learner<T: Task> {
    pub task: T,
    trainer: Trainer<T::Process, T::Prior, T::Policy>,
    /// Training time so far.
    seconds: f64,
}

/// Posterior samples of a trained policy.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct WeightedSamples {
    /// End points, `[count][state_size]`.
    pub ends: Vec<f32>,
    /// log of r·p_θ(τ)/p_φ(τ), one a sample; one a candidate where samples are chosen, `[candidates][count]`.
    pub log_weights: Vec<f64>,
    /// What drawing them took; without the weights, but where they are chosen by these.
    pub seconds: f64,
}

/// Trajectories as the host knows them.
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
    /// What drawing them took, without the log ratios.
    pub seconds: f64,
}

impl Simulated {
    /// log of r·p_θ(τ)/p_φ(τ), one a trajectory.
    pub fn log_weights(&self) -> Vec<f64> {
        let pairs = self.log_reward.iter().zip(&self.log_ratio);
        pairs.map(|(r, q)| r - q).collect()
    }

    /// Puts another's trajectory of the same condition in the place of this one's.
    pub(super) fn replace(&mut self, row: usize, other: &Self) {
        let size = self.ends.len() / self.log_reward.len();
        let end = row * size..(row + 1) * size;
        self.ends[end.clone()].copy_from_slice(&other.ends[end]);
        self.log_ratio[row] = other.log_ratio[row];
        self.log_reward[row] = other.log_reward[row];
    }
}

/// A checkpoint's content.
#[derive(Serialize, Deserialize)]
pub(super) struct CheckpointRecord {
    pub run: Run,
    seconds: f64,
    trainer: TrainerRecord,
}

impl<T: Task> Learner<T> {
    /// Starts at the prior, or at the posterior of a file (safetensors).
    ///
    /// # Errors
    ///
    /// Where the run's method is not trained, or the file is refused.
    pub fn new(task: T, weights: Option<&[u8]>) -> Result<Self, SessionError> {
        let run = task.run();
        let objective = objective::objective(run).ok_or_else(|| {
            let trained = Method::all().into_iter().filter(Method::is_trained);
            let names: Vec<_> = trained.map(|m| m.info().name).collect();
            ConfigError::new(
                "method",
                format!("`{}`, which is not trained", run.method.info().name),
                format!("one of {}; compare runs the others", names.join(", ")),
            )
        })?;
        let (network, progress) = match weights {
            None => (task.network(), None),
            Some(file) => posterior_network::<T>(run, task.network(), file)?,
        };
        let conditions = Conditions {
            count: run.conditions(),
            at_once: run.conditions_at_once(),
        };
        let asked = (conditions, task.rewards());
        let mut trainer = Trainer::new(run.clone(), task.chains(), asked, objective, network);
        let seconds = progress.as_ref().map_or(0.0, |p| p.seconds);
        if let Some(Progress { iteration, log_z, .. }) = progress {
            trainer.set_progress(iteration, log_z);
        }
        Ok(Self {
            task,
            trainer,
            seconds,
        })
    }

    /// Goes on exactly where a checkpoint of the same run was taken.
    ///
    /// # Errors
    ///
    /// Where it does not fit.
    pub(super) fn restore(&mut self, record: CheckpointRecord) -> Result<(), SessionError> {
        self.trainer
            .restore(record.trainer)
            .map_err(SessionError::Checkpoint)?;
        self.seconds = record.seconds;
        Ok(())
    }

    /// Iterations done.
    pub fn iteration(&self) -> usize {
        self.trainer.iteration()
    }

    /// Whether all iterations of the run are done.
    pub fn finished(&self) -> bool {
        self.iteration() >= self.task.run().training.iterations
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
    pub async fn step(&mut self) -> Result<Iteration, SessionError> {
        let started = Instant::now();
        if self.trainer.wants_given() {
            let (at, conditions) = (self.iteration(), self.trainer.taking_part());
            self.task.give(at, &conditions, self.trainer.given()).await?;
        }
        self.seconds += started.elapsed().as_secs_f64();
        let iteration = self.trainer.step().await.map_err(|error| match error {
            TrainError::Device(text) => SessionError::Device(text),
            TrainError::Diverged(text) => SessionError::Diverged(text),
        })?;
        self.seconds += iteration.seconds;
        Ok(iteration)
    }

    /// Posterior samples, `[count][state_size]`, the conditions in turn; each chosen among so many
    /// candidates in proportion to r·p_θ/p_φ.
    ///
    /// # Errors
    ///
    /// Where the device fails.
    pub async fn samples(&self, count: usize, candidates: usize) -> Result<Vec<f32>, SessionError> {
        if candidates > 1 {
            let made = self.simulate(LEARNED, Purpose::Samples, count).await?;
            let choice = self.choose(made, Purpose::Samples, candidates).await?;
            return Ok(choice.taken.ends);
        }
        let network = self.trainer.network();
        let mut ends = Vec::with_capacity(self.trainer.chains.process.state_size() * count);
        for group in parallel::groups(self.task.device(), count, T::CHUNK) {
            let drawn = self.draw(&network, LEARNED, (Purpose::Samples, 0), group).await?;
            ends.extend(drawn.1);
        }
        Ok(ends)
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

    /// Trajectories whose noise depends on the purpose only.
    ///
    /// # Errors
    ///
    /// Where the device fails.
    pub async fn simulate(
        &self,
        follow: Follow,
        purpose: Purpose,
        count: usize,
    ) -> Result<Simulated, SessionError> {
        self.simulate_round(follow, purpose, 0, count).await
    }

    /// As many more of them in every round.
    pub(super) async fn simulate_round(
        &self,
        follow: Follow,
        purpose: Purpose,
        round: u64,
        count: usize,
    ) -> Result<Simulated, SessionError> {
        let network = self.trainer.network();
        let mut made = Simulated::default();
        for group in parallel::groups(self.task.device(), count, T::CHUNK) {
            let started = Instant::now();
            let (drawn, ends) = self.draw(&network, follow, (purpose, round), group).await?;
            made.seconds += started.elapsed().as_secs_f64();
            made.ends.extend(ends);
            made.conditions.extend(drawn.iter().flat_map(Drawn::conditions));
            let scored = parallel::map(drawn, |drawn| self.log_ratio(drawn));
            let log_ratio = read(Tensor::cat(scored, 0)).await.map_err(SessionError::Device)?;
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
    pub async fn log_reward(&self, conditions: &[usize], ends: &[f32]) -> Result<Vec<f64>, SessionError> {
        let log_reward = self.trainer.log_reward(conditions, ends).await;
        log_reward.map_err(SessionError::Device)
    }

    /// The condition of every trajectory in a picture: those of one condition are neighbours.
    pub(super) fn pictured(&self) -> Vec<usize> {
        let run = self.task.run();
        (0..T::PICTURED)
            .map(|place| run.pictured(place, T::PICTURED))
            .collect()
    }

    /// Tempered log r of the ends of trajectories for a picture.
    ///
    /// # Errors
    ///
    /// Where the device fails.
    pub(super) async fn log_reward_of_ends(&self, paths: &Paths) -> Result<Vec<f32>, SessionError> {
        let log_reward = self.log_reward(&self.pictured(), &paths.ends()).await?;
        Ok(log_reward.into_iter().map(|l| l as f32).collect())
    }

    /// Trajectories of the posterior for a picture, with the same noise in a round each time.
    pub(super) fn pictured_round(&self, round: u64) -> Drawn<T::Process> {
        let batch = self.batch(Purpose::Pictures, round << CHUNK_BITS, self.pictured());
        self.trainer.chains.draw(&self.trainer.network(), batch, LEARNED)
    }

    /// Σ_i log p_φ − log p_θ of trajectories.
    pub(super) fn log_ratio(&self, drawn: Drawn<T::Process>) -> Tensor<1> {
        self.trainer.chains.score(drawn).log_ratio()
    }

    /// The prior's trajectories for a picture, with the same noise.
    ///
    /// # Errors
    ///
    /// Where the device fails.
    pub async fn prior_paths(&self) -> Result<Paths, SessionError> {
        let batch = self.batch(Purpose::Pictures, 0, self.pictured());
        self.thinned(&self.trainer.chains.walk_prior(&batch.fresh, batch.noise))
            .await
    }

    /// Trajectories x_0 to x_T as they are shown.
    ///
    /// # Errors
    ///
    /// Where the device fails.
    pub(super) async fn thinned(
        &self,
        states: &[<T::Process as Process>::State],
    ) -> Result<Paths, SessionError> {
        let process = &self.trainer.chains.process;
        let last = process.steps();
        let stride = last.div_ceil(T::PICTURED_STEPS - 1);
        let mut steps: Vec<usize> = (0..last).step_by(stride).collect();
        steps.push(last);
        let shown: Vec<Tensor<2>> = steps.iter().map(|s| process.download(&states[*s])).collect();
        // [rows, shown steps, size]
        let points = read(Tensor::stack::<3>(shown, 1))
            .await
            .map_err(SessionError::Device)?;
        Ok(Paths {
            steps,
            size: process.state_size(),
            points,
        })
    }

    /// The report with what is known of its training.
    pub(super) fn signed(&self, report: Report, device: String) -> Report {
        let iterations = self.iteration();
        Report {
            iterations,
            seconds: self.seconds,
            seconds_per_iteration: self.seconds / iterations.max(1) as f64,
            seed: self.task.run().seed,
            device,
            ..report
        }
    }

    /// The posterior as safetensors; its header holds the run, the iteration, log Z
    /// and the seconds so far.
    ///
    /// # Errors
    ///
    /// Where the device fails.
    pub async fn weights(&self) -> Result<Vec<u8>, SessionError> {
        let mut weights = Weights::of(&self.trainer.network())
            .await
            .map_err(SessionError::Device)?;
        let log_z: Vec<_> = self.log_z().iter().map(f64::to_string).collect();
        for (key, value) in [
            ("run", self.task.run().to_toml()),
            ("iteration", self.iteration().to_string()),
            ("log_z", log_z.join(" ")),
            ("seconds", self.seconds.to_string()),
        ] {
            weights.metadata.insert(key.into(), value);
        }
        Ok(weights.to_safetensors(false))
    }

    /// Everything needed to go on exactly: run, weights, optimiser, replay buffer, counters.
    ///
    /// # Errors
    ///
    /// Where the device fails.
    pub fn checkpoint(&self) -> Result<Vec<u8>, SessionError> {
        let trainer = self.trainer.record().map_err(SessionError::Checkpoint)?;
        let record = CheckpointRecord {
            run: self.task.run().clone(),
            seconds: self.seconds,
            trainer,
        };
        rmp_serde::to_vec_named(&record).map_err(|e| SessionError::Checkpoint(e.to_string()))
    }

    /// Trajectories of a group of chunks, and their end points on the host: when those are there,
    /// the device is done drawing.
    async fn draw(
        &self,
        network: &Network<T>,
        follow: Follow,
        (purpose, round): (Purpose, u64),
        group: Vec<(u64, usize)>,
    ) -> Result<(Vec<Drawn<T::Process>>, Vec<f32>), SessionError> {
        let chains = &self.trainer.chains;
        let drawn = parallel::map(group, |(counter, rows)| {
            let first = counter as usize * T::CHUNK;
            let conditions = (first..first + rows).map(|row| self.task.run().in_turn(row));
            chains.draw(
                network,
                self.batch(purpose, round << CHUNK_BITS | counter, conditions.collect()),
                follow,
            )
        });
        let last = chains.process.steps();
        let ends = drawn.iter().map(|d| chains.process.download(&d.states[last]));
        let ends = read(Tensor::cat(ends.collect(), 0))
            .await
            .map_err(SessionError::Device)?;
        Ok((drawn, ends))
    }

    fn batch(&self, purpose: Purpose, counter: u64, conditions: Vec<usize>) -> Batch {
        let process = &self.trainer.chains.process;
        let numbers = conditions.len() * process.noise_size() * process.steps();
        Batch {
            fresh: conditions,
            noise: self.task.noise().normal(purpose, counter, numbers),
            ..Batch::default()
        }
    }
}
