//! Layers whose weights are fixed, and to whose output adapters may add. The weights may be kept in half precision; all
//! is computed in f32.

use super::step::{Cost, Given, Part, Pass};
use crate::network::layer::blank;
use burn::module::{Module, Param};
use burn::nn::{GroupNorm, GroupNormConfig, LayerNorm, LayerNormConfig};
use burn::tensor::module::conv2d;
use burn::tensor::ops::ConvOptions;
use burn::tensor::{Device, FloatDType, Tensor, activation};

/// x·W + b.
#[derive(Module, Debug)]
pub(super) struct Linear {
    /// `[inputs, outputs]`.
    weight: Param<Tensor<2>>,
    bias: Option<Param<Tensor<1>>>,
}

impl Linear {
    /// A layer to read weights into.
    pub fn blank([inputs, outputs]: [usize; 2], biased: bool, device: &Device) -> Self {
        Self {
            weight: blank([inputs, outputs], device),
            bias: biased.then(|| blank([outputs], device)),
        }
    }

    /// Numbers of its weights.
    pub fn size(&self) -> usize {
        self.weight.lazy_shape().num_elements()
    }

    /// `[rows, inputs]` → `[rows, outputs]`.
    pub fn forward(&self, x: Tensor<2>, pass: Pass) -> Tensor<2> {
        let change = pass.adapters.and_then(|all| all.change(self.weight.id));
        let change = change.map(|(change, scale)| {
            let small = x.clone().matmul(change.down.val());
            small.matmul(change.up.val()).mul_scalar(scale)
        });
        // Turned for the cast as it lies in memory: other views are copied first.
        let weight = self.weight.val().transpose().cast(FloatDType::F32).transpose();
        let h = x.matmul(weight);
        let h = match &self.bias {
            None => h,
            Some(bias) => h + bias.val().unsqueeze::<2>(),
        };
        added(h, change)
    }

    /// `[rows, tokens, inputs]` → `[rows, tokens, outputs]`.
    pub fn forward_each(&self, x: Tensor<3>, pass: Pass) -> Tensor<3> {
        let [rows, tokens, inputs] = x.dims();
        let h = self.forward(x.reshape([rows * tokens, inputs]), pass);
        let outputs = h.dims()[1];
        h.reshape([rows, tokens, outputs])
    }
}

fn added<const D: usize>(h: Tensor<D>, change: Option<Tensor<D>>) -> Tensor<D> {
    match change {
        None => h,
        Some(change) => h + change,
    }
}

/// A convolution with a square kernel.
#[derive(Module, Debug)]
pub(super) struct Conv {
    /// `[outputs, inputs, side, side]`.
    weight: Param<Tensor<4>>,
    bias: Option<Param<Tensor<1>>>,
    stride: usize,
    padding: usize,
}

impl Conv {
    /// A layer to read weights into, which keeps the sides of images.
    pub fn blank([inputs, outputs]: [usize; 2], side: usize, device: &Device) -> Self {
        Self {
            weight: blank([outputs, inputs, side, side], device),
            bias: Some(blank([outputs], device)),
            stride: 1,
            padding: (side - 1) / 2,
        }
    }

    /// The same, which halves the sides.
    pub fn halving(self, padding: usize) -> Self {
        Self {
            stride: 2,
            padding,
            ..self
        }
    }

    /// The images after it.
    pub fn after(&self, given: Given) -> Given {
        Given {
            channels: self.weight.lazy_shape()[0],
            height: given.height / self.stride,
            width: given.width / self.stride,
            ..given
        }
    }

    /// Numbers of its weights.
    pub fn size(&self) -> usize {
        self.weight.lazy_shape().num_elements()
    }

    /// `[rows, inputs, height, width]` → `[rows, outputs, …]`.
    pub fn forward(&self, x: Tensor<4>, pass: Pass) -> Tensor<4> {
        let weight = self.weight.val().cast(FloatDType::F32);
        let [_, inputs, side, _] = weight.dims();
        let options = ConvOptions::new([self.stride; 2], [self.padding; 2], [1, 1], 1);
        let change = pass.adapters.and_then(|all| all.change(self.weight.id));
        let change = change.map(|(change, scale)| {
            let (down, up) = (change.down.val().transpose(), change.up.val().transpose());
            let [[rank, _], [outputs, _]] = [down.dims(), up.dims()];
            let down = down.reshape([rank, inputs, side, side]);
            let small = conv2d(x.clone(), down, None, options.clone());
            let of_each = ConvOptions::new([1, 1], [0, 0], [1, 1], 1);
            conv2d(small, up.reshape([outputs, rank, 1, 1]), None, of_each).mul_scalar(scale)
        });
        let bias = self.bias.as_ref().map(Param::val);
        added(conv2d(x, weight, bias, options), change)
    }
}

impl Part for Conv {
    fn cost(&self, given: Given) -> Cost {
        let output = self.after(given);
        let numbers = given.numbers() + 2 * output.numbers();
        Cost {
            output,
            graph: 2 * numbers,
            forward: numbers,
            weights: self.size(),
        }
    }

    fn forward(&self, x: Tensor<4>, _beside: Option<Tensor<4>>, pass: Pass) -> Tensor<4> {
        Self::forward(self, x, pass)
    }
}

/// Images that the gradient of a normalisation and a nonlinearity has in memory for each that they are given.
pub(super) const NORMALISED: usize = 8;

/// The last layers of a network.
pub(super) struct End<'a> {
    pub norm: &'a GroupNorm,
    pub conv: &'a Conv,
}

impl Part for End<'_> {
    fn cost(&self, given: Given) -> Cost {
        Cost {
            graph: NORMALISED * given.numbers(),
            forward: NORMALISED / 2 * given.numbers(),
            ..self.conv.cost(given)
        }
    }

    fn forward(&self, x: Tensor<4>, _beside: Option<Tensor<4>>, pass: Pass) -> Tensor<4> {
        self.conv.forward(activation::silu(self.norm.forward(x)), pass)
    }
}

/// Normalisation over groups of channels, to read weights into.
pub(super) fn group_norm(groups: usize, channels: usize, epsilon: f64, device: &Device) -> GroupNorm {
    let config = GroupNormConfig::new(groups, channels);
    config.with_epsilon(epsilon).init(device)
}

/// Normalisation of every token, to read weights into.
pub(super) fn layer_norm(width: usize, epsilon: f64, device: &Device) -> LayerNorm {
    LayerNormConfig::new(width).with_epsilon(epsilon).init(device)
}

/// `[rows, channels, height, width]` → `[rows, height·width, channels]`.
pub(super) fn cells(x: Tensor<4>) -> Tensor<3> {
    let [rows, channels, height, width] = x.dims();
    x.reshape([rows, channels, height * width]).swap_dims(1, 2)
}

/// Back from [`cells`] to images of these sides.
pub(super) fn image(x: Tensor<3>, [height, width]: [usize; 2]) -> Tensor<4> {
    let [rows, _, channels] = x.dims();
    x.swap_dims(1, 2).reshape([rows, channels, height, width])
}
