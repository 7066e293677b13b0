//! An energy network of the plane: log densities of a diffusion's marginals, and their gradients.

use crate::engine::noise::{Noise, Purpose};
use crate::engine::process::BrownianBridge;
use crate::network::embedding::time_waves;
use crate::network::layer::uniform;
use crate::task::plane::HALF_WIDTH;
use burn::module::{Module, Param};
use burn::tensor::{Device, Tensor, TensorData, activation};
use std::array;
use std::f64::consts::PI;

/// Frequencies of an end point's coordinate; each gives a sine and a cosine.
const FREQUENCIES: usize = 24;
/// Frequencies of the time embedding.
const TIMES: usize = 8;
/// Longest wave of an end point's coordinate over the width of the drawn square.
const LONGEST: f64 = 1.2;

/// log p̂(x, t) = log N(x; 0, v(t)·I) + net(x, t), v(t) = t²·V + σ²·t(1 − t) the variance of x_t for
/// data of variance V. The network is an MLP of sines and cosines of the coordinates of
/// E[x_1 | x_t] = x·t·V/v(t), the end point as those Gaussians expect it, with smooth activations, so
/// that −∇E can be trained; its gradient in x is written out, because burn differentiates once.
///
/// In the end point's coordinates modes stand still while x_t closes in on them: what is learned of
/// the gaps between them where paths still cross those is kept where no path goes any more.
#[derive(Module, Debug)]
pub struct EnergyNetwork {
    /// `[2·TIMES, width]`, one a hidden layer.
    times: Vec<Param<Tensor<2>>>,
    /// `[4·FREQUENCIES, width]`, then `[width, width]`.
    layers: Vec<Param<Tensor<2>>>,
    biases: Vec<Param<Tensor<1>>>,
    /// `[width, 1]`.
    head: Param<Tensor<2>>,
    /// `[2·TIMES, 1]`: what depends on the time alone.
    offset: Param<Tensor<2>>,
}

impl EnergyNetwork {
    /// A network with two hidden layers and a head of 0.
    pub fn new(width: usize, noise: &Noise, device: &Device) -> Self {
        let mut rng = noise.stream(Purpose::Initialization, 1);
        let mut matrix = |rows: usize, columns: usize| {
            let bound = 1.0 / (rows as f64).sqrt();
            Param::from_tensor(uniform(&mut rng, [rows, columns], bound, device))
        };
        let layers = vec![matrix(4 * FREQUENCIES, width), matrix(width, width)];
        let times = vec![matrix(2 * TIMES, width), matrix(2 * TIMES, width)];
        let zeros = || Param::from_tensor(Tensor::zeros([width], device));
        Self {
            times,
            layers,
            biases: vec![zeros(), zeros()],
            head: Param::from_tensor(Tensor::zeros([width, 1], device)),
            offset: Param::from_tensor(Tensor::zeros([2 * TIMES, 1], device)),
        }
    }
}

/// An energy network and the Gaussians it corrects.
#[derive(Clone, Debug)]
pub struct EnergyModel {
    /// The chain whose densities it learns.
    pub process: BrownianBridge,
    /// V.
    pub data_variance: f64,
}

impl EnergyModel {
    /// v(t).
    fn variance(&self, t: f64) -> f64 {
        t * t * self.data_variance + self.process.variance * t * (1.0 - t)
    }

    /// t·V/v(t), the factor from x_t to the expected end point.
    fn share(&self, t: f64) -> f64 {
        t * self.data_variance / self.variance(t)
    }

    /// log p̂ and its gradient: `[blocks·rows, 2]` → `[blocks·rows]` and `[blocks·rows, 2]`, block b at
    /// time `times[b]` > 0.
    pub fn log_prob_and_score(
        &self,
        network: &EnergyNetwork,
        times: &[f64],
        x: Tensor<2>,
    ) -> (Tensor<1>, Tensor<2>) {
        let device = x.device();
        let [all, _] = x.dims();
        let blocks = times.len();
        let rows = all / blocks;
        let per_block = |values: Vec<f64>| {
            let values: Vec<f32> = values.into_iter().map(|v| v as f32).collect();
            Tensor::<3>::from_data(TensorData::new(values, [blocks, 1, 1]), &device)
        };
        let spread = |of: Tensor<2>| {
            let columns = of.dims()[1];
            of.reshape([blocks, 1, columns])
                .repeat_dim(1, rows)
                .reshape([all, columns])
        };
        let of_time = array::from_fn::<_, TIMES, _>(|k| 0.5 * 1.6f64.powi(k as i32));
        let embedding = time_waves(times, of_time, &device);

        let blocked = x.reshape([blocks, rows, 2]);
        let shares = per_block(times.iter().map(|t| self.share(*t)).collect());
        let (sines, cosines) = waves((blocked.clone() * shares.clone()).reshape([all, 2]));
        let mut h = Tensor::cat(vec![sines.clone(), cosines.clone()], 1);
        let mut slopes = Vec::with_capacity(network.layers.len());
        for ((layer, bias), time) in network.layers.iter().zip(&network.biases).zip(&network.times) {
            let shift = embedding.clone().matmul(time.val()) + bias.val().unsqueeze::<2>();
            let z = h.matmul(layer.val()) + spread(shift);
            let gate = activation::sigmoid(z.clone());
            // The derivative of z·σ(z).
            slopes.push(gate.clone() * (z.clone() * (gate.clone().neg().add_scalar(1.0))).add_scalar(1.0));
            h = z * gate;
        }
        let offset = spread(embedding.matmul(network.offset.val()));
        let out = (h.matmul(network.head.val()) + offset).reshape([all]);

        let mut back = network.head.val().transpose().repeat_dim(0, all);
        for (layer, slope) in network.layers.iter().zip(slopes).rev() {
            back = (back * slope).matmul(layer.val().transpose());
        }
        let half = 2 * FREQUENCIES;
        let turned = (back.clone().narrow(1, 0, half) * cosines - back.narrow(1, half, half) * sines)
            .reshape([all, 2, FREQUENCIES]);
        let turned = (turned * frequencies(&device)).sum_dim(2);
        let network_score = turned.reshape([blocks, rows, 2]) * shares;

        let variances = || times.iter().map(|t| self.variance(*t));
        let rates = per_block(variances().map(|v| -1.0 / v).collect());
        let constants = per_block(variances().map(|v| -(2.0 * PI * v).ln()).collect());
        let gaussian = (blocked.clone().square().sum_dim(2) * rates.clone()).mul_scalar(0.5) + constants;
        let score = (blocked * rates + network_score).reshape([all, 2]);
        (gaussian.reshape([all]) + out, score)
    }
}

/// `[1, 1, FREQUENCIES]`.
fn frequencies(device: &Device) -> Tensor<3> {
    let values: Vec<f32> = (1..=FREQUENCIES)
        .map(|k| (k as f64 * PI / (LONGEST * HALF_WIDTH)) as f32)
        .collect();
    Tensor::from_data(TensorData::new(values, [1, 1, FREQUENCIES]), device)
}

/// Sines and cosines of both coordinates, `[rows, 2·FREQUENCIES]` each.
fn waves(x: Tensor<2>) -> (Tensor<2>, Tensor<2>) {
    let [rows, _] = x.dims();
    let frequencies = frequencies(&x.device());
    let angles = x.reshape([rows, 2, 1]) * frequencies;
    let angles = angles.reshape([rows, 2 * FREQUENCIES]);
    (angles.clone().sin(), angles.cos())
}
