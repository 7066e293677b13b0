//! What is told of a run on images.

use super::data::{CLASSES, Shape, numbered};
use crate::message::Snapshot;
use crate::task::Picture;
use serde::{Deserialize, Serialize};

/// How the images of a run are drawn; that of MNIST where nothing is said.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ImageView {
    /// Their shape.
    pub shape: Shape,
    /// Whether grey is drawn as ink on paper, else as light.
    pub ink: bool,
    /// The names of their classes.
    pub classes: Vec<String>,
    /// The text of every condition, where they are texts.
    #[serde(default)]
    pub prompts: Vec<String>,
    /// The plane of the latents that images are made of, where there are two.
    #[serde(default)]
    pub plane: Option<PlaneView>,
}

/// The plane of two latents, as it is drawn: a square around 0, in cells row by row from the top left.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct PlaneView {
    /// Half the width of the square.
    pub half_width: f64,
    /// Cells along a side.
    pub side: usize,
    /// Masses of the cells under the exact posterior, `[conditions][side²]`.
    pub exact: Vec<f32>,
    /// log r in the middle of the cells, `[conditions][side²]`.
    pub log_r: Vec<f32>,
    /// Images along a side of the map.
    pub map_side: usize,
    /// The images in the middles of `map_side²` equal parts of the square, `[map_side²][pixels]`.
    pub map: Vec<f32>,
    /// The prior's trajectories, those of the scene, `[paths][states][2]`.
    pub prior_paths: Vec<f32>,
}

impl PlaneView {
    /// Half the width of the square that the engine looks at: a standard normal leaves it with probability 1e-4.
    pub const HALF_WIDTH: f64 = 4.0;
}

/// What a snapshot tells of the plane of two latents.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PlaneSnapshot<'a> {
    /// The policy's trajectories, those of the snapshot, `[paths][states][2]`.
    pub paths: &'a [f32],
    /// End points of further samples, whose conditions cycle, `[count][2]`.
    pub ends: &'a [f32],
}

impl<'a> PlaneSnapshot<'a> {
    /// That of a run with a plane.
    pub fn of(snapshot: &'a Snapshot) -> Self {
        let paths = &snapshot.paths;
        let (paths, ends) = snapshot.more.split_at(2 * paths.count() * paths.steps.len());
        Self { paths, ends }
    }
}

impl Default for ImageView {
    fn default() -> Self {
        Self {
            shape: Shape::MNIST,
            ink: true,
            classes: numbered(CLASSES),
            prompts: Vec::new(),
            plane: None,
        }
    }
}

impl ImageView {
    /// Images as they are drawn.
    pub fn picture(&self, pixels: &[f32]) -> Picture {
        Picture::Images {
            shape: self.shape.sizes(),
            ink: self.ink,
            pixels: pixels.to_vec(),
        }
    }
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
    /// The distance of as many images of a perfect sampler to the exact ones: no set could be told to be
    /// nearer.
    pub fid_floor: Option<f64>,
    /// Mean cosine distance of the features of two different images.
    pub diversity: Option<f64>,
    /// The same of the exact images.
    pub diversity_exact: Option<f64>,
    /// Share of every class.
    pub classes: Vec<f64>,
    /// The same of the exact images.
    pub classes_exact: Option<Vec<f64>>,
    /// Share of images in a class that the reward wants, where it wants classes.
    pub accuracy: Option<f64>,
    /// The same of the exact images.
    pub accuracy_exact: Option<f64>,
    /// Total variation between masses of cells of the plane of two latents, the mean over the posteriors.
    pub total_variation: Option<f64>,
    /// The same of as many samples of a perfect sampler.
    pub total_variation_floor: Option<f64>,
    /// KL(learned ‖ exact) of these masses.
    pub kl: Option<f64>,
    /// Standard error of the exact log Z, or the quadrature's.
    pub log_z_error: Option<f64>,
    /// Exact images there are.
    pub kept: usize,
    /// Images of the prior that they were kept from.
    pub proposals: usize,
}

/// What samples of the prior tell of the exact images besides.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct ExactFit {
    /// Share of every class among all images that were kept, by the evaluation classifier.
    pub classes: Vec<f64>,
    /// Trajectories of the exact posterior to the images shown, on the plane of two latents where there is one: at
    /// the steps of the prior's, `[paths][states][2]`.
    #[serde(default)]
    pub plane_paths: Vec<f32>,
}

/// What is measured of one of several prompts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct PromptFit {
    /// Mean log importance weight, a lower bound of its log Z.
    pub elbo: f64,
}

/// What is measured of one of several classes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct ClassFit {
    /// The class that is wanted.
    pub class: usize,
    /// Share of images in the class.
    pub accuracy: f64,
}
