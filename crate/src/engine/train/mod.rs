//! The training loop, the same for every chain.

mod average;
mod batch;
mod by_step;
mod descent;
pub mod examples;
mod optimizer;
mod record;
mod search;
mod shared;
mod sound;

pub use descent::{Descent, Pretrain};
pub(crate) use record::TrainerRecord;

use super::host::read_all;
use super::noise::{Noise, Purpose};
use super::objective::{self, Objective, Pull, Scores, Signal, Weights};
use super::parallel;
use super::process::{Policy, Prior, Process, Rows};
use super::reward::{Ends, Reward, on_host, tempered};
use super::rollout::{Chains, Follow, Replay, Trajectories};
use super::settings::{ReplayBy, Settings};
use super::team::{Alone, LEAST_ROWS, Team};
use super::{Conditions, ConfigError, EngineError, Iteration};
use average::Average;
use burn::lr_scheduler::module_lr_scheduler::ModuleLearningRate;
use burn::lr_scheduler::module_lr_scheduler::ModuleLrScheduler;
use burn::module::{Module, ModuleDisplay, Param};
use burn::optim::{GradientsAccumulator, GradientsParams, ModuleOptimizer};
use burn::tensor::{Tensor, Transaction};
use shared::{Known, Layout};
use web_time::Instant;

/// The parts of an iteration's wall time, in seconds. A GPU works in the background: its rollouts end with the
/// read in `score`, its gradients with that of the next iteration.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Timing {
    /// Drawing the noise and the trajectories, with their densities.
    pub rollout: f64,
    /// Reading them from the device; rewards and residuals.
    pub score: f64,
    /// The network's second pass, forward and backward.
    pub backward: f64,
    /// The optimiser's step and the average of the weights.
    pub update: f64,
}

/// The trained parameters.
#[derive(Module, Debug)]
pub struct Trained<N: Module + ModuleDisplay> {
    /// The network of the policy.
    pub network: N,
    /// log Z of every condition, `[conditions]`.
    pub log_z: Param<Tensor<1>>,
}

/// Trains a posterior.
pub struct Trainer<P: Process, Q, K: Policy<P>> {
    /// The chain, the prior and the policy.
    pub chains: Chains<P, Q, K>,
    settings: Settings,
    reward: Box<dyn Reward<P>>,
    conditions: Conditions,
    objective: Box<dyn Objective>,
    noise: Noise,
    trained: Trained<K::Network>,
    average: Option<Average<K::Network>>,
    optimizer: ModuleOptimizer,
    schedule: ModuleLrScheduler,
    /// One a condition.
    replay: Vec<Replay>,
    /// End points given from outside for every condition, with log r, floored and not tempered.
    given: Vec<Replay>,
    log_z: Vec<f64>,
    learning_rate: f64,
    iteration: usize,
    timing: Timing,
    /// Largest absolute tempered log r of the last iteration.
    largest: f64,
    team: Box<dyn Team>,
}

/// Beyond so many nats squared residuals, or their gradients, may be no numbers.
const HUGE: f64 = 1e12;

impl<P: Process, Q: Prior<P>, K: Policy<P>> Trainer<P, Q, K> {
    /// A trainer that starts from `network`.
    pub fn new(
        settings: Settings,
        chains: Chains<P, Q, K>,
        (conditions, reward): (Conditions, Box<dyn Reward<P>>),
        objective: Box<dyn Objective>,
        network: K::Network,
    ) -> Self {
        let device = chains.device.clone().autodiff();
        let count = conditions.count;
        let log_z = Param::from_tensor(Tensor::zeros([count], &device));
        let buffers = |capacity| vec![Replay::new(capacity, chains.process.state_size()); count];
        let network = network.train();
        Self {
            noise: Noise::new(settings.seed),
            average: (settings.optimizer.ema > 0.0)
                .then(|| Average::new(settings.optimizer.ema, network.valid())),
            optimizer: optimizer::optimizer(&settings.optimizer, &chains.device),
            schedule: optimizer::schedule(&settings.optimizer, &settings.training, 0),
            replay: buffers((settings.rollout.replay_capacity / count).max(1)),
            given: buffers(usize::MAX),
            trained: Trained { network, log_z },
            log_z: vec![0.0; count],
            learning_rate: settings.optimizer.learning_rate,
            timing: Timing::default(),
            largest: 0.0,
            iteration: 0,
            team: Box::new(Alone),
            chains,
            settings,
            reward,
            conditions,
            objective,
        }
    }

    /// Goes on as a member of a team, all of which have come to the same iteration of the same training.
    ///
    /// # Errors
    ///
    /// Where the batch is too small for so many.
    pub(crate) fn join(&mut self, team: Box<dyn Team>) -> Result<(), ConfigError> {
        let least = LEAST_ROWS * team.size();
        if team.size() > 1 && self.settings.rollout.batch < least {
            let allowed = format!("at least {least} for {} members of a team", team.size());
            return Err(ConfigError::new(
                "rollout.batch",
                self.settings.rollout.batch,
                allowed,
            ));
        }
        self.team = team;
        Ok(())
    }

    /// Who trains with it.
    pub(crate) fn team(&self) -> &dyn Team {
        &*self.team
    }

    /// Iterations done.
    pub fn iteration(&self) -> usize {
        self.iteration
    }

    /// Where the time of the last iteration went.
    pub fn timing(&self) -> Timing {
        self.timing
    }

    /// Tempered log r of end points, `[rows][state_size]`, under their conditions, with the final β.
    ///
    /// # Errors
    ///
    /// Where the reward's device fails.
    pub async fn log_reward(&self, conditions: &[usize], ends: &[f32]) -> Result<Vec<f64>, String> {
        let beta = self.settings.tempering.beta;
        self.log_reward_at(beta, conditions, ends).await
    }

    /// The same with this β.
    async fn log_reward_at(&self, beta: f64, conditions: &[usize], ends: &[f32]) -> Result<Vec<f64>, String> {
        let place = (&self.chains.process, &self.chains.device);
        tempered(place, &*self.reward, beta, conditions, ends).await
    }

    /// log r of end points without its floor, less what the floor is measured from.
    pub(crate) async fn log_reward_depths(
        &self,
        conditions: &[usize],
        ends: &[f32],
    ) -> Result<Vec<f64>, String> {
        let place = (&self.chains.process, &self.chains.device);
        let ask = async |ends: Ends<'_, P>| self.reward.log_reward_unfloored(ends).await;
        let log_r = on_host(place, conditions, ends, ask).await?;
        let rows = log_r.into_iter().zip(conditions);
        Ok(rows
            .map(|(log_r, condition)| log_r - self.reward.floored_from(*condition))
            .collect())
    }

    /// log Z of every condition as the last iteration used it.
    pub fn log_z(&self) -> &[f64] {
        &self.log_z
    }

    /// Continues from loaded weights, with `iteration` iterations done and log Z known. The optimiser starts
    /// anew.
    pub(crate) fn set_progress(&mut self, iteration: usize, log_z: Vec<f64>) {
        let learned: Vec<f32> = log_z.iter().map(|l| *l as f32).collect();
        self.iteration = iteration;
        self.log_z = log_z;
        self.schedule = optimizer::schedule(&self.settings.optimizer, &self.settings.training, iteration);
        let device = self.chains.device.clone().autodiff();
        let id = self.trained.log_z.id;
        self.trained.log_z = Param::initialized(
            id,
            Tensor::from_floats(learned.as_slice(), &device).require_grad(),
        );
    }

    /// Goes on with another length and other schedules: weights, optimiser and buffers stay.
    pub(crate) fn revise(&mut self, settings: Settings) {
        self.schedule = optimizer::schedule(&settings.optimizer, &settings.training, self.iteration);
        self.settings = settings;
    }

    /// The network to sample with: the moving average where there is one.
    pub fn network(&self) -> K::Network {
        match &self.average {
            Some(average) => average.network().clone(),
            None => self.trained.network.valid(),
        }
    }

    /// The given end points of every condition, which trajectories are noised back from. A record does not
    /// hold them.
    pub(crate) fn given(&mut self) -> &mut [Replay] {
        &mut self.given
    }

    /// The conditions that take part in the next iteration, in ascending order.
    pub(crate) fn taking_part(&self) -> Vec<usize> {
        self.conditions.of(self.iteration, &self.noise)
    }

    /// Whether noised trajectories are wanted.
    pub(crate) fn wants_given(&self) -> bool {
        self.settings.rollout.noised_share > 0.0 && !self.settings.method.is_on_policy()
    }

    /// One iteration.
    ///
    /// # Errors
    ///
    /// Where the device fails, or the loss, or a weight after the last iteration, is no longer a number.
    pub async fn step(&mut self) -> Result<Iteration, EngineError> {
        let started = Instant::now();
        let beta = self.settings.tempering.at(self.iteration);
        // First: where the reward fails, nothing of this iteration has happened.
        self.search(beta).await.map_err(EngineError::Device)?;
        let parts = parallel::parts(&self.chains.device, self.settings.rollout.batch).max(self.team.size());
        let most = self.settings.objective.chunk;
        let pieces = self.batch().split(&self.chains.process, parts, most);
        let (batch, layout) = self.shared_out(pieces);
        // Without gradients: the second pass has a graph of its own, chunk by chunk.
        let network = self.trained.network.valid();
        let follow = Follow::Policy {
            exploration: self.exploration(),
        };
        let shards = parallel::map(batch, |part| self.chains.roll_out(&network, part, follow));
        let rolled_out = started.elapsed().as_secs_f64();
        let read = self.read(&shards).await.map_err(EngineError::Device)?;

        let conditions = layout.conditions();
        let log_r = self
            .log_reward_of_ends(&shards, &conditions[layout.own_rows()], &read.ends)
            .await;
        let own = Known {
            log_ratio: read.log_ratio,
            log_r: log_r.map_err(EngineError::Device)?,
            ends: read.ends,
        };
        let known = self.known_to_all(own).await.map_err(EngineError::Device)?;
        let tempered: Vec<f64> = known.log_r.iter().map(|l| beta * l).collect();
        let rows = tempered.len();
        self.largest = tempered.iter().fold(0.0, |largest, l| l.abs().max(largest));
        let residuals = self.objective.signal(&Scores {
            log_ratio: &known.log_ratio,
            log_reward: &tempered,
            condition: &conditions,
            log_z: &read.log_z,
        });
        // Before any step, so that the weights stay those of the last sound iteration.
        if !residuals.loss.is_finite() {
            return Err(self.diverged(&format!("the loss is {}", residuals.loss), self.iteration + 1));
        }
        let weights = self
            .step_weights((&shards, &layout), &tempered, &residuals, beta)
            .await;
        let weights = weights.map_err(EngineError::Device)?;
        let scored = started.elapsed().as_secs_f64();
        let (mut differentiated, mut updated) = (0.0, 0.0);
        let rates = self.schedule.step();
        self.learning_rate = rates.base();
        let last = self.iteration + 1 == self.settings.training.iterations;
        let kept = last.then(|| self.trained.clone());
        for _ in 0..self.objective.usage().epochs {
            let before = started.elapsed().as_secs_f64();
            let first = layout.own_rows().start;
            let gradients = self.gradients((&shards, first), &residuals, weights.as_deref());
            let gradients = self.summed(gradients).await.map_err(EngineError::Device)?;
            let between = started.elapsed().as_secs_f64();
            self.descend(gradients, &residuals, &rates);
            differentiated += between - before;
            updated += started.elapsed().as_secs_f64() - between;
        }
        // No later loss shows what the last update did.
        if let Some(kept) = kept
            && !sound::is_sound(&self.trained).await?
        {
            self.trained = kept;
            return Err(self.diverged(sound::BROKEN, self.iteration + 1));
        }
        let before = started.elapsed().as_secs_f64();
        if let Some(average) = &mut self.average {
            average.update(&self.trained.network.valid(), self.iteration);
        }
        updated += started.elapsed().as_secs_f64() - before;
        self.remember(&known, &tempered, &layout);
        for condition in &conditions {
            self.log_z[*condition] = residuals.log_z[*condition];
        }
        self.iteration += 1;
        self.timing = Timing {
            rollout: rolled_out,
            score: scored - rolled_out,
            backward: differentiated,
            update: updated,
        };

        let mean = residuals.delta.iter().sum::<f64>() / rows as f64;
        let variance = residuals.delta.iter().map(|d| (d - mean).powi(2)).sum::<f64>() / rows as f64;
        Ok(Iteration {
            iteration: self.iteration,
            loss: residuals.loss,
            log_z: conditions.iter().map(|c| self.log_z[*c]).sum::<f64>() / rows as f64,
            residual_mean: mean,
            residual_std: variance.sqrt(),
            log_reward: tempered.iter().sum::<f64>() / rows as f64,
            beta,
            learning_rate: self.learning_rate,
            seconds: started.elapsed().as_secs_f64(),
        })
    }

    /// The error of an iteration in which something is no longer a number.
    fn diverged(&self, what: &str, iteration: usize) -> EngineError {
        if self.largest > HUGE {
            return EngineError::Diverged(format!(
                "training diverged: {what} at iteration {iteration}, as log r is as large as {:e}; give log r in nats, with values below \
                 {HUGE:e}, or a smaller tempering.beta",
                self.largest
            ));
        }
        sound::diverged(what, iteration, self.objective.remedy())
    }

    /// log r of the shards' end points, floored and not tempered, which is asked for where it is not known; `read` are
    /// those on the host, where they have been read.
    async fn log_reward_of_ends(
        &self,
        shards: &[Trajectories<P>],
        conditions: &[usize],
        read: &[f32],
    ) -> Result<Vec<f64>, String> {
        let (process, last) = (&self.chains.process, self.chains.process.steps());
        let known: Vec<Option<f64>> = shards.iter().flat_map(Trajectories::known_log_r).collect();
        let asked: Vec<usize> = (0..known.len()).filter(|row| known[*row].is_none()).collect();
        let mut log_r: Vec<f64> = known.into_iter().map(Option::unwrap_or_default).collect();
        if asked.is_empty() {
            return Ok(log_r);
        }
        let ends = shards.iter().map(|shard| shard.states.at(last));
        let mut states = P::State::stack(ends.collect());
        if asked.len() < log_r.len() {
            states = states.select_rows(&asked);
        }
        let of_row = |row: &usize| read.get(row * process.state_size()..(row + 1) * process.state_size());
        let read: Vec<f32> = asked.iter().filter_map(of_row).flatten().copied().collect();
        let conditions: Vec<usize> = asked.iter().map(|row| conditions[*row]).collect();
        let ends = Ends {
            process,
            device: &self.chains.device,
            states: &states,
            conditions: &conditions,
            read: (!read.is_empty()).then_some(&read[..]),
        };
        for (row, answer) in asked.iter().zip(self.reward.log_reward(ends).await?) {
            log_r[*row] = answer;
        }
        Ok(log_r)
    }

    /// Whether an iteration needs its end points on the host.
    fn reads_ends(&self) -> bool {
        self.reward.looks_on_host() || self.settings.rollout.replay_share > 0.0
    }

    /// What every iteration reads, in one transaction: a GPU is waited for once.
    async fn read(&self, shards: &[Trajectories<P>]) -> Result<Read, String> {
        let mut transaction = Transaction::default().register(self.trained.log_z.val().without_autodiff());
        for shard in shards {
            transaction = transaction.register(shard.log_ratio());
        }
        if self.reads_ends() {
            let process = &self.chains.process;
            for shard in shards {
                transaction = transaction.register(process.download(&shard.states.at(process.steps())));
            }
        }
        let numbers = read_all(transaction).await?;
        let (ratios, ends) = numbers[1..].split_at(shards.len());
        Ok(Read {
            log_z: numbers[0].iter().map(|l| f64::from(*l)).collect(),
            log_ratio: ratios.iter().flatten().map(|v| f64::from(*v)).collect(),
            ends: ends.concat(),
        })
    }

    /// The network's gradient over the steps that are this iteration's turn, of trajectories from the row `start` on.
    fn gradients(
        &self,
        (shards, mut start): (&[Trajectories<P>], usize),
        signal: &Signal,
        by_step: Option<&[Vec<f32>]>,
    ) -> GradientsParams {
        let objective = &self.settings.objective;
        let mut rng = self.noise.stream(Purpose::StepSelection, self.iteration as u64);
        let steps = objective::select_steps(self.chains.process.steps(), objective.step_share, &mut rng);
        let device = self.chains.device.clone().autodiff();
        let ratio_clip = self.objective.usage().ratio_clip;
        let work: Vec<_> = shards
            .iter()
            .map(|shard| {
                let rows = shard.conditions.len();
                let weights = match by_step {
                    Some(weights) => Weights::Steps { weights, start },
                    None => Weights::Trajectories(&signal.weights[start..start + rows]),
                };
                start += rows;
                let pull = Pull {
                    weights,
                    divergence: signal.divergence,
                    ratio_clip,
                };
                (shard, pull)
            })
            .collect();
        let gradients = parallel::map(work, |(shard, pull)| {
            // A graph of its own, so that shards do not wait for each other.
            let network = self.trained.network.clone().fork(&device);
            self.chains
                .gradient(&network, shard, pull, &steps, objective.chunk)
        });
        let mut sum = GradientsAccumulator::new();
        for gradient in gradients {
            sum.accumulate(&self.trained.network, gradient);
        }
        sum.grads()
    }

    /// The optimiser's step.
    fn descend(&mut self, mut gradients: GradientsParams, signal: &Signal, rates: &ModuleLearningRate) {
        if signal.log_z_gradient.iter().any(|g| *g != 0.0) {
            let gradient = Tensor::<1>::from_floats(signal.log_z_gradient.as_slice(), &self.chains.device);
            gradients.register(self.trained.log_z.id, gradient);
        }
        self.trained = self
            .optimizer
            .step(rates.clone(), self.trained.clone(), gradients);
    }

    /// Keeps the end points of fresh trajectories for replay; log r is given with β too.
    fn remember(&mut self, known: &Known, tempered: &[f64], layout: &Layout) {
        if self.settings.rollout.replay_share == 0.0 {
            return;
        }
        let size = self.chains.process.state_size();
        let mut start = 0;
        for (conditions, fresh) in layout.pieces() {
            for (row, condition) in (start..start + fresh).zip(conditions) {
                let by = match self.settings.rollout.replay_by {
                    // Not tempered: β will have moved on when it is drawn.
                    ReplayBy::Reward => known.log_r[row],
                    ReplayBy::Weight => tempered[row] - known.log_ratio[row],
                };
                self.replay[*condition].push(&known.ends[row * size..(row + 1) * size], by);
            }
            start += conditions.len();
        }
    }
}

/// What an iteration reads from the device.
struct Read {
    log_z: Vec<f64>,
    log_ratio: Vec<f64>,
    /// x_T, `[rows][state_size]`, where somebody looks at them there.
    ends: Vec<f32>,
}
