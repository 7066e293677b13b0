//! Statistics of importance weights, given by their logarithms.

use super::noise;
use rand_chacha::rand_core::Rng;
use statrs::distribution::{Binomial, Discrete};
use std::collections::BTreeSet;
use std::fmt;

/// log mean exp.
pub fn log_mean_exp(values: impl Iterator<Item = f64> + Clone) -> f64 {
    let largest = values.clone().fold(f64::NEG_INFINITY, f64::max);
    // Without any weight, the difference of infinities would be no number.
    if !largest.is_finite() {
        return largest;
    }
    let (mut sum, mut count) = (0.0, 0usize);
    for v in values {
        sum += (v - largest).exp();
        count += 1;
    }
    largest + (sum / count as f64).ln()
}

/// The logarithm of a mean of weights that are known by their logarithms.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LogMean {
    /// log of the mean weight; NaN without weights.
    pub value: f64,
    /// Its standard error; NaN if all weights are equal, since a rare larger weight may not have been drawn yet.
    pub error: f64,
    /// Effective sample size of the weights; 0 if all are equal.
    pub effective: f64,
}

/// Weights whose mean square is nearer than this to the square of their mean are equal but for rounding.
const EQUAL: f64 = 1e-12;

impl LogMean {
    /// The logarithm of the mean of these weights.
    pub fn of(log_weights: impl ExactSizeIterator<Item = f64> + Clone) -> Self {
        let count = log_weights.len() as f64;
        let value = log_mean_exp(log_weights.clone());
        // The mean square of the weights relative to their mean.
        let square = (log_mean_exp(log_weights.map(|l| 2.0 * l)) - 2.0 * value).exp();
        let value = if count > 0.0 { value } else { f64::NAN };
        if square - 1.0 < EQUAL {
            return Self {
                value,
                error: f64::NAN,
                effective: 0.0,
            };
        }
        Self {
            value,
            error: ((square - 1.0) / count).sqrt(),
            effective: count / square,
        }
    }

    /// The same of powers of a reward whose logarithm is not below `floor`. Equal weights above it are those of a reward
    /// that does not vary, and all of them count; at the floor nothing has been found yet.
    pub fn of_floored(log_weights: impl ExactSizeIterator<Item = f64> + Clone, floor: f64) -> Self {
        let count = log_weights.len() as f64;
        let mean = Self::of(log_weights);
        Self {
            effective: match mean.effective == 0.0 && mean.value > floor {
                true => count,
                false => mean.effective,
            },
            ..mean
        }
    }

    /// The mean of several such logarithms, with the sum of their effective sample sizes.
    pub fn mean(of: &[Self]) -> Self {
        let count = of.len() as f64;
        Self {
            value: of.iter().map(|one| one.value).sum::<f64>() / count,
            error: of.iter().map(|one| one.error.powi(2)).sum::<f64>().sqrt() / count,
            effective: of.iter().map(|one| one.effective).sum(),
        }
    }
}

/// A mean and its standard error.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Mean {
    /// The mean itself.
    pub value: f64,
    /// Its standard error.
    pub error: f64,
}

impl Mean {
    /// The mean of independent values.
    pub fn of(values: impl ExactSizeIterator<Item = f64>) -> Self {
        Self::weighted(&vec![0.0; values.len()], values)
    }

    /// The mean under weights that are known by their logarithms, one a value; its error is that of
    /// self-normalised importance sampling.
    pub fn weighted(log_weights: &[f64], values: impl Iterator<Item = f64>) -> Self {
        let largest = log_weights.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        let weights = log_weights.iter().map(|l| (l - largest).exp());
        let weighted: Vec<(f64, f64)> = weights.zip(values).collect();
        let total: f64 = weighted.iter().map(|(w, _)| w).sum();
        let value = weighted.iter().map(|(w, v)| w * v).sum::<f64>() / total;
        let squares = weighted
            .iter()
            .map(|(w, v)| (w * (v - value)).powi(2))
            .sum::<f64>();
        Self {
            value,
            error: squares.sqrt() / total,
        }
    }
}

impl fmt::Display for LogMean {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        write!(f, "{:.3} ± {:.3}", self.value, self.error)
    }
}

impl fmt::Display for Mean {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        write!(f, "{:.3} ± {:.3}", self.value, self.error)
    }
}

fn mean_and_std(values: &[f64]) -> (f64, f64) {
    let count = values.len() as f64;
    let mean = values.iter().sum::<f64>() / count;
    (
        mean,
        (values.iter().map(|v| (v - mean).powi(2)).sum::<f64>() / count).sqrt(),
    )
}

/// Figures from the log weights of policy trajectories, for any task. They are means over the conditions that
/// have trajectories.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Weighed {
    /// log Z in the loss.
    pub log_z_learned: f64,
    /// log of the mean weight. NaN, like the effective share and the standard deviation, if a condition has
    /// fewer than [`FEWEST`] weights.
    pub log_z_importance: f64,
    /// Mean log weight, a lower bound of log Z.
    pub elbo: f64,
    /// Effective share of the weights.
    pub ess: f64,
    /// Mean of δ: the learned log Z less the mean log weight.
    pub residual_mean: f64,
    /// Standard deviation of δ.
    pub residual_std: f64,
    /// Number of trajectories behind these figures.
    pub samples: usize,
    /// Learned and importance-weighted log Z of each condition, where there are several.
    pub conditions: Vec<[f64; 2]>,
}

/// Fewest weights of a condition for an estimate of its log Z; with one, the log mean is just its log.
const FEWEST: usize = 10;

impl Weighed {
    /// Computes the figures from log weights, the condition of each, and the learned log Z of every condition.
    pub fn of(log_weights: &[f64], conditions: &[usize], log_z_learned: &[f64]) -> Self {
        let of = |condition: usize| {
            let pairs = log_weights.iter().zip(conditions);
            let of_condition = pairs.filter(|(_, c)| **c == condition).map(|(weight, _)| *weight);
            let log_weights: Vec<f64> = of_condition.collect();
            let (elbo, residual_std) = mean_and_std(&log_weights);
            let log_z_learned = log_z_learned[condition];
            let of_many = |figure: f64| match log_weights.len() {
                0..FEWEST => f64::NAN,
                _ => figure,
            };
            Self {
                log_z_learned,
                log_z_importance: of_many(log_mean_exp(log_weights.iter().copied())),
                elbo,
                ess: of_many(effective_share(&log_weights)),
                residual_mean: log_z_learned - elbo,
                residual_std: of_many(residual_std),
                ..Self::default()
            }
        };
        let met: BTreeSet<usize> = conditions.iter().copied().collect();
        let each: Vec<Self> = met.into_iter().map(of).collect();
        let mean = |figure: fn(&Self) -> f64| each.iter().map(figure).sum::<f64>() / each.len() as f64;
        let several = each.iter().filter(|_| each.len() > 1);
        Self {
            log_z_learned: mean(|w| w.log_z_learned),
            log_z_importance: mean(|w| w.log_z_importance),
            elbo: mean(|w| w.elbo),
            ess: mean(|w| w.ess),
            residual_mean: mean(|w| w.residual_mean),
            residual_std: mean(|w| w.residual_std),
            samples: log_weights.len(),
            conditions: several.map(|w| [w.log_z_learned, w.log_z_importance]).collect(),
        }
    }
}

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

/// Total variation of `total` samples from exact masses of cells, of which `counts` lie in the cells and the others nowhere;
/// and that of as many exact samples, expected.
pub fn total_variation(counts: &[f64], total: usize, exact: &[f64]) -> [f64; 2] {
    let total = (total as f64).max(1.0);
    let apart = counts
        .iter()
        .zip(exact)
        .map(|(count, p)| (count / total - p).abs());
    let outside = 1.0 - counts.iter().sum::<f64>() / total;
    let exact = exact.iter().map(|p| mean_deviation(p.clamp(0.0, 1.0), total));
    [0.5 * (apart.sum::<f64>() + outside), 0.5 * exact.sum::<f64>()]
}

/// E|K/n − p| of a binomial K, after de Moivre: 2·m·(1 − p)·P(K = m)/n with m = ⌊n·p⌋ + 1.
fn mean_deviation(p: f64, n: f64) -> f64 {
    let most = (n * p).floor() + 1.0;
    let chance = Binomial::new(p, n as u64).map_or(0.0, |law| law.pmf(most as u64));
    2.0 * most * (1.0 - p) * chance / n
}

/// KL(learned ‖ exact) of cell masses, both mixed with 1/1000 of the uniform distribution: a cell
/// that the truth's own points missed is not evidence of an infinite difference.
pub fn kl(learned: &[f64], exact: &[f64]) -> f64 {
    let mixed = mixed(exact.len());
    learned
        .iter()
        .zip(exact)
        .map(|(q, p)| mixed(*q) * (mixed(*q) / mixed(*p)).ln())
        .sum()
}

/// A cell's mass, mixed with 1/1000 of the uniform distribution over so many cells.
fn mixed(cells: usize) -> impl Fn(f64) -> f64 {
    move |mass| 0.999 * mass + 0.001 / cells as f64
}

/// The mean of [`kl`] over sets of so many exact samples: of each cell the mean over the binomial law of its count, or
/// where that is narrow the expansion to second order.
pub fn kl_floor(exact: &[f64], samples: usize) -> f64 {
    const MANY: f64 = 50.0;
    let (mixed, n) = (mixed(exact.len()), samples as f64);
    let of_cell = |p: f64| {
        let term = |share: f64| mixed(share) * (mixed(share) / mixed(p)).ln();
        let mean = n * p;
        if mean > MANY {
            return 0.999f64.powi(2) / mixed(p) * p * (1.0 - p) / (2.0 * n);
        }
        let last = (mean + 10.0 * mean.sqrt() + 10.0).min(n) as u64;
        let law = Binomial::new(p, samples as u64);
        law.map_or(0.0, |law| {
            (0..=last).map(|k| law.pmf(k) * term(k as f64 / n)).sum()
        })
    };
    exact.iter().map(|p| of_cell(p.clamp(0.0, 1.0))).sum()
}

#[cfg(test)]
mod tests {
    use super::{LogMean, Weighed, kl, kl_floor, mean_deviation};

    #[test]
    fn the_floor_of_the_divergence_is_its_mean_over_exact_samples() {
        // Of three samples in two cells: every outcome with its chance.
        let exact = [0.3, 0.7];
        let counts = [[3.0, 0.0], [2.0, 1.0], [1.0, 2.0], [0.0, 3.0]];
        let chances = [0.027, 0.189, 0.441, 0.343];
        let each = counts.iter().zip(chances);
        let mean: f64 = each
            .map(|(c, chance)| chance * kl(&c.map(|k| k / 3.0), &exact))
            .sum();
        assert!((kl_floor(&exact, 3) - mean).abs() < 1e-12);
        // Of many samples (cells − 1)/(2·N), where no cell is rare.
        let even = [0.25; 4];
        assert!((kl_floor(&even, 100_000) * 2.0 * 1e5 / 3.0 - 1.0).abs() < 0.01);
        assert!((kl_floor(&even, 199) / kl_floor(&even, 201) * 199.0 / 201.0 - 1.0).abs() < 0.02);
    }

    #[test]
    fn a_mean_of_weights_knows_its_error() {
        // Weights 1 and 3: the mean is 2, its variance (1/4 + 1/4)/2 relative to 2².
        let mean = LogMean::of([0.0, 3f64.ln()].into_iter());
        assert!((mean.value - 2f64.ln()).abs() < 1e-12);
        assert!((mean.error - (0.25f64 / 2.0).sqrt()).abs() < 1e-12, "{mean}");
        assert!((mean.effective - 16.0 / 10.0).abs() < 1e-12);
    }

    #[test]
    fn equal_weights_tell_no_error() {
        let mean = LogMean::of(vec![-6.0; 500].into_iter());
        assert!((mean.value + 6.0).abs() < 1e-12);
        assert!(mean.error.is_nan() && mean.effective == 0.0, "{mean:?}");
        let floored = |floor| LogMean::of_floored(vec![-6.0; 500].into_iter(), floor).effective;
        assert_eq!([-6.0, -7.0, f64::NEG_INFINITY].map(floored), [0.0, 500.0, 500.0]);
    }

    #[test]
    fn shares_of_few_samples_deviate_as_binomials_do() {
        for (p, n) in [(0.3, 1u32), (0.5, 4), (0.02, 7), (1.0, 5), (0.0, 5)] {
            // C(n, k)·p^k·(1 − p)^(n − k), by Pascal's rule.
            let mut chances = vec![1.0];
            for _ in 0..n {
                let stays = chances.iter().map(|chance| chance * (1.0 - p)).chain([0.0]);
                let rises = [0.0].into_iter().chain(chances.iter().map(|chance| chance * p));
                chances = stays.zip(rises).map(|(stays, rises)| stays + rises).collect();
            }
            let n = f64::from(n);
            let away = chances.iter().enumerate();
            let wanted: f64 = away.map(|(k, chance)| (k as f64 / n - p).abs() * chance).sum();
            let found = mean_deviation(p, n);
            assert!((found - wanted).abs() < 1e-12, "{p} {n}: {found} for {wanted}");
        }
    }

    #[test]
    fn one_sample_of_a_condition_says_nothing_of_its_weights() {
        let of = |samples: usize| Weighed::of(&vec![-1.0; samples], &vec![0; samples], &[0.0]);
        let one = of(1);
        assert!(one.ess.is_nan() && one.log_z_importance.is_nan() && one.residual_std.is_nan());
        assert_eq!((one.elbo, one.residual_mean), (-1.0, 1.0));
        assert!((of(10).ess - 1.0).abs() < 1e-12);
    }
}
