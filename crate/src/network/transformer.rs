//! A transformer over tokens: with attention in both directions and a time embedding, or causal.

use super::attention::{Rotation, later};
use super::block::{Block, KeysValues, Shared};
use super::embedding::{FREQUENCIES, time_features};
use super::layer::{Dense, uniform};
use crate::engine::noise::{Noise, Purpose};
use crate::engine::process::Rows;
use burn::module::{Module, Param};
use burn::nn::{LayerNorm, LayerNormConfig};
use burn::tensor::{Device, Int, Tensor, activation};
use std::ops::Range;

/// The shape of a [`Transformer`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TransformerConfig {
    /// Words of the vocabulary; the unknown token is one more.
    pub words: usize,
    /// Numbers of a token, a multiple of the heads'.
    pub width: usize,
    /// Heads of the attention in every block.
    pub heads: usize,
    /// Blocks, each of attention and a hidden layer.
    pub layers: usize,
    /// Units of the time embedding; 0 for a network without time.
    pub embedding: usize,
    /// Whether a token sees only those before it, and itself.
    pub causal: bool,
}

/// From tokens to the logits of words; the words' vectors are those of the output too.
#[derive(Module, Debug)]
pub struct Transformer {
    /// `[words + 1, width]`, the unknown token last.
    tokens: Param<Tensor<2>>,
    time: Option<Dense>,
    blocks: Vec<Block>,
    norm: LayerNorm,
    /// Of the words' logits, `[words]`.
    bias: Param<Tensor<1>>,
    heads: usize,
    causal: bool,
}

/// The keys and values of the tokens that a causal network has processed, so that it need not process them
/// again.
#[derive(Clone, Debug, Default)]
pub struct Seen {
    tokens: usize,
    /// One a block, once there is a token.
    blocks: Vec<Option<KeysValues>>,
}

impl Seen {
    /// What was seen in these rows; a row may be taken more than once.
    pub(crate) fn select_rows(self, rows: &[usize]) -> Self {
        let of_block = |kept: KeysValues| KeysValues {
            keys: kept.keys.select_rows(rows),
            values: kept.values.select_rows(rows),
        };
        let blocks = self.blocks.into_iter().map(|kept| kept.map(of_block));
        Self {
            tokens: self.tokens,
            blocks: blocks.collect(),
        }
    }
}

impl TransformerConfig {
    /// Numbers in the matrices of its layers.
    pub(crate) fn numbers_of_layers(&self) -> usize {
        let of_unit = 12 * self.width + 4 * self.embedding;
        self.layers.saturating_mul(self.width).saturating_mul(of_unit)
    }

    /// A network whose words are all as likely as their vectors are near, from the run's generator.
    pub fn init(&self, noise: &Noise, device: &Device) -> Transformer {
        let rng = &mut noise.stream(Purpose::Initialization, 0);
        let bound = (3.0 / self.width as f64).sqrt();
        Transformer {
            tokens: Param::from_tensor(uniform(rng, [self.words + 1, self.width], bound, device)),
            time: (self.embedding > 0).then(|| Dense::new(rng, 2 * FREQUENCIES, self.embedding, 1.0, device)),
            blocks: (0..self.layers)
                .map(|_| Block::new(rng, self.width, self.embedding, device))
                .collect(),
            norm: LayerNormConfig::new(self.width).init(device),
            bias: Param::from_tensor(Tensor::zeros([self.words], device)),
            heads: self.heads,
            causal: self.causal,
        }
    }
}

impl Transformer {
    /// This network with its weights fixed and low-rank corrections to train in all its blocks; it
    /// says the same until they are trained.
    pub fn adapted(self, rank: usize, noise: &Noise, device: &Device) -> Self {
        let rng = &mut noise.stream(Purpose::Initialization, 1);
        Self {
            tokens: self.tokens.no_grad(),
            time: self.time.map(Module::no_grad),
            blocks: self
                .blocks
                .into_iter()
                .map(|block| block.adapted(rng, rank, device))
                .collect(),
            norm: self.norm.no_grad(),
            bias: self.bias.no_grad(),
            ..self
        }
    }

    /// Heads of its attention.
    pub fn heads(&self) -> usize {
        self.heads
    }

    /// Whether a token sees only those before it, and itself.
    pub(crate) fn is_causal(&self) -> bool {
        self.causal
    }

    /// The logits of words at `places` of `[blocks·rows, length]` tokens, block b at time `times[b]`:
    /// `[blocks·rows, places, words]`. A causal network's speak of the next token.
    pub fn forward(&self, times: &[f64], x: Tensor<2, Int>, places: Range<usize>) -> Tensor<3> {
        self.logits(self.hidden(times, x, None), places)
    }

    /// Goes on with `[rows, count]` more tokens of texts: a causal network that is not told the time.
    /// The logits of the words after those at `places` of them, `[rows, places, words]`.
    pub(crate) fn go_on(&self, seen: &mut Seen, tokens: Tensor<2, Int>, places: Range<usize>) -> Tensor<3> {
        self.logits(self.hidden(&[], tokens, Some(seen)), places)
    }

    /// Sees the first `[rows, count]` tokens of texts, as `go_on`, and says nothing.
    pub fn see(&self, tokens: Tensor<2, Int>) -> Seen {
        let mut seen = Seen::default();
        self.hidden(&[], tokens, Some(&mut seen));
        seen
    }

    /// `[blocks·rows, length, width]`.
    fn hidden(&self, times: &[f64], x: Tensor<2, Int>, mut seen: Option<&mut Seen>) -> Tensor<3> {
        let [rows, length] = x.dims();
        let width = self.tokens.val().dims()[1];
        let device = x.device();
        let mut positions = 0..length;
        if let Some(seen) = &mut seen {
            positions = seen.tokens..seen.tokens + length;
            seen.tokens = positions.end;
            seen.blocks.resize(self.blocks.len(), None);
        }
        let embedding = self
            .time
            .as_ref()
            .map(|dense| activation::hard_swish(dense.forward(time_features(times, &device))));
        let shared = Shared {
            heads: self.heads,
            rotation: Some(Rotation::new(positions.clone(), width / self.heads, &device)),
            unseen: (self.causal && length > 1).then(|| later(positions, &device)),
            activation: activation::hard_swish,
            gated: false,
        };
        let vectors = self.tokens.val().select(0, x.reshape([rows * length]));
        let mut h = vectors.reshape([rows, length, width]);
        for (at, block) in self.blocks.iter().enumerate() {
            let earlier = seen.as_mut().map(|seen| &mut seen.blocks[at]);
            h = block.forward(h, embedding.as_ref(), &shared, earlier);
        }
        h
    }

    fn logits(&self, h: Tensor<3>, places: Range<usize>) -> Tensor<3> {
        let [kinds, width] = self.tokens.val().dims();
        let (rows, wanted) = (h.dims()[0], places.len());
        let h = self.norm.forward(h.narrow(1, places.start, wanted));
        let words = self.tokens.val().narrow(0, 0, kinds - 1).transpose();
        let logits = h.reshape([rows * wanted, width]).matmul(words) + self.bias.val().unsqueeze::<2>();
        logits.reshape([rows, wanted, kinds - 1])
    }
}
