//! The block that transformers are made of: attention, then a hidden layer.

use super::attention::{Rotation, attend, by_heads};
use super::layer::Dense;
use burn::module::Module;
use burn::nn::{LayerNorm, LayerNormConfig};
use burn::tensor::{Device, Tensor};
use rand_chacha::ChaCha8Rng;

/// Units of a block's hidden layer over its width.
const HIDDEN: usize = 4;

/// Attention, then a hidden layer, each added to its input and preceded by a normalisation, which an
/// embedding may scale and shift (DiT, arXiv 2212.09748).
#[derive(Module, Debug)]
pub(crate) struct Block {
    attention_norm: LayerNorm,
    query_key_value: Dense,
    output: Dense,
    hidden_norm: LayerNorm,
    expand: Dense,
    contract: Dense,
    modulation: Option<Dense>,
}

/// What all blocks of a network share.
pub(crate) struct Shared {
    pub heads: usize,
    pub rotation: Option<Rotation>,
    /// Added to the scores, `[1, 1, length, length]`, or to those of all tokens that are seen.
    pub unseen: Option<Tensor<4>>,
    /// Of the hidden layer.
    pub activation: fn(Tensor<2>) -> Tensor<2>,
    /// Whether a layer's modulation is shift, scale and gate, as DiT's, else scale and shift.
    pub gated: bool,
}

/// What a block's attention sees of tokens, each `[rows, heads, tokens, head]`.
#[derive(Clone, Debug)]
pub(crate) struct KeysValues {
    pub keys: Tensor<4>,
    pub values: Tensor<4>,
}

/// What an embedding does to a layer, each `[blocks, 1, width]`.
pub(crate) struct Modulation {
    pub scale: Tensor<3>,
    pub shift: Tensor<3>,
    /// Weighs what the layer adds.
    pub gate: Option<Tensor<3>>,
}

impl Modulation {
    /// (1 + scale)·h + shift, `[blocks·rows, length, width]`.
    pub fn seen(&self, h: Tensor<3>) -> Tensor<3> {
        by_blocks(h, &self.scale, |h| {
            h * self.scale.clone().add_scalar(1.0) + self.shift.clone()
        })
    }

    fn added(&self, h: Tensor<3>) -> Tensor<3> {
        match &self.gate {
            None => h,
            Some(gate) => by_blocks(h, gate, |h| h * gate.clone()),
        }
    }
}

/// Works on `[blocks·rows, length, width]` as on `[blocks, rows·length, width]`.
fn by_blocks(h: Tensor<3>, part: &Tensor<3>, work: impl FnOnce(Tensor<3>) -> Tensor<3>) -> Tensor<3> {
    let ([rows, length, width], blocks) = (h.dims(), part.dims()[0]);
    work(h.reshape([blocks, rows / blocks * length, width])).reshape([rows, length, width])
}

/// The N parts of a modulation, from `[blocks, N·width]`.
pub(crate) fn parts<const N: usize>(all: &Tensor<2>) -> [Tensor<3>; N] {
    let [blocks, units] = all.dims();
    let width = units / N;
    std::array::from_fn(|at| {
        all.clone()
            .narrow(1, at * width, width)
            .reshape([blocks, 1, width])
    })
}

impl Block {
    /// A block that starts as the identity; `embedding` is 0 without modulation.
    pub fn new(rng: &mut ChaCha8Rng, width: usize, embedding: usize, device: &Device) -> Self {
        Self {
            attention_norm: LayerNormConfig::new(width).init(device),
            query_key_value: Dense::new(rng, width, 3 * width, 1.0, device),
            output: Dense::new(rng, width, width, 0.0, device),
            hidden_norm: LayerNormConfig::new(width).init(device),
            expand: Dense::new(rng, width, HIDDEN * width, 1.4, device),
            contract: Dense::new(rng, HIDDEN * width, width, 0.0, device),
            modulation: (embedding > 0).then(|| Dense::new(rng, embedding, 4 * width, 0.3, device)),
        }
    }

    /// A block to read weights into: one of GPT-2 or, where `embedding` is not 0, one with gates, and
    /// without biases of the attention and the normalisations, as SEDD's.
    pub fn blank(width: usize, embedding: usize, device: &Device) -> Self {
        let plain = embedding == 0;
        let norm = || LayerNormConfig::new(width).with_bias(plain).init(device);
        Self {
            attention_norm: norm(),
            query_key_value: Dense::blank(width, 3 * width, plain, device),
            output: Dense::blank(width, width, plain, device),
            hidden_norm: norm(),
            expand: Dense::blank(width, HIDDEN * width, true, device),
            contract: Dense::blank(HIDDEN * width, width, true, device),
            modulation: (!plain).then(|| Dense::blank(embedding, 6 * width, true, device)),
        }
    }

    /// `[blocks·rows, length, width]`; `embedding` is `[blocks, units]`. Tokens see those of `earlier`
    /// too, which they join.
    pub fn forward(
        &self,
        x: Tensor<3>,
        embedding: Option<&Tensor<2>>,
        shared: &Shared,
        earlier: Option<&mut Option<KeysValues>>,
    ) -> Tensor<3> {
        let [rows, length, width] = x.dims();
        let modulations = self.modulations(embedding, shared.gated);
        let seen = |norm: &LayerNorm, x: &Tensor<3>, layer: usize| {
            let h = norm.forward(x.clone());
            let h = match &modulations {
                None => h,
                Some(of) => of[layer].seen(h),
            };
            h.reshape([rows * length, width])
        };
        let added = |h: Tensor<2>, layer: usize| {
            let h = h.reshape([rows, length, width]);
            match &modulations {
                None => h,
                Some(of) => of[layer].added(h),
            }
        };
        let mixed = self.attention(seen(&self.attention_norm, &x, 0), [rows, length], shared, earlier);
        let x = x + added(self.output.forward(mixed), 0);
        let h = (shared.activation)(self.expand.forward(seen(&self.hidden_norm, &x, 1)));
        x + added(self.contract.forward(h), 1)
    }

    /// Those of the attention and of the hidden layer.
    fn modulations(&self, embedding: Option<&Tensor<2>>, gated: bool) -> Option<[Modulation; 2]> {
        let (dense, embedding) = self.modulation.as_ref().zip(embedding)?;
        let all = dense.forward(embedding.clone());
        let of = |scale, shift, gate| Modulation { scale, shift, gate };
        Some(if gated {
            let [shift, scale, gate, hidden_shift, hidden_scale, hidden_gate] = parts(&all);
            [
                of(scale, shift, Some(gate)),
                of(hidden_scale, hidden_shift, Some(hidden_gate)),
            ]
        } else {
            let [scale, shift, hidden_scale, hidden_shift] = parts(&all);
            [of(scale, shift, None), of(hidden_scale, hidden_shift, None)]
        })
    }

    fn attention(
        &self,
        x: Tensor<2>,
        [rows, length]: [usize; 2],
        shared: &Shared,
        earlier: Option<&mut Option<KeysValues>>,
    ) -> Tensor<2> {
        let all = self.query_key_value.forward(x);
        let [query, key, value] = by_heads(&all, [rows, length], shared.heads);
        let turned = |x: Tensor<4>| match &shared.rotation {
            None => x,
            Some(rotation) => rotation.turned(x),
        };
        let mut seen = KeysValues {
            keys: turned(key),
            values: value,
        };
        if let Some(earlier) = earlier {
            if let Some(earlier) = earlier.take() {
                seen = KeysValues {
                    keys: Tensor::cat(vec![earlier.keys, seen.keys], 2),
                    values: Tensor::cat(vec![earlier.values, seen.values], 2),
                };
            }
            *earlier = Some(seen.clone());
        }
        attend(turned(query), seen.keys, seen.values, shared.unseen.clone())
    }

    /// This block with its weights fixed and low-rank corrections to train.
    pub fn adapted(self, rng: &mut ChaCha8Rng, rank: usize, device: &Device) -> Self {
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
