//! What the time of a block adds to every layer.

use super::layout::{TIME, TIME_BIAS, bias, embedding};
use super::simd::{add_scaled, dot};
use macerator::Simd;
use std::borrow::Cow;

/// What the time of a block gives.
pub(super) struct Moment {
    /// The embedding before its activation, and after it.
    before: Vec<f32>,
    after: Vec<f32>,
    /// What is added in every layer.
    pub shifts: Vec<Vec<f32>>,
}

impl Moment {
    #[inline(always)]
    pub fn of<S: Simd>(network: &[Cow<[f32]>], features: &[f32], depth: usize) -> Self {
        let before = affine::<S>(&network[TIME_BIAS], features, &network[TIME]);
        let after: Vec<f32> = before.iter().map(|z| z * sigmoid(*z)).collect();
        let mut shifts = Vec::with_capacity(depth);
        for layer in 0..depth {
            shifts.push(affine::<S>(
                &network[bias(layer)],
                &after,
                &network[embedding(layer)],
            ));
        }
        Self {
            before,
            after,
            shifts,
        }
    }

    /// Adds the gradients of the embedding, given those of the shifts.
    #[inline(always)]
    pub fn backward<S: Simd>(
        &self,
        network: &[Cow<[f32]>],
        features: &[f32],
        shifts: &[Vec<f32>],
        gradients: &mut [Vec<f32>],
    ) {
        let stride = self.after.len();
        let mut of_after = vec![0.0; stride];
        for (layer, shift) in shifts.iter().enumerate() {
            add_scaled::<S>(&mut gradients[bias(layer)][..stride], 1.0, shift);
            let sums = gradients[embedding(layer)].chunks_exact_mut(stride);
            let rows = network[embedding(layer)].chunks_exact(stride);
            for (((sum, row), after), of_after) in sums.zip(rows).zip(&self.after).zip(&mut of_after) {
                add_scaled::<S>(sum, *after, shift);
                *of_after += dot::<S>(row, shift);
            }
        }
        for (of_after, z) in of_after.iter_mut().zip(&self.before) {
            let s = sigmoid(*z);
            *of_after *= s * (1.0 + z * (1.0 - s));
        }
        add_scaled::<S>(&mut gradients[TIME_BIAS][..stride], 1.0, &of_after);
        let sums = gradients[TIME].chunks_exact_mut(stride);
        for (sum, feature) in sums.zip(features) {
            add_scaled::<S>(sum, *feature, &of_after);
        }
    }
}

/// start + numbers·matrix.
#[inline(always)]
fn affine<S: Simd>(start: &[f32], numbers: &[f32], matrix: &[f32]) -> Vec<f32> {
    let mut sum = start.to_vec();
    for (number, row) in numbers.iter().zip(matrix.chunks_exact(start.len())) {
        add_scaled::<S>(&mut sum, *number, row);
    }
    sum
}

fn sigmoid(z: f32) -> f32 {
    1.0 / (1.0 + (-z).exp())
}
