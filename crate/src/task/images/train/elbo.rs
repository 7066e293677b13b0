//! Training of variational autoencoders.

use super::{BLOCK, uploaded};
use crate::engine::EngineError;
use crate::engine::host::read_all;
use crate::engine::noise::{self, Noise, Purpose};
use crate::engine::parallel;
use crate::engine::train::examples::Pretraining;
use crate::task::images::VariationalAutoencoder;
use crate::task::images::data::Images;
use burn::tensor::{Device, Tensor, TensorData, Transaction};
use serde::Serialize;
use std::f64::consts::SQRT_2;

/// The two parts of the evidence lower bound of log p(x), means over images in nats: the ELBO is the first less
/// the second.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Elbo {
    /// E_q[log p(x|z)].
    pub log_likelihood: f64,
    /// KL(q(z|x) ‖ p(z)).
    pub kl: f64,
}

/// Both parts of every row, `[rows, 1]`, with one z for each, made of standard normal noise `[rows, latents]`.
fn parts(
    network: &VariationalAutoencoder,
    images: Tensor<2>,
    noise: Tensor<2>,
    deviation: f64,
) -> [Tensor<2>; 2] {
    let encoded = network.encode(images.clone());
    let [_, pixels] = images.dims();
    // Of a Laplace law of this deviation: log p = −|x − f(z)|/scale − log(2·scale), scale = deviation/√2.
    let scale = deviation / SQRT_2;
    let misses = (network.decode(encoded.sample(noise)) - images).abs().sum_dim(1);
    let log_likelihood = misses
        .div_scalar(-scale)
        .sub_scalar(pixels as f64 * (2.0 * scale).ln());
    [log_likelihood, encoded.kl()]
}

impl Elbo {
    /// Of images, with one z for each, where images given z have this deviation.
    ///
    /// # Errors
    ///
    /// Where the device fails.
    pub async fn of(
        network: &VariationalAutoencoder,
        images: &Images,
        deviation: f64,
        noise: &Noise,
        device: &Device,
    ) -> Result<Self, String> {
        let (count, latents) = (images.len(), network.latents());
        let indices: Vec<usize> = (0..count).collect();
        let blocks: Vec<_> = indices.chunks(BLOCK).enumerate().collect();
        let (mut log_likelihood, mut kl) = (0.0, 0.0);
        for group in blocks.chunks(parallel::at_once(device)) {
            let made = parallel::map(group.to_vec(), |(at, block)| {
                let noise = noise.normal(Purpose::Evaluation, at as u64, block.len() * latents);
                let noise = Tensor::from_data(TensorData::new(noise, [block.len(), latents]), device);
                parts(network, uploaded(images, block, device), noise, deviation).map(|part| part.sum())
            });
            let sums = made.into_iter().flatten();
            let sums = sums.fold(Transaction::default(), |all, sum| all.register(sum));
            for both in read_all(sums).await?.chunks_exact(2) {
                log_likelihood += f64::from(both[0][0]);
                kl += f64::from(both[1][0]);
            }
        }
        Ok(Self {
            log_likelihood: log_likelihood / count as f64,
            kl: kl / count as f64,
        })
    }

    /// The bound itself.
    pub fn value(&self) -> f64 {
        self.log_likelihood - self.kl
    }
}

impl Pretraining<VariationalAutoencoder, Images> {
    /// One iteration: the negative ELBO of images, where images given z have this deviation. Returns the mean, in
    /// nats an image.
    ///
    /// # Errors
    ///
    /// Where the device fails.
    pub async fn raise_elbo(&mut self, deviation: f64) -> Result<f64, EngineError> {
        let mut rng = self.rng();
        let drawn = self.draw(&mut rng, self.examples.len(), self.recipe.batch);
        let latents = self.descent.network().latents();
        let shards = parallel::split(drawn, parallel::parts(&self.device, self.recipe.batch));
        let shards: Vec<_> = shards
            .into_iter()
            .map(|shard| {
                let noise = noise::normals(&mut rng, shard.len() * latents);
                (shard, noise)
            })
            .collect();
        let (device, images) = (&self.device, &self.examples);
        self.descent
            .step(shards, |network, (shard, noise)| {
                let noise = Tensor::from_data(TensorData::new(noise, [shard.len(), latents]), device);
                let images = uploaded(images, &shard, device);
                let [log_likelihood, kl] = parts(network, images, noise, deviation);
                (kl - log_likelihood).mean()
            })
            .await
    }
}
