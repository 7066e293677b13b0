//! The drift network of points: an MLP with a time embedding.

#[cfg(feature = "cpu")]
mod backward;
#[cfg(feature = "cpu")]
mod forward;
mod hats;
#[cfg(feature = "cpu")]
mod layout;
#[cfg(feature = "cpu")]
mod moment;
#[cfg(feature = "cpu")]
mod operation;
#[cfg(feature = "cpu")]
mod simd;
#[cfg(all(test, feature = "cpu"))]
mod tests;

pub(crate) use hats::{HATS, hats};
#[cfg(feature = "cube")]
pub(crate) use hats::{MIDDLE, PER_UNIT};

use super::embedding::{FREQUENCIES, time_features};
use super::layer::uniform;
use crate::engine::noise::{Noise, Purpose};
use crate::engine::weights::Weights;
#[cfg(feature = "cpu")]
use burn::backend::DispatchTensor;
use burn::module::{Module, Param};
use burn::tensor::{Device, Tensor, activation};

/// Factor of the first layer's initial weights: the modes of a mixture are far narrower than the
/// range of the inputs, and a network with weights of the usual size takes long to tell them
/// apart.
const FIRST_GAIN: f64 = 3.0;

/// The shape of a [`DriftNetwork`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DriftNetworkConfig {
    /// Numbers of a row that it is given, besides the time.
    pub inputs: usize,
    /// Numbers of a row that it returns.
    pub outputs: usize,
    /// Units of each hidden layer; 4 to 1024 in a file.
    pub width: usize,
    /// Hidden layers; 1 to 8 in a file.
    pub depth: usize,
}

/// h_1 = a(W_1·`[x, hats(x)]` + e_1(t)), h_{l+1} = a(W_{l+1}·h_l + e_{l+1}(t)), out = W·h + b, with
/// a = ReLU and hats(x) piecewise linear functions that give each region of an input a feature of
/// its own: a sum of two hats under a ReLU singles out one mode of the plane.
///
/// The embedding e(t) is computed once a step, not once a row.
#[derive(Module, Debug)]
pub struct DriftNetwork {
    /// `[2·FREQUENCIES, width]`.
    time: Param<Tensor<2>>,
    time_bias: Param<Tensor<1>>,
    /// One `[width, width]` a hidden layer.
    embeddings: Vec<Param<Tensor<2>>>,
    /// `[inputs·(1 + HATS), width]`, then `[width, width]`.
    layers: Vec<Param<Tensor<2>>>,
    biases: Vec<Param<Tensor<1>>>,
    /// `[width, outputs]`, zero at the start.
    head: Param<Tensor<2>>,
    head_bias: Param<Tensor<1>>,
}

impl DriftNetworkConfig {
    /// The shape that a file's tensors have.
    ///
    /// # Errors
    ///
    /// Names the tensor that is missing.
    pub fn of(weights: &Weights) -> Result<Self, String> {
        let [width, outputs] = weights.matrix("head")?;
        let [features, _] = weights.matrix("layers.0")?;
        let depth = weights.count(|name| name.starts_with("layers."));
        if !(4..=1024).contains(&width) || !(1..=8).contains(&depth) {
            return Err(format!(
                "the network has width {width} and depth {depth}; the width must be 4 to 1024 and the depth 1 to 8"
            ));
        }
        weights.can_hold(depth * width * width)?;
        Ok(Self {
            inputs: features / (1 + HATS),
            outputs,
            width,
            depth,
        })
    }

    /// A network with weights uniform on ±√(1/fan-in) (the first layer's FIRST_GAIN times that)
    /// from the run's generator and a head of 0.
    pub fn init(&self, noise: &Noise, device: &Device) -> DriftNetwork {
        let mut rng = noise.stream(Purpose::Initialization, 0);
        let mut matrix = |rows: usize, columns: usize, gain: f64| {
            let bound = gain / (rows as f64).sqrt();
            Param::from_tensor(uniform(&mut rng, [rows, columns], bound, device))
        };
        let time = matrix(2 * FREQUENCIES, self.width, 1.0);
        let embeddings = (0..self.depth)
            .map(|_| matrix(self.width, self.width, 1.0))
            .collect();
        let layers = (0..self.depth)
            .map(|layer| match layer {
                0 => matrix(self.inputs * (1 + HATS), self.width, FIRST_GAIN),
                _ => matrix(self.width, self.width, 1.0),
            })
            .collect();
        let biases = (0..self.depth)
            .map(|layer| {
                let bound = if layer == 0 { 1.0 } else { 0.3 };
                Param::from_tensor(uniform(&mut rng, [self.width], bound, device))
            })
            .collect();
        DriftNetwork {
            time,
            time_bias: Param::from_tensor(Tensor::zeros([self.width], device)),
            embeddings,
            layers,
            biases,
            head: Param::from_tensor(Tensor::zeros([self.width, self.outputs], device)),
            head_bias: Param::from_tensor(Tensor::zeros([self.outputs], device)),
        }
    }
}

impl DriftNetwork {
    /// The shape of this network.
    pub fn config(&self) -> DriftNetworkConfig {
        let [width, outputs] = self.head.val().dims();
        let [features, _] = self.layers[0].val().dims();
        DriftNetworkConfig {
            inputs: features / (1 + HATS),
            outputs,
            width,
            depth: self.layers.len(),
        }
    }

    /// `[blocks·rows, inputs]` → `[blocks·rows, outputs]`, block b at time `times[b]`.
    pub fn forward(&self, times: &[f64], x: Tensor<2>) -> Tensor<2> {
        #[cfg(feature = "cpu")]
        if let Some(out) = operation::run(times, &x, || self.tensors()) {
            return out;
        }
        self.forward_in_parts(times, x)
    }

    /// The network's tensors in the order of [`layout`].
    #[cfg(feature = "cpu")]
    fn tensors(&self) -> Vec<DispatchTensor> {
        let ends = [
            self.time.val().into_dispatch(),
            self.time_bias.val().into_dispatch(),
            self.head.val().into_dispatch(),
            self.head_bias.val().into_dispatch(),
        ];
        let layers = self.embeddings.iter().zip(&self.layers).zip(&self.biases);
        let layers = layers.flat_map(|((embedding, layer), bias)| {
            [
                embedding.val().into_dispatch(),
                layer.val().into_dispatch(),
                bias.val().into_dispatch(),
            ]
        });
        ends.into_iter().chain(layers).collect()
    }

    /// How many rows at once keep what a backward pass holds of them in some 256 MB.
    pub(crate) fn rows_at_once(&self) -> usize {
        let DriftNetworkConfig {
            inputs, width, depth, ..
        } = self.config();
        // Of the features and of every layer some copies: before and after the activation, and gradients.
        (1 << 26) / (4 * (inputs * (1 + HATS) + width * depth))
    }

    /// Its numbers at times with these features, `[times, 2·FREQUENCIES]`, one after the other: of every layer what the times add,
    /// `[times, width]`, of every layer the weights, the head's weights and its bias.
    #[cfg(feature = "cube")]
    pub(crate) fn flat(&self, features: Tensor<2>) -> Tensor<1> {
        let layers = self.layers.iter().map(Param::val);
        let matrices = self.shifts(features).into_iter().chain(layers);
        let flat = matrices
            .chain([self.head.val()])
            .map(|matrix| matrix.flatten::<1>(0, 1));
        Tensor::cat(flat.chain([self.head_bias.val()]).collect(), 0)
    }

    /// What times with these features add in every layer, `[times, width]`.
    fn shifts(&self, features: Tensor<2>) -> Vec<Tensor<2>> {
        let embedding =
            activation::silu(features.matmul(self.time.val()) + self.time_bias.val().unsqueeze::<2>());
        let shift = |(projection, bias): (&Param<Tensor<2>>, &Param<Tensor<1>>)| {
            embedding.clone().matmul(projection.val()) + bias.val().unsqueeze::<2>()
        };
        self.embeddings.iter().zip(&self.biases).map(shift).collect()
    }

    /// [`DriftNetwork::forward`] as operations of every device.
    fn forward_in_parts(&self, times: &[f64], x: Tensor<2>) -> Tensor<2> {
        let blocks = times.len();
        let [all, _] = x.dims();
        let shifts = self.shifts(time_features(times, &x.device()));
        let mut h = Tensor::cat(vec![x.clone(), hats(x)], 1);
        for (layer, shift) in self.layers.iter().zip(shifts) {
            h = h.matmul(layer.val());
            let width = h.dims()[1];
            h = if blocks == 1 {
                h + shift
            } else {
                (h.reshape([blocks, all / blocks, width]) + shift.unsqueeze_dim::<3>(1)).reshape([all, width])
            };
            h = activation::relu(h);
        }
        h.matmul(self.head.val()) + self.head_bias.val().unsqueeze::<2>()
    }
}
