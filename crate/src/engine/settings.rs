//! What a training is told, in small structs: they are part of the description of a run, and all that
//! the engine knows of one.

use super::check::{positive, range, whole};
use super::{ConfigError, Method};
use serde::{Deserialize, Serialize};

/// Everything that the engine has to be told beside chain, prior, policy and reward.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Settings {
    /// Seed of all noise.
    pub seed: u64,
    /// How the posterior is had.
    pub method: Method,
    /// The power of the reward, and its floor.
    pub tempering: Tempering,
    /// How the loss is taken.
    pub objective: Objective,
    /// Where trajectories come from.
    pub rollout: Rollout,
    /// How the weights move.
    pub optimizer: Optimizer,
    /// How long to train.
    pub training: Training,
}

impl Settings {
    /// Checks every value; an iteration has at least `least_batch` trajectories.
    ///
    /// # Errors
    ///
    /// Names the first field that is wrong, its value and what is allowed.
    pub fn validate(&self, least_batch: usize) -> Result<(), ConfigError> {
        // TOML holds no larger whole numbers.
        if self.seed > i64::MAX as u64 {
            return Err(ConfigError::new(
                "seed",
                self.seed,
                format!("a whole number from 0 to {}", i64::MAX),
            ));
        }
        self.method.validate()?;
        let t = &self.tempering;
        range("tempering.beta", t.beta, 0.0, 100.0)?;
        range("tempering.start", t.start, 0.0, 100.0)?;
        whole("tempering.iterations", t.iterations, 0, 10_000_000)?;
        range("tempering.floor", t.floor, -1e6, 0.0)?;
        range("objective.step_share", self.objective.step_share, 0.01, 1.0)?;
        range("objective.residual_clip", self.objective.residual_clip, 0.0, 1e6)?;
        whole("objective.chunk", self.objective.chunk, 1, 10_000_000)?;
        let r = &self.rollout;
        whole("rollout.batch", r.batch, least_batch, 100_000)?;
        range("rollout.exploration", r.exploration, 0.0, 100.0)?;
        whole(
            "rollout.exploration_iterations",
            r.exploration_iterations,
            0,
            10_000_000,
        )?;
        range("rollout.replay_share", r.replay_share, 0.0, 1.0)?;
        range("rollout.replay_priority", r.replay_priority, 0.0, 10.0)?;
        whole("rollout.replay_capacity", r.replay_capacity, 1, 1_000_000)?;
        range("rollout.noised_share", r.noised_share, 0.0, 1.0)?;
        range("rollout.prior_share", r.prior_share, 0.0, 1.0)?;
        let shares = r.replay_share + r.noised_share + r.prior_share;
        if shares > 1.0 {
            return Err(ConfigError::new(
                "rollout.replay_share + rollout.noised_share + rollout.prior_share",
                shares,
                "at most 1 together",
            ));
        }
        let o = &self.optimizer;
        positive("optimizer.learning_rate", o.learning_rate, 1.0)?;
        positive("optimizer.log_z_learning_rate", o.log_z_learning_rate, 1.0)?;
        range("optimizer.final_share", o.final_share, 0.0, 1.0)?;
        if o.schedule == Schedule::Linear {
            positive("optimizer.final_share", o.final_share, 1.0)?;
        }
        range("optimizer.gradient_clip", o.gradient_clip, 0.0, 1e9)?;
        range("optimizer.ema", o.ema, 0.0, 0.99999)?;
        whole("training.iterations", self.training.iterations, 1, 10_000_000)?;
        whole(
            "training.checkpoint_every",
            self.training.checkpoint_every,
            1,
            10_000_000,
        )?;
        Ok(())
    }
}

/// How log Z enters the residual.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LogZ {
    /// A parameter with a learning rate of its own.
    #[default]
    Learned,
    /// The mean over the batch of the same condition (VarGrad, arXiv 2010.10436).
    Vargrad,
}

/// How a trained method's loss is taken.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Objective {
    /// For RTB and Trust-PCL.
    pub log_z: LogZ,
    /// Share of the T steps whose gradient is taken in an iteration, rescaled so that the gradient
    /// stays unbiased; 1 takes them all.
    pub step_share: f64,
    /// |δ| is clipped to this value in the gradient; 0 leaves it alone.
    pub residual_clip: f64,
    /// For RTB and Trust-PCL: steps of fresh trajectories without exploration answer for what their own
    /// noise had a part in, not for all of δ, which leaves the gradient unbiased and less noisy. r is
    /// asked T times as often.
    pub baseline: bool,
    /// Rows (trajectory, step) of one backward pass; memory grows with this, not with T.
    pub chunk: usize,
}

impl Default for Objective {
    fn default() -> Self {
        Self {
            log_z: LogZ::Learned,
            step_share: 1.0,
            residual_clip: 0.0,
            baseline: false,
            chunk: 2000,
        }
    }
}

/// Where trajectories come from. The shares of replay, of noised trajectories and of the prior's are
/// taken from the batch; what is left follows the policy.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Rollout {
    /// Trajectories of one iteration.
    pub batch: usize,
    /// Extra variance of the policy's transitions at iteration 0, per unit of time, annealed
    /// linearly to 0. Where transitions make words, their log-probabilities are divided by 1 + this.
    pub exploration: f64,
    /// Iterations over which exploration is annealed; 0 never anneals.
    pub exploration_iterations: usize,
    /// Share of the batch noised back from end points in the replay buffer.
    pub replay_share: f64,
    /// Replay end points are drawn by reward, r^replay_priority; 0 draws uniformly.
    pub replay_priority: f64,
    /// End points kept.
    pub replay_capacity: usize,
    /// Share of the batch noised back from given end points: samples of the prior, resampled in
    /// proportion to r^β.
    pub noised_share: f64,
    /// Share of the batch that follows the prior.
    pub prior_share: f64,
}

impl Default for Rollout {
    fn default() -> Self {
        Self {
            batch: 500,
            exploration: 0.0,
            exploration_iterations: 1000,
            replay_share: 0.0,
            replay_priority: 1.0,
            replay_capacity: 5000,
            noised_share: 0.25,
            prior_share: 0.0,
        }
    }
}

/// The optimisation algorithm.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Algorithm {
    /// Adam, with ε = 10⁻⁸.
    #[default]
    Adam,
    /// AdamW, with ε = 10⁻⁸ and a weight decay of 10⁻⁴.
    AdamW,
    /// RMSProp, with burn's own settings.
    RmsProp,
    /// Plain gradient descent, without momentum.
    Sgd,
}

/// How the learning rates change over the run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Schedule {
    /// The same at every iteration.
    Constant,
    /// Linear to `final_share` of the start.
    Linear,
    /// Cosine to `final_share` of the start.
    #[default]
    Cosine,
}

/// The optimiser.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Optimizer {
    /// The algorithm, for the network and log Z alike.
    pub algorithm: Algorithm,
    /// Learning rate of the network at the start of the run, above 0, at most 1.
    pub learning_rate: f64,
    /// Learning rate of log Z, where it is learned.
    pub log_z_learning_rate: f64,
    /// How both learning rates change over the run.
    pub schedule: Schedule,
    /// The learning rate at the end of the run as a share of the one at its start.
    pub final_share: f64,
    /// Each parameter's gradient is clipped to this norm; 0 leaves it alone.
    pub gradient_clip: f64,
    /// Decay of the exponential moving average of the weights, which takes them in once an
    /// iteration; 0 turns it off.
    pub ema: f64,
}

impl Default for Optimizer {
    fn default() -> Self {
        Self {
            algorithm: Algorithm::Adam,
            learning_rate: 5e-3,
            log_z_learning_rate: 5e-2,
            schedule: Schedule::Cosine,
            final_share: 0.01,
            gradient_clip: 0.0,
            ema: 0.0,
        }
    }
}

/// How long to train and how often to save.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Training {
    /// Iterations of the whole run, 1 to 10,000,000.
    pub iterations: usize,
    /// Iterations between two checkpoints of the native program.
    pub checkpoint_every: usize,
}

impl Default for Training {
    fn default() -> Self {
        Self {
            iterations: 2000,
            checkpoint_every: 200,
        }
    }
}

/// The reward that training sees is r^β with log r floored: β·max(log r, largest + floor), where `largest` is
/// the largest log r (in the plane: where the prior is; of images and stories: 0). The target of the run, and
/// the exact posterior, are those of the final β and the same floor.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Tempering {
    /// β at the end.
    pub beta: f64,
    /// β at iteration 0, moving linearly to `beta`.
    pub start: f64,
    /// Iterations of that move; 0 starts at `beta`.
    pub iterations: usize,
    /// The smallest log r, less the largest, in nats. Where r is 0 it counts as this.
    pub floor: f64,
}

impl Default for Tempering {
    fn default() -> Self {
        Self {
            beta: 1.0,
            start: 0.0,
            iterations: 200,
            floor: -10.0,
        }
    }
}

impl Tempering {
    /// β of an iteration.
    pub fn at(&self, iteration: usize) -> f64 {
        if iteration >= self.iterations {
            return self.beta;
        }
        self.start + (self.beta - self.start) * iteration as f64 / self.iterations as f64
    }
}
