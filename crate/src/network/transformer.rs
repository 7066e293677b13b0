//! A transformer over tokens: one that sees both ways, of a diffusion's time, or a causal one.

use super::attention::{attend, by_heads};
use super::embedding::{FREQUENCIES, time_features};
use super::layer::{Dense, uniform};
use crate::noise::{Noise, Purpose};
use burn::module::{Module, Param};
use burn::nn::{LayerNorm, LayerNormConfig};
use burn::tensor::{Device, Int, Tensor, TensorData, activation};
use rand_chacha::ChaCha8Rng;
use std::ops::Range;

/// Longest period of the rotary positions, over 2π (RoFormer, arXiv 2104.09864).
const LONGEST: f64 = 10_000.0;
/// Units of a block's hidden layer over its width.
const HIDDEN: usize = 4;
/// Taken from the scores of tokens that come later.
const NEVER: f32 = -1e9;

/// The shape of a [`Transformer`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TransformerConfig {
    /// Words of the vocabulary; the unknown token is one more.
    pub words: usize,
    /// Numbers of a token, a multiple of the heads'.
    pub width: usize,
    pub heads: usize,
    pub layers: usize,
    /// Units of the time embedding; 0 for a network that is not told the time.
    pub embedding: usize,
    /// Whether a token sees only those before it, and itself.
    pub causal: bool,
}

/// Attention, then a hidden layer, each added to its input and preceded by a normalisation that the
/// time scales and shifts (DiT, arXiv 2212.09748, without gates); both add 0 at the start.
#[derive(Module, Debug)]
struct Block {
    attention_norm: LayerNorm,
    query_key_value: Dense,
    output: Dense,
    hidden_norm: LayerNorm,
    expand: Dense,
    contract: Dense,
    modulation: Option<Dense>,
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

impl TransformerConfig {
    /// A network whose words are all as likely as their vectors are near, from the run's generator.
    pub fn init(&self, noise: &Noise, device: &Device) -> Transformer {
        let rng = &mut noise.stream(Purpose::Initialization, 0);
        let bound = (3.0 / self.width as f64).sqrt();
        Transformer {
            tokens: Param::from_tensor(uniform(rng, [self.words + 1, self.width], bound, device)),
            time: (self.embedding > 0).then(|| Dense::new(rng, 2 * FREQUENCIES, self.embedding, 1.0, device)),
            blocks: (0..self.layers).map(|_| self.block(rng, device)).collect(),
            norm: LayerNormConfig::new(self.width).init(device),
            bias: Param::from_tensor(Tensor::zeros([self.words], device)),
            heads: self.heads,
            causal: self.causal,
        }
    }

    fn block(&self, rng: &mut ChaCha8Rng, device: &Device) -> Block {
        let width = self.width;
        Block {
            attention_norm: LayerNormConfig::new(width).init(device),
            query_key_value: Dense::new(rng, width, 3 * width, 1.0, device),
            output: Dense::new(rng, width, width, 0.0, device),
            hidden_norm: LayerNormConfig::new(width).init(device),
            expand: Dense::new(rng, width, HIDDEN * width, 1.4, device),
            contract: Dense::new(rng, HIDDEN * width, width, 0.0, device),
            modulation: (self.embedding > 0).then(|| Dense::new(rng, self.embedding, 4 * width, 0.3, device)),
        }
    }
}

/// What all blocks share: the positions' rotation, and who sees whom.
struct Shared {
    /// cos and sin of every position's angles, `[1, 1, length, head]`.
    cos: Tensor<4>,
    sin: Tensor<4>,
    /// Added to the scores, `[1, 1, length, length]`.
    unseen: Option<Tensor<4>>,
    heads: usize,
}

impl Shared {
    fn new(length: usize, head: usize, heads: usize, causal: bool, device: &Device) -> Self {
        let half = head / 2;
        let angle =
            |position: usize, pair: usize| position as f64 * LONGEST.powf(-(pair as f64) / half as f64);
        let table = |of: fn(f64) -> f64| {
            let values: Vec<f32> = (0..length)
                .flat_map(|position| (0..head).map(move |at| of(angle(position, at % half)) as f32))
                .collect();
            Tensor::from_data(TensorData::new(values, [1, 1, length, head]), device)
        };
        let unseen = || {
            let later = |row: usize, column: usize| if column > row { NEVER } else { 0.0 };
            let values: Vec<f32> = (0..length * length)
                .map(|at| later(at / length, at % length))
                .collect();
            Tensor::from_data(TensorData::new(values, [1, 1, length, length]), device)
        };
        Self {
            cos: table(f64::cos),
            sin: table(f64::sin),
            unseen: causal.then(unseen),
            heads,
        }
    }

    /// Turns pairs of numbers, those of the first half with those of the second, by their position.
    fn turned(&self, x: Tensor<4>) -> Tensor<4> {
        let half = x.dims()[3] / 2;
        let (first, second) = (x.clone().narrow(3, 0, half), x.clone().narrow(3, half, half));
        x * self.cos.clone() + Tensor::cat(vec![second.neg(), first], 3) * self.sin.clone()
    }
}

impl Block {
    /// `[rows, length, width]`; `embedding` is `[blocks, units]`.
    fn forward(&self, x: Tensor<3>, embedding: Option<&Tensor<2>>, shared: &Shared) -> Tensor<3> {
        let [rows, length, width] = x.dims();
        let modulation = self.modulation.as_ref().zip(embedding);
        let modulation = modulation.map(|(dense, of)| dense.forward(of.clone()));
        // Normalised, scaled and shifted, a row a token.
        let seen = |norm: &LayerNorm, x: &Tensor<3>, at: usize| {
            let h = norm.forward(x.clone());
            let h = match &modulation {
                None => h,
                Some(all) => {
                    let [blocks, _] = all.dims();
                    let part = |at: usize| {
                        all.clone()
                            .narrow(1, at * width, width)
                            .reshape([blocks, 1, width])
                    };
                    let h = h.reshape([blocks, rows / blocks * length, width]);
                    h * part(at).add_scalar(1.0) + part(at + 1)
                }
            };
            h.reshape([rows * length, width])
        };
        let mixed = self.attention(seen(&self.attention_norm, &x, 0), [rows, length], shared);
        let x = x + self.output.forward(mixed).reshape([rows, length, width]);
        let h = activation::hard_swish(self.expand.forward(seen(&self.hidden_norm, &x, 2)));
        x + self.contract.forward(h).reshape([rows, length, width])
    }

    fn attention(&self, x: Tensor<2>, [rows, length]: [usize; 2], shared: &Shared) -> Tensor<2> {
        let all = self.query_key_value.forward(x);
        let [query, key, value] = by_heads(&all, [rows, length], shared.heads);
        attend(
            shared.turned(query),
            shared.turned(key),
            value,
            shared.unseen.clone(),
        )
    }

    fn adapted(self, rng: &mut ChaCha8Rng, rank: usize, device: &Device) -> Self {
        Self {
            attention_norm: self.attention_norm.no_grad(),
            query_key_value: self.query_key_value.adapted(rng, rank, device),
            output: self.output.adapted(rng, rank, device),
            hidden_norm: self.hidden_norm.no_grad(),
            expand: self.expand.adapted(rng, rank, device),
            contract: self.contract.adapted(rng, rank, device),
            modulation: self.modulation.map(|of| of.adapted(rng, rank, device)),
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
    pub fn is_causal(&self) -> bool {
        self.causal
    }

    /// The logits of words at `places` of `[blocks·rows, length]` tokens, block b at time `times[b]`:
    /// `[blocks·rows, places, words]`. A causal network's speak of the next token.
    pub fn forward(&self, times: &[f64], x: Tensor<2, Int>, places: Range<usize>) -> Tensor<3> {
        let [rows, length] = x.dims();
        let [kinds, width] = self.tokens.val().dims();
        let device = x.device();
        let embedding = self
            .time
            .as_ref()
            .map(|dense| activation::hard_swish(dense.forward(time_features(times, &device))));
        let shared = Shared::new(length, width / self.heads, self.heads, self.causal, &device);
        let vectors = self.tokens.val().select(0, x.reshape([rows * length]));
        let mut h = vectors.reshape([rows, length, width]);
        for block in &self.blocks {
            h = block.forward(h, embedding.as_ref(), &shared);
        }
        let wanted = places.len();
        let h = self.norm.forward(h.narrow(1, places.start, wanted));
        let words = self.tokens.val().narrow(0, 0, kinds - 1).transpose();
        let logits = h.reshape([rows * wanted, width]).matmul(words) + self.bias.val().unsqueeze::<2>();
        logits.reshape([rows, wanted, kinds - 1])
    }
}
