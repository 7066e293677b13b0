//! What is measured of a run, and of the methods of a comparison.

use super::Paths;
use crate::image::CLASSES;
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

/// The state of training at an iteration, drawn with the same noise each time.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Snapshot {
    pub iteration: usize,
    /// End points of policy samples, `[count][size]`; of images and stories the first only.
    pub samples: Vec<f32>,
    pub paths: Paths,
    /// Tempered log r of the ends of `paths`, for images and stories.
    pub log_reward: Vec<f32>,
    /// For stories: log p_φ − log p_θ of every token in the gap of the ends of `paths`, when it was
    /// made.
    pub moved: Vec<f32>,
    pub report: Report,
}

/// How far samples are from the truth.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Fit {
    Plane(PlaneFit),
    Images(Box<ImageFit>),
    Stories(StoryFit),
}

impl Default for Fit {
    fn default() -> Self {
        Self::Plane(PlaneFit::default())
    }
}

impl Fit {
    /// The figures of points in the plane.
    pub fn plane(&self) -> Option<&PlaneFit> {
        match self {
            Self::Plane(fit) => Some(fit),
            Self::Images(_) | Self::Stories(_) => None,
        }
    }

    /// The figures of images.
    pub fn images(&self) -> Option<&ImageFit> {
        match self {
            Self::Images(fit) => Some(fit),
            Self::Plane(_) | Self::Stories(_) => None,
        }
    }

    /// The figures of stories.
    pub fn stories(&self) -> Option<&StoryFit> {
        match self {
            Self::Stories(fit) => Some(fit),
            Self::Plane(_) | Self::Images(_) => None,
        }
    }

    /// What [`Fit::error`] is called.
    pub fn error_name(&self) -> &'static str {
        match self {
            Self::Plane(_) => "total variation",
            Self::Images(_) => "FID",
            Self::Stories(_) => "error of mean log r",
        }
    }

    /// The one figure by which methods are told apart, smaller is better: the total variation of
    /// mode weights in the plane, FID for images where there are enough of them, how far the mean
    /// log r of stories is from the exact one.
    pub fn error(&self) -> Option<f64> {
        match self {
            Self::Plane(fit) => Some(fit.mode_total_variation),
            Self::Images(fit) => fit.fid,
            Self::Stories(fit) => Some((fit.log_reward_stories - fit.log_reward_exact?).abs()),
        }
    }
}

/// How far a set of weighted points of the plane is from the truth.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct PlaneFit {
    /// Half the absolute differences of mode weights against the truth, summed.
    pub mode_total_variation: f64,
    /// Mass on modes that hold less than 1/1000 of the exact posterior.
    pub excluded_mass: f64,
    pub excluded_mass_exact: f64,
    /// Mean over the points of half the trace of the covariance of their mode.
    pub within_mode_variance: f64,
    pub within_mode_variance_exact: f64,
    /// Largest absolute difference of an entry of a mode's covariance from the truth, weighted
    /// mean over modes.
    pub within_mode_covariance_error: f64,
    /// KL(points ‖ exact) of the masses of the cells of a grid.
    pub kl_grid: f64,
}

/// How far images are from those of the exact posterior, in the eyes of two classifiers: the one
/// that rewards ask, and one that only measures. Shares of classes are what the latter sees.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct ImageFit {
    /// Mean tempered log r of the exact images; like all that is about them, nothing while there
    /// are fewer than two.
    pub log_reward_exact: Option<f64>,
    /// Fréchet distance of the evaluation classifier's features to those of the exact images. It
    /// and the next two are only known where there are more images than features on both sides, and
    /// are too large where there are few of them.
    pub fid: Option<f64>,
    /// The same with the features of the rewards' classifier, which training may have fooled.
    pub fid_reward_classifier: Option<f64>,
    /// The distance of one half of the exact images to the other: no set of so many could be told
    /// to be nearer.
    pub fid_floor: Option<f64>,
    /// Mean cosine distance of the features of two different images.
    pub diversity: f64,
    pub diversity_exact: Option<f64>,
    /// Share of every class, 0 to 9.
    pub classes: [f64; CLASSES],
    pub classes_exact: Option<[f64; CLASSES]>,
    /// Share of images in a class that the reward wants, where it wants classes.
    pub accuracy: Option<f64>,
    pub accuracy_exact: Option<f64>,
    /// Standard error of the exact log Z.
    pub log_z_error: Option<f64>,
    /// Exact images there are, and the prior's images they were kept from.
    pub kept: usize,
    pub proposals: usize,
}

/// How far stories are from those of the exact posterior.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct StoryFit {
    /// Mean tempered log r of these stories, of the prior's and of the exact posterior's; like all
    /// that is about the latter two, nothing while there are fewer than two samples of the prior.
    pub log_reward_stories: f64,
    pub log_reward_prior: Option<f64>,
    pub log_reward_exact: Option<f64>,
    /// Distinct pairs of neighbouring words over all pairs, in the first hundred middles, and in as
    /// many of the prior's: repetition is how rewards of words are cheated (distinct-2,
    /// arXiv 1510.03055).
    pub distinct: f64,
    pub distinct_prior: Option<f64>,
    /// BLEU-4 and GLEU of the middles against those that were told, where there are any: of a corpus.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bleu: Option<f64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gleu: Option<f64>,
    /// Mean number of words and marks of a middle.
    pub words: f64,
    pub words_exact: Option<f64>,
    /// Standard error of the exact log Z.
    pub log_z_error: Option<f64>,
    /// Samples of the prior that the exact figures are known from, and the effective number of them.
    pub proposals: usize,
    pub effective: f64,
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
    /// Mean log weight over posterior trajectories (prior samples weighted by r), an upper bound;
    /// not measured of images.
    pub eubo: Option<f64>,
    /// Effective sample size of the importance weights over the number of samples.
    pub ess: f64,
    #[serde(flatten)]
    pub fit: Fit,
    /// Mean tempered log r of the samples.
    pub log_reward: f64,
    /// Share of samples where log r is floored.
    pub floored_mass: f64,
    pub floored_mass_exact: f64,
    /// Mean and standard deviation of δ over policy samples, with the learned log Z.
    pub residual_mean: f64,
    pub residual_std: f64,
    /// Policy samples behind these figures.
    pub samples: usize,
    pub truth: Truth,
    pub iterations: usize,
    pub seconds_per_iteration: f64,
    pub seconds: f64,
    pub seed: u64,
    pub device: String,
    /// Samples that are each chosen among several, where those are measured too.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub chosen: Option<Box<Chosen>>,
    /// Each of several posteriors; the figures above are means over them, and the images together
    /// are held against as many exact ones of each.
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
    #[serde(flatten)]
    pub fit: Fit,
    /// Mean tempered log r.
    pub log_reward: f64,
}

/// What is measured of one of several posteriors.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct ConditionReport {
    /// The class that is wanted.
    pub class: usize,
    pub log_z_learned: f64,
    pub log_z_importance: f64,
    pub log_z_exact: f64,
    /// Mean tempered log r.
    pub log_reward: f64,
    /// Share of images in the class.
    pub accuracy: f64,
}

/// How one method did on a run, or does so far.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Outcome {
    /// The method's name and title.
    pub method: String,
    pub title: String,
    pub seed: u64,
    /// Share of the work that is done, 1 at the end.
    pub progress: f64,
    /// Iterations of training so far; 0 for a training-free method.
    pub iterations: usize,
    /// Samples behind the figures.
    pub samples: usize,
    /// log Z by importance weights, where the method has any.
    pub log_z: Option<f64>,
    pub log_z_exact: f64,
    /// Effective sample size of those weights over the number of samples.
    pub ess: Option<f64>,
    #[serde(flatten)]
    pub fit: Fit,
    /// Mean tempered log r of the samples.
    pub log_reward: f64,
    pub training_seconds: f64,
    /// What drawing the samples took; scoring those of a trained policy is not part of it.
    pub sampling_seconds: f64,
    /// Evaluations of a drift for one state, prior and policy alike; a backward pass counts as two.
    pub training_evaluations: f64,
    pub sampling_evaluations: f64,
    pub truth: Truth,
    pub device: String,
    /// Posterior samples to draw, `[count][size]`; weighted ones are resampled.
    pub points: Vec<f32>,
}
