//! The exact posterior of points: from a file of the user's, by quadrature, or from weighted samples of the prior.

use super::marginals::{Compared, Weighted, correlation_error, marginal_error};
use super::space::Space;
use super::{PointsFit, PointsReward};
use crate::engine::noise::{self, Noise, Purpose, running_sum};
use crate::engine::statistics::{LogMean, Mean, log_mean_exp, systematic};
use crate::message;
use crate::task::planar::{Component, Mixture, nodes};
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::sync::{Mutex, OnceLock, PoisonError};

/// Points that stand for the exact posterior, with their weights.
#[derive(Debug)]
pub struct Truth {
    /// Where log Z is known from.
    pub kind: message::Truth,
    /// log ∫ p(x)·r(x)^β dx.
    pub log_z: f64,
    /// By quadrature a bound on its error, from samples the standard error.
    pub log_z_error: f64,
    /// The log Z that the description names.
    pub log_z_known: Option<f64>,
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
    pub(super) known: Known,
}

/// What is computed of a truth's points when it is first asked for.
#[derive(Debug, Default)]
pub(super) struct Known {
    compared: OnceLock<Compared>,
    /// The distance of the halves, and their effective numbers.
    halves: OnceLock<(f64, [f64; 2])>,
    /// [`Truth::floor`] of numbers of samples.
    floors: Mutex<BTreeMap<usize, f64>>,
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
            log_z_known: None,
            effective: 0.0,
            floored_mass: share(&log_weights, &floored),
            points,
            log_weights,
            is_reference: false,
            known: Known::default(),
        })
    }

    /// By quadrature along each coordinate, of which these samples are drawn; `log_z` comes with its error.
    pub(super) fn separate(
        (log_z, log_z_error): (f64, f64),
        points: Vec<f64>,
        floored_mass: f64,
        d: usize,
    ) -> Self {
        Self {
            kind: message::Truth::Quadrature,
            log_z,
            log_z_error,
            log_z_known: None,
            effective: 0.0,
            log_weights: vec![0.0; points.len() / d],
            points,
            is_reference: false,
            floored_mass,
            known: Known::default(),
        }
    }

    /// From samples of the prior, weighted by r^β.
    pub(super) fn weighted(points: Vec<f64>, log_r: &[f64], floor: f64, beta: f64) -> Self {
        let log_weights: Vec<f64> = log_r.iter().map(|l| beta * l.max(floor)).collect();
        // The power 0 of a floored reward is 1 as well.
        let lowest = if beta > 0.0 {
            beta * floor
        } else {
            f64::NEG_INFINITY
        };
        let mean = LogMean::of_floored(log_weights.iter().copied(), lowest);
        let floored: Vec<bool> = log_r.iter().map(|l| *l <= floor).collect();
        Self {
            kind: message::Truth::ImportanceWeighted,
            log_z: mean.value,
            log_z_error: mean.error,
            log_z_known: None,
            effective: mean.effective,
            floored_mass: share(&log_weights, &floored),
            points,
            log_weights,
            is_reference: false,
            known: Known::default(),
        }
    }

    /// The same with `count` of the points, drawn by their weights, which are then equal.
    pub(super) fn thinned(self, count: usize, d: usize, noise: &Noise) -> Self {
        Self {
            points: self.drawn(count, d, noise),
            log_weights: vec![0.0; count],
            known: Known::default(),
            ..self
        }
    }

    /// The same with a log Z that is known from elsewhere.
    pub(super) fn with_log_z(self, log_z: f64) -> Self {
        Self {
            log_z,
            log_z_error: 0.0,
            log_z_known: Some(log_z),
            ..self
        }
    }

    /// The same with samples of the posterior from elsewhere in place of the points.
    pub(super) fn with_reference(self, points: Vec<f64>, d: usize) -> Self {
        Self {
            log_weights: vec![0.0; points.len() / d],
            points,
            is_reference: true,
            known: Known::default(),
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
        let samples = compared(points, d, log_weights)?;
        let truth = self.compared(d)?;
        Ok(PointsFit {
            marginal_error: marginal_error(&samples, truth),
            marginal_error_exact: self.floor(log_weights.len(), d, noise)?,
            correlation_error: correlation_error(&samples, truth),
            log_z_error: self.log_z_error,
            effective: self.effective,
            ..PointsFit::default()
        })
    }

    /// The points as comparisons need them.
    fn compared(&self, d: usize) -> Result<&Compared, String> {
        if let Some(known) = self.known.compared.get() {
            return Ok(known);
        }
        let compared = compared(&self.points, d, &self.log_weights)?;
        Ok(self.known.compared.get_or_init(|| compared))
    }

    /// The mean distance of the marginals of `count` samples of the truth itself. By quadrature they are drawn; of a
    /// truth that is itself samples, it follows from its halves, as the distance of two sets goes with
    /// √(1/N_1 + 1/N_2).
    pub(super) fn floor(&self, count: usize, d: usize, noise: &Noise) -> Result<f64, String> {
        let floors = || self.known.floors.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = floors().get(&count) {
            return Ok(*known);
        }
        let floor = if self.kind == message::Truth::Quadrature && !self.is_reference {
            self.floor_of_drawn(count, d, noise)?
        } else {
            let (distance, halves) = self.halves(d)?;
            let sizes = |one: f64, other: f64| (1.0 / one + 1.0 / other).sqrt();
            let share = sizes(count as f64, self.compared(d)?.effective) / sizes(halves[0], halves[1]);
            distance * share
        };
        floors().insert(count, floor);
        Ok(floor)
    }

    fn floor_of_drawn(&self, count: usize, d: usize, noise: &Noise) -> Result<f64, String> {
        let mut rng = noise.stream(Purpose::Resampling, 1);
        let running = running_sum(relative(&self.log_weights));
        let drawn = (0..count).map(|_| noise::index(&mut rng, &running));
        let drawn: Vec<f64> = drawn
            .flat_map(|at| &self.points[at * d..(at + 1) * d])
            .copied()
            .collect();
        let drawn = Compared::from(&Weighted::equally(&drawn, d)?);
        Ok(marginal_error(&drawn, self.compared(d)?))
    }

    /// The distance of the halves of the points, every other one, and their effective numbers.
    fn halves(&self, d: usize) -> Result<(f64, [f64; 2]), String> {
        if let Some(known) = self.known.halves.get() {
            return Ok(*known);
        }
        let half = |which: usize| {
            let rows = (which..self.log_weights.len()).step_by(2);
            let points: Vec<f64> = rows
                .clone()
                .flat_map(|at| &self.points[at * d..(at + 1) * d])
                .copied()
                .collect();
            compared(
                &points,
                d,
                &rows.map(|at| self.log_weights[at]).collect::<Vec<f64>>(),
            )
        };
        let (one, other) = (half(0)?, half(1)?);
        let halves = (marginal_error(&one, &other), [one.effective, other.effective]);
        Ok(*self.known.halves.get_or_init(|| halves))
    }
}

/// Weights, relative to the largest.
fn relative(log_weights: &[f64]) -> impl Iterator<Item = f64> {
    let largest = log_weights.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    log_weights.iter().map(move |l| (l - largest).exp())
}

fn compared(points: &[f64], d: usize, log_weights: &[f64]) -> Result<Compared, String> {
    let points = Weighted::new(points, d, relative(log_weights).collect())?;
    Ok(Compared::from(&points))
}

/// The share of the weight where `which` holds.
fn share(log_weights: &[f64], which: &[bool]) -> f64 {
    Mean::weighted(log_weights, which.iter().map(|held| f64::from(u8::from(*held)))).value
}

#[cfg(test)]
mod tests {
    use super::{Known, Noise, Purpose, Truth, message};
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
            log_z_known: None,
            effective: count as f64,
            points: (0..4 * count).map(|_| normal(&mut rng)).collect(),
            log_weights: vec![0.0; count],
            is_reference: true,
            floored_mass: 0.0,
            known: Known::default(),
        };
        let floor = truth.floor(count, 4, &Noise::new(0)).expect("points");
        let fewer = truth.floor(500, 4, &Noise::new(0)).expect("points");
        assert!((0.015..0.028).contains(&floor), "{floor}");
        assert!((fewer / floor - (8.5f64).sqrt()).abs() < 1e-6, "{fewer} {floor}");
    }
}
