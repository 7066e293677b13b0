//! Resampling of weighted samples.

use crate::noise;
use rand_chacha::rand_core::Rng;

/// Effective share of weighted samples, (Σw)²/(N·Σw²), from log weights; 0 where none has weight.
pub fn effective_share(log_weights: &[f64]) -> f64 {
    let largest = log_weights.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    if !largest.is_finite() {
        return 0.0;
    }
    let (mut sum, mut squares) = (0.0, 0.0);
    for l in log_weights {
        let w = (l - largest).exp();
        sum += w;
        squares += w * w;
    }
    sum * sum / (squares * log_weights.len() as f64)
}

/// `count` indices in proportion to the weights, by systematic resampling: index i is taken
/// ⌊count·w_i⌋ or ⌈count·w_i⌉ times.
pub fn systematic(log_weights: &[f64], count: usize, rng: &mut impl Rng) -> Vec<usize> {
    let largest = log_weights.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let running = noise::running_sum(log_weights.iter().map(|l| (l - largest).exp()));
    let total = running.last().copied().unwrap_or(0.0);
    let offset = noise::uniform(rng);
    let mut index = 0;
    (0..count)
        .map(|i| {
            let at = (i as f64 + offset) / count as f64 * total;
            while index + 1 < running.len() && running[index] <= at {
                index += 1;
            }
            index
        })
        .collect()
}
