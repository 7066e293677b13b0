//! Attention by heads, once queries, keys and values are there.

use burn::tensor::{Device, Tensor, TensorData, activation};
use std::ops::Range;

/// Longest period of the rotary positions, over 2π (RoFormer, arXiv 2104.09864).
const LONGEST: f64 = 10_000.0;
/// Added to the scores of tokens that come later.
const NEVER: f32 = -1e9;
/// Scores of [`attend_in_slices`] that are in memory at once: 64 MiB.
pub(crate) const SCORES: usize = 1 << 24;

/// Queries, keys and values, side by side in `[rows·cells, 3·width]`, each `[rows, heads, cells, head]`.
pub(crate) fn by_heads(all: &Tensor<2>, [rows, cells]: [usize; 2], heads: usize) -> [Tensor<4>; 3] {
    let width = all.dims()[1] / 3;
    [0, 1, 2].map(|at| {
        all.clone()
            .narrow(1, at * width, width)
            .reshape([rows, cells, heads, width / heads])
            .swap_dims(1, 2)
    })
}

/// Values mixed by softmax(query·keyᵀ/√head + unseen), `[rows·cells, width]`.
pub(crate) fn attend(
    query: Tensor<4>,
    key: Tensor<4>,
    value: Tensor<4>,
    unseen: Option<Tensor<4>>,
) -> Tensor<2> {
    side_by_side(mixed(query, key, value, unseen))
}

/// The same where everything is seen, a few queries at once: an image of 64² cells has 16 million scores a head.
pub(crate) fn attend_in_slices(query: Tensor<4>, key: Tensor<4>, value: Tensor<4>) -> Tensor<2> {
    let at_once = queries_at_once(&query, &key);
    in_slices(query, key, value, at_once)
}

/// Queries a head that have at most [`SCORES`] scores, or one.
fn queries_at_once(query: &Tensor<4>, key: &Tensor<4>) -> usize {
    let ([rows, heads, cells, _], seen) = (query.dims(), key.dims()[2]);
    (SCORES / (rows * heads * seen)).clamp(1, cells)
}

/// Of `at_once` queries a head.
fn in_slices(query: Tensor<4>, key: Tensor<4>, value: Tensor<4>, at_once: usize) -> Tensor<2> {
    let cells = query.dims()[2];
    let slice = |start: usize| {
        let count = at_once.min(cells - start);
        let query = query.clone().narrow(2, start, count);
        mixed(query, key.clone(), value.clone(), None)
    };
    let slices: Vec<_> = (0..cells).step_by(at_once).map(slice).collect();
    side_by_side(Tensor::cat(slices, 2))
}

/// The gradients in queries, keys and values of Σ [`attend_in_slices`]·gradient, with as many scores in memory;
/// `gradient` is `[rows·cells, width]`.
pub(crate) fn attend_gradient(
    query: &Tensor<4>,
    key: &Tensor<4>,
    value: &Tensor<4>,
    gradient: Tensor<2>,
) -> [Tensor<4>; 3] {
    gradient_in_slices(query, key, value, gradient, queries_at_once(query, key))
}

fn gradient_in_slices(
    query: &Tensor<4>,
    key: &Tensor<4>,
    value: &Tensor<4>,
    gradient: Tensor<2>,
    at_once: usize,
) -> [Tensor<4>; 3] {
    let [rows, heads, cells, head] = query.dims();
    let gradient = gradient.reshape([rows, cells, heads, head]).swap_dims(1, 2);
    let factor = 1.0 / (head as f64).sqrt();
    let (mut of_key, mut of_value) = (key.zeros_like(), value.zeros_like());
    let of_query = (0..cells).step_by(at_once).map(|start| {
        let slice = |of: &Tensor<4>| of.clone().narrow(2, start, at_once.min(cells - start));
        let (query, gradient) = (slice(query).mul_scalar(factor), slice(&gradient));
        let shares = activation::softmax(query.clone().matmul(key.clone().swap_dims(2, 3)), 3);
        of_value = of_value.clone() + shares.clone().swap_dims(2, 3).matmul(gradient.clone());
        let of_shares = gradient.matmul(value.clone().swap_dims(2, 3));
        let mean = (shares.clone() * of_shares.clone()).sum_dim(3);
        let of_scores = shares * (of_shares - mean);
        of_key = of_key.clone() + of_scores.clone().swap_dims(2, 3).matmul(query);
        of_scores.matmul(key.clone()).mul_scalar(factor)
    });
    let of_query = Tensor::cat(of_query.collect(), 2);
    [of_query, of_key, of_value]
}

/// `[rows, heads, cells, head]`.
fn mixed(query: Tensor<4>, key: Tensor<4>, value: Tensor<4>, unseen: Option<Tensor<4>>) -> Tensor<4> {
    let head = query.dims()[3];
    let scores = query.matmul(key.swap_dims(2, 3)).div_scalar((head as f64).sqrt());
    let scores = match unseen {
        None => scores,
        Some(unseen) => scores + unseen,
    };
    activation::softmax(scores, 3).matmul(value)
}

/// `[rows, heads, cells, head]` → `[rows·cells, heads·head]`.
fn side_by_side(mixed: Tensor<4>) -> Tensor<2> {
    let [rows, heads, cells, head] = mixed.dims();
    mixed.swap_dims(1, 2).reshape([rows * cells, heads * head])
}

/// What hides later tokens from those at `places` when it is added to the scores,
/// `[1, 1, places, places.end]`.
pub(crate) fn later(places: Range<usize>, device: &Device) -> Tensor<4> {
    let shape = [1, 1, places.len(), places.end];
    let score = |row: usize, column: usize| if column > row { NEVER } else { 0.0 };
    let of_row = |row: usize| (0..places.end).map(move |column| score(row, column));
    let values: Vec<f32> = places.clone().flat_map(of_row).collect();
    Tensor::from_data(TensorData::new(values, shape), device)
}

/// Rotary positions: cos and sin of every position's angles, `[1, 1, positions, head]`.
pub(crate) struct Rotation {
    cos: Tensor<4>,
    sin: Tensor<4>,
}

impl Rotation {
    pub fn new(positions: Range<usize>, head: usize, device: &Device) -> Self {
        let half = head / 2;
        let angle =
            |position: usize, pair: usize| position as f64 * LONGEST.powf(-(pair as f64) / half as f64);
        let table = |of: fn(f64) -> f64| {
            let values: Vec<f32> = positions
                .clone()
                .flat_map(|position| (0..head).map(move |at| of(angle(position, at % half)) as f32))
                .collect();
            Tensor::from_data(TensorData::new(values, [1, 1, positions.len(), head]), device)
        };
        Self {
            cos: table(f64::cos),
            sin: table(f64::sin),
        }
    }

    /// Turns pairs of numbers, those of the first half with those of the second, by their position.
    pub fn turned(&self, x: Tensor<4>) -> Tensor<4> {
        let half = x.dims()[3] / 2;
        let (first, second) = (x.clone().narrow(3, 0, half), x.clone().narrow(3, half, half));
        x * self.cos.clone() + Tensor::cat(vec![second.neg(), first], 3) * self.sin.clone()
    }
}

#[cfg(all(test, feature = "cpu"))]
mod tests {
    use super::{attend, gradient_in_slices, in_slices};
    use crate::engine::device::cpu_device;
    use crate::engine::noise::{Noise, Purpose};
    use burn::tensor::Tensor;

    fn tensor(at: u64, cells: usize) -> Tensor<4> {
        let noise = Noise::new(1).normal(Purpose::Samples, at, 2 * 3 * cells * 4);
        Tensor::<1>::from_floats(noise.as_slice(), &cpu_device()).reshape([2, 3, cells, 4])
    }

    fn difference<const D: usize>(one: Tensor<D>, other: Tensor<D>) -> f32 {
        (one - other).abs().max().into_scalar::<f32>()
    }

    #[test]
    fn slices_change_nothing() {
        let (query, key, value) = (tensor(0, 7), tensor(1, 5), tensor(2, 5));
        let whole = attend(query.clone(), key.clone(), value.clone(), None);
        for at_once in [1, 2, 3, 7] {
            let sliced = in_slices(query.clone(), key.clone(), value.clone(), at_once);
            let off = difference(sliced, whole.clone());
            assert!(off < 1e-6, "{at_once} at once: {off}");
        }
    }

    #[test]
    fn the_gradient_in_slices_is_that_of_the_whole() {
        let tracked = [tensor(0, 7), tensor(1, 5), tensor(2, 5)].map(|t| t.autodiff().require_grad());
        let gradient = tensor(3, 7).reshape([14, 12]);
        let [query, key, value] = tracked.clone();
        let sum = (attend(query, key, value, None) * gradient.clone()).sum();
        let gradients = sum.backward();
        let [query, key, value] = tracked.clone().map(Tensor::without_autodiff);
        for at_once in [1, 3, 7] {
            let found = gradient_in_slices(&query, &key, &value, gradient.clone(), at_once);
            for (leaf, found) in tracked.iter().zip(found) {
                let off = difference(found, leaf.grad(&gradients).expect("tracked"));
                assert!(off < 1e-5, "{at_once} at once: {off}");
            }
        }
    }
}
