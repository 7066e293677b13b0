//! Attention of an image's cells to each other, or to tokens.

use super::layer::{Linear, Pass, cells, group_norm, image};
use crate::network::attention::attend_in_slices;
use burn::module::Module;
use burn::nn::GroupNorm;
use burn::tensor::{Device, Tensor};

/// `Attention` of diffusers.
#[derive(Module, Debug)]
pub(super) struct Attention {
    group_norm: Option<GroupNorm>,
    to_q: Linear,
    to_k: Linear,
    to_v: Linear,
    /// One layer; the file numbers it.
    to_out: Vec<Linear>,
    heads: usize,
}

impl Attention {
    /// Attention among tokens of `width` numbers, to those of `seen` numbers.
    pub fn of_tokens([width, seen]: [usize; 2], heads: usize, device: &Device) -> Self {
        let linear = |inputs: usize, biased: bool| Linear::blank([inputs, width], biased, device);
        Self {
            group_norm: None,
            to_q: linear(width, false),
            to_k: linear(seen, false),
            to_v: linear(seen, false),
            to_out: vec![linear(width, true)],
            heads,
        }
    }

    /// Attention among the cells of an image, which are normalised in `groups` groups of channels, if any.
    pub fn of_cells(
        channels: usize,
        heads: usize,
        (groups, epsilon): (Option<usize>, f64),
        device: &Device,
    ) -> Self {
        let linear = || Linear::blank([channels, channels], true, device);
        Self {
            group_norm: groups.map(|groups| group_norm(groups, channels, epsilon, device)),
            to_q: linear(),
            to_k: linear(),
            to_v: linear(),
            to_out: vec![linear()],
            heads,
        }
    }

    /// What is added to the cells of an image, with the image.
    pub fn forward_image(&self, x: Tensor<4>, pass: Pass) -> Tensor<4> {
        let [.., height, width] = x.dims();
        let h = match &self.group_norm {
            None => x.clone(),
            Some(norm) => norm.forward(x.clone()),
        };
        let h = cells(h);
        x + image(self.forward(h.clone(), h, pass), [height, width])
    }

    /// `x` `[rows, tokens, width]` looks at `seen` `[rows, tokens, …]`.
    pub fn forward(&self, x: Tensor<3>, seen: Tensor<3>, pass: Pass) -> Tensor<3> {
        let [rows, tokens, width] = x.dims();
        let by_heads = |h: Tensor<3>| {
            let tokens = h.dims()[1];
            h.reshape([rows, tokens, self.heads, width / self.heads])
                .swap_dims(1, 2)
        };
        let query = by_heads(self.to_q.forward_each(x, pass));
        let key = by_heads(self.to_k.forward_each(seen.clone(), pass));
        let value = by_heads(self.to_v.forward_each(seen, pass));
        let mixed = attend_in_slices(query, key, value);
        self.to_out[0].forward(mixed, pass).reshape([rows, tokens, width])
    }
}
