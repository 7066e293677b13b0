//! What is told of a run in the plane.

use serde::{Deserialize, Serialize};

/// How far a set of weighted points of the plane is from the truth.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct PlaneFit {
    /// Half the absolute differences of mode weights against the truth, summed.
    pub mode_total_variation: f64,
    /// Mass on modes that hold less than 1/1000 of the exact posterior.
    pub excluded_mass: f64,
    /// The same of the exact posterior.
    pub excluded_mass_exact: f64,
    /// Mean over the points of half the trace of the covariance of their mode.
    pub within_mode_variance: f64,
    /// The same of the exact posterior.
    pub within_mode_variance_exact: f64,
    /// Largest absolute difference of an entry of a mode's covariance from the truth, weighted
    /// mean over modes.
    pub within_mode_covariance_error: f64,
    /// KL(points ‖ exact) of the masses of the cells of a grid.
    pub kl_grid: f64,
    /// Of the exact log Z: by quadrature a bound on its error, from samples the standard error.
    #[serde(default)]
    pub log_z_error: f64,
}

/// Pictures of `side`² cell averages over the square of half side
/// [`HALF_WIDTH`](super::HALF_WIDTH), row by row from the top left (y largest first).
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct PlaneView {
    /// Cells along a side of each picture.
    pub side: usize,
    /// Density of the prior; a learned prior's is estimated from its own samples.
    pub prior: Vec<f32>,
    /// log r at the cell centres, tempered and floored: β·max(log r, floor).
    pub log_reward: Vec<f32>,
    /// Density of the exact posterior.
    pub exact: Vec<f32>,
}

/// The density exp(−E) that an energy network has learned of the prior.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Energy {
    /// Whether it is trained with the Radon–Nikodym estimator's consistency.
    pub regularized: bool,
    /// Iterations of training that are done.
    pub iterations: usize,
    /// Share of the training that is done, 1 at the end.
    pub progress: f64,
    /// log ∫ exp(−E): 0 for a normalised density.
    pub log_normalizer: f64,
    /// Total variation of mode weights against the mixture.
    pub mode_total_variation: f64,
    /// KL(exp(−E) ‖ mixture) of the masses of a grid's cells.
    pub kl_grid: f64,
    /// Cells along a side of the density's picture.
    pub side: usize,
    /// The density, normalised, `[side²]`, row by row from the top left.
    pub density: Vec<f32>,
}
