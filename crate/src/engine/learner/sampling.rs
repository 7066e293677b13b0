//! Samples of a posterior in training, and the figures of their trajectories.

use super::{Learner, Network, Task};
use crate::engine::EngineError;
use crate::engine::host::read;
use crate::engine::noise::Purpose;
use crate::engine::parallel;
use crate::engine::process::Process;
use crate::engine::rollout::{Batch, Drawn, Follow};
use burn::tensor::Tensor;
use web_time::Instant;

/// Bits for the number of a chunk in a round.
pub(super) const CHUNK_BITS: u32 = 24;

/// The trained posterior, without exploration.
pub const LEARNED: Follow = Follow::Policy { exploration: 0.0 };

/// What is said of samples of broken weights.
const NO_NUMBERS: &str = "samples of this posterior are not numbers: its training diverged; train again with a smaller optimizer.learning_rate";

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
    pub(super) fn replace(&mut self, row: usize, other: &Self) {
        let size = self.ends.len() / self.log_reward.len();
        let end = row * size..(row + 1) * size;
        self.ends[end.clone()].copy_from_slice(&other.ends[end]);
        self.log_ratio[row] = other.log_ratio[row];
        self.log_reward[row] = other.log_reward[row];
    }
}

impl<T: Task> Learner<T> {
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
        self.sampled_for(Purpose::Samples, conditions, candidates, weighted)
            .await
    }

    /// The same with the noise of this purpose.
    pub(crate) async fn sampled_for(
        &self,
        purpose: Purpose,
        conditions: &[usize],
        candidates: usize,
        weighted: bool,
    ) -> Result<Sampled, EngineError> {
        if candidates > 1 || weighted {
            let made = self.simulate_round(LEARNED, purpose, 0, conditions).await?;
            let choice = self.choose(made, purpose, candidates).await?;
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
            let draw = self.draw(&network, LEARNED, (purpose, 0), (group, conditions));
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
    pub(crate) fn in_turn(&self, count: usize) -> Vec<usize> {
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

    /// Σ_i log p_φ − log p_θ of trajectories.
    pub(crate) fn log_ratio(&self, drawn: Drawn<T::Process>) -> Tensor<1> {
        self.trainer.chains.score(drawn).log_ratio()
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
        let ends = drawn.iter().map(|d| chains.process.download(&d.states.at(last)));
        let ends = read(Tensor::cat(ends.collect(), 0))
            .await
            .map_err(EngineError::Device)?;
        if !ends.iter().all(|value| value.is_finite()) {
            return Err(EngineError::Diverged(NO_NUMBERS.to_owned()));
        }
        Ok((drawn, ends))
    }

    pub(super) fn batch(&self, purpose: Purpose, counter: u64, conditions: Vec<usize>) -> Batch {
        let process = &self.trainer.chains.process;
        let numbers = conditions.len() * process.noise_size() * process.steps();
        Batch {
            fresh: conditions,
            noise: self.noise().normal(purpose, counter, numbers),
            ..Batch::default()
        }
    }
}
