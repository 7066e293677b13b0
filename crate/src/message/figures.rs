//! What is measured of a run, and of the methods of a comparison.

use super::Fit;
use crate::engine::Paths;
use serde::{Deserialize, Serialize};

/// What "exact" means for a run.
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

/// Effective samples of the prior below which they are no reference: what is said to be exact is then an
/// estimate.
pub const REFERENCE: f64 = 100.0;

impl Report {
    /// What is to be said where most samples lie on the floor of log r; nothing where they do not.
    pub fn floor_warning(&self) -> Option<String> {
        let floor = self.floor_wanted?;
        Some(format!(
            "log r is at its floor for {:.0} % of the samples, so training cannot tell them apart; try tempering.floor = \
             {floor}",
            100.0 * self.floored_mass
        ))
    }

    /// Whether its exact figures rest on too few samples to be called that.
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
    /// End points of policy samples, `[count][size]`; where they are large the first only.
    pub samples: Vec<f32>,
    /// Trajectories of the policy.
    pub paths: Paths,
    /// Tempered log r of the ends of `paths`; empty where the task's pictures say it.
    pub log_reward: Vec<f32>,
    /// What else the task tells of each of `paths`, in as many numbers a path.
    pub more: Vec<f32>,
    /// What is measured by now.
    pub report: Report,
}

/// What is measured, each figure beside its exact counterpart where there is one.
///
/// The names are the keys of `report.json`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Report {
    /// log Z in the loss.
    pub log_z_learned: f64,
    /// log mean of the importance weights r·p_θ(τ)/p_φ(τ) over policy samples; of several posteriors
    /// the mean, which is too small where there are few samples of each.
    pub log_z_importance: f64,
    /// log Z of the truth ([`Report::truth`]); no number while nothing is known of it.
    pub log_z_exact: f64,
    /// log mean r over samples of the prior's own discretised chain.
    pub log_z_prior: f64,
    /// Effective number of the prior samples behind `log_z_prior` and `eubo`: the two say little
    /// below about 50, where the posterior is rare under the prior.
    pub prior_samples_effective: f64,
    /// Mean log weight over policy samples, a lower bound of log Z.
    pub elbo: f64,
    /// Mean log weight over posterior trajectories (prior samples weighted by r), an upper bound,
    /// where it is measured.
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
    /// A floor below most of the samples' log r, where more than half of them lie on the one there is.
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
    /// What the exact figures come from.
    pub truth: Truth,
    /// Iterations of training done.
    pub iterations: usize,
    /// Seconds of training an iteration, on average.
    pub seconds_per_iteration: f64,
    /// Seconds of training so far.
    pub seconds: f64,
    /// Seed of the run.
    pub seed: u64,
    /// What people call the device that it is computed on.
    pub device: String,
    /// Samples that are each chosen among several, where those are measured too.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub chosen: Option<Box<Chosen>>,
    /// Each of several posteriors; the figures above are means over them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub conditions: Vec<ConditionReport>,
}

/// What is measured of samples each of which is one of several, chosen in proportion to the weights
/// r·p_θ(τ)/p_φ(τ) of their trajectories: as there are more to choose from, samples of the exact
/// posterior.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Chosen {
    /// How many there are to choose from for a sample.
    pub candidates: usize,
    /// log mean of the importance weights of all of them.
    pub log_z_importance: f64,
    /// How far the chosen samples are from the truth, in the task's own figures.
    #[serde(flatten)]
    pub fit: Fit,
    /// Mean tempered log r.
    pub log_reward: f64,
}

/// What is measured of one of several posteriors.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct ConditionReport {
    /// log Z in the loss.
    pub log_z_learned: f64,
    /// log mean of the importance weights r·p_θ(τ)/p_φ(τ) over its policy samples.
    pub log_z_importance: f64,
    /// log Z of the truth; no number while nothing is known of it.
    pub log_z_exact: f64,
    /// Mean tempered log r.
    pub log_reward: f64,
    /// What the task tells of it besides.
    #[serde(flatten)]
    pub fit: Fit,
}

/// How one method did on a run, or does so far.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Outcome {
    /// The method's name ([`MethodInfo::name`](crate::engine::MethodInfo)).
    pub method: String,
    /// What people see as the method's name.
    pub title: String,
    /// Seed of the run.
    pub seed: u64,
    /// Share of the work that is done, 1 at the end.
    pub progress: f64,
    /// Iterations of training so far; 0 for a training-free method.
    pub iterations: usize,
    /// Samples behind the figures.
    pub samples: usize,
    /// log Z by importance weights, where the method has any.
    pub log_z: Option<f64>,
    /// log Z of the truth; no number while nothing is known of it.
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
    /// What drawing the samples took; scoring those of a trained policy is not part of it.
    pub sampling_seconds: f64,
    /// Evaluations of a drift for one state in training, prior and policy alike; a backward pass counts
    /// as two.
    pub training_evaluations: f64,
    /// The same in drawing the samples.
    pub sampling_evaluations: f64,
    /// What the exact figures come from.
    pub truth: Truth,
    /// What people call the device that it was computed on.
    pub device: String,
    /// Posterior samples to draw, `[count][size]`; weighted ones are resampled.
    pub points: Vec<f32>,
}
