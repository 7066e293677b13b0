//! What is told of a run of points.

use serde::{Deserialize, Serialize};

/// How far samples are from the truth.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct PointsFit {
    /// Mean over the coordinates of the Wasserstein-1 distance of the marginals, in standard deviations of the truth.
    pub marginal_error: f64,
    /// What equally many samples of the truth would have.
    pub marginal_error_exact: f64,
    /// Largest absolute difference of a correlation.
    pub correlation_error: f64,
    /// Accuracy of a classifier that tells the samples from the reference; measured at the end, and only beside
    /// a reference.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub c2st: Option<f64>,
    /// Of the exact log Z: by quadrature a bound on its error, from samples the standard error.
    pub log_z_error: f64,
    /// The exact log Z, where `reference.log_z` names it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub log_z_known: Option<f64>,
    /// Effective number of the samples that the truth is known from; 0 by quadrature.
    pub effective: f64,
    /// Points at which r was asked for so far, in training and everywhere else.
    pub evaluations: f64,
}

/// The figures of the posterior given one of several observations.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct ObservationFit {
    /// Its row in the table, from 1.
    pub observation: usize,
    /// As [`PointsFit::marginal_error`].
    pub marginal_error: f64,
}

/// Points as they are drawn.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct PointsView {
    /// The names of the coordinates.
    pub names: Vec<String>,
    /// Samples of the prior, `[count][d]`.
    pub prior: Vec<f32>,
    /// Samples of the exact posterior, `[count][d]`; of several ones, equally many of each that is known.
    pub exact: Vec<f32>,
    /// Number of posteriors, and how many of them are known, the first ones.
    pub posteriors: [usize; 2],
}
