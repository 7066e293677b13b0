//! Samples that a one-step sampler is distilled from.

use crate::engine::noise;
use rand_chacha::ChaCha8Rng;

/// End points of the trained chain, standardised, condition by condition.
#[derive(Clone, Debug, PartialEq)]
pub struct Pool {
    d: usize,
    /// Mean and standard deviation of every coordinate over all of them.
    mean: Vec<f32>,
    deviation: Vec<f32>,
    /// `[conditions][rows][d]`.
    standardised: Vec<Vec<f32>>,
}

impl Pool {
    /// The pool of end points, `[conditions][rows][d]`.
    ///
    /// # Errors
    ///
    /// Where they do not vary.
    pub fn new(ends: Vec<Vec<f32>>, d: usize) -> Result<Self, String> {
        let count = ends.iter().map(Vec::len).sum::<usize>() as f64 / d as f64;
        let sum = |of: &dyn Fn(usize, f64) -> f64| -> Vec<f64> {
            let mut sums = vec![0.0; d];
            for row in ends.iter().flat_map(|ends| ends.chunks_exact(d)) {
                for (at, value) in row.iter().enumerate() {
                    sums[at] += of(at, f64::from(*value));
                }
            }
            sums.iter().map(|sum| sum / count).collect()
        };
        let mean = sum(&|_, value| value);
        let variance = sum(&|at, value| (value - mean[at]).powi(2));
        if let Some(at) = variance.iter().position(|variance| *variance <= 0.0) {
            return Err(format!("coordinate {} of all its samples is the same", at + 1));
        }
        let narrowed = |values: Vec<f64>| values.into_iter().map(|value| value as f32).collect::<Vec<f32>>();
        let deviation = narrowed(variance.into_iter().map(f64::sqrt).collect());
        let mean = narrowed(mean);
        let standardised = |ends: Vec<f32>| {
            let each = ends.into_iter().enumerate();
            each.map(|(at, value)| (value - mean[at % d]) / deviation[at % d])
                .collect()
        };
        Ok(Self {
            standardised: ends.into_iter().map(standardised).collect(),
            d,
            mean,
            deviation,
        })
    }

    /// Mean and standard deviation of every coordinate.
    pub(super) fn moments(&self) -> [&[f32]; 2] {
        [&self.mean, &self.deviation]
    }

    /// Numbers of an end point.
    pub(super) fn size(&self) -> usize {
        self.d
    }

    /// Conditions there are.
    pub(super) fn conditions(&self) -> usize {
        self.standardised.len()
    }

    /// `count` standardised end points under a condition, drawn with replacement, `[count][d]`.
    pub(super) fn draw(&self, condition: usize, count: usize, rng: &mut ChaCha8Rng) -> Vec<f32> {
        let ends = &self.standardised[condition];
        let rows = (ends.len() / self.d) as f64;
        let drawn = (0..count).map(|_| (noise::uniform(rng) * rows) as usize);
        drawn
            .flat_map(|row| &ends[row * self.d..(row + 1) * self.d])
            .copied()
            .collect()
    }
}
