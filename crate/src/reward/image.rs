//! Rewards of images: a classifier's opinion, what can be measured on strokes, known pixels.

use super::strokes;
use crate::config::{ClassesBy, ConfigError, Reward, Task};
use crate::host::read;
use crate::image::{CLASSES, PIXELS};
use crate::network::{Classify, StridedClassifier};
use crate::parallel;
use crate::prior::Decoder;
use crate::train::{Answer, EndReward, at_once};
use burn::tensor::{Device, Tensor, TensorData, activation};

/// Images whose gradient is taken at once.
const BLOCK: usize = 250;

/// log r of the images of end points, at most 0, floored.
#[derive(Clone, Debug)]
pub struct ImageLogReward {
    wish: Wish,
    floor: f64,
    classifier: StridedClassifier,
    decoder: Decoder,
    device: Device,
}

/// A compiled reward.
#[derive(Clone, Debug)]
enum Wish {
    Classes {
        classes: Vec<usize>,
        by: ClassesBy,
    },
    Ink {
        target: f64,
        deviation: f64,
    },
    Symmetry {
        deviation: f64,
    },
    Holes {
        count: usize,
        penalty: f64,
    },
    Thickness {
        target: f64,
        deviation: f64,
    },
    /// Pixels that are known, and their values.
    Inpaint {
        known: Vec<(usize, f32)>,
        deviation: f64,
    },
    All(Vec<Wish>),
}

impl Wish {
    fn new(reward: &Reward) -> Result<Self, ConfigError> {
        Ok(match *reward {
            Reward::Classes { ref classes, by } => Self::Classes {
                classes: classes.clone(),
                by,
            },
            Reward::Ink { target, deviation } => Self::Ink { target, deviation },
            Reward::Symmetry { deviation } => Self::Symmetry { deviation },
            Reward::Holes { count, penalty } => Self::Holes { count, penalty },
            Reward::Thickness { target, deviation } => Self::Thickness { target, deviation },
            Reward::Inpaint { ref rows, deviation } => Self::Inpaint {
                known: known_pixels(rows),
                deviation,
            },
            Reward::All { ref rewards } => {
                Self::All(rewards.iter().map(Self::new).collect::<Result<_, _>>()?)
            }
            // One of its conditions' is meant.
            Reward::EachClass { .. }
            | Reward::Ratio { .. }
            | Reward::Formula { .. }
            | Reward::Mask { .. }
            | Reward::Painted { .. }
            | Reward::Annealed { .. }
            | Reward::Product { .. }
            | Reward::Ending { .. }
            | Reward::Mention { .. }
            | Reward::Length { .. }
            | Reward::Distinct { .. } => return Err(reward.foreign("reward.kind", Task::Digits)),
        })
    }

    fn asks_for_classes(&self) -> bool {
        match self {
            Self::Classes { .. } => true,
            Self::All(parts) => parts.iter().any(Self::asks_for_classes),
            _ => false,
        }
    }

    fn is_black_box(&self) -> bool {
        match self {
            Self::Classes { .. } | Self::Inpaint { .. } => false,
            Self::All(parts) => parts.iter().any(Self::is_black_box),
            _ => true,
        }
    }

    /// log r of the factors that are no black boxes, `[rows, 1]`; `None` where all are.
    fn differentiable(&self, classifier: &StridedClassifier, images: &Tensor<2>) -> Option<Tensor<2>> {
        match self {
            Self::Classes { classes, by } => {
                let log_probs = activation::log_softmax(classifier.logits(images.clone()), 1);
                Some(joined_tensor(log_probs, classes, *by))
            }
            Self::Inpaint { known, deviation } => {
                let row = |of: &dyn Fn(f32) -> f32| {
                    let mut row = vec![0.0; PIXELS];
                    known.iter().for_each(|(at, value)| row[*at] = of(*value));
                    Tensor::<2>::from_data(TensorData::new(row, [1, PIXELS]), &images.device())
                };
                let (is_known, values) = (row(&|_| 1.0), row(&|value| value));
                let misses = (images.clone() - values) * is_known;
                let factor = -0.5 / (deviation * deviation);
                Some(misses.square().sum_dim(1).mul_scalar(factor))
            }
            Self::All(parts) => parts
                .iter()
                .filter_map(|part| part.differentiable(classifier, images))
                .reduce(|sum, part| sum + part),
            _ => None,
        }
    }
}

impl ImageLogReward {
    /// Compiles a validated reward of the images that `decoder` makes; `classifier` judges classes on
    /// `device`.
    ///
    /// # Errors
    ///
    /// Where the reward is one of points in the plane, or of several posteriors.
    pub fn new(
        reward: &Reward,
        floor: f64,
        classifier: StridedClassifier,
        decoder: Decoder,
        device: Device,
    ) -> Result<Self, ConfigError> {
        Ok(Self {
            wish: Wish::new(reward)?,
            floor,
            classifier,
            decoder,
            device,
        })
    }

    /// log r before the floor, of rows whose log p(class|image) is known where it is needed.
    fn raw(&self, wish: &Wish, images: &[f32], log_probs: &[f32]) -> Vec<f64> {
        let rows = images.len() / PIXELS;
        let gaussian =
            |value: f64, target: f64, deviation: f64| -0.5 * ((value - target) / deviation).powi(2);
        let each = |of: &(dyn Fn(&[f32]) -> f64 + Sync)| parallel::over_rows(images, PIXELS, of);
        match wish {
            Wish::Classes { classes, by } => log_probs
                .chunks_exact(CLASSES)
                .map(|row| joined(*by, classes.iter().map(|class| f64::from(row[*class]))))
                .collect(),
            Wish::Ink { target, deviation } => {
                each(&|image| gaussian(strokes::ink(image), *target, *deviation))
            }
            Wish::Symmetry { deviation } => {
                each(&|image| gaussian(strokes::asymmetry(image), 0.0, *deviation))
            }
            Wish::Holes { count, penalty } => {
                each(&|image| -penalty * strokes::holes(image).abs_diff(*count) as f64)
            }
            Wish::Thickness { target, deviation } => {
                each(&|image| gaussian(strokes::thickness(image), *target, *deviation))
            }
            Wish::Inpaint { known, deviation } => each(&|image| {
                let misses = known.iter().map(|(at, value)| f64::from(image[*at] - value));
                misses.map(|miss| gaussian(miss, 0.0, *deviation)).sum()
            }),
            Wish::All(parts) => parts.iter().fold(vec![0.0; rows], |mut sum, part| {
                let values = self.raw(part, images, log_probs);
                sum.iter_mut().zip(values).for_each(|(s, v)| *s += v);
                sum
            }),
        }
    }

    /// log p(class|image), `[rows][CLASSES]`; nothing where no class matters.
    async fn log_probs(&self, images: &[f32]) -> Result<Vec<f32>, String> {
        if !self.wish.asks_for_classes() {
            return Ok(Vec::new());
        }
        Ok(crate::metric::see(&self.classifier, images, &self.device)
            .await?
            .log_probs)
    }

    /// log r of end points on a device as far as it has a gradient, `[rows, 1]`, not floored: of its
    /// factors that are no black boxes. `None` where all are.
    pub fn differentiable(&self, ends: &Tensor<2>) -> Option<Tensor<2>> {
        let images = self.decoder.images_of(ends.clone());
        self.wish.differentiable(&self.classifier, &images)
    }

    /// ∇ log r of a reward that is no black box.
    async fn gradient(&self, ends: &[f32]) -> Result<Vec<f32>, String> {
        let size = self.decoder.size();
        let mut gradients = Vec::with_capacity(ends.len());
        let blocks: Vec<&[f32]> = ends.chunks(BLOCK * size).collect();
        for group in blocks.chunks(parallel::parts(&self.device, usize::MAX)) {
            let made = parallel::map(group.to_vec(), |block| {
                let block = TensorData::new(block.to_vec(), [block.len() / size, size]);
                let leaf = Tensor::<2>::from_data(block, &self.device)
                    .autodiff()
                    .require_grad();
                leaf.grad(&self.differentiable(&leaf)?.sum().backward())
            });
            for gradient in made {
                let gradient = gradient.ok_or("the reward has no gradient in its end point")?;
                gradients.extend(read(gradient).await?);
            }
        }
        Ok(gradients)
    }
}

/// log r of rows of log p(class|image), `[rows, 1]`.
fn joined_tensor(log_probs: Tensor<2>, classes: &[usize], by: ClassesBy) -> Tensor<2> {
    let wanted = Tensor::cat(
        classes
            .iter()
            .map(|class| log_probs.clone().narrow(1, *class, 1))
            .collect(),
        1,
    );
    let largest = wanted.clone().max_dim(1);
    match by {
        ClassesBy::Max => largest,
        ClassesBy::Sum => {
            let largest = largest.detach();
            (wanted - largest.clone()).exp().sum_dim(1).log() + largest
        }
    }
}

impl EndReward for ImageLogReward {
    fn log_reward<'a>(&'a self, states: &'a [f32]) -> Answer<'a, Vec<f64>> {
        Box::pin(async move {
            let raw = self.log_reward_unfloored(states).await?;
            Ok(raw.into_iter().map(|l| l.max(self.floor)).collect())
        })
    }

    fn log_reward_unfloored<'a>(&'a self, states: &'a [f32]) -> Answer<'a, Vec<f64>> {
        Box::pin(async move {
            let images = self.decoder.images(states).await?;
            let log_probs = self.log_probs(&images).await?;
            Ok(self.raw(&self.wish, &images, &log_probs))
        })
    }

    fn log_reward_gradient<'a>(&'a self, states: &'a [f32]) -> Answer<'a, Option<Vec<f32>>> {
        if self.wish.is_black_box() {
            return at_once(None);
        }
        Box::pin(async move { Ok(Some(self.gradient(states).await?)) })
    }

    fn log_bound(&self) -> Option<f64> {
        Some(0.0)
    }
}

/// log of the sum, or of the largest, of probabilities.
fn joined(by: ClassesBy, log_probs: impl Iterator<Item = f64> + Clone) -> f64 {
    let largest = log_probs.clone().fold(f64::NEG_INFINITY, f64::max);
    match by {
        ClassesBy::Max => largest,
        ClassesBy::Sum => largest + log_probs.map(|l| (l - largest).exp()).sum::<f64>().ln(),
    }
}

/// The pixels that a painted picture fixes, and their values.
fn known_pixels(rows: &[String]) -> Vec<(usize, f32)> {
    rows.iter()
        .flat_map(|row| row.chars())
        .enumerate()
        .filter_map(|(at, level)| Some((at, level.to_digit(10)? as f32 / 4.5 - 1.0)))
        .collect()
}
