//! What is measured, and the truth it is held against.

mod frechet;
mod images;
mod overlap;
mod texts;
mod truth;

pub use frechet::Moments;
pub use images::{Seen, see};
pub use overlap::{Pair, bleu, gleu};
pub use texts::distinct_pairs;
pub use truth::{
    Mode, PICTURE_SIDE, Truth, WeightedPoint, cell_masses, equally_weighted, quadrature, weighted,
};

use crate::message::{ConditionReport, Fit, PlaneFit, Report};
use crate::mixture::Mixture;
use crate::sampler::effective_share;
use std::collections::BTreeSet;

/// Cells along a side of the grid of [`PlaneFit::kl_grid`].
pub const KL_SIDE: usize = 56;
/// A mode with less than this exact mass counts as excluded.
pub const EXCLUDED_BELOW: f64 = 1e-3;

/// Policy samples with the log weights of their trajectories.
#[derive(Clone, Debug, Default)]
pub struct PolicySamples {
    /// End points, x and y in turn.
    pub ends: Vec<f32>,
    /// Σ log p_φ − log p_θ of each trajectory.
    pub log_ratio: Vec<f64>,
    /// Tempered, floored log r of each end point.
    pub log_reward: Vec<f64>,
    /// Whether log r is at its floor.
    pub floored: Vec<bool>,
}

/// Prior trajectories scored under the policy, for the upper bound.
#[derive(Clone, Debug, Default)]
pub struct PriorSamples {
    pub log_ratio: Vec<f64>,
    pub log_reward: Vec<f64>,
}

/// log mean exp.
pub fn log_mean_exp(values: impl Iterator<Item = f64> + Clone) -> f64 {
    let largest = values.clone().fold(f64::NEG_INFINITY, f64::max);
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
    /// No number where there are no weights.
    pub value: f64,
    /// Its standard error.
    pub error: f64,
    /// The effective number of the weights.
    pub effective: f64,
}

impl LogMean {
    pub fn of(log_weights: impl ExactSizeIterator<Item = f64> + Clone) -> Self {
        let count = log_weights.len() as f64;
        let value = log_mean_exp(log_weights.clone());
        // The mean square of the weights relative to their mean.
        let square = (log_mean_exp(log_weights.map(|l| 2.0 * l)) - 2.0 * value).exp();
        Self {
            value: if count > 0.0 { value } else { f64::NAN },
            error: ((square - 1.0).max(0.0) / count).sqrt(),
            effective: count / square,
        }
    }

    /// The mean of logarithms that were estimated one by one, and all that are effective.
    pub fn mean(of: &[Self]) -> Self {
        let count = of.len() as f64;
        Self {
            value: of.iter().map(|one| one.value).sum::<f64>() / count,
            error: of.iter().map(|one| one.error.powi(2)).sum::<f64>().sqrt() / count,
            effective: of.iter().map(|one| one.effective).sum(),
        }
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

/// What the log weights of policy trajectories say, whatever they are about; `log_z_learned` is that
/// of every condition. Figures are means over the conditions that there are trajectories of.
pub fn weighed(log_weights: &[f64], conditions: &[usize], log_z_learned: &[f64]) -> Report {
    let of = |condition: usize| {
        let pairs = log_weights.iter().zip(conditions);
        let of_condition = pairs.filter(|(_, c)| **c == condition).map(|(weight, _)| *weight);
        let log_weights: Vec<f64> = of_condition.collect();
        let (elbo, residual_std) = mean_and_std(&log_weights);
        let log_z_learned = log_z_learned[condition];
        Report {
            log_z_learned,
            log_z_importance: log_mean_exp(log_weights.iter().copied()),
            elbo,
            ess: effective_share(&log_weights),
            residual_mean: log_z_learned - elbo,
            residual_std,
            ..Report::default()
        }
    };
    let met: BTreeSet<usize> = conditions.iter().copied().collect();
    let each: Vec<Report> = met.into_iter().map(of).collect();
    let mean = |figure: fn(&Report) -> f64| each.iter().map(figure).sum::<f64>() / each.len() as f64;
    Report {
        log_z_learned: mean(|r| r.log_z_learned),
        log_z_importance: mean(|r| r.log_z_importance),
        elbo: mean(|r| r.elbo),
        ess: mean(|r| r.ess),
        residual_mean: mean(|r| r.residual_mean),
        residual_std: mean(|r| r.residual_std),
        samples: log_weights.len(),
        conditions: each
            .iter()
            .filter(|_| each.len() > 1)
            .map(|r| ConditionReport {
                log_z_learned: r.log_z_learned,
                log_z_importance: r.log_z_importance,
                ..ConditionReport::default()
            })
            .collect(),
        ..Report::default()
    }
}

/// Measures policy samples in the plane against the truth.
pub fn report(
    policy: &PolicySamples,
    prior: &PriorSamples,
    truth: &Truth,
    mixture: &Mixture,
    log_z_learned: &[f64],
) -> Report {
    let log_weights: Vec<f64> = policy
        .log_reward
        .iter()
        .zip(&policy.log_ratio)
        .map(|(r, q)| r - q)
        .collect();
    let samples = log_weights.len() as f64;

    // Posterior trajectories are prior ones weighted by r.
    let log_r = prior.log_reward.iter().copied();
    let log_z_prior = log_mean_exp(log_r.clone());
    let eubo = log_r
        .zip(&prior.log_ratio)
        .map(|(r, q)| (r - log_z_prior).exp() * (r - q))
        .sum::<f64>()
        / prior.log_reward.len() as f64;

    Report {
        log_z_exact: truth.log_z,
        log_z_prior,
        prior_samples_effective: effective_share(&prior.log_reward) * prior.log_reward.len() as f64,
        eubo: Some(eubo),
        fit: Fit::Plane(fit(|| equally_weighted(&policy.ends), truth, mixture)),
        log_reward: policy.log_reward.iter().sum::<f64>() / samples,
        floored_mass: policy.floored.iter().filter(|f| **f).count() as f64 / samples,
        floored_mass_exact: truth.floored_mass,
        truth: truth.kind,
        ..weighed(&log_weights, &vec![0; log_weights.len()], log_z_learned)
    }
}

/// Holds points of total mass 1 against the truth.
pub fn fit<I: Iterator<Item = WeightedPoint>>(
    points: impl Fn() -> I,
    truth: &Truth,
    mixture: &Mixture,
) -> PlaneFit {
    let learned = Truth::modes_of(points(), mixture);
    let (kept, excluded): (Vec<usize>, Vec<usize>) =
        (0..mixture.len()).partition(|m| truth.modes[*m].mass >= EXCLUDED_BELOW);
    let mass = |of: &[Mode], which: &[usize]| which.iter().map(|m| of[*m].mass).sum::<f64>();
    let covariance_error = |m: usize| {
        let differences = learned[m].covariance.iter().zip(truth.modes[m].covariance);
        differences.map(|(a, b)| (a - b).abs()).fold(0.0, f64::max)
    };
    PlaneFit {
        mode_total_variation: total_variation(&learned, &truth.modes),
        excluded_mass: mass(&learned, &excluded),
        excluded_mass_exact: mass(&truth.modes, &excluded),
        within_mode_variance: within_mode_variance(&learned, &kept),
        within_mode_variance_exact: within_mode_variance(&truth.modes, &kept),
        within_mode_covariance_error: kept
            .iter()
            .filter(|m| learned[**m].mass > 0.0)
            .map(|m| truth.modes[*m].mass * covariance_error(*m))
            .sum::<f64>()
            / mass(&truth.modes, &kept),
        kl_grid: kl(&cell_masses(points()), &truth.cells),
    }
}

/// Half the summed absolute differences of the modes' masses.
pub fn total_variation(learned: &[Mode], exact: &[Mode]) -> f64 {
    0.5 * learned
        .iter()
        .zip(exact)
        .map(|(a, b)| (a.mass - b.mass).abs())
        .sum::<f64>()
}

/// Half the trace of the covariance, averaged over the mass of some modes.
pub fn within_mode_variance(modes: &[Mode], which: &[usize]) -> f64 {
    let (mut sum, mut mass) = (0.0, 0.0);
    for mode in which.iter().map(|m| &modes[*m]) {
        sum += mode.mass * 0.5 * (mode.covariance[0] + mode.covariance[2]);
        mass += mode.mass;
    }
    sum / mass
}

/// KL(learned ‖ exact) of cell masses, both mixed with 1/1000 of the uniform distribution: a cell
/// that the truth's own points missed is not evidence of an infinite difference.
pub fn kl(learned: &[f64], exact: &[f64]) -> f64 {
    let mixed = |mass: f64| 0.999 * mass + 0.001 / exact.len() as f64;
    learned
        .iter()
        .zip(exact)
        .map(|(q, p)| mixed(*q) * (mixed(*q) / mixed(*p)).ln())
        .sum()
}
