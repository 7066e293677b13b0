//! GPT-2 (A. Radford et al., Language Models are Unsupervised Multitask Learners, 2019), and its
//! published weights.

use super::attention::later;
use super::block::{Block, Shared};
use super::layer::blank;
use crate::engine::weights::{Published, Weights, load_published, read_tensors_where};
use burn::module::{Module, Param};
use burn::nn::{LayerNorm, LayerNormConfig};
use burn::tensor::{Device, Int, Tensor, activation};

/// The names of Hugging Face's files; their `Conv1D` has weights as ours.
const PUBLISHED: Published = Published {
    names: &[
        ("words", "wte.weight"),
        ("positions", "wpe.weight"),
        ("blocks", "h"),
        ("attention_norm", "ln_1"),
        ("query_key_value", "attn.c_attn"),
        ("output", "attn.c_proj"),
        ("hidden_norm", "ln_2"),
        ("expand", "mlp.c_fc"),
        ("contract", "mlp.c_proj"),
        ("norm", "ln_f"),
        ("gamma", "weight"),
        ("beta", "bias"),
    ],
    prefix: "",
    outputs_first: false,
};
/// Before all names in files that hold the network together with its head.
const PREFIX: &str = "transformer.";
/// The head, which is the words' table.
const HEAD: &str = "lm_head.weight";

/// The shape of a [`Gpt2`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Gpt2Config {
    /// Tokens of the vocabulary.
    pub words: usize,
    /// Most tokens of a text.
    pub positions: usize,
    /// Numbers of a token, a multiple of the heads.
    pub width: usize,
    /// Heads of the attention in every block.
    pub heads: usize,
    /// Blocks, each of attention and a hidden layer.
    pub layers: usize,
}

/// From tokens to the logits of the next ones; the words' vectors are those of the output too.
#[derive(Module, Debug)]
pub struct Gpt2 {
    /// `[words, width]`.
    words: Param<Tensor<2>>,
    /// `[positions, width]`.
    positions: Param<Tensor<2>>,
    blocks: Vec<Block>,
    norm: LayerNorm,
    heads: usize,
}

impl Gpt2Config {
    /// The smallest of the published networks, of 124,439,808 parameters.
    pub const SMALL: Self = Self {
        words: 50_257,
        positions: 1024,
        width: 768,
        heads: 12,
        layers: 12,
    };

    /// A network of this shape to read weights into: all are 0, and take no memory before they are
    /// used.
    pub fn blank(&self, device: &Device) -> Gpt2 {
        let block = |_| Block::blank(self.width, 0, device);
        Gpt2 {
            words: blank([self.words, self.width], device),
            positions: blank([self.positions, self.width], device),
            blocks: (0..self.layers).map(block).collect(),
            norm: LayerNormConfig::new(self.width).init(device),
            heads: self.heads,
        }
    }

    /// The network of a file (safetensors), with the names of Hugging Face's `gpt2`, which may begin
    /// with `transformer.`. Masks, and a head that is the words' table, are left out.
    ///
    /// # Errors
    ///
    /// Says what is wrong with the file, or names the first tensor that is missing, superfluous or of
    /// another shape.
    pub fn read(&self, file: &[u8], device: &Device) -> Result<Gpt2, String> {
        let is_mask = |name: &str| name.ends_with(".attn.bias") || name.ends_with(".attn.masked_bias");
        let mut weights = read_tensors_where(file, |name| !is_mask(name))?;
        let prefixed = weights.tensors.iter().any(|(name, ..)| name.starts_with(PREFIX));
        let prefix = if prefixed { PREFIX } else { "" };
        leave_out_head(&mut weights, &format!("{prefix}wte.weight"))?;
        let published = Published { prefix, ..PUBLISHED };
        load_published(self.blank(device), weights, &published)
    }
}

/// Takes out the head, if there is one.
fn leave_out_head(weights: &mut Weights, words: &str) -> Result<(), String> {
    let at = |name: &str| weights.tensors.iter().position(|(n, ..)| n == name);
    let (Some(head), Some(words)) = (at(HEAD), at(words)) else {
        return Ok(());
    };
    if weights.tensors[head].2 != weights.tensors[words].2 {
        let words = &weights.tensors[words].0;
        return Err(format!(
            "tensor `{HEAD}` differs from `{words}`, but both must be the same table"
        ));
    }
    weights.tensors.swap_remove(head);
    Ok(())
}

impl Gpt2 {
    /// The logits of the token after each of `[rows, length]`, `[rows, length, words]`.
    ///
    /// # Panics
    ///
    /// Where there are more tokens than positions.
    pub fn forward(&self, tokens: Tensor<2, Int>) -> Tensor<3> {
        let [rows, length] = tokens.dims();
        let words = self.words.val();
        let [kinds, width] = words.dims();
        let vectors = words.clone().select(0, tokens.clone().reshape([rows * length]));
        let positions = self.positions.val().narrow(0, 0, length);
        let mut h = vectors.reshape([rows, length, width]) + positions.unsqueeze::<3>();
        let shared = Shared {
            heads: self.heads,
            rotation: None,
            unseen: Some(later(0..length, &tokens.device())),
            activation: activation::gelu_approximate,
            gated: false,
        };
        for block in &self.blocks {
            h = block.forward(h, None, &shared, None);
        }
        let h = self.norm.forward(h).reshape([rows * length, width]);
        h.matmul(words.transpose()).reshape([rows, length, kinds])
    }
}
