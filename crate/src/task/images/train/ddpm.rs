//! Training of a diffusion model in the format of diffusers.

use crate::engine::EngineError;
use crate::engine::host::read;
use crate::engine::noise::{self, Noise, Purpose};
use crate::engine::parallel;
use crate::engine::sampler::own_samples;
use crate::engine::train::examples::Pretraining;
use crate::network::diffusers::{Model, UNet};
use crate::task::images::Shape;
use crate::task::images::data::Images;
use burn::tensor::{Device, Tensor, TensorData};
use rand_chacha::ChaCha8Rng;

/// Images that a network sees at once.
const BLOCK: usize = 100;

/// An image with noise.
struct Noisy {
    timestep: usize,
    x: Vec<f32>,
    noise: Vec<f32>,
}

impl Noisy {
    /// √ᾱ·image + √(1−ᾱ)·ε.
    fn new(image: &[f32], timestep: usize, alphas: &[f64], rng: &mut ChaCha8Rng) -> Self {
        let alpha = alphas[timestep];
        let (signal, deviation) = (alpha.sqrt() as f32, (1.0 - alpha).sqrt() as f32);
        let noise = noise::normals(rng, image.len());
        let x = image.iter().zip(&noise).map(|(x, e)| signal * x + deviation * e);
        Self {
            timestep,
            x: x.collect(),
            noise,
        }
    }
}

/// Timestep number `at` of `count` that are evenly spaced, moved by `offset` from 0 to 1.
fn timestep(at: usize, offset: f64, count: usize, alphas: &[f64]) -> usize {
    ((at as f64 + offset) / count as f64 * alphas.len() as f64) as usize
}

/// The mean squared error of the predicted noise, `[1]`.
fn error_of(network: &UNet, rows: Vec<Noisy>, shape: Shape, device: &Device) -> Tensor<1> {
    let [channels, height, width] = shape.sizes();
    let sides = [rows.len(), channels, height, width];
    let timesteps: Vec<f64> = rows.iter().map(|row| row.timestep as f64).collect();
    let (mut x, mut noise) = (Vec::new(), Vec::new());
    for row in rows {
        x.extend(row.x);
        noise.extend(row.noise);
    }
    let upload = |values| Tensor::<4>::from_data(TensorData::new(values, sides), device);
    let said = network.forward(upload(x), &timesteps, None, None);
    (said - upload(noise)).square().mean()
}

impl Pretraining<UNet, Images> {
    /// One iteration: regress the noise ε (DDPM, arXiv 2006.11239, eq. 14) at timesteps that are evenly spaced
    /// with a random offset; `alphas` has ᾱ of every timestep. Where `flips`, every second image, at random, is
    /// mirrored. Returns the mean squared error.
    ///
    /// # Errors
    ///
    /// Where the device fails.
    pub async fn predict_noise(&mut self, alphas: &[f64], flips: bool) -> Result<f64, EngineError> {
        let mut rng = self.rng();
        let (batch, shape) = (self.recipe.batch, self.examples.shape());
        let offset = noise::uniform(&mut rng);
        let drawn = self.draw(&mut rng, self.examples.len(), batch).into_iter();
        let rows = drawn.enumerate().map(|(at, index)| {
            let mut image: Vec<f32> = self.examples.image(index).collect();
            if flips && noise::uniform(&mut rng) < 0.5 {
                image.chunks_exact_mut(shape.width).for_each(<[f32]>::reverse);
            }
            Noisy::new(&image, timestep(at, offset, batch, alphas), alphas, &mut rng)
        });
        let shards = parallel::split(rows.collect(), parallel::parts(&self.device, batch));
        let device = &self.device;
        self.descent
            .step(shards, |network, shard| error_of(network, shard, shape, device))
            .await
    }
}

/// The mean squared error of the noise that a network predicts in these images, each at one timestep; `alphas` has ᾱ
/// of every timestep.
///
/// # Errors
///
/// Where the device fails.
pub async fn noise_error(
    network: &UNet,
    images: &Images,
    alphas: &[f64],
    noise: &Noise,
    device: &Device,
) -> Result<f64, String> {
    let mut rng = noise.stream(Purpose::Evaluation, 0);
    let rows = (0..images.len()).map(|at| {
        let image: Vec<f32> = images.image(at).collect();
        Noisy::new(&image, timestep(at, 0.5, images.len(), alphas), alphas, &mut rng)
    });
    let blocks = parallel::split(rows.collect(), images.len().div_ceil(BLOCK));
    let error = |rows: Vec<Noisy>| {
        let share = rows.len() as f64 / images.len() as f64;
        error_of(network, rows, images.shape(), device).mul_scalar(share)
    };
    let errors = Tensor::cat(parallel::map(blocks, error), 0);
    let [sum] = read(errors.sum()).await?[..] else {
        return Err("a sum is one number".to_owned());
    };
    Ok(f64::from(sum))
}

/// Images that a model makes, −1 to 1, `[count][pixels]`.
///
/// # Errors
///
/// Where the device fails.
pub async fn images_of(
    model: &Model,
    noise: (&Noise, Purpose),
    count: usize,
    device: &Device,
) -> Result<Vec<f32>, String> {
    let rows: Vec<usize> = (0..count).collect();
    let ends = own_samples(model.process(), model, 1, noise, &rows, BLOCK, device).await?;
    let size = ends.len() / count;
    let ends = Tensor::<2>::from_data(TensorData::new(ends, [count, size]), device);
    read(model.finished(&ends, &vec![0; count]).clamp(-1.0, 1.0)).await
}
