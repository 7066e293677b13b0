//! What a classifier makes of images: their classes, and features to compare sets of them by.

use super::Moments;
use crate::engine::host::read_all;
use crate::engine::parallel;
use crate::task::images::{Classify, FEATURES};
use burn::tensor::{Device, Tensor, TensorData, Transaction, activation};

/// Images that go through a classifier at once.
const BLOCK: usize = 250;

/// Images as a classifier sees them.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Seen {
    /// `[count][FEATURES]`.
    pub features: Vec<f32>,
    /// log p(class|image), `[count][classes]`.
    pub log_probs: Vec<f32>,
}

/// Shows images, `[count][pixels]`, to a classifier.
///
/// # Errors
///
/// Where the device fails.
pub async fn see<N: Classify + Sync>(
    classifier: &N,
    images: &[f32],
    device: &Device,
) -> Result<Seen, String> {
    let pixels = classifier.shape().pixels();
    let blocks: Vec<&[f32]> = images.chunks(BLOCK * pixels).collect();
    let mut seen = Seen::default();
    for group in blocks.chunks(parallel::at_once(device)) {
        let made = parallel::map(group.to_vec(), |block| {
            let rows = block.len() / pixels;
            let images = Tensor::from_data(TensorData::new(block.to_vec(), [rows, pixels]), device);
            let features = classifier.features(images);
            let log_probs = activation::log_softmax(classifier.classes(features.clone()), 1);
            (features, log_probs)
        });
        let mut transaction = Transaction::default();
        for (features, log_probs) in made {
            transaction = transaction.register(features).register(log_probs);
        }
        for (at, numbers) in read_all(transaction).await?.into_iter().enumerate() {
            let into = if at % 2 == 0 {
                &mut seen.features
            } else {
                &mut seen.log_probs
            };
            into.extend(numbers);
        }
    }
    Ok(seen)
}

impl Seen {
    /// Images there are.
    pub fn len(&self) -> usize {
        self.features.len() / FEATURES
    }

    /// Classes that the classifier tells apart; 0 where it has seen nothing.
    fn count(&self) -> usize {
        self.log_probs.len() / self.len().max(1)
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Adds what was seen of further images.
    pub fn extend(&mut self, more: Self) {
        self.features.extend(more.features);
        self.log_probs.extend(more.log_probs);
    }

    /// What was seen of the first images.
    pub fn first(&self, count: usize) -> Self {
        self.rows(0..count)
    }

    /// What was seen of every other image, from image `first` on.
    pub fn every_other(&self, first: usize) -> Self {
        self.rows((first..self.len()).step_by(2))
    }

    /// What was seen of the images at these places; nothing of a classifier that has seen none.
    pub fn rows(&self, places: impl Iterator<Item = usize> + Clone) -> Self {
        if self.is_empty() {
            return Self::default();
        }
        Self {
            features: picked(&self.features, FEATURES, places.clone()),
            log_probs: picked(&self.log_probs, self.count(), places),
        }
    }

    /// log p(class|image).
    pub fn log_prob(&self, image: usize, class: usize) -> f32 {
        self.log_probs[image * self.count() + class]
    }

    /// The most likely class of every image.
    pub fn classes(&self) -> Vec<usize> {
        let count = self.count();
        self.log_probs
            .chunks_exact(count.max(1))
            .map(|row| (0..count).max_by(|a, b| row[*a].total_cmp(&row[*b])).unwrap_or(0))
            .collect()
    }

    /// Share of every class.
    pub fn histogram(&self) -> Vec<f64> {
        let classes = self.classes();
        let mut shares = vec![0.0; self.count()];
        for class in &classes {
            shares[*class] += 1.0 / classes.len() as f64;
        }
        shares
    }

    /// Mean and covariance of the features.
    pub fn moments(&self) -> Moments {
        Moments::of(&self.features, FEATURES)
    }

    /// Mean cosine distance of the features of two different images.
    pub fn diversity(&self) -> f64 {
        let mut sum = [0.0f64; FEATURES];
        let mut alone = 0.0;
        for row in self.features.chunks_exact(FEATURES) {
            let norm = row
                .iter()
                .map(|v| f64::from(*v).powi(2))
                .sum::<f64>()
                .sqrt()
                .max(1e-12);
            for (total, value) in sum.iter_mut().zip(row) {
                *total += f64::from(*value) / norm;
            }
            alone += 1.0;
        }
        // |Σ u|² counts every pair twice and every image with itself once.
        let all: f64 = sum.iter().map(|s| s * s).sum();
        1.0 - (all - alone) / (alone * (alone - 1.0))
    }
}

/// The rows at these places, of `size` numbers each.
pub fn picked(rows: &[f32], size: usize, places: impl IntoIterator<Item = usize>) -> Vec<f32> {
    let row = |at: usize| &rows[at * size..(at + 1) * size];
    places.into_iter().flat_map(row).copied().collect()
}
