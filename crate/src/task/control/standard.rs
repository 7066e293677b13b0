//! Numbers with mean 0 and deviation 1.

use serde::{Deserialize, Serialize};

/// Below this share of its mean a deviation is rounding: the coordinate is the same in all rows.
const ROUNDING: f64 = 1e-6;

/// Mean and deviation of every coordinate of some rows; of a coordinate that never changes the deviation is 1.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Standard {
    /// One a coordinate.
    pub mean: Vec<f64>,
    /// One a coordinate, above 0.
    pub deviation: Vec<f64>,
}

impl Standard {
    /// That of `[rows][size]` numbers.
    pub fn of(values: &[f32], size: usize) -> Self {
        let rows = (values.len() / size).max(1) as f64;
        let mut mean = vec![0.0; size];
        for row in values.chunks_exact(size) {
            for (mean, value) in mean.iter_mut().zip(row) {
                *mean += f64::from(*value);
            }
        }
        mean.iter_mut().for_each(|mean| *mean /= rows);
        let mut deviation = vec![0.0; size];
        for row in values.chunks_exact(size) {
            for ((variance, mean), value) in deviation.iter_mut().zip(&mean).zip(row) {
                *variance += (f64::from(*value) - mean).powi(2);
            }
        }
        for (deviation, mean) in deviation.iter_mut().zip(&mean) {
            *deviation = (*deviation / rows).sqrt();
            if *deviation <= ROUNDING * mean.abs() || *deviation == 0.0 {
                *deviation = 1.0;
            }
        }
        Self { mean, deviation }
    }

    /// Coordinates of a row.
    pub fn size(&self) -> usize {
        self.mean.len()
    }

    /// Whether these are `size` means and deviations.
    pub(super) fn is_sound(&self, size: usize) -> bool {
        self.mean.len() == size
            && self.deviation.len() == size
            && self.mean.iter().all(|mean| mean.is_finite())
            && self.deviation.iter().all(|d| d.is_finite() && *d > 0.0)
    }

    /// (value − mean)/deviation, `[rows][size]`.
    pub fn standardised(&self, values: &[f32]) -> Vec<f32> {
        self.each(values, |value, mean, deviation| (value - mean) / deviation)
    }

    /// mean + deviation·value, `[rows][size]`.
    pub fn restored(&self, values: &[f32]) -> Vec<f32> {
        self.each(values, |value, mean, deviation| mean + deviation * value)
    }

    fn each(&self, values: &[f32], of: impl Fn(f64, f64, f64) -> f64) -> Vec<f32> {
        let known = self.mean.iter().zip(&self.deviation).cycle();
        let made = values.iter().zip(known);
        made.map(|(value, (mean, deviation))| of(f64::from(*value), *mean, *deviation) as f32)
            .collect()
    }
}
