//! Transformers among an image's cells, which look at a text too.

use super::attention::{AmongCells, Attention};
use super::layer::{Conv, Linear, NORMALISED, cells, group_norm, image, layer_norm};
use super::step::{Cost, Given, Part, Pass, Step};
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

    fn size(&self) -> usize {
        match self {
            Self::Linear(layer) => layer.size(),
            Self::Conv(layer) => layer.size(),
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
}

/// The layers of a transformer before its blocks.
struct Before<'a>(&'a Transformer);

/// What a block does after its attention among cells.
struct Rest<'a>(&'a Block);

/// The layers of a transformer after its blocks, added to the image that it was given.
struct After<'a>(&'a Transformer);

fn sides(x: &Tensor<4>) -> [usize; 2] {
    let [.., height, width] = x.dims();
    [height, width]
}

impl Part for Before<'_> {
    fn cost(&self, given: Given) -> Cost {
        Cost {
            output: given,
            graph: NORMALISED * given.numbers(),
            forward: NORMALISED / 2 * given.numbers(),
            weights: self.0.proj_in.size(),
        }
    }

    fn forward(&self, x: Tensor<4>, _beside: Option<Tensor<4>>, pass: Pass) -> Tensor<4> {
        let sides = sides(&x);
        let h = cells(self.0.norm.forward(x));
        image(self.0.proj_in.forward(h, sides, pass), sides)
    }
}

impl Part for Rest<'_> {
    fn cost(&self, given: Given) -> Cost {
        let (block, image) = (self.0, given.numbers());
        let hidden = HIDDEN * image;
        Cost {
            output: given,
            graph: 2 * NORMALISED * image + NORMALISED * hidden + 4 * block.attn2.scores(given, given.tokens),
            forward: NORMALISED * image + NORMALISED / 2 * hidden,
            weights: block.attn2.size() + block.ff.expand.size() + block.ff.contract.size(),
        }
    }

    fn forward(&self, x: Tensor<4>, _beside: Option<Tensor<4>>, pass: Pass) -> Tensor<4> {
        let (block, sides) = (self.0, sides(&x));
        let x = cells(x);
        let seen = block.norm2.forward(x.clone());
        let context = pass.context.expect("a network with a context is given one");
        let x = x + block.attn2.forward(seen, context.clone(), pass);
        let seen = block.norm3.forward(x.clone());
        image(x + block.ff.forward(seen, pass), sides)
    }
}

impl Part for After<'_> {
    fn cost(&self, given: Given) -> Cost {
        // The image that is added has as many channels as the other.
        let output = Given {
            channels: given.channels / 2,
            ..given
        };
        Cost {
            output,
            graph: NORMALISED * given.numbers(),
            forward: NORMALISED / 2 * given.numbers(),
            weights: self.0.proj_out.size(),
        }
    }

    fn forward(&self, h: Tensor<4>, beside: Option<Tensor<4>>, pass: Pass) -> Tensor<4> {
        let sides = sides(&h);
        let h = image(self.0.proj_out.forward(cells(h), sides, pass), sides);
        beside.expect("the image before the blocks") + h
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

    /// Its steps.
    pub fn steps(&self) -> Vec<Step<'_>> {
        let mut steps = vec![Step::new(Before(self)).leaving_input()];
        for block in &self.transformer_blocks {
            steps.push(Step::new(AmongCells {
                attention: &block.attn1,
                norm: Some(&block.norm1),
            }));
            steps.push(Step::new(Rest(block)));
        }
        steps.push(Step::new(After(self)).taking());
        steps
    }
}
