//! Measured figures of a run, and of the methods of a comparison.

use super::Fit;
use crate::engine::Paths;
use serde::{Deserialize, Serialize};

/// The source of the exact values of a run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Truth {
    /// Quadrature of p(x)·r(x) on a grid: the mixture itself is the prior.
    #[default]
    Quadrature,
    /// Samples of the discretised prior chain weighted by r: a learned prior is not its mixture.
    ImportanceWeighted,
    /// Samples of the discretised prior chain kept with probability r.
    Rejection,
}

/// Effective number of prior samples that makes a reference; with fewer, the exact values count as
/// estimates.
pub const REFERENCE: f64 = 100.0;

impl Report {
    /// A warning, if log r is at its floor for most samples.
    pub fn floor_warning(&self) -> Option<String> {
        let floor = self.floor_wanted?;
        Some(format!(
            "log r is at its floor for {:.0} % of the samples, so training cannot tell them apart; try tempering.floor = \
             {floor}",
            100.0 * self.floored_mass
        ))
    }

    /// Whether its exact values rest on too few samples and count as estimates.
    pub fn is_estimate(&self) -> bool {
        let enough = self.prior_samples_effective >= REFERENCE;
        self.truth != Truth::Quadrature && !enough
    }
}

/// The state of training at an iteration, drawn with the same noise each time.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Snapshot {
    /// Iterations done.
    pub iteration: usize,
    /// End points of policy samples, `[count][size]`; of large ones only the first few.
    pub samples: Vec<f32>,
    /// Trajectories of the policy.
    pub paths: Paths,
    /// Tempered log r of the ends of `paths`; empty if the task's pictures show it.
    pub log_reward: Vec<f32>,
    /// Further numbers of the task.
    pub more: Vec<f32>,
    /// The figures at this iteration.
    pub report: Report,
}

/// The figures of a run, each with its exact value if there is one.
///
/// The names are the keys of `report.json`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Report {
    /// log Z in the loss.
    pub log_z_learned: f64,
    /// log mean of the importance weights r·p_θ(τ)/p_φ(τ) over policy samples. For several posteriors it is the
    /// mean over them, which is biased low if each has few samples.
    pub log_z_importance: f64,
    /// log Z of the truth ([`Report::truth`]); NaN while it is unknown.
    pub log_z_exact: f64,
    /// log mean r over samples of the prior's own discretised chain.
    pub log_z_prior: f64,
    /// Effective number of the prior samples behind the exact values, where those come from samples, and otherwise
    /// behind `log_z_prior` and `eubo`. Below about 50, the posterior is rare under the prior and they are
    /// unreliable.
    pub prior_samples_effective: f64,
    /// Mean log weight over policy samples, a lower bound of log Z.
    pub elbo: f64,
    /// Mean log weight over posterior trajectories (prior samples weighted by r), an upper bound,
    /// where it is measured: not by a few effective samples.
    pub eubo: Option<f64>,
    /// Effective sample size of the importance weights over the number of samples.
    pub ess: f64,
    /// How far the samples are from the truth, in the task's own figures.
    #[serde(flatten)]
    pub fit: Fit,
    /// Mean tempered log r of the samples.
    pub log_reward: f64,
    /// Share of samples where log r is floored.
    pub floored_mass: f64,
    /// A lower floor to suggest, if log r is at its floor for more than half of the samples.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub floor_wanted: Option<f64>,
    /// Share of the truth where log r is floored.
    pub floored_mass_exact: f64,
    /// Mean of δ over policy samples, with the learned log Z.
    pub residual_mean: f64,
    /// Standard deviation of δ over policy samples.
    pub residual_std: f64,
    /// Policy samples behind these figures.
    pub samples: usize,
    /// The source of the exact values.
    pub truth: Truth,
    /// Iterations of training done.
    pub iterations: usize,
    /// Mean training time per iteration, in seconds.
    pub seconds_per_iteration: f64,
    /// Seconds of training so far.
    pub seconds: f64,
    /// Seed of the run.
    pub seed: u64,
    /// Name of the device that computed it.
    pub device: String,
    /// The figures of samples chosen among several candidates, if they are measured.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub chosen: Option<Box<Chosen>>,
    /// The figures of each of several posteriors; those above are means over them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub conditions: Vec<ConditionReport>,
}

/// The figures of samples that are each chosen among several candidates in proportion to the weights
/// r·p_θ(τ)/p_φ(τ) of their trajectories. With more candidates they approach the exact posterior.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Chosen {
    /// Number of candidates per sample.
    pub candidates: usize,
    /// log mean of the importance weights of all candidates.
    pub log_z_importance: f64,
    /// How far the chosen samples are from the truth, in the task's own figures.
    #[serde(flatten)]
    pub fit: Fit,
    /// Mean tempered log r.
    pub log_reward: f64,
}

/// The figures of one of several posteriors.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct ConditionReport {
    /// log Z in the loss.
    pub log_z_learned: f64,
    /// log mean of the importance weights r·p_θ(τ)/p_φ(τ) over its policy samples.
    pub log_z_importance: f64,
    /// log Z of the truth; NaN while it is unknown.
    pub log_z_exact: f64,
    /// Mean tempered log r.
    pub log_reward: f64,
    /// Further figures of the task.
    #[serde(flatten)]
    pub fit: Fit,
}

/// The figures of one method on a run, at the end or so far.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Outcome {
    /// The method's name ([`MethodInfo::name`](crate::engine::MethodInfo)).
    pub method: String,
    /// The method's title.
    pub title: String,
    /// Seed of the run.
    pub seed: u64,
    /// Share of the work done, from 0 to 1.
    pub progress: f64,
    /// Iterations of training so far; 0 for a training-free method.
    pub iterations: usize,
    /// Samples behind the figures.
    pub samples: usize,
    /// log Z from importance weights, if the method has weights.
    pub log_z: Option<f64>,
    /// log Z of the truth; NaN while it is unknown.
    pub log_z_exact: f64,
    /// Effective sample size of those weights over the number of samples.
    pub ess: Option<f64>,
    /// How far the samples are from the truth, in the task's own figures.
    #[serde(flatten)]
    pub fit: Fit,
    /// Mean tempered log r of the samples.
    pub log_reward: f64,
    /// Seconds of training so far; 0 for a training-free method.
    pub training_seconds: f64,
    /// Seconds to draw the samples, without scoring those of a trained policy.
    pub sampling_seconds: f64,
    /// Evaluations of a drift for one state in training, prior and policy alike; a backward pass counts
    /// as two.
    pub training_evaluations: f64,
    /// The same for drawing the samples.
    pub sampling_evaluations: f64,
    /// The source of the exact values.
    pub truth: Truth,
    /// Name of the device that computed it.
    pub device: String,
    /// Posterior samples for a picture, `[count][size]`; weighted samples are resampled.
    pub points: Vec<f32>,
}
