//! SEDD, the discrete diffusion that learns ratios of probabilities (A. Lou, C. Meng, S. Ermon,
//! arXiv 2310.16834), where tokens are absorbed by a mask, and its published weights.

use super::attention::Rotation;
use super::block::{Block, Modulation, Shared, parts};
use super::embedding::{SIGMA_FREQUENCIES, sigma_features};
use super::layer::{Dense, blank};
use crate::engine::weights::{Published, load_published, read_tensors_where};
use burn::module::{Module, Param};
use burn::nn::{LayerNorm, LayerNormConfig};
use burn::tensor::{Device, IndexingUpdateOp, Int, Tensor, TensorData, activation};
use std::ops::Range;

/// The names of the authors' files.
const PUBLISHED: Published = Published {
    names: &[
        ("words", "vocab_embed.embedding"),
        ("from_sigma", "sigma_map.mlp.0"),
        ("condition", "sigma_map.mlp.2"),
        ("attention_norm", "norm1"),
        ("query_key_value", "attn_qkv"),
        ("output", "attn_out"),
        ("hidden_norm", "norm2"),
        ("expand", "mlp.0"),
        ("contract", "mlp.2"),
        ("modulation", "adaLN_modulation"),
        ("head", "output_layer"),
        ("norm", "norm_final"),
        ("scores", "linear"),
        ("gamma", "weight"),
    ],
    prefix: "",
    outputs_first: true,
};
/// The rotation's frequencies, which are no weights.
const FREQUENCIES: &str = "rotary_emb.inv_freq";
/// Share of the tokens that is still seen at time 1.
const LAST_SEEN: f64 = 1e-3;

/// The shape of a [`Sedd`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SeddConfig {
    /// Words of the vocabulary; the mask is one more.
    pub words: usize,
    /// Numbers of a token, an even multiple of the heads.
    pub width: usize,
    /// Heads of the attention in every block.
    pub heads: usize,
    /// Blocks, each of attention and a hidden layer.
    pub layers: usize,
    /// Units of the embedding of σ.
    pub condition: usize,
    /// Whether the network says by how much scores differ from 1/((e^σ − 1)·words), the mean over a
    /// masked token's words.
    pub scale_by_sigma: bool,
}

/// From tokens to the logarithms of scores: how much more probable the text would be with another
/// token in one's place.
#[derive(Module, Debug)]
pub struct Sedd {
    /// `[words + 1, width]`, the mask last.
    words: Param<Tensor<2>>,
    from_sigma: Dense,
    condition: Dense,
    blocks: Vec<Block>,
    head: Head,
    heads: usize,
    scale_by_sigma: bool,
}

/// A normalisation that σ scales and shifts, and the scores.
#[derive(Module, Debug)]
struct Head {
    norm: LayerNorm,
    modulation: Dense,
    scores: Dense,
}

impl SeddConfig {
    /// SEDD-small: 169,627,218 parameters, 92 million of them in its blocks.
    pub const SMALL: Self = Self {
        words: 50_257,
        width: 768,
        heads: 12,
        layers: 12,
        condition: 128,
        scale_by_sigma: true,
    };

    /// A network of this shape to read weights into: all are 0, and take no memory before they are
    /// used.
    pub fn blank(&self, device: &Device) -> Sedd {
        let Self { width, condition, .. } = *self;
        let kinds = self.words + 1;
        let block = |_| Block::blank(width, condition, device);
        Sedd {
            words: blank([kinds, width], device),
            from_sigma: Dense::blank(2 * SIGMA_FREQUENCIES, condition, true, device),
            condition: Dense::blank(condition, condition, true, device),
            blocks: (0..self.layers).map(block).collect(),
            head: Head {
                norm: LayerNormConfig::new(width).with_bias(false).init(device),
                modulation: Dense::blank(condition, 2 * width, true, device),
                scores: Dense::blank(width, kinds, true, device),
            },
            heads: self.heads,
            scale_by_sigma: self.scale_by_sigma,
        }
    }

    /// The network of a file (safetensors), with the names of Hugging Face's `louaaron/sedd-small`.
    ///
    /// # Errors
    ///
    /// Says what is wrong with the file, or names the first tensor that is missing, superfluous or of
    /// another shape.
    pub fn read(&self, file: &[u8], device: &Device) -> Result<Sedd, String> {
        let weights = read_tensors_where(file, |name| name != FREQUENCIES)?;
        load_published(self.blank(device), weights, &PUBLISHED)
    }
}

impl Head {
    /// `[blocks·rows, length, width]` → `[blocks·rows, length, outputs]`.
    fn forward(&self, h: Tensor<3>, condition: &Tensor<2>) -> Tensor<3> {
        let [rows, length, width] = h.dims();
        let [shift, scale] = parts(&self.modulation.forward(condition.clone()));
        let modulation = Modulation {
            scale,
            shift,
            gate: None,
        };
        let h = modulation.seen(self.norm.forward(h));
        let scores = self.scores.forward(h.reshape([rows * length, width]));
        let kinds = scores.dims()[1];
        scores.reshape([rows, length, kinds])
    }
}

impl Sedd {
    /// σ at a time from 0, nothing masked, to 1: a token is masked with probability 1 − e^−σ, and
    /// that is 0.999·time (the log-linear schedule that the published networks know).
    pub fn sigma(time: f64) -> f64 {
        -(-(1.0 - LAST_SEEN) * time).ln_1p()
    }

    /// log p(… y …)/p(… x …) for every token y in place of every token x of `[blocks·rows, length]`,
    /// block b at noise `sigmas[b]` above 0: `[blocks·rows, length, words + 1]`. It is 0 where y is x.
    pub fn forward(&self, sigmas: &[f64], x: Tensor<2, Int>) -> Tensor<3> {
        let [rows, length] = x.dims();
        let scores = self.scores(sigmas, x.clone(), 0..length);
        let scores = if self.scale_by_sigma {
            scaled(scores, sigmas)
        } else {
            scores
        };
        let x = x.reshape([rows, length, 1]);
        let own = scores.clone().gather(2, x.clone());
        scores.scatter(2, x, own.neg(), IndexingUpdateOp::Add)
    }

    /// log p(word|what is seen) of masked tokens at `places`, normalised,
    /// `[blocks·rows, places, words]`: a masked token's score is p(word|what is seen)/(e^σ − 1), and
    /// whatever is the same for all words does not matter. It says nothing of tokens that are seen.
    pub fn log_probs(&self, sigmas: &[f64], x: Tensor<2, Int>, places: Range<usize>) -> Tensor<3> {
        let scores = self.scores(sigmas, x, places);
        let words = scores.dims()[2] - 1;
        activation::log_softmax(scores.narrow(2, 0, words), 2)
    }

    /// The logarithms of scores at `places`, before they are scaled.
    fn scores(&self, sigmas: &[f64], x: Tensor<2, Int>, places: Range<usize>) -> Tensor<3> {
        let [rows, length] = x.dims();
        let (words, device) = (self.words.val(), x.device());
        let width = words.dims()[1];
        let known = activation::silu(self.from_sigma.forward(sigma_features(sigmas, &device)));
        let condition = activation::silu(self.condition.forward(known));
        let shared = Shared {
            heads: self.heads,
            rotation: Some(Rotation::new(0..length, width / self.heads, &device)),
            unseen: None,
            activation: activation::gelu_approximate,
            gated: true,
        };
        let vectors = words.select(0, x.reshape([rows * length]));
        let mut h = vectors.reshape([rows, length, width]);
        for block in &self.blocks {
            h = block.forward(h, Some(&condition), &shared, None);
        }
        let wanted = places.len();
        self.head.forward(h.narrow(1, places.start, wanted), &condition)
    }
}

/// Log scores less log((e^σ − 1)·words).
fn scaled(scores: Tensor<3>, sigmas: &[f64]) -> Tensor<3> {
    let [rows, length, kinds] = scores.dims();
    let blocks = sigmas.len();
    let logs: Vec<f32> = sigmas
        .iter()
        .map(|sigma| (sigma.exp_m1().ln() + ((kinds - 1) as f64).ln()) as f32)
        .collect();
    let logs = Tensor::<3>::from_data(TensorData::new(logs, [blocks, 1, 1]), &scores.device());
    let scores = scores.reshape([blocks, rows / blocks * length, kinds]) - logs;
    scores.reshape([rows, length, kinds])
}
