//! The pictures of the four panels.

use super::view;
use crate::kit::picture::Picture;
use rtb::message::{Scene, Truth};
use rtb::task::plane::picture::{blurred, density};

/// Smoothing of every density, in cells: only pictures that are equally smooth compare. It is what
/// the engine gives pictures that it makes of samples.
const BLUR: f64 = 1.0;

/// The pictures that stay for a scene.
#[derive(PartialEq)]
pub struct Pictures {
    side: usize,
    pub prior: Picture,
    /// Empty pictures wait for the engine.
    pub reward: Option<Picture>,
    pub exact: Option<Picture>,
}

impl Pictures {
    pub fn new(scene: &Scene) -> Self {
        let view = view(scene);
        let picture = |values: &[f32]| {
            let values = smooth(values, view.side, scene.truth);
            let high = largest(&values);
            Picture::density(values, high)
        };
        Self {
            side: view.side,
            prior: picture(&view.prior),
            reward: (!view.log_reward.is_empty()).then(|| Picture::reward(view.log_reward.clone())),
            exact: (!view.exact.is_empty()).then(|| picture(&view.exact)),
        }
    }

    /// The density of posterior samples on the exact one's colour scale, so that the two can be
    /// compared.
    pub fn of_samples(&self, samples: &[f32]) -> Picture {
        let values = density(samples, self.side, BLUR);
        let high = self.exact.as_ref().map_or_else(|| largest(&values), |e| e.high);
        Picture::density(values, high)
    }
}

/// A density of the scene as smooth as one of samples; those that come from samples already are.
fn smooth(values: &[f32], side: usize, truth: Truth) -> Vec<f32> {
    match truth {
        Truth::Quadrature => blurred(values, side, BLUR),
        Truth::ImportanceWeighted | Truth::Rejection => values.to_vec(),
    }
}

fn largest(values: &[f32]) -> f32 {
    values.iter().copied().fold(f32::MIN_POSITIVE, f32::max)
}
