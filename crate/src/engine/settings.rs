//! The settings of a training, in small structs. They are part of the description of a run, and the only part
//! that the engine knows.

use super::check::{positive, range, whole};
use super::{ConfigError, Method};
use serde::{Deserialize, Serialize};

/// The lowest [`Tempering::floor`].
pub const LOWEST_FLOOR: f64 = -1e6;

/// All settings of the engine besides chain, prior, policy and reward.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Settings {
    /// Seed of all noise.
    pub seed: u64,
    /// The method that makes the posterior.
    pub method: Method,
    /// The power of the reward, and its floor.
    pub tempering: Tempering,
    /// The loss of a trained method.
    pub objective: Objective,
    /// Where trajectories come from.
    pub rollout: Rollout,
    /// How the weights are updated.
    pub optimizer: Optimizer,
    /// How long to train.
    pub training: Training,
}

impl Settings {
    /// Checks every value; `least_batch` is the smallest allowed batch.
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
        range("tempering.floor", t.floor, LOWEST_FLOOR, 0.0)?;
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
        whole("rollout.local_search", r.local_search, 0, 1000)?;
        if r.local_search > 0 && r.replay_share == 0.0 {
            return Err(ConfigError::new(
                "rollout.local_search",
                r.local_search,
                "0, or set rollout.replay_share above 0: it moves replayed end points",
            ));
        }
        range("rollout.noised_share", r.noised_share, 0.0, 1.0)?;
        range("rollout.prior_share", r.prior_share, 0.0, 1.0)?;
        let shares = r.replay_share + r.noised_share + r.prior_share;
        if shares > 1.0 {
            return Err(ConfigError::new(
                "rollout.replay_share + rollout.noised_share + rollout.prior_share",
                shares,
                "shares whose sum is at most 1",
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

/// Where the times of a Brownian bridge's T steps lie, from t_0 = 0 to t_T = 1.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "native", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Spacing {
    /// t_i = i/T.
    #[default]
    Even,
    /// 1 − t_i = (1 − cos(ω·(1 − i/T)))/(1 − cos ω) with ω = 2.5, a part of the cosine schedule (arXiv 2102.09672): the last
    /// steps are short and hardly blur the edges of a posterior, the first are nearly as long as even ones.
    Cosine,
}

impl Spacing {
    /// ω.
    const ANGLE: f64 = 2.5;

    /// t_i.
    pub fn time(self, step: usize, steps: usize) -> f64 {
        let even = step as f64 / steps as f64;
        match self {
            Self::Even => even,
            Self::Cosine => {
                let left = |share: f64| 1.0 - (Self::ANGLE * share).cos();
                1.0 - left(1.0 - even) / left(1.0)
            }
        }
    }
}

/// How log Z enters the residual δ.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "native", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum LogZ {
    /// A trained parameter with a learning rate of its own.
    #[default]
    Learned,
    /// Estimated in each iteration as a mean over the batch's trajectories of the same posterior
    /// (VarGrad, arXiv 2010.10436).
    Vargrad,
}

/// The loss of a trained method.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "native", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, default)]
pub struct Objective {
    /// How log Z enters the residual. Only RTB and Trust-PCL use it.
    pub log_z: LogZ,
    /// Share of the T steps whose gradient is taken in an iteration; 1 takes all steps. The gradient is
    /// rescaled, so it stays unbiased.
    pub step_share: f64,
    /// |δ| is clipped to this value in the gradient; 0 turns clipping off.
    pub residual_clip: f64,
    /// On policy, each step gets its own baseline, which lowers the gradient's variance without bias.
    /// The reward may be evaluated T times as often. Only RTB and Trust-PCL use it, and only while
    /// exploration is 0.
    pub baseline: bool,
    /// Rows that the network sees at once, in rollouts and in the gradient; a row is one step of one
    /// trajectory. With the batch and T, only states and kernels grow.
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

/// What replay draws end points by.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "native", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum ReplayBy {
    /// r.
    #[default]
    Reward,
    /// The importance weight r·p_θ(τ)/p_φ(τ) of the trajectory that ended there (arXiv 2402.05098): points that the
    /// policy finds too seldom count more.
    Weight,
}

/// Where the trajectories of training come from. The shares of replayed, noised and prior trajectories
/// are taken from the batch and sum to at most 1; the rest of the batch follows the policy. On-policy
/// methods (policy gradient, DDPO, DPOK) follow the policy only, without exploration.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "native", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, default)]
pub struct Rollout {
    /// Trajectories of one iteration. Where several posteriors are trained at once, they share the batch,
    /// which must hold at least 2 for each of them, or one group of a corpus.
    pub batch: usize,
    /// Extra variance of the policy's transitions at iteration 0, per unit of time; 0 turns exploration
    /// off. In chains of words, log-probabilities are divided by 1 + this instead.
    pub exploration: f64,
    /// Iterations over which exploration falls linearly to 0; 0 keeps it constant.
    pub exploration_iterations: usize,
    /// Share of the batch whose trajectories are noised back from end points in the replay buffer; 0 turns
    /// replay off.
    pub replay_share: f64,
    /// Replay draws end points in proportion to r to this power; 0 draws uniformly.
    pub replay_priority: f64,
    /// What replay calls the reward of an end point.
    pub replay_by: ReplayBy,
    /// Local search: moves of replayed end points in every iteration, whose results go to the replay buffer; 0 turns them
    /// off. Where the reward is formulas above known laws, these are Langevin moves (MALA). Elsewhere each noises end points
    /// back by some steps and draws them anew from the prior's kernels: exact for a prior that reverses its noising.
    pub local_search: usize,
    /// Most end points in the replay buffer. When it is full, a new end point replaces the oldest.
    pub replay_capacity: usize,
    /// Share of the batch whose trajectories are noised back from samples of the prior, resampled in
    /// proportion to r^β.
    pub noised_share: f64,
    /// Share of the batch whose trajectories are drawn from the prior's kernels.
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
            replay_by: ReplayBy::Reward,
            local_search: 0,
            replay_capacity: 5000,
            noised_share: 0.25,
            prior_share: 0.0,
        }
    }
}

/// The optimiser's algorithm.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "native", derive(schemars::JsonSchema))]
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
#[cfg_attr(feature = "native", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Schedule {
    /// The learning rate stays the same.
    Constant,
    /// The learning rate falls linearly to `final_share` of its start.
    Linear,
    /// The learning rate falls along a cosine to `final_share` of its start.
    #[default]
    Cosine,
}

/// How the weights are updated.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "native", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, default)]
pub struct Optimizer {
    /// The algorithm, for both the network and log Z.
    pub algorithm: Algorithm,
    /// Learning rate of the network at iteration 0.
    pub learning_rate: f64,
    /// Learning rate of log Z at iteration 0, where `objective.log_z` is `learned`.
    pub log_z_learning_rate: f64,
    /// How both learning rates change over the run.
    pub schedule: Schedule,
    /// Learning rates at the end of the run, as a share of those at iteration 0. It must be above 0 for the
    /// `linear` schedule and has no effect on the `constant` one.
    pub final_share: f64,
    /// The gradient of each tensor of weights is clipped to this norm; 0 turns clipping off.
    pub gradient_clip: f64,
    /// Decay of the exponential moving average of the weights, per iteration; 0 turns it off. Where it is
    /// on, the averaged weights are evaluated and saved.
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
#[cfg_attr(feature = "native", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, default)]
pub struct Training {
    /// Iterations of the whole run.
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

/// The power of the reward. Training sees the log reward β·max(log r, largest + floor), where `largest` is the
/// largest log r (for mixtures: where the prior is; for images and stories: 0). The target, and the exact
/// posterior, use the final β and the same floor.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "native", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, default)]
pub struct Tempering {
    /// β at the end; 0 gives the prior back, and above 1 the posterior is sharper.
    pub beta: f64,
    /// β at iteration 0, from where it moves linearly to `beta`.
    pub start: f64,
    /// Iterations of that move; 0 uses `beta` from the start.
    pub iterations: usize,
    /// Smallest log r, measured from the largest, in nats; where r is 0, it counts as this.
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
