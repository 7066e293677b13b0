//! The pictures of the four panels.

use crate::draw::image::Picture;
use crate::state::Stage;
use rtb::config::HALF_WIDTH;
use rtb::message::Snapshot;
use rtb::picture::density;

/// Smoothing of densities drawn from samples, in units of the plane.
const BLUR: f64 = 0.22;

/// The pictures that stay for a stage.
#[derive(PartialEq)]
pub struct Pictures {
    side: usize,
    pub prior: Picture,
    /// Empty pictures wait for the engine.
    pub reward: Option<Picture>,
    pub exact: Option<Picture>,
}

impl Pictures {
    pub fn new(stage: &Stage) -> Self {
        let scene = &stage.scene;
        let filled = |values: &Vec<f32>| (!values.is_empty()).then(|| values.clone());
        Self {
            side: scene.side,
            prior: Picture::density(scene.prior.clone(), largest(&scene.prior)),
            reward: filled(&scene.log_reward).map(Picture::reward),
            exact: filled(&scene.exact).map(|v| Picture::density(v, largest(&scene.exact))),
        }
    }

    /// The learned density on the exact one's colour scale, so that the two can be compared.
    pub fn learned(&self, snapshot: &Snapshot) -> Picture {
        let values = density(
            &snapshot.samples,
            self.side,
            BLUR * self.side as f64 / (2.0 * HALF_WIDTH),
        );
        let high = self.exact.as_ref().map_or_else(|| largest(&values), |e| e.high);
        Picture::density(values, high)
    }
}

fn largest(values: &[f32]) -> f32 {
    values.iter().copied().fold(f32::MIN_POSITIVE, f32::max)
}
