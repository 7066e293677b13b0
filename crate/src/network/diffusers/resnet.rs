//! Residual blocks of convolutions, and changes of the resolution.

use super::layer::{Conv, Linear, NORMALISED, group_norm};
use super::step::{Cost, Given, Part, Pass};
use burn::module::Module;
use burn::nn::GroupNorm;
use burn::tensor::{Device, Tensor, activation, ops::PadMode};

/// What the residual blocks of a network have in common.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Resnets {
    /// Groups of channels that are normalised together.
    pub groups: usize,
    pub epsilon: f64,
    /// Units of the time's embedding; 0 without time.
    pub embedding: usize,
    /// Whether the time scales and shifts, else it shifts.
    pub scale_shift: bool,
}

/// `ResnetBlock2D` of diffusers.
#[derive(Module, Debug)]
pub(super) struct Resnet {
    norm1: GroupNorm,
    conv1: Conv,
    time_emb_proj: Option<Linear>,
    norm2: GroupNorm,
    conv2: Conv,
    conv_shortcut: Option<Conv>,
    scale_shift: bool,
}

impl Resnet {
    /// A block to read weights into.
    pub fn blank(shape: &Resnets, [inputs, outputs]: [usize; 2], device: &Device) -> Self {
        let norm = |channels| group_norm(shape.groups, channels, shape.epsilon, device);
        let units = outputs * if shape.scale_shift { 2 } else { 1 };
        let timed = shape.embedding > 0;
        Self {
            norm1: norm(inputs),
            conv1: Conv::blank([inputs, outputs], 3, device),
            time_emb_proj: timed.then(|| Linear::blank([shape.embedding, units], true, device)),
            norm2: norm(outputs),
            conv2: Conv::blank([outputs, outputs], 3, device),
            conv_shortcut: (inputs != outputs).then(|| Conv::blank([inputs, outputs], 1, device)),
            scale_shift: shape.scale_shift,
        }
    }
}

impl Part for Resnet {
    fn cost(&self, given: Given) -> Cost {
        let output = self.conv1.after(given);
        let (before, after) = (given.numbers(), output.numbers());
        let shortcut = self.conv_shortcut.as_ref().map_or(0, Conv::size);
        Cost {
            output,
            graph: NORMALISED * (before + after),
            forward: 2 * before + NORMALISED / 2 * before.max(after),
            weights: self.conv1.size() + self.conv2.size() + shortcut,
        }
    }

    /// `[blocks·rows, inputs, height, width]`, which the channels of `beside` end, → `[blocks·rows, outputs, height,
    /// width]`.
    fn forward(&self, x: Tensor<4>, beside: Option<Tensor<4>>, pass: Pass) -> Tensor<4> {
        let x = match beside {
            None => x,
            Some(beside) => Tensor::cat(vec![x, beside], 1),
        };
        let h = activation::silu(self.norm1.forward(x.clone()));
        let h = self.conv1.forward(h, pass);
        let time = self.time_emb_proj.as_ref().zip(pass.embedding);
        let time = time.map(|(layer, embedding)| {
            let units = layer.forward(activation::silu(embedding.clone()), pass);
            by_rows(units, x.dims()[0])
        });
        let h = match time {
            None => self.norm2.forward(h),
            Some(shift) if !self.scale_shift => self.norm2.forward(h + shift),
            Some(both) => {
                let channels = h.dims()[1];
                let scale = both.clone().narrow(1, 0, channels);
                let shift = both.narrow(1, channels, channels);
                self.norm2.forward(h) * scale.add_scalar(1.0) + shift
            }
        };
        let h = self.conv2.forward(activation::silu(h), pass);
        match &self.conv_shortcut {
            None => x + h,
            Some(layer) => layer.forward(x, pass) + h,
        }
    }
}

/// `[blocks, units]` → `[blocks·rows, units, 1, 1]`.
fn by_rows(units: Tensor<2>, rows: usize) -> Tensor<4> {
    let [blocks, count] = units.dims();
    let each = units
        .reshape([blocks, 1, count])
        .expand([blocks, rows / blocks, count]);
    each.reshape([rows, count, 1, 1])
}

/// `Downsample2D`: half of the sides.
#[derive(Module, Debug)]
pub(super) struct Downsample {
    conv: Conv,
    /// Whether a column and a row of zeros come after the image, instead of such around it.
    pads_after: bool,
}

impl Downsample {
    /// A layer to read weights into; `padding` is 0 or 1.
    pub fn blank(channels: usize, padding: usize, device: &Device) -> Self {
        Self {
            conv: Conv::blank([channels; 2], 3, device).halving(padding),
            pads_after: padding == 0,
        }
    }
}

impl Part for Downsample {
    fn cost(&self, given: Given) -> Cost {
        self.conv.cost(given)
    }

    fn forward(&self, x: Tensor<4>, _beside: Option<Tensor<4>>, pass: Pass) -> Tensor<4> {
        let x = match self.pads_after {
            true => x.pad([(0, 1), (0, 1)], PadMode::Constant(0.0)),
            false => x,
        };
        self.conv.forward(x, pass)
    }
}

/// `Upsample2D`: every cell becomes four, then a convolution.
#[derive(Module, Debug)]
pub(super) struct Upsample {
    conv: Conv,
}

impl Upsample {
    /// A layer to read weights into.
    pub fn blank(channels: usize, device: &Device) -> Self {
        Self {
            conv: Conv::blank([channels; 2], 3, device),
        }
    }
}

impl Part for Upsample {
    fn cost(&self, given: Given) -> Cost {
        self.conv.cost(Given {
            height: 2 * given.height,
            width: 2 * given.width,
            ..given
        })
    }

    fn forward(&self, x: Tensor<4>, _beside: Option<Tensor<4>>, pass: Pass) -> Tensor<4> {
        let [rows, channels, height, width] = x.dims();
        let cells = x.reshape([rows * channels, height, 1, width, 1]);
        let four = cells.expand([rows * channels, height, 2, width, 2]);
        let x = four.reshape([rows, channels, 2 * height, 2 * width]);
        self.conv.forward(x, pass)
    }
}
