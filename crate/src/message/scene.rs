//! What is fixed for a run, and what can be drawn of it.

use super::Truth;
use crate::image::CLASSES;
use serde::{Deserialize, Serialize};

/// What is fixed for a run: prior, reward and exact posterior.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Scene {
    pub truth: Truth,
    /// log Z of the truth, where that is known already ([`Event::Truth`](super::Event::Truth)).
    pub log_z: Option<f64>,
    /// Trajectories of the prior with the noise that every snapshot uses.
    pub prior_paths: Paths,
    pub view: View,
}

/// The part of a scene that depends on the task.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum View {
    Plane(PlaneView),
    Digits(DigitsView),
}

impl View {
    /// The pictures of the plane.
    pub fn plane(&self) -> Option<&PlaneView> {
        match self {
            Self::Plane(view) => Some(view),
            Self::Digits(_) => None,
        }
    }

    /// What there is of images.
    pub fn digits(&self) -> Option<&DigitsView> {
        match self {
            Self::Plane(_) => None,
            Self::Digits(view) => Some(view),
        }
    }
}

impl Default for View {
    fn default() -> Self {
        Self::Plane(PlaneView::default())
    }
}

/// Pictures of `side`² cell averages over the square of half side
/// [`HALF_WIDTH`](crate::config::HALF_WIDTH), row by row from the top left (y largest first).
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct PlaneView {
    pub side: usize,
    /// Density of the prior; a learned prior's is estimated from its own samples.
    pub prior: Vec<f32>,
    /// log r at the cell centres, tempered and floored: β·max(log r, floor).
    pub log_reward: Vec<f32>,
    /// Density of the exact posterior.
    pub exact: Vec<f32>,
}

/// Images are `[count][784]` from the top left, −1 black to 1 white.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct DigitsView {
    /// Tempered log r of the ends of [`Scene::prior_paths`].
    pub log_reward: Vec<f32>,
    /// What is known of the exact posterior already.
    pub exact: Option<ImageTruth>,
}

/// The exact posterior of images: those of the prior's own chain, kept with probability r^β.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct ImageTruth {
    /// The first images that were kept, `[count][784]`.
    pub images: Vec<f32>,
    /// Tempered log r of each of them.
    pub log_reward: Vec<f32>,
    /// log E\[r^β\] over the proposals, and its standard error.
    pub log_z: f64,
    pub log_z_error: f64,
    /// Mean tempered log r of all that were kept.
    pub log_reward_mean: f64,
    /// Share of every class among all that were kept, by the evaluation classifier.
    pub classes: [f64; CLASSES],
    /// Images of the prior so far, how many of them were kept, and how many there are to be.
    pub proposals: usize,
    pub kept: usize,
    pub wanted: usize,
}

/// Trajectories, thinned in time.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Paths {
    /// The steps shown, from 0 to T.
    pub steps: Vec<usize>,
    /// Numbers of a point: 2 in the plane, 784 for images.
    pub size: usize,
    /// `[count][steps][size]`.
    pub points: Vec<f32>,
}

impl Paths {
    /// Number of trajectories.
    pub fn count(&self) -> usize {
        self.points.len() / (self.size * self.steps.len()).max(1)
    }

    /// The numbers of trajectory `path` at the shown step `step`.
    pub fn state(&self, path: usize, step: usize) -> &[f32] {
        let at = self.size * (path * self.steps.len() + step);
        &self.points[at..at + self.size]
    }

    /// The same in the plane.
    pub fn point(&self, path: usize, step: usize) -> [f32; 2] {
        let state = self.state(path, step);
        [state[0], state[1]]
    }
}
