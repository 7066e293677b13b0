//! What is fixed for a run, and what can be drawn of it.

use super::Truth;
use crate::image::CLASSES;
use crate::text::{Layout, Reader};
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

impl Scene {
    /// What reads its samples, where they are stories.
    pub fn reader(&self) -> Option<Reader> {
        let view = self.view.stories()?;
        Reader::new(&view.words, view.layout).ok()
    }
}

/// The part of a scene that depends on the task.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum View {
    Plane(PlaneView),
    Digits(DigitsView),
    Stories(StoriesView),
}

impl View {
    /// The pictures of the plane.
    pub fn plane(&self) -> Option<&PlaneView> {
        match self {
            Self::Plane(view) => Some(view),
            Self::Digits(_) | Self::Stories(_) => None,
        }
    }

    /// What there is of images.
    pub fn digits(&self) -> Option<&DigitsView> {
        match self {
            Self::Digits(view) => Some(view),
            Self::Plane(_) | Self::Stories(_) => None,
        }
    }

    /// Tempered log r of the ends of [`Scene::prior_paths`], for images and stories.
    pub fn log_reward(&self) -> Option<&Vec<f32>> {
        match self {
            Self::Plane(_) => None,
            Self::Digits(view) => Some(&view.log_reward),
            Self::Stories(view) => Some(&view.log_reward),
        }
    }

    /// What is known of the exact posterior, for images and stories.
    pub fn exact(&self) -> Option<&SampledTruth> {
        match self {
            Self::Plane(_) => None,
            Self::Digits(view) => view.exact.as_ref(),
            Self::Stories(view) => view.exact.as_ref(),
        }
    }

    /// What there is of stories.
    pub fn stories(&self) -> Option<&StoriesView> {
        match self {
            Self::Stories(view) => Some(view),
            Self::Plane(_) | Self::Digits(_) => None,
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
    pub exact: Option<SampledTruth>,
}

/// Stories are tokens, `[count][length]`: numbers of words, and the number of words for a token that
/// is masked.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct StoriesView {
    /// The prior's words, a line each ([`Vocabulary::read`](crate::text::Vocabulary::read)).
    pub words: String,
    pub layout: Layout,
    /// Words of the beginning and of the ending that the prior does not know.
    pub unknown: Vec<String>,
    /// Tempered log r of the ends of [`Scene::prior_paths`].
    pub log_reward: Vec<f32>,
    /// What is known of the exact posterior already.
    pub exact: Option<SampledTruth>,
}

/// The exact posterior as samples of the prior's own chain tell it: images are kept with probability
/// r^β, stories drawn by their weights.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct SampledTruth {
    /// The first that were kept or drawn, `[count][size]`.
    pub samples: Vec<f32>,
    /// Tempered log r of each of them.
    pub log_reward: Vec<f32>,
    /// log E\[r^β\] over the proposals, and its standard error.
    pub log_z: f64,
    pub log_z_error: f64,
    /// Mean tempered log r of the posterior.
    pub log_reward_mean: f64,
    /// Share of every class among all images that were kept, by the evaluation classifier.
    pub classes: Option<[f64; CLASSES]>,
    /// Samples of the prior so far, how many of them were kept (of stories: the effective number of
    /// the weighted ones), and how many there are to be.
    pub proposals: usize,
    pub kept: usize,
    pub wanted: usize,
}

/// Trajectories, thinned in time.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Paths {
    /// The steps shown, from 0 to T.
    pub steps: Vec<usize>,
    /// Numbers of a point: 2 in the plane, 784 for images, the tokens of a story.
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

    /// The states at the last shown step, `[count][size]`.
    pub fn ends(&self) -> Vec<f32> {
        let last = self.steps.len().saturating_sub(1);
        let ends = (0..self.count()).flat_map(|path| self.state(path, last));
        ends.copied().collect()
    }

    /// The same in the plane.
    pub fn point(&self, path: usize, step: usize) -> [f32; 2] {
        let state = self.state(path, step);
        [state[0], state[1]]
    }
}
