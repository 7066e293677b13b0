//! Networks of images: priors that denoise, autoencoders, classifiers.

mod ddpm;
mod elbo;

pub use ddpm::{images_of, noise_error};
pub use elbo::Elbo;

use super::data::Images;
use super::{Autoencoder, Classify, Denoise, Shape};
use crate::engine::EngineError;
use crate::engine::host::read;
use crate::engine::noise;
use crate::engine::parallel;
use crate::engine::process::VariancePreserving;
use crate::engine::train::examples::Pretraining;
use burn::module::{Module, ModuleDisplay};
use burn::tensor::{Device, Int, Tensor, TensorData, activation};
use rand_chacha::ChaCha8Rng;

/// Noise levels of one batch; its rows are divided among them.
const LEVELS: usize = 32;
/// Center and scale of the logit of the time of a level, which is logistic: most levels are those at
/// which the shape of a digit is decided (arXiv 2403.03206, §3.1, with a normal distribution).
const LEVEL_CENTER: f64 = 0.6;
const LEVEL_SCALE: f64 = 0.45;
/// Images that are encoded at once.
const BLOCK: usize = 1000;

/// Examples that are vectors of one size.
pub trait Vectors: Sync {
    /// How many there are.
    fn count(&self) -> usize;

    /// Numbers of each.
    fn size(&self) -> usize;

    /// The numbers of one.
    fn vector(&self, index: usize) -> impl Iterator<Item = f32>;
}

impl Vectors for Images {
    fn count(&self) -> usize {
        self.len()
    }

    fn size(&self) -> usize {
        self.shape().pixels()
    }

    fn vector(&self, index: usize) -> impl Iterator<Item = f32> {
        self.image(index)
    }
}

/// The latents of images, each with mean 0 and variance 1 over all of them.
#[derive(Clone, Debug, PartialEq)]
pub struct Latents {
    size: usize,
    /// `[images][size]`.
    values: Vec<f32>,
}

impl Latents {
    /// Those of all images.
    ///
    /// # Errors
    ///
    /// Where the device fails.
    pub async fn of(autoencoder: &Autoencoder, images: &Images, device: &Device) -> Result<Self, String> {
        let indices: Vec<usize> = (0..images.len()).collect();
        let blocks: Vec<&[usize]> = indices.chunks(BLOCK).collect();
        let encode = |block: &[usize]| autoencoder.encode(uploaded(images, block, device));
        let mut all = Vec::new();
        for group in blocks.chunks(parallel::at_once(device)) {
            all.extend(parallel::map(group.to_vec(), encode));
        }
        let latents = Autoencoder::normalised(Tensor::cat(all, 0));
        let [_, size] = latents.dims();
        let values = read(latents).await?;
        Ok(Self { size, values })
    }

    /// `[images][size]`.
    pub fn values(&self) -> &[f32] {
        &self.values
    }
}

impl Vectors for Latents {
    fn count(&self) -> usize {
        self.values.len() / self.size
    }

    fn size(&self) -> usize {
        self.size
    }

    fn vector(&self, index: usize) -> impl Iterator<Item = f32> {
        self.values[index * self.size..(index + 1) * self.size]
            .iter()
            .copied()
    }
}

/// `[indices, pixels]`.
fn uploaded(images: &Images, indices: &[usize], device: &Device) -> Tensor<2> {
    let pixels: Vec<f32> = indices.iter().flat_map(|index| images.image(*index)).collect();
    Tensor::from_data(
        TensorData::new(pixels, [indices.len(), images.shape().pixels()]),
        device,
    )
}

impl<N: Denoise, E: Vectors> Pretraining<N, E> {
    /// One iteration: regress v = α·noise − σ·data (v-prediction, arXiv 2202.00512) at quantiles of
    /// the times' distribution, evenly spaced with a random offset. Returns the mean squared error.
    ///
    /// # Errors
    ///
    /// Where the device fails.
    pub async fn denoise(&mut self) -> Result<f64, EngineError> {
        let mut rng = self.rng();
        let (rows, size) = (self.recipe.batch.div_ceil(LEVELS), self.examples.size());
        let offset = noise::uniform(&mut rng);
        let times: Vec<f64> = (0..LEVELS)
            .map(|level| time((level as f64 + offset) / LEVELS as f64))
            .collect();
        let blocks: Vec<_> = times
            .into_iter()
            .map(|time| {
                let (alpha, sigma) = VariancePreserving::level(time);
                let (mut x, mut v) = (Vec::new(), Vec::new());
                for index in self.draw(&mut rng, self.examples.count(), rows) {
                    for data in self.examples.vector(index) {
                        let noise = noise::normal(&mut rng) as f32;
                        let (alpha, sigma) = (alpha as f32, sigma as f32);
                        x.push(alpha * data + sigma * noise);
                        v.push(alpha * noise - sigma * data);
                    }
                }
                (time, x, v)
            })
            .collect();
        let shards = parallel::split(blocks, parallel::parts(&self.device, rows * LEVELS));
        let device = &self.device;
        self.descent
            .step(shards, |network, shard| {
                let count = shard.len() * rows;
                let (mut times, mut x, mut v) = (Vec::new(), Vec::new(), Vec::new());
                for (time, inputs, targets) in shard {
                    times.push(time);
                    x.extend(inputs);
                    v.extend(targets);
                }
                let upload = |values| Tensor::<2>::from_data(TensorData::new(values, [count, size]), device);
                (network.forward(&times, &[], upload(x)) - upload(v))
                    .square()
                    .mean()
            })
            .await
    }
}

impl Pretraining<Autoencoder, Images> {
    /// One iteration: the squared error of images made of their latents, which noise of this deviation
    /// is added to: what lies near latents then decodes to something like their images. Returns the
    /// mean over the pixels.
    ///
    /// # Errors
    ///
    /// Where the device fails.
    pub async fn reconstruct(&mut self, deviation: f64) -> Result<f64, EngineError> {
        let mut rng = self.rng();
        let drawn = self.draw(&mut rng, self.examples.len(), self.recipe.batch);
        let parts: Vec<_> = parallel::split(drawn, parallel::parts(&self.device, self.recipe.batch));
        let latents = self.descent.network().latents();
        let parts: Vec<_> = parts
            .into_iter()
            .map(|part| {
                let noise = noise::normals(&mut rng, part.len() * latents);
                (part, noise)
            })
            .collect();
        let (device, images) = (&self.device, &self.examples);
        self.descent
            .step(parts, |network, (part, noise)| {
                let noise = Tensor::from_data(TensorData::new(noise, [part.len(), latents]), device);
                let images = uploaded(images, &part, device);
                let latents = Autoencoder::normalised(network.encode(images.clone()));
                let made = network.decode(latents + noise.mul_scalar(deviation));
                (made - images).square().mean()
            })
            .await
    }
}

impl<N: Classify + Module + ModuleDisplay + Sync> Pretraining<N, Images> {
    /// One iteration: the cross-entropy of distorted, slightly noisy images. Returns the mean.
    ///
    /// # Errors
    ///
    /// Where the device fails.
    pub async fn classify(&mut self) -> Result<f64, EngineError> {
        let mut rng = self.rng();
        let drawn = self.draw(&mut rng, self.examples.len(), self.recipe.batch);
        let shape = self.examples.shape();
        let examples: Vec<(Vec<f32>, i32)> = drawn
            .into_iter()
            .map(|index| {
                let image: Vec<f32> = self.examples.image(index).collect();
                (
                    distorted(&image, shape, &mut rng),
                    self.examples.label(index) as i32,
                )
            })
            .collect();
        let shards = parallel::split(examples, parallel::parts(&self.device, self.recipe.batch));
        let device = &self.device;
        self.descent
            .step(shards, |network, shard| {
                let rows = shard.len();
                let (images, labels): (Vec<_>, Vec<_>) = shard.into_iter().unzip();
                let images: Vec<f32> = images.into_iter().flatten().collect();
                let images = Tensor::from_data(TensorData::new(images, [rows, shape.pixels()]), device);
                let labels = Tensor::<2, Int>::from_data(TensorData::new(labels, [rows, 1]), device);
                let log_probs = activation::log_softmax(network.logits(images), 1);
                log_probs.gather(1, labels).mean().neg()
            })
            .await
    }
}

/// The time below which this share of the levels lies.
fn time(share: f64) -> f64 {
    let logit = LEVEL_CENTER + LEVEL_SCALE * (share / (1.0 - share)).ln();
    1.0 / (1.0 + (-logit).exp())
}

/// The side whose images are moved by up to two pixels; others in proportion.
const MOVED_SIDE: f64 = 28.0;

/// An image turned, scaled and moved a little, with noise of up to a tenth of its range. Around a grey image it is
/// black, and a coloured one goes on beyond its edges.
fn distorted(image: &[f32], shape: Shape, rng: &mut ChaCha8Rng) -> Vec<f32> {
    let Shape { height, width, .. } = shape;
    let mut between = |bound: f64| (2.0 * noise::uniform(rng) - 1.0) * bound;
    let (sin, cos) = between(0.2).sin_cos();
    let scale = 1.0 + between(0.1);
    let shift = [height, width].map(|side| between(2.0 * side as f64 / MOVED_SIDE));
    let level = between(0.1);
    let [last_row, last_column] = [height, width].map(|side| (side - 1) as f64);
    let [middle_row, middle_column] = [last_row, last_column].map(|last| last / 2.0);
    let mut made = Vec::with_capacity(image.len());
    for channel in image.chunks_exact(shape.area()) {
        let pixel = |row: f64, column: f64| {
            let inside = |v: f64, last: f64| v >= 0.0 && v <= last;
            if shape.is_grey() && !(inside(row, last_row) && inside(column, last_column)) {
                return -1.0;
            }
            let place = |v: f64, last: f64| v.clamp(0.0, last) as usize;
            channel[place(row, last_row) * width + place(column, last_column)]
        };
        for row in 0..height {
            for column in 0..width {
                let (y, x) = (row as f64 - middle_row, column as f64 - middle_column);
                let from_row = middle_row + (cos * y - sin * x) / scale + shift[0];
                let from_column = middle_column + (sin * y + cos * x) / scale + shift[1];
                let (top, left) = (from_row.floor(), from_column.floor());
                let (down, right) = ((from_row - top) as f32, (from_column - left) as f32);
                let upper = pixel(top, left) * (1.0 - right) + pixel(top, left + 1.0) * right;
                let lower = pixel(top + 1.0, left) * (1.0 - right) + pixel(top + 1.0, left + 1.0) * right;
                let noise = (level * noise::normal(rng)) as f32;
                made.push(upper * (1.0 - down) + lower * down + noise);
            }
        }
    }
    made
}
