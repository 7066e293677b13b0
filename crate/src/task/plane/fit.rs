//! What is measured of points, against the truth.

use super::{Mixture, Mode, PlaneFit, Truth, WeightedPoint, cell_masses, equally_weighted};
use crate::engine::statistics::{Weighed, effective_share, kl, log_mean_exp};
use crate::message::{Fit, Report};

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
    /// Σ log p_φ − log p_θ of each trajectory.
    pub log_ratio: Vec<f64>,
    /// Tempered, floored log r of each end point.
    pub log_reward: Vec<f64>,
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
        fit: Fit::new(&fit(|| equally_weighted(&policy.ends), truth, mixture)),
        log_reward: policy.log_reward.iter().sum::<f64>() / samples,
        floored_mass: policy.floored.iter().filter(|f| **f).count() as f64 / samples,
        floored_mass_exact: truth.floored_mass,
        truth: truth.kind,
        ..Weighed::of(&log_weights, &vec![0; log_weights.len()], log_z_learned).into()
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
        log_z_error: truth.log_z_error,
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
