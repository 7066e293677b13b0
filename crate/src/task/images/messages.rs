//! What is told of a run on images.

use super::data::{CLASSES, Shape, numbered};
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
}

impl Default for ImageView {
    fn default() -> Self {
        Self {
            shape: Shape::MNIST,
            ink: true,
            classes: numbered(CLASSES),
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
    pub diversity: f64,
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
}

/// What is measured of one of several classes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct ClassFit {
    /// The class that is wanted.
    pub class: usize,
    /// Share of images in the class.
    pub accuracy: f64,
}
