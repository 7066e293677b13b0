//! `CLIPTextModel` of transformers: a text's tokens as vectors (arXiv 2103.00020).

use super::fields::Fields;
use super::layer::{Linear, layer_norm};
use super::step::Pass;
use crate::engine::ConfigError;
use crate::network::attention::{attend, later};
use crate::network::layer::blank;
use burn::module::{Module, Param};
use burn::nn::LayerNorm;
use burn::tensor::{Device, Int, Tensor, activation};

/// Factor of the logistic function's argument in the approximation of GELU (arXiv 1606.08415, §2).
const QUICK: f64 = 1.702;

/// The shape of a [`TextEncoder`].
#[derive(Clone, Debug, PartialEq)]
pub struct TextEncoderConfig {
    /// Tokens of the vocabulary.
    pub words: usize,
    /// Most tokens of a text.
    pub positions: usize,
    /// Numbers of a token.
    pub width: usize,
    /// Units of a block's hidden layer.
    pub hidden: usize,
    /// Heads of attention.
    pub heads: usize,
    /// Blocks.
    pub layers: usize,
    /// Whether hidden layers have x·σ(1.702·x) in place of GELU.
    pub quick: bool,
    /// Added to variances in normalisations.
    pub epsilon: f64,
}

/// From tokens to vectors.
#[derive(Module, Debug)]
pub struct TextEncoder {
    embeddings: Embeddings,
    encoder: Layers,
    final_layer_norm: LayerNorm,
    heads: usize,
    quick: bool,
}

#[derive(Module, Debug)]
struct Embeddings {
    /// `[words, width]`.
    words: Param<Tensor<2>>,
    /// `[positions, width]`.
    positions: Param<Tensor<2>>,
}

#[derive(Module, Debug)]
struct Layers {
    layers: Vec<Layer>,
}

#[derive(Module, Debug)]
struct Layer {
    self_attn: SelfAttention,
    layer_norm1: LayerNorm,
    mlp: Hidden,
    layer_norm2: LayerNorm,
}

#[derive(Module, Debug)]
struct SelfAttention {
    k_proj: Linear,
    v_proj: Linear,
    q_proj: Linear,
    out_proj: Linear,
}

#[derive(Module, Debug)]
struct Hidden {
    fc1: Linear,
    fc2: Linear,
}

impl TextEncoderConfig {
    /// The configuration in a file of this name.
    ///
    /// # Errors
    ///
    /// Names the field that is not allowed, or not supported.
    pub fn read(file: &str, json: &[u8]) -> Result<Self, ConfigError> {
        let mut fields = Fields::new(file, json)?;
        let activation = [("quick_gelu", true), ("gelu", false)];
        let config = Self {
            words: fields.whole("vocab_size", 49_408, 1_000_000)?,
            positions: fields.whole("max_position_embeddings", 77, 65_536)?,
            width: fields.whole("hidden_size", 512, 16_384)?,
            hidden: fields.whole("intermediate_size", 2048, 65_536)?,
            heads: fields.whole("num_attention_heads", 8, 1024)?,
            layers: fields.whole("num_hidden_layers", 12, 1024)?,
            quick: fields.choice("hidden_act", true, &activation)?,
            epsilon: fields.positive("layer_norm_eps", 1e-5)?,
        };
        if !config.width.is_multiple_of(config.heads) {
            let allowed = format!("a divisor of hidden_size, {}", config.width);
            return Err(fields.refused("num_attention_heads", config.heads, allowed));
        }
        // What it was trained with, and notes.
        fields.without(&[
            "architectures",
            "attention_dropout",
            "bos_token_id",
            "dropout",
            "dtype",
            "eos_token_id",
            "initializer_factor",
            "initializer_range",
            "model_type",
            "pad_token_id",
            "projection_dim",
            "torch_dtype",
            "transformers_version",
        ]);
        fields.finish()?;
        Ok(config)
    }

    /// A network of this shape to read weights into: all are 0, and take no memory before they are used.
    pub fn blank(&self, device: &Device) -> TextEncoder {
        let width = self.width;
        let norm = || layer_norm(width, self.epsilon, device);
        let linear = |sizes: [usize; 2]| Linear::blank(sizes, true, device);
        let layer = |_| Layer {
            self_attn: SelfAttention {
                k_proj: linear([width, width]),
                v_proj: linear([width, width]),
                q_proj: linear([width, width]),
                out_proj: linear([width, width]),
            },
            layer_norm1: norm(),
            mlp: Hidden {
                fc1: linear([width, self.hidden]),
                fc2: linear([self.hidden, width]),
            },
            layer_norm2: norm(),
        };
        TextEncoder {
            embeddings: Embeddings {
                words: blank([self.words, width], device),
                positions: blank([self.positions, width], device),
            },
            encoder: Layers {
                layers: (0..self.layers).map(layer).collect(),
            },
            final_layer_norm: norm(),
            heads: self.heads,
            quick: self.quick,
        }
    }
}

impl SelfAttention {
    /// Of every token to itself and those before.
    fn forward(&self, x: &Tensor<3>, heads: usize, unseen: &Tensor<4>) -> Tensor<3> {
        let [rows, length, width] = x.dims();
        let of = |layer: &Linear| {
            let h = layer.forward_each(x.clone(), Pass::default());
            h.reshape([rows, length, heads, width / heads]).swap_dims(1, 2)
        };
        let (query, key, value) = (of(&self.q_proj), of(&self.k_proj), of(&self.v_proj));
        let mixed = attend(query, key, value, Some(unseen.clone()));
        let h = self.out_proj.forward(mixed, Pass::default());
        h.reshape([rows, length, width])
    }
}

impl Hidden {
    fn forward(&self, x: Tensor<3>, quick: bool) -> Tensor<3> {
        let h = self.fc1.forward_each(x, Pass::default());
        let h = match quick {
            true => h.clone() * activation::sigmoid(h.mul_scalar(QUICK)),
            false => activation::gelu(h),
        };
        self.fc2.forward_each(h, Pass::default())
    }
}

impl TextEncoder {
    /// The vectors of tokens `[rows, length]` after the last block and a normalisation, `[rows, length, width]`.
    ///
    /// # Panics
    ///
    /// Where there are more tokens than positions.
    pub fn forward(&self, tokens: Tensor<2, Int>) -> Tensor<3> {
        let ([rows, length], device) = (tokens.dims(), tokens.device());
        let (words, positions) = (self.embeddings.words.val(), self.embeddings.positions.val());
        let width = words.dims()[1];
        let vectors = words.select(0, tokens.reshape([rows * length]));
        let places = positions.narrow(0, 0, length).unsqueeze::<3>();
        let h = vectors.reshape([rows, length, width]) + places;
        let unseen = later(0..length, &device);
        let layers = self.encoder.layers.iter();
        let h = layers.fold(h, |h, layer| {
            let seen = layer.layer_norm1.forward(h.clone());
            let h = h + layer.self_attn.forward(&seen, self.heads, &unseen);
            let seen = layer.layer_norm2.forward(h.clone());
            h + layer.mlp.forward(seen, self.quick)
        });
        self.final_layer_norm.forward(h)
    }
}
