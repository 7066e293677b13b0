//! The drift network's backward pass on the processor.

use super::hats::{HATS, hats_above};
use super::layout::{
    Applied, FEATURES, HEAD, HEAD_BIAS, Sizes, TILE, features, padded, tiles, transposed, weights,
};
use super::moment::Moment;
use super::simd::{LANES, Matrix, ROWS, add_scaled, dot, multiply, rectify};
use macerator::{AutoArch, Simd, WithSimd};
use std::borrow::Cow;

/// The gradients that are asked for.
#[derive(Clone, Copy, Debug)]
pub(super) struct Wanted {
    pub x: bool,
    pub network: bool,
}

/// What the backward pass finds.
pub(super) struct Gradients {
    /// `[rows, inputs]`, empty where it is not wanted.
    pub x: Vec<f32>,
    /// Of the shapes of the network's tensors; what they are is not said where they are not wanted.
    pub network: Vec<Vec<f32>>,
}

/// Gradients, given those of the outputs, `[rows, outputs]`, and what the hidden layers gave.
pub(super) fn backward(applied: Applied, hidden: &[Vec<f32>], out: &[f32], wanted: Wanted) -> Gradients {
    let Sizes {
        rows,
        inputs,
        outputs,
        width,
        depth,
    } = applied.sizes;
    let stride = applied.sizes.stride();
    let network = padded(applied);
    // Products give whole groups of rows.
    let sum = |tensor: &Cow<[f32]>| vec![0.0; tensor.len().next_multiple_of(LANES * stride)];
    let mut gradients = Gradients {
        x: vec![0.0; if wanted.x { rows * inputs } else { 0 }],
        network: network.iter().map(sum).collect(),
    };
    AutoArch::new().dispatch(Backward {
        applied,
        transposed: &(1..depth)
            .map(|layer| transposed(applied.network[weights(layer)], width, stride))
            .collect::<Vec<_>>(),
        network: &network,
        hidden,
        out,
        wanted,
        gradients: &mut gradients,
    });
    for (place, (sum, tensor)) in gradients.network.iter_mut().zip(applied.network).enumerate() {
        match place {
            HEAD => *sum = transposed(&sum[..outputs * stride], stride, outputs),
            HEAD_BIAS => {}
            _ if stride == width => {}
            _ => {
                *sum = sum
                    .chunks_exact(stride)
                    .flat_map(|row| &row[..width])
                    .copied()
                    .collect()
            }
        }
        sum.truncate(tensor.len());
    }
    gradients
}

struct Backward<'a> {
    applied: Applied<'a>,
    network: &'a [Cow<'a, [f32]>],
    /// The weights of all layers but the first, transposed.
    transposed: &'a [Vec<f32>],
    hidden: &'a [Vec<f32>],
    out: &'a [f32],
    wanted: Wanted,
    gradients: &'a mut Gradients,
}

impl WithSimd for Backward<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self) {
        let Applied { sizes, times, x, .. } = self.applied;
        let Gradients {
            x: of_x,
            network: sums,
        } = self.gradients;
        let (network, stride) = (self.network, sizes.stride());
        let each = sizes.rows / (times.len() / FEATURES);
        let outputs = sizes.outputs.next_multiple_of(ROWS);
        let (zeros, mut terms) = (vec![0.0; stride], Vec::new());
        // Gradients of a tile's outputs, of the layer below that is at hand and of the next one.
        let mut of_out = vec![0.0; TILE * outputs];
        let mut above = vec![0.0; TILE * stride];
        let mut below = vec![0.0; TILE * stride];
        for (block, time) in times.chunks_exact(FEATURES).enumerate() {
            let mut of_shifts = vec![vec![0.0; stride]; sizes.depth];
            for (first, count) in tiles(block, each) {
                let (at, whole) = (first * stride, count.next_multiple_of(ROWS));
                of_out.fill(0.0);
                let out = self.out[first * sizes.outputs..].chunks_exact(sizes.outputs);
                for (row, out) in of_out.chunks_exact_mut(outputs).take(count).zip(out) {
                    row[..sizes.outputs].copy_from_slice(out);
                }
                if self.wanted.network {
                    for row in of_out.chunks_exact(outputs).take(count) {
                        for (sum, number) in sums[HEAD_BIAS].iter_mut().zip(&row[..sizes.outputs]) {
                            *sum += number;
                        }
                    }
                    let of_out = Matrix::of_columns(&of_out, outputs);
                    let last = &self.hidden[sizes.depth - 1][at..];
                    multiply::<S>(&mut sums[HEAD], None, of_out, last, [outputs, count, stride]);
                }
                let of_out = Matrix::of_rows(&of_out, outputs);
                let shape = [whole, sizes.outputs, stride];
                multiply::<S>(&mut above, Some(&zeros), of_out, &network[HEAD], shape);
                for layer in (0..sizes.depth).rev() {
                    let tile = count * stride;
                    rectify::<S>(&mut above[..tile], Some(&self.hidden[layer][at..at + tile]));
                    for row in above[..tile].chunks_exact(stride) {
                        add_scaled::<S>(&mut of_shifts[layer], 1.0, row);
                    }
                    if layer == 0 {
                        break;
                    }
                    if self.wanted.network {
                        let inputs = Matrix::of_columns(&self.hidden[layer - 1][at..], stride);
                        let sum = &mut sums[weights(layer)];
                        multiply::<S>(sum, None, inputs, &above, [stride, count, stride]);
                    }
                    let (of_layer, turned) = (Matrix::of_rows(&above, stride), &self.transposed[layer - 1]);
                    let shape = [whole, sizes.width, stride];
                    multiply::<S>(&mut below, Some(&zeros), of_layer, turned, shape);
                    std::mem::swap(&mut above, &mut below);
                }
                for (row, above) in (first..first + count).zip(above.chunks_exact(stride)) {
                    let x = &x[row * sizes.inputs..(row + 1) * sizes.inputs];
                    if self.wanted.network {
                        features(x, &mut terms);
                        for (place, factor) in &terms {
                            let sum = &mut sums[weights(0)][place * stride..(place + 1) * stride];
                            add_scaled::<S>(sum, *factor, above);
                        }
                    }
                    if self.wanted.x {
                        let of_x = &mut of_x[row * sizes.inputs..(row + 1) * sizes.inputs];
                        backward_features::<S>(x, above, &network[weights(0)], of_x);
                    }
                }
            }
            if self.wanted.network {
                let moment = Moment::of::<S>(network, time, sizes.depth);
                moment.backward::<S>(network, time, &of_shifts, sums);
            }
        }
    }
}

/// The gradient of an input row, given that of the first layer, and this layer's weights.
#[inline(always)]
fn backward_features<S: Simd>(x: &[f32], of_layer: &[f32], weights: &[f32], of_x: &mut [f32]) {
    let stride = of_layer.len();
    for (input, (number, of_x)) in x.iter().zip(of_x).enumerate() {
        *of_x = dot::<S>(&weights[input * stride..][..stride], of_layer);
        for hat in hats_above(*number) {
            if hat.slope != 0.0 {
                let place = x.len() + input * HATS + hat.number;
                *of_x += hat.slope * dot::<S>(&weights[place * stride..][..stride], of_layer);
            }
        }
    }
}
