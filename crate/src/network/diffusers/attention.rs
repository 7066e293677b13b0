//! Attention of an image's cells to each other, or to tokens.

use super::layer::{Linear, NORMALISED, cells, group_norm, image};
use super::step::{Cost, Given, Part, Pass, Pull, leaf};
use crate::network::attention::{SCORES, attend_gradient, attend_in_slices};
use burn::module::Module;
use burn::nn::{GroupNorm, LayerNorm};
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

    /// `x` `[rows, tokens, width]` looks at `seen` `[rows, tokens, …]`.
    pub fn forward(&self, x: Tensor<3>, seen: Tensor<3>, pass: Pass) -> Tensor<3> {
        let tokens = x.dims()[1];
        let [query, key, value] = self.projected(x, seen, pass);
        self.joined(attend_in_slices(query, key, value), tokens, pass)
    }

    /// Numbers of its weights.
    pub fn size(&self) -> usize {
        let layers = [&self.to_q, &self.to_k, &self.to_v, &self.to_out[0]];
        layers.into_iter().map(Linear::size).sum()
    }

    /// Numbers of scores, of all cells for so many tokens, that are in memory at once.
    pub fn scores(&self, given: Given, tokens: usize) -> usize {
        let cells = given.rows * given.height * given.width;
        (self.heads * cells * tokens).min(SCORES)
    }

    /// Queries, keys and values, `[rows, heads, tokens, head]`.
    fn projected(&self, x: Tensor<3>, seen: Tensor<3>, pass: Pass) -> [Tensor<4>; 3] {
        let by_heads = |h: Tensor<3>| {
            let [rows, tokens, width] = h.dims();
            h.reshape([rows, tokens, self.heads, width / self.heads])
                .swap_dims(1, 2)
        };
        [
            by_heads(self.to_q.forward_each(x, pass)),
            by_heads(self.to_k.forward_each(seen.clone(), pass)),
            by_heads(self.to_v.forward_each(seen, pass)),
        ]
    }

    /// What is said of mixed values `[rows·tokens, width]`, `[rows, tokens, width]`.
    fn joined(&self, mixed: Tensor<2>, tokens: usize, pass: Pass) -> Tensor<3> {
        let [all, width] = mixed.dims();
        self.to_out[0]
            .forward(mixed, pass)
            .reshape([all / tokens, tokens, width])
    }
}

/// Attention of an image's cells to each other, added to the image.
pub(super) struct AmongCells<'a> {
    pub attention: &'a Attention,
    /// Normalises every cell; without it the attention's own normalises groups of channels, if it has one.
    pub norm: Option<&'a LayerNorm>,
}

impl AmongCells<'_> {
    fn projected(&self, x: Tensor<4>, pass: Pass) -> [Tensor<4>; 3] {
        let h = match (self.norm, &self.attention.group_norm) {
            (Some(norm), _) => norm.forward(cells(x)),
            (None, Some(norm)) => cells(norm.forward(x)),
            (None, None) => cells(x),
        };
        self.attention.projected(h.clone(), h, pass)
    }

    fn joined(&self, mixed: Tensor<2>, [height, width]: [usize; 2], pass: Pass) -> Tensor<4> {
        image(
            self.attention.joined(mixed, height * width, pass),
            [height, width],
        )
    }
}

impl Part for AmongCells<'_> {
    fn cost(&self, given: Given) -> Cost {
        let image = given.numbers();
        let scores = self.attention.scores(given, given.height * given.width);
        Cost {
            output: given,
            graph: 2 * NORMALISED * image + 4 * scores,
            forward: NORMALISED * image + 3 * scores,
            weights: self.attention.size(),
        }
    }

    fn forward(&self, x: Tensor<4>, _beside: Option<Tensor<4>>, pass: Pass) -> Tensor<4> {
        let [.., height, width] = x.dims();
        let [query, key, value] = self.projected(x.clone(), pass);
        x + self.joined(attend_in_slices(query, key, value), [height, width], pass)
    }

    /// The scores, of which there is one for every two cells, are in no graph.
    fn pulled(
        &self,
        x: Tensor<4>,
        _beside: Option<Tensor<4>>,
        gradient: Tensor<4>,
        pull: &mut Pull,
    ) -> (Tensor<4>, Option<Tensor<4>>) {
        let [.., height, width] = x.dims();
        let x = leaf(x);
        let tracked = self.projected(x.clone(), pull.pass());
        let [query, key, value] = tracked.clone().map(Tensor::without_autodiff);
        let mixed = leaf(attend_in_slices(query.clone(), key.clone(), value.clone()));
        let added = self.joined(mixed.clone(), [height, width], pull.pass());
        let mut gradients = (added * gradient.clone()).sum().backward();
        let of_mixed = mixed.grad_remove(&mut gradients).expect("it is asked for");
        pull.take(gradients);
        let gradients = attend_gradient(&query, &key, &value, of_mixed);
        let sums = tracked
            .into_iter()
            .zip(gradients)
            .map(|(of, gradient)| (of * gradient).sum());
        let sum = sums.reduce(|a, b| a + b).expect("three");
        let mut gradients = sum.backward();
        let of_x = x.grad_remove(&mut gradients).expect("it is asked for");
        pull.take(gradients);
        (gradient + of_x, None)
    }
}
