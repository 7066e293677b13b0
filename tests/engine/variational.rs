//! Variational autoencoders against closed forms and quadrature.

use crate::support::{numbers, shaken};
use burn::tensor::{Tensor, TensorData};
use rtb::engine::device::cpu_device;
use rtb::engine::noise::{Noise, Purpose};
use rtb::engine::train::examples::{Pretraining, Recipe};
use rtb::task::images::data::Images;
use rtb::task::images::train::Elbo;
use rtb::task::images::{Encoded, Shape, VariationalAutoencoder};
use std::f64::consts::{PI, SQRT_2};

const SHAPE: Shape = Shape {
    channels: 1,
    height: 8,
    width: 8,
};

fn tensor(values: Vec<f32>, columns: usize) -> Tensor<2> {
    let shape = [values.len() / columns, columns];
    Tensor::from_data(TensorData::new(values, shape), &cpu_device())
}

/// Mean and standard error.
fn mean_and_error(values: &[f64]) -> (f64, f64) {
    let (mean, deviation) = crate::support::mean_and_std(values);
    (mean, deviation / (values.len() as f64).sqrt())
}

/// log N(x; mean, deviation²).
fn log_normal(x: f64, mean: f64, deviation: f64) -> f64 {
    -0.5 * ((x - mean) / deviation).powi(2) - (deviation * (2.0 * PI).sqrt()).ln()
}

/// log p of a Laplace law of this mean and deviation.
fn log_laplace(x: f64, mean: f64, deviation: f64) -> f64 {
    -SQRT_2 * (x - mean).abs() / deviation - (SQRT_2 * deviation).ln()
}

#[test]
fn the_divergence_of_a_gaussian_is_that_of_its_samples() {
    let (mean, log_variance) = ([0.0, 1.5, -0.4], [0.0, -2.0, 0.7]);
    let rows = |one: [f32; 3], count: usize| tensor(one.repeat(count), 3);
    let encoded = |count| Encoded {
        mean: rows(mean, count),
        log_variance: rows(log_variance, count),
    };
    let kl = numbers(encoded(1).kl())[0];

    let count = 100_000;
    let noise = Noise::new(0).normal(Purpose::Samples, 0, 3 * count);
    let samples = numbers(encoded(count).sample(tensor(noise, 3)));
    let log_ratio = |z: &[f64]| {
        let of = |at: usize| {
            let deviation = (0.5 * f64::from(log_variance[at])).exp();
            log_normal(z[at], f64::from(mean[at]), deviation) - log_normal(z[at], 0.0, 1.0)
        };
        (0..3).map(of).sum::<f64>()
    };
    let ratios: Vec<f64> = samples.chunks_exact(3).map(log_ratio).collect();
    let (found, error) = mean_and_error(&ratios);
    assert!(error < 0.01, "{error}");
    assert!((found - kl).abs() < 4.0 * error, "{found} ± {error}, {kl}");

    let normal = Encoded {
        mean: tensor(vec![0.0; 3], 3),
        log_variance: tensor(vec![0.0; 3], 3),
    };
    assert_eq!(numbers(normal.kl()), [0.0]);
}

/// An image with some structure, `count` times.
fn images(count: usize) -> Images {
    let image = (0..64).map(|at| (at * 37 % 256) as u8);
    let pixels = image.collect::<Vec<_>>().repeat(count);
    Images::of(SHAPE, vec!["all".into()], pixels, vec![0; count]).expect("images")
}

fn elbo(network: &VariationalAutoencoder, images: &Images, deviation: f64, seed: u64) -> f64 {
    let (noise, device) = (Noise::new(seed), cpu_device());
    let elbo = Elbo::of(network, images, deviation, &noise, &device);
    pollster::block_on(elbo).expect("the processor answers").value()
}

/// With one latent everything is an integral over a line: log p(x), and KL(q(z|x) ‖ p(z|x)), the gap of the bound.
#[test]
fn the_bound_is_log_p_less_the_divergence_of_the_posteriors() {
    let (count, deviation, device) = (4000, 2.0, cpu_device());
    let network = shaken(VariationalAutoencoder::new(64, 1, 16, 1, &Noise::new(3), &device));
    let images = images(count);
    let image: Vec<f64> = images.image(0).map(f64::from).collect();

    let (cells, end) = (4000, 8.0);
    let width = 2.0 * end / cells as f64;
    let line: Vec<f64> = (0..cells).map(|at| (at as f64 + 0.5) * width - end).collect();
    let decoded = numbers(network.decode(tensor(line.iter().map(|z| *z as f32).collect(), 1)));
    let joint: Vec<f64> = line
        .iter()
        .zip(decoded.chunks_exact(64))
        .map(|(z, made)| {
            let pixels = image
                .iter()
                .zip(made)
                .map(|(x, m)| log_laplace(*x, *m, deviation));
            log_normal(*z, 0.0, 1.0) + pixels.sum::<f64>()
        })
        .collect();
    let largest = joint.iter().copied().fold(f64::MIN, f64::max);
    let log_p = largest + (width * joint.iter().map(|j| (j - largest).exp()).sum::<f64>()).ln();
    let encoded = network.encode(tensor(images.pixels(1), 64));
    let (mean, log_variance) = (numbers(encoded.mean)[0], numbers(encoded.log_variance)[0]);
    let gap: f64 = line
        .iter()
        .zip(&joint)
        .map(|(z, joint)| {
            let log_q = log_normal(*z, mean, (0.5 * log_variance).exp());
            width * log_q.exp() * (log_q - (joint - log_p))
        })
        .sum();
    assert!(gap > 0.05, "a gap that is seen: {gap}");

    // The log likelihoods of one image differ by z alone.
    let found: Vec<f64> = (0..8)
        .map(|seed| elbo(&network, &images, deviation, seed))
        .collect();
    let (found, error) = mean_and_error(&found);
    assert!(error < 0.1 * gap, "{error}");
    assert!(
        (found - (log_p - gap)).abs() < 5.0 * error,
        "{found} ± {error}, {log_p} - {gap}"
    );
}

fn network(latents: usize) -> VariationalAutoencoder {
    VariationalAutoencoder::new(64, latents, 16, 1, &Noise::new(0), &cpu_device())
}

/// So many iterations with pixels of this deviation: the network afterwards, and the losses.
fn trained(
    network: VariationalAutoencoder,
    images: &Images,
    iterations: usize,
    deviation: f64,
) -> (VariationalAutoencoder, Vec<f64>) {
    let recipe = Recipe {
        iterations,
        batch: 30,
        learning_rate: 1e-2,
        ema: 0.0,
        seed: 0,
    };
    let training = Pretraining::new(network, images.clone(), recipe, cpu_device());
    let mut training = training.expect("a recipe");
    let step = |_| pollster::block_on(training.raise_elbo(deviation)).expect("it trains");
    let losses = (0..iterations).map(step).collect();
    (training.network().clone(), losses)
}

#[test]
fn training_raises_the_bound_it_reports() {
    let images = images(40);
    let before = elbo(&network(2), &images, 0.5, 1);
    let (network, losses) = trained(network(2), &images, 60, 0.5);
    let after = elbo(&network, &images, 0.5, 1);
    // Of other noise.
    let (first, last) = (losses[0], losses[59]);
    assert!((first + before).abs() < 0.05 * before.abs(), "{first}, {before}");
    assert!(after > before + 10.0, "{before}, {after}");
    assert!((last + after).abs() < 2.0, "{last}, {after}");
}
