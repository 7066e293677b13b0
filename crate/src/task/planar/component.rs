//! Gaussians that mixtures are made of.

use serde::{Deserialize, Serialize};

/// One Gaussian of a mixture in the plane.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "native", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Component {
    /// Relative weight; the weights of a mixture need not sum to 1.
    pub weight: f64,
    /// The mean `[x, y]`.
    pub mean: [f64; 2],
    /// The covariance as `[xx, xy, yy]`.
    pub covariance: [f64; 3],
}

impl Component {
    /// A component with covariance `variance`·I.
    pub fn isotropic(weight: f64, mean: [f64; 2], variance: f64) -> Self {
        Self {
            weight,
            mean,
            covariance: [variance, 0.0, variance],
        }
    }
}
