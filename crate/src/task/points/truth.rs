//! The exact posterior of points: from a file of the user's, by quadrature, or from weighted samples of the prior.

use super::marginals::{Weighted, correlation_error, marginal_error};
use super::space::Space;
use super::{PointsFit, PointsReward};
use crate::engine::noise::{self, Noise, Purpose, running_sum};
use crate::engine::statistics::{LogMean, Mean, log_mean_exp, systematic};
use crate::message;
use crate::task::planar::{Component, Mixture, nodes};
use std::cell::RefCell;

/// Points that stand for the exact posterior, with their weights.
#[derive(Clone, Debug)]
pub struct Truth {
    /// Where log Z is known from.
    pub kind: message::Truth,
    /// log ∫ p(x)·r(x)^β dx.
    pub log_z: f64,
    /// By quadrature a bound on its error, from samples the standard error.
    pub log_z_error: f64,
    /// Effective number of the prior's samples; 0 by quadrature.
    pub effective: f64,
    /// `[count][d]`.
    pub points: Vec<f64>,
    /// log of the points' weights.
    pub log_weights: Vec<f64>,
    /// Whether the points are the user's reference.
    pub is_reference: bool,
    /// Mass where log r is at its floor.
    pub floored_mass: f64,
}

impl Truth {
    /// By quadrature over the chain's space, where the prior is this mixture of at most two dimensions.
    pub(super) fn quadrature(
        components: &[Component],
        space: &Space,
        reward: &PointsReward,
        beta: f64,
    ) -> Result<Self, String> {
        let failed = RefCell::new(None);
        let floor = reward.floor(0);
        let nodes = nodes(&Mixture::new(components), beta, |z| {
            let z = z.map(|value| value as f32);
            let mut point = Vec::new();
            space.point(&z[..space.size()], &mut point);
            match reward.of_points(&point, &[0]) {
                Ok(log_r) => log_r[0].max(floor),
                Err(why) => {
                    failed.replace(Some(why));
                    floor
                }
            }
        });
        if let Some(why) = failed.into_inner() {
            return Err(why);
        }
        let there = nodes.all.iter().filter(|node| node.point.weight > 0.0);
        let (mut points, mut log_weights, mut floored) = (Vec::new(), Vec::new(), Vec::new());
        for node in there {
            let z = node.point.x.map(|value| value as f32);
            space.point(&z[..space.size()], &mut points);
            log_weights.push(node.point.weight.ln() + beta * node.log_r);
            floored.push(node.log_r <= floor);
        }
        // The nodes' weights have the prior's masses in them: Z is their sum.
        let log_z = log_mean_exp(log_weights.iter().copied()) + (log_weights.len() as f64).ln();
        Ok(Self {
            kind: message::Truth::Quadrature,
            log_z,
            log_z_error: nodes.error,
            effective: 0.0,
            floored_mass: share(&log_weights, &floored),
            points,
            log_weights,
            is_reference: false,
        })
    }

    /// From samples of the prior, weighted by r^β.
    pub(super) fn weighted(points: Vec<f64>, log_r: &[f64], floor: f64, beta: f64) -> Self {
        let log_weights: Vec<f64> = log_r.iter().map(|l| beta * l.max(floor)).collect();
        let mean = LogMean::of(log_weights.iter().copied());
        let floored: Vec<bool> = log_r.iter().map(|l| *l <= floor).collect();
        Self {
            kind: message::Truth::ImportanceWeighted,
            log_z: mean.value,
            log_z_error: mean.error,
            effective: mean.effective,
            floored_mass: share(&log_weights, &floored),
            points,
            log_weights,
            is_reference: false,
        }
    }

    /// The same with `count` of the points, drawn by their weights, which are then equal.
    pub(super) fn thinned(self, count: usize, d: usize, noise: &Noise) -> Self {
        Self {
            points: self.drawn(count, d, noise),
            log_weights: vec![0.0; count],
            ..self
        }
    }

    /// The same with samples of the posterior from elsewhere in place of the points.
    pub(super) fn with_reference(self, points: Vec<f64>, d: usize) -> Self {
        Self {
            log_weights: vec![0.0; points.len() / d],
            points,
            is_reference: true,
            ..self
        }
    }

    /// `count` of the points, in proportion to their weights.
    pub(super) fn drawn(&self, count: usize, d: usize, noise: &Noise) -> Vec<f64> {
        let mut rng = noise.stream(Purpose::Resampling, 0);
        let chosen = systematic(&self.log_weights, count, &mut rng).into_iter();
        chosen
            .flat_map(|at| &self.points[at * d..(at + 1) * d])
            .copied()
            .collect()
    }

    /// How far weighted points are from the truth.
    pub(super) fn fit(
        &self,
        points: &[f64],
        log_weights: &[f64],
        d: usize,
        noise: &Noise,
    ) -> Result<PointsFit, String> {
        let samples = weighted(points, d, log_weights)?;
        let truth = weighted(&self.points, d, &self.log_weights)?;
        Ok(PointsFit {
            marginal_error: marginal_error(&samples, &truth),
            marginal_error_exact: self.floor(log_weights.len(), d, noise)?,
            correlation_error: correlation_error(&samples, &truth),
            log_z_error: self.log_z_error,
            effective: self.effective,
            ..PointsFit::default()
        })
    }

    /// The mean distance of the marginals of `count` samples of the truth itself. By quadrature they are drawn; of a
    /// truth that is itself samples, it follows from its halves, as the distance of two sets goes with
    /// √(1/N_1 + 1/N_2).
    pub(super) fn floor(&self, count: usize, d: usize, noise: &Noise) -> Result<f64, String> {
        let truth = weighted(&self.points, d, &self.log_weights)?;
        if self.kind == message::Truth::Quadrature && !self.is_reference {
            let mut rng = noise.stream(Purpose::Resampling, 1);
            let running = running_sum(relative(&self.log_weights));
            let drawn = (0..count).map(|_| noise::index(&mut rng, &running));
            let drawn: Vec<f64> = drawn
                .flat_map(|at| &self.points[at * d..(at + 1) * d])
                .copied()
                .collect();
            return Ok(marginal_error(&Weighted::equally(&drawn, d)?, &truth));
        }
        let half = |which: usize| {
            let rows = (which..self.log_weights.len()).step_by(2);
            let points: Vec<f64> = rows
                .clone()
                .flat_map(|at| &self.points[at * d..(at + 1) * d])
                .copied()
                .collect();
            (points, rows.map(|at| self.log_weights[at]).collect::<Vec<f64>>())
        };
        let (one, other) = (half(0), half(1));
        let (one, other) = (weighted(&one.0, d, &one.1)?, weighted(&other.0, d, &other.1)?);
        let sizes = |one: f64, other: f64| (1.0 / one + 1.0 / other).sqrt();
        let share = sizes(count as f64, truth.effective()) / sizes(one.effective(), other.effective());
        Ok(marginal_error(&one, &other) * share)
    }
}

/// Weights, relative to the largest.
fn relative(log_weights: &[f64]) -> impl Iterator<Item = f64> {
    let largest = log_weights.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    log_weights.iter().map(move |l| (l - largest).exp())
}

fn weighted<'a>(points: &'a [f64], d: usize, log_weights: &[f64]) -> Result<Weighted<'a>, String> {
    Weighted::new(points, d, relative(log_weights).collect())
}

/// The share of the weight where `which` holds.
fn share(log_weights: &[f64], which: &[bool]) -> f64 {
    Mean::weighted(log_weights, which.iter().map(|held| f64::from(u8::from(*held)))).value
}

#[cfg(test)]
mod tests {
    use super::{Noise, Purpose, Truth, message};
    use crate::engine::noise::normal;

    /// The mean distance of two sets of 8,000 samples of N(0, 1) is 0.0212, by simulation elsewhere.
    #[test]
    fn the_floor_is_the_distance_of_sets_of_those_sizes() {
        let mut rng = Noise::new(3).stream(Purpose::Samples, 0);
        let count = 8000;
        let truth = Truth {
            kind: message::Truth::ImportanceWeighted,
            log_z: 0.0,
            log_z_error: 0.0,
            effective: count as f64,
            points: (0..4 * count).map(|_| normal(&mut rng)).collect(),
            log_weights: vec![0.0; count],
            is_reference: true,
            floored_mass: 0.0,
        };
        let floor = truth.floor(count, 4, &Noise::new(0)).expect("points");
        let fewer = truth.floor(500, 4, &Noise::new(0)).expect("points");
        assert!((0.015..0.028).contains(&floor), "{floor}");
        assert!((fewer / floor - (8.5f64).sqrt()).abs() < 1e-6, "{fewer} {floor}");
    }
}
