//! Layers whose weights a low-rank correction can be added to.

use crate::engine::noise;
use burn::module::{Module, Param};
use burn::nn::Initializer;
use burn::tensor::module::conv2d;
use burn::tensor::ops::ConvOptions;
use burn::tensor::{Device, Tensor, TensorData};
use rand_chacha::ChaCha8Rng;

/// Numbers uniform on ±bound.
pub(crate) fn uniform<const D: usize>(
    rng: &mut ChaCha8Rng,
    shape: [usize; D],
    bound: f64,
    device: &Device,
) -> Tensor<D> {
    let count = shape.iter().product();
    let values: Vec<f32> = (0..count)
        .map(|_| ((2.0 * noise::uniform(rng) - 1.0) * bound) as f32)
        .collect();
    Tensor::from_data(TensorData::new(values, shape), device)
}

/// Weights uniform with deviation gain/√fan-in.
fn weights<const D: usize>(
    rng: &mut ChaCha8Rng,
    shape: [usize; D],
    fan_in: usize,
    gain: f64,
    device: &Device,
) -> Param<Tensor<D>> {
    let bound = gain * (3.0 / fan_in as f64).sqrt();
    Param::from_tensor(uniform(rng, shape, bound, device))
}

/// ΔW = down·up, of a rank far below that of W (LoRA, arXiv 2106.09685); up is 0 at the start.
#[derive(Module, Debug)]
pub struct LowRank {
    /// `[inputs, rank]`.
    pub(crate) down: Param<Tensor<2>>,
    /// `[rank, outputs]`.
    pub(crate) up: Param<Tensor<2>>,
}

impl LowRank {
    pub(crate) fn new(
        rng: &mut ChaCha8Rng,
        inputs: usize,
        outputs: usize,
        rank: usize,
        device: &Device,
    ) -> Self {
        Self {
            down: weights(rng, [inputs, rank], inputs, 1.0, device),
            up: Param::from_tensor(Tensor::zeros([rank, outputs], device)),
        }
    }

    /// ΔW, `[inputs, outputs]`.
    fn product(&self) -> Tensor<2> {
        self.down.val().matmul(self.up.val())
    }
}

/// Numbers to read from a file, 0 until then; they take no memory before they are used.
pub(crate) fn blank<const D: usize>(shape: [usize; D], device: &Device) -> Param<Tensor<D>> {
    Initializer::Zeros.init(shape, device)
}

/// W·x + b.
#[derive(Module, Debug)]
pub struct Dense {
    /// `[inputs, outputs]`.
    weight: Param<Tensor<2>>,
    bias: Option<Param<Tensor<1>>>,
    low_rank: Option<LowRank>,
}

impl Dense {
    /// Weights of deviation gain/√inputs.
    pub fn new(rng: &mut ChaCha8Rng, inputs: usize, outputs: usize, gain: f64, device: &Device) -> Self {
        Self {
            weight: weights(rng, [inputs, outputs], inputs, gain, device),
            bias: Some(Param::from_tensor(Tensor::zeros([outputs], device))),
            low_rank: None,
        }
    }

    /// A layer that says 0 until it is trained.
    pub(crate) fn zeros(inputs: usize, outputs: usize, device: &Device) -> Self {
        Self {
            weight: Param::from_tensor(Tensor::zeros([inputs, outputs], device)),
            bias: Some(Param::from_tensor(Tensor::zeros([outputs], device))),
            low_rank: None,
        }
    }

    /// A layer to read weights into.
    pub(crate) fn blank(inputs: usize, outputs: usize, biased: bool, device: &Device) -> Self {
        Self {
            weight: blank([inputs, outputs], device),
            bias: biased.then(|| blank([outputs], device)),
            low_rank: None,
        }
    }

    /// This layer with its weights fixed and a correction of this rank to train.
    pub fn adapted(self, rng: &mut ChaCha8Rng, rank: usize, device: &Device) -> Self {
        let [inputs, outputs] = self.dims();
        Self {
            low_rank: Some(LowRank::new(rng, inputs, outputs, rank, device)),
            ..self.no_grad()
        }
    }

    /// Inputs and outputs.
    pub fn dims(&self) -> [usize; 2] {
        self.weight.val().dims()
    }

    /// `[rows, inputs]` → `[rows, outputs]`.
    pub fn forward(&self, x: Tensor<2>) -> Tensor<2> {
        let weight = match &self.low_rank {
            None => self.weight.val(),
            Some(delta) => self.weight.val() + delta.product(),
        };
        let h = x.matmul(weight);
        match &self.bias {
            None => h,
            Some(bias) => h + bias.val().unsqueeze::<2>(),
        }
    }
}

/// A convolution with a square kernel; its output has the input's size divided by the stride.
#[derive(Module, Debug)]
pub struct Conv {
    /// `[outputs, inputs, side, side]`.
    weight: Param<Tensor<4>>,
    bias: Param<Tensor<1>>,
    low_rank: Option<LowRank>,
    stride: usize,
}

impl Conv {
    /// Weights of deviation gain/√(inputs·side²).
    pub fn new(
        rng: &mut ChaCha8Rng,
        [inputs, outputs]: [usize; 2],
        side: usize,
        stride: usize,
        gain: f64,
        device: &Device,
    ) -> Self {
        let fan_in = inputs * side * side;
        Self {
            weight: weights(rng, [outputs, inputs, side, side], fan_in, gain, device),
            bias: Param::from_tensor(Tensor::zeros([outputs], device)),
            low_rank: None,
            stride,
        }
    }

    /// This layer with its weights fixed and a correction of this rank to train.
    pub fn adapted(self, rng: &mut ChaCha8Rng, rank: usize, device: &Device) -> Self {
        let [outputs, inputs, side, _] = self.weight.val().dims();
        Self {
            low_rank: Some(LowRank::new(rng, inputs * side * side, outputs, rank, device)),
            ..self.no_grad()
        }
    }

    /// Channels of the input.
    pub fn inputs(&self) -> usize {
        self.weight.val().dims()[1]
    }

    /// `[rows, inputs, height, width]` → `[rows, outputs, height/stride, width/stride]`.
    pub fn forward(&self, x: Tensor<4>) -> Tensor<4> {
        let weight = self.weight.val();
        let [outputs, inputs, side, _] = weight.dims();
        let weight = match &self.low_rank {
            None => weight,
            Some(delta) => weight + delta.product().transpose().reshape([outputs, inputs, side, side]),
        };
        let padding = (side - 1) / 2;
        let options = ConvOptions::new([self.stride; 2], [padding; 2], [1, 1], 1);
        conv2d(x, weight, Some(self.bias.val()), options)
    }
}
