//! The image network: a U-Net of two resolutions below the image's own.

use crate::engine::noise::{Noise, Purpose};
use crate::network::attention::{attend, by_heads};
use crate::network::conditioning;
use crate::network::embedding::FREQUENCIES;
use crate::network::layer::{Conv, Dense};
use crate::task::images::Shape;
use burn::module::{Module, Param};
use burn::nn::{GroupNorm, GroupNormConfig};
use burn::tensor::{Device, Tensor, activation};
use rand_chacha::ChaCha8Rng;

/// Channels of an attention head.
const HEAD: usize = 32;
/// Channels that are normalised together.
const GROUP: usize = 8;

/// The shape of a [`UNet`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UNetConfig {
    /// The images.
    pub shape: Shape,
    /// Channels at half and at a quarter of the image's resolution.
    pub channels: [usize; 2],
    /// Residual blocks on each way through half the resolution, and at a quarter of it.
    pub blocks: [usize; 2],
    /// Units of the time embedding.
    pub embedding: usize,
}

/// A residual block: x + W_2·a((1 + scale(t))·W_1·a(norm(x)) + shift(t)), a = hard swish, W_2 = 0 at the
/// start.
#[derive(Module, Debug)]
struct Block {
    norm: GroupNorm,
    first: Conv,
    modulation: Dense,
    second: Conv,
}

/// Attention of every cell to every cell, added to its input; 0 at the start.
#[derive(Module, Debug)]
struct Attention {
    norm: GroupNorm,
    query_key_value: Dense,
    output: Dense,
}

/// Squares of 2×2 pixels become channels, residual blocks work at half of the image's sides and, with
/// attention among them, at a quarter; what was there before is added on the way back (arXiv
/// 2006.11239 with other sizes and fewer normalisations).
#[derive(Module, Debug)]
pub struct UNet {
    time: Dense,
    /// What a condition adds to the time's embedding, `[conditions, units]`; 0 at the start.
    conditions: Option<Param<Tensor<2>>>,
    stem: Conv,
    down: Vec<Block>,
    shrink: Conv,
    /// What tells the cells of the coarser resolution apart, `[channels, height, width]`; 0 at the
    /// start.
    position: Param<Tensor<3>>,
    middle: Vec<Block>,
    attention: Attention,
    /// 1×1, to four times the channels of the finer resolution.
    grow: Conv,
    up: Vec<Block>,
    norm: GroupNorm,
    head: Conv,
    /// What the scale of the Langevin term adds to 1; 0 at the start.
    langevin: Option<Dense>,
}

/// Normalisation over groups of channels (arXiv 1803.08494).
fn norm(channels: usize, device: &Device) -> GroupNorm {
    GroupNormConfig::new(channels.div_ceil(GROUP), channels).init(device)
}

impl Block {
    fn new(rng: &mut ChaCha8Rng, channels: usize, embedding: usize, device: &Device) -> Self {
        Self {
            norm: norm(channels, device),
            first: Conv::new(rng, [channels, channels], 3, 1, 1.4, device),
            modulation: Dense::new(rng, embedding, 2 * channels, 0.3, device),
            second: Conv::new(rng, [channels, channels], 3, 1, 0.0, device),
        }
    }

    /// `[blocks·rows, channels, height, width]`, `embedding` `[blocks, units]`.
    fn forward(&self, x: Tensor<4>, embedding: &Tensor<2>) -> Tensor<4> {
        let [rows, channels, height, width] = x.dims();
        let [blocks, _] = embedding.dims();
        let h = self
            .first
            .forward(activation::hard_swish(self.norm.forward(x.clone())));
        let modulation = self.modulation.forward(embedding.clone());
        let part = |at: usize| {
            modulation
                .clone()
                .narrow(1, at * channels, channels)
                .reshape([blocks, 1, channels, 1])
        };
        let h = h.reshape([blocks, rows / blocks, channels, height * width]);
        let h = h * part(0).add_scalar(1.0) + part(1);
        let h = activation::hard_swish(h.reshape([rows, channels, height, width]));
        x + self.second.forward(h)
    }
}

impl Block {
    fn adapted(self, rng: &mut ChaCha8Rng, rank: usize, device: &Device) -> Self {
        Self {
            norm: self.norm.no_grad(),
            first: self.first.adapted(rng, rank, device),
            modulation: self.modulation.adapted(rng, rank, device),
            second: self.second.adapted(rng, rank, device),
        }
    }
}

impl Attention {
    fn adapted(self, rng: &mut ChaCha8Rng, rank: usize, device: &Device) -> Self {
        Self {
            norm: self.norm.no_grad(),
            query_key_value: self.query_key_value.adapted(rng, rank, device),
            output: self.output.adapted(rng, rank, device),
        }
    }

    fn new(rng: &mut ChaCha8Rng, channels: usize, device: &Device) -> Self {
        Self {
            norm: norm(channels, device),
            query_key_value: Dense::new(rng, channels, 3 * channels, 1.0, device),
            output: Dense::new(rng, channels, channels, 0.0, device),
        }
    }

    fn forward(&self, x: Tensor<4>) -> Tensor<4> {
        let [rows, channels, height, width] = x.dims();
        let cells = height * width;
        let flat = self
            .norm
            .forward(x.clone())
            .reshape([rows, channels, cells])
            .swap_dims(1, 2);
        let all = self
            .query_key_value
            .forward(flat.reshape([rows * cells, channels]));
        let [query, key, value] = by_heads(&all, [rows, cells], channels / HEAD);
        let mixed = attend(query, key, value, None);
        let out = self.output.forward(mixed).reshape([rows, cells, channels]);
        x + out.swap_dims(1, 2).reshape([rows, channels, height, width])
    }
}

impl UNetConfig {
    /// That of the shipped prior.
    pub const SHIPPED: Self = Self {
        shape: Shape::MNIST,
        channels: [32, 96],
        blocks: [1, 3],
        embedding: 64,
    };

    /// A network whose output is 0, from the run's generator.
    pub fn init(&self, noise: &Noise, device: &Device) -> UNet {
        let rng = &mut noise.stream(Purpose::Initialization, 0);
        let [fine, coarse] = self.channels;
        let units = self.embedding;
        let Shape {
            channels,
            height,
            width,
        } = self.shape;
        UNet {
            time: Dense::new(rng, 2 * FREQUENCIES, units, 1.0, device),
            conditions: None,
            stem: Conv::new(rng, [4 * channels, fine], 3, 1, 1.0, device),
            down: (0..self.blocks[0])
                .map(|_| Block::new(rng, fine, units, device))
                .collect(),
            shrink: Conv::new(rng, [fine, coarse], 3, 2, 1.0, device),
            position: Param::from_tensor(Tensor::zeros([coarse, height / 4, width / 4], device)),
            middle: (0..self.blocks[1])
                .map(|_| Block::new(rng, coarse, units, device))
                .collect(),
            attention: Attention::new(rng, coarse, device),
            grow: Conv::new(rng, [coarse, 4 * fine], 1, 1, 1.0, device),
            up: (0..self.blocks[0])
                .map(|_| Block::new(rng, fine, units, device))
                .collect(),
            norm: norm(fine, device),
            head: Conv::new(rng, [fine, 4 * channels], 3, 1, 0.0, device),
            langevin: None,
        }
    }
}

impl UNet {
    /// This network with its weights fixed and low-rank corrections to train in all convolutions and
    /// in the attention; it says the same until they are trained.
    pub fn adapted(self, rank: usize, noise: &Noise, device: &Device) -> Self {
        let rng = &mut noise.stream(Purpose::Initialization, 1);
        let mut blocks = |blocks: Vec<Block>| -> Vec<Block> {
            blocks.into_iter().map(|b| b.adapted(rng, rank, device)).collect()
        };
        let (down, middle, up) = (blocks(self.down), blocks(self.middle), blocks(self.up));
        Self {
            time: self.time.no_grad(),
            conditions: self.conditions,
            stem: self.stem.adapted(rng, rank, device),
            down,
            shrink: self.shrink.adapted(rng, rank, device),
            position: self.position.no_grad(),
            middle,
            attention: self.attention.adapted(rng, rank, device),
            grow: self.grow.adapted(rng, rank, device),
            up,
            norm: self.norm.no_grad(),
            head: self.head.adapted(rng, rank, device),
            langevin: self.langevin,
        }
    }

    /// This network with so many conditions to tell apart; it says the same of all until it is trained.
    pub fn conditional(self, conditions: usize, device: &Device) -> Self {
        let [_, units] = self.time.dims();
        Self {
            conditions: conditioning::table(conditions, units, device),
            ..self
        }
    }

    /// This network with a scale for the Langevin term, 1 until it is trained.
    pub(crate) fn with_langevin(self, device: &Device) -> Self {
        let [_, units] = self.time.dims();
        Self {
            langevin: Some(Dense::zeros(units, 1, device)),
            ..self
        }
    }

    /// The scale of the Langevin term for `rows` rows in blocks at these times, as in
    /// [`UNet::forward`], `[rows, 1]`.
    ///
    /// # Panics
    ///
    /// Of a network without one ([`UNet::with_langevin`]).
    pub(crate) fn langevin_scale(
        &self,
        times: &[f64],
        conditions: &[usize],
        rows: usize,
        device: &Device,
    ) -> Tensor<2> {
        let head = self.langevin.as_ref().expect("a network with a Langevin term");
        conditioning::scale(head, self.embedding(times, conditions, device), rows)
    }

    /// The shape of its images.
    pub fn shape(&self) -> Shape {
        let [_, height, width] = self.position.val().dims();
        Shape {
            channels: self.stem.inputs() / 4,
            height: 4 * height,
            width: 4 * width,
        }
    }

    /// What blocks are modulated by, `[times, units]`, or one a row where there are conditions.
    fn embedding(&self, times: &[f64], conditions: &[usize], device: &Device) -> Tensor<2> {
        conditioning::embedding(&self.time, self.conditions.as_ref(), times, conditions, device)
    }

    /// `[blocks·rows, pixels]` → `[blocks·rows, pixels]`, block b at time `times[b]`, its rows under
    /// these conditions; a network without any ignores them.
    pub fn forward(&self, times: &[f64], conditions: &[usize], x: Tensor<2>) -> Tensor<2> {
        let [rows, _] = x.dims();
        let embedding = self.embedding(times, conditions, &x.device());
        let shape = self.shape();
        let mut h = self.stem.forward(gather(x, shape));
        for block in &self.down {
            h = block.forward(h, &embedding);
        }
        let before = h.clone();
        h = self.shrink.forward(h) + self.position.val().unsqueeze::<4>();
        let (first, rest) = self.middle.split_at(self.middle.len() / 2);
        for block in first {
            h = block.forward(h, &embedding);
        }
        h = self.attention.forward(h);
        for block in rest {
            h = block.forward(h, &embedding);
        }
        h = before + spread(self.grow.forward(h));
        for block in &self.up {
            h = block.forward(h, &embedding);
        }
        spread(self.head.forward(activation::hard_swish(self.norm.forward(h))))
            .reshape([rows, shape.pixels()])
    }
}

/// `[rows, pixels]` → `[rows, 4·channels, height/2, width/2]`.
fn gather(x: Tensor<2>, shape: Shape) -> Tensor<4> {
    let [rows, _] = x.dims();
    let [channels, height, width] = shape.sizes();
    x.reshape([rows, channels, height / 2, 2, width / 2, 2])
        .permute([0, 1, 3, 5, 2, 4])
        .reshape([rows, 4 * channels, height / 2, width / 2])
}

/// `[rows, 4·channels, height, width]` → `[rows, channels, 2·height, 2·width]`.
fn spread(x: Tensor<4>) -> Tensor<4> {
    let [rows, channels, height, width] = x.dims();
    x.reshape([rows, channels / 4, 2, 2, height, width])
        .permute([0, 1, 4, 2, 5, 3])
        .reshape([rows, channels / 4, 2 * height, 2 * width])
}
