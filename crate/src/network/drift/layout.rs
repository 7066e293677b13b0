//! What the drift network's two passes on the processor share. Rows go through all layers in tiles that stay in the nearest
//! cache, and of an input's hats only those are looked at that are not 0.
//!
//! A network is a list of tensors: the time embedding's weights and bias, the head's weights and bias, and of every
//! hidden layer the embedding's weights, the weights and the bias.

use super::hats::{HATS, hats_above};
use super::simd::LANES;
use crate::network::embedding::FREQUENCIES;
use std::borrow::Cow;

/// Tensors before those of the layers, and of each layer.
pub(super) const ENDS: usize = 4;
pub(super) const OF_LAYER: usize = 3;
pub(super) const TIME: usize = 0;
pub(super) const TIME_BIAS: usize = 1;
pub(super) const HEAD: usize = 2;
pub(super) const HEAD_BIAS: usize = 3;
/// Rows that go through all layers together.
pub(super) const TILE: usize = 48;
pub(super) const FEATURES: usize = 2 * FREQUENCIES;

pub(super) fn embedding(layer: usize) -> usize {
    ENDS + OF_LAYER * layer
}

pub(super) fn weights(layer: usize) -> usize {
    ENDS + OF_LAYER * layer + 1
}

pub(super) fn bias(layer: usize) -> usize {
    ENDS + OF_LAYER * layer + 2
}

/// The sizes of a network and of what it is applied to.
#[derive(Clone, Copy, Debug)]
pub(super) struct Sizes {
    pub rows: usize,
    pub inputs: usize,
    pub outputs: usize,
    pub width: usize,
    pub depth: usize,
}

impl Sizes {
    /// The width with what fills it up to whole vectors.
    pub fn stride(self) -> usize {
        self.width.next_multiple_of(LANES)
    }
}

/// What a pass is applied to.
#[derive(Clone, Copy)]
pub(super) struct Applied<'a> {
    pub sizes: Sizes,
    /// `[blocks, FEATURES]`.
    pub times: &'a [f32],
    /// `[rows, inputs]`.
    pub x: &'a [f32],
    pub network: &'a [&'a [f32]],
}

/// The network's tensors with whole vectors for rows; the head is transposed.
pub(super) fn padded<'a>(applied: Applied<'a>) -> Vec<Cow<'a, [f32]>> {
    let (Sizes { width, outputs, .. }, stride) = (applied.sizes, applied.sizes.stride());
    let tensors = applied.network.iter().enumerate();
    tensors
        .map(|(place, tensor)| match place {
            HEAD => transposed(tensor, outputs, stride).into(),
            HEAD_BIAS => Cow::Borrowed(*tensor),
            _ if stride == width => Cow::Borrowed(*tensor),
            _ => {
                let fill = std::iter::repeat_n(0.0, stride - width);
                let rows = tensor.chunks_exact(width);
                rows.flat_map(|row| row.iter().copied().chain(fill.clone()))
                    .collect()
            }
        })
        .collect()
}

/// The columns of a matrix as rows of a matrix with `stride` columns.
pub(super) fn transposed(matrix: &[f32], columns: usize, stride: usize) -> Vec<f32> {
    let mut turned = vec![0.0; columns * stride];
    for (at, row) in matrix.chunks_exact(columns).enumerate() {
        for (column, number) in row.iter().enumerate() {
            turned[column * stride + at] = *number;
        }
    }
    turned
}

/// The first layer's rows that an input row meets, with their factors: the inputs themselves and their hats.
#[inline(always)]
pub(super) fn features(x: &[f32], terms: &mut Vec<(usize, f32)>) {
    terms.clear();
    for (input, x) in x.iter().enumerate() {
        terms.push((input, *x));
    }
    for (input, number) in x.iter().enumerate() {
        for hat in hats_above(*number) {
            if hat.value > 0.0 {
                terms.push((x.len() + input * HATS + hat.number, hat.value));
            }
        }
    }
}

/// The first row and the number of rows of every tile of a block, which has `each` rows.
pub(super) fn tiles(block: usize, each: usize) -> impl Iterator<Item = (usize, usize)> {
    let starts = (0..each).step_by(TILE);
    starts.map(move |start| (block * each + start, TILE.min(each - start)))
}
