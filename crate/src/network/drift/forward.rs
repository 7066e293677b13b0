//! The drift network's forward pass on the processor.

use super::layout::{Applied, FEATURES, HEAD, HEAD_BIAS, Sizes, TILE, features, padded, tiles, weights};
use super::moment::Moment;
use super::simd::{Matrix, ROWS, dot, multiply, rectify, sum_rows};
use macerator::{AutoArch, Simd, WithSimd};
use std::borrow::Cow;

/// The outputs, `[rows, outputs]`, and what every hidden layer gives, for the backward pass if that is `kept`.
pub(super) fn forward(applied: Applied, kept: bool) -> (Vec<f32>, Vec<Vec<f32>>) {
    let Sizes {
        rows, outputs, depth, ..
    } = applied.sizes;
    // The last tile is made of whole products.
    let of_layer = if kept { rows + ROWS } else { TILE };
    let mut hidden = vec![vec![0.0; of_layer * applied.sizes.stride()]; depth];
    let mut out = vec![0.0; rows * outputs];
    AutoArch::new().dispatch(Forward {
        applied,
        network: &padded(applied),
        kept,
        hidden: &mut hidden,
        out: &mut out,
    });
    (out, hidden)
}

struct Forward<'a> {
    applied: Applied<'a>,
    network: &'a [Cow<'a, [f32]>],
    kept: bool,
    hidden: &'a mut [Vec<f32>],
    out: &'a mut [f32],
}

impl WithSimd for Forward<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self) {
        let (Applied { sizes, times, x, .. }, network) = (self.applied, self.network);
        let (stride, each) = (sizes.stride(), sizes.rows / (times.len() / FEATURES));
        let mut terms = Vec::new();
        for (block, time) in times.chunks_exact(FEATURES).enumerate() {
            let moment = Moment::of::<S>(network, time, sizes.depth);
            for (first, count) in tiles(block, each) {
                let at = if self.kept { first * stride } else { 0 };
                let inputs = x[first * sizes.inputs..].chunks_exact(sizes.inputs);
                let layer = &mut self.hidden[0][at..at + count * stride];
                for (row, x) in layer.chunks_exact_mut(stride).zip(inputs) {
                    features(x, &mut terms);
                    sum_rows::<S>(row, &moment.shifts[0], &terms, &network[weights(0)]);
                }
                rectify::<S>(layer, None);
                let whole = count.next_multiple_of(ROWS);
                for layer in 1..sizes.depth {
                    let (below, above) = self.hidden.split_at_mut(layer);
                    let above = &mut above[0][at..at + whole * stride];
                    let below = Matrix::of_rows(&below[layer - 1][at..], stride);
                    let shape = [whole, sizes.width, stride];
                    let (start, b) = (Some(&moment.shifts[layer][..]), &network[weights(layer)]);
                    multiply::<S>(above, start, below, b, shape);
                    rectify::<S>(above, None);
                }
                let last = self.hidden[sizes.depth - 1][at..].chunks_exact(stride);
                let out = &mut self.out[first * sizes.outputs..(first + count) * sizes.outputs];
                for (out, row) in out.chunks_exact_mut(sizes.outputs).zip(last) {
                    let heads = network[HEAD].chunks_exact(stride).zip(network[HEAD_BIAS].iter());
                    for (out, (head, bias)) in out.iter_mut().zip(heads) {
                        *out = bias + dot::<S>(row, head);
                    }
                }
            }
        }
    }
}
