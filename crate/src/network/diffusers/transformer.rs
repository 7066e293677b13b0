//! Transformers among an image's cells, which look at a text too.

use super::attention::Attention;
use super::layer::{Conv, Linear, Pass, cells, group_norm, image, layer_norm};
use burn::module::Module;
use burn::nn::{GroupNorm, LayerNorm};
use burn::tensor::{Device, Tensor, activation};

/// Of the normalisation before the blocks, which no configuration says.
const EPSILON: f64 = 1e-6;
/// Units of the hidden layer over the width.
const HIDDEN: usize = 4;

/// The shape of a [`Transformer`].
#[derive(Clone, Copy, Debug)]
pub(super) struct Transformers {
    pub channels: usize,
    pub heads: usize,
    pub depth: usize,
    /// Numbers of a token of the context.
    pub context: usize,
    pub groups: usize,
    /// Whether the layers in and out are matrices, else convolutions with kernels of one cell.
    pub linear: bool,
}

/// `Transformer2DModel` of diffusers.
#[derive(Module, Debug)]
pub(super) struct Transformer {
    norm: GroupNorm,
    proj_in: Projection,
    transformer_blocks: Vec<Block>,
    proj_out: Projection,
}

#[derive(Module, Debug)]
enum Projection {
    Linear(Linear),
    Conv(Conv),
}

/// `BasicTransformerBlock`: attention among cells, to the context, and a hidden layer.
#[derive(Module, Debug)]
struct Block {
    norm1: LayerNorm,
    attn1: Attention,
    norm2: LayerNorm,
    attn2: Attention,
    norm3: LayerNorm,
    ff: Hidden,
}

/// `FeedForward` with GEGLU (arXiv 2002.05202).
#[derive(Module, Debug)]
struct Hidden {
    expand: Linear,
    contract: Linear,
}

impl Projection {
    fn blank(shape: &Transformers, device: &Device) -> Self {
        let sizes = [shape.channels; 2];
        match shape.linear {
            true => Self::Linear(Linear::blank(sizes, true, device)),
            false => Self::Conv(Conv::blank(sizes, 1, device)),
        }
    }

    /// `[rows, cells, channels]` of images with these sides.
    fn forward(&self, x: Tensor<3>, sides: [usize; 2], pass: Pass) -> Tensor<3> {
        match self {
            Self::Linear(layer) => layer.forward_each(x, pass),
            Self::Conv(layer) => cells(layer.forward(image(x, sides), pass)),
        }
    }
}

impl Hidden {
    fn forward(&self, x: Tensor<3>, pass: Pass) -> Tensor<3> {
        let both = self.expand.forward_each(x, pass);
        let units = both.dims()[2] / 2;
        let (h, gate) = (both.clone().narrow(2, 0, units), both.narrow(2, units, units));
        self.contract.forward_each(h * activation::gelu(gate), pass)
    }
}

impl Block {
    fn blank(shape: &Transformers, device: &Device) -> Self {
        let width = shape.channels;
        let norm = || layer_norm(width, 1e-5, device);
        let attention = |seen| Attention::of_tokens([width, seen], shape.heads, device);
        Self {
            norm1: norm(),
            attn1: attention(width),
            norm2: norm(),
            attn2: attention(shape.context),
            norm3: norm(),
            ff: Hidden {
                expand: Linear::blank([width, 2 * HIDDEN * width], true, device),
                contract: Linear::blank([HIDDEN * width, width], true, device),
            },
        }
    }

    fn forward(&self, x: Tensor<3>, pass: Pass) -> Tensor<3> {
        let seen = self.norm1.forward(x.clone());
        let x = x + self.attn1.forward(seen.clone(), seen, pass);
        let seen = self.norm2.forward(x.clone());
        let context = pass.context.expect("a network with a context is given one");
        let x = x + self.attn2.forward(seen, context.clone(), pass);
        let seen = self.norm3.forward(x.clone());
        x + self.ff.forward(seen, pass)
    }
}

impl Transformer {
    /// A transformer to read weights into.
    pub fn blank(shape: &Transformers, device: &Device) -> Self {
        Self {
            norm: group_norm(shape.groups, shape.channels, EPSILON, device),
            proj_in: Projection::blank(shape, device),
            transformer_blocks: (0..shape.depth).map(|_| Block::blank(shape, device)).collect(),
            proj_out: Projection::blank(shape, device),
        }
    }

    /// `[rows, channels, height, width]`.
    pub fn forward(&self, x: Tensor<4>, pass: Pass) -> Tensor<4> {
        let [.., height, width] = x.dims();
        let sides = [height, width];
        let h = cells(self.norm.forward(x.clone()));
        let h = self.proj_in.forward(h, sides, pass);
        let blocks = self.transformer_blocks.iter();
        let h = blocks.fold(h, |h, block| block.forward(h, pass));
        x + image(self.proj_out.forward(h, sides, pass), sides)
    }
}
