//! The exact posterior: by quadrature of the mixture, or by prior samples weighted by r.

use super::WeightedPoint;
use super::mixture::Symmetric;
use super::picture::{self, PICTURE_SIDE};
use super::{HALF_WIDTH, LogReward, Mixture};
use crate::engine::statistics::{LogMean, kl_floor};
use crate::message;
use crate::task::planar::{Node, nodes};
use std::f64::consts::PI;

/// Cells along a side of the grid of [`super::PlaneFit::kl_grid`].
pub const KL_SIDE: usize = 56;

/// The part of a distribution that belongs to one component of the prior.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Mode {
    /// Its share of the distribution.
    pub mass: f64,
    /// Its mean `[x, y]`.
    pub mean: [f64; 2],
    /// Its covariance `[xx, xy, yy]`.
    pub covariance: Symmetric,
}

/// What a run's samples are held against.
#[derive(Clone, Debug)]
pub struct Truth {
    /// Whether it is known by quadrature or from weighted samples.
    pub kind: message::Truth,
    /// log ∫ p(x)·r(x)^β dx.
    pub log_z: f64,
    /// By quadrature: a bound on its error. From samples: its standard error.
    pub log_z_error: f64,
    /// One a component of the prior.
    pub modes: Vec<Mode>,
    /// Mass where log r is at its floor.
    pub floored_mass: f64,
    /// Masses of the cells of the KL grid.
    pub cells: Vec<f64>,
    /// Density of the prior as a picture, `[PICTURE_SIDE²]`, row by row from the top left.
    pub prior: Vec<f32>,
    /// Density of the posterior as such a picture.
    pub posterior: Vec<f32>,
    /// β·log r, log r floored, at the centres of such a picture's cells.
    pub log_reward: Vec<f32>,
}

impl Truth {
    /// Quadrature over the drawn square.
    pub fn quadrature(mixture: &Mixture, reward: &LogReward, beta: f64) -> Self {
        let nodes = nodes(mixture, beta, |x| reward.log_r(x));
        let kind = message::Truth::Quadrature;
        let truth = Self::new(kind, nodes.all.into_iter(), mixture, reward, beta, 0.0);
        Self {
            log_z_error: nodes.error,
            ..truth
        }
    }

    /// Samples of the prior's own chain, x and y in turn, weighted by r^β.
    pub fn importance_weighted(ends: &[f32], mixture: &Mixture, reward: &LogReward, beta: f64) -> Self {
        let node = |point: WeightedPoint| Node {
            point,
            log_r: reward.log_r(point.x),
        };
        let kind = message::Truth::ImportanceWeighted;
        let nodes: Vec<_> = equally_weighted(ends).map(node).collect();
        let log_z = LogMean::of(nodes.iter().map(|node| beta * node.log_r));
        let truth = Self::new(kind, nodes.into_iter(), mixture, reward, beta, 1.0);
        Self {
            log_z_error: log_z.error,
            ..truth
        }
    }

    /// `nodes` stand for the prior; the pictures are blurred by `blur` cells.
    fn new(
        kind: message::Truth,
        nodes: impl Iterator<Item = Node>,
        mixture: &Mixture,
        reward: &LogReward,
        beta: f64,
        blur: f64,
    ) -> Self {
        let points: Vec<_> = nodes
            .map(|Node { point, log_r }| (point, beta * log_r, log_r <= reward.floor()))
            // Where there is no prior there is no posterior.
            .filter(|(p, _, _)| p.weight > 0.0)
            .collect();
        // Relative to the largest: β·log r may be far beyond what exp can hold.
        let largest = points
            .iter()
            .map(|(_, l, _)| *l)
            .fold(f64::NEG_INFINITY, f64::max);
        let z: f64 = points
            .iter()
            .map(|(p, l, _)| p.weight * (l - largest).exp())
            .sum();
        let posterior = || {
            points.iter().map(move |(p, l, floored)| {
                (
                    WeightedPoint {
                        weight: p.weight * (l - largest).exp() / z,
                        ..*p
                    },
                    *floored,
                )
            })
        };
        let cell_area = (2.0 * HALF_WIDTH / PICTURE_SIDE as f64).powi(2);
        let mut pictures = [
            vec![0.0; PICTURE_SIDE * PICTURE_SIDE],
            vec![0.0; PICTURE_SIDE * PICTURE_SIDE],
        ];
        for ((before, _, _), (after, _)) in points.iter().zip(posterior()) {
            if let Some(cell) = picture::cell_of(before.x, PICTURE_SIDE) {
                pictures[0][cell] += (before.weight / cell_area) as f32;
                pictures[1][cell] += (after.weight / cell_area) as f32;
            }
        }
        let [prior, exact] = pictures.map(|p| picture::blurred(&p, PICTURE_SIDE, blur));
        let centers = (0..PICTURE_SIDE * PICTURE_SIDE).map(|cell| picture::center_of(cell, PICTURE_SIDE));
        Self {
            kind,
            log_z: largest + z.ln(),
            log_z_error: f64::NAN,
            modes: Self::modes_of(posterior().map(|(p, _)| p), mixture),
            floored_mass: posterior()
                .filter(|(_, floored)| *floored)
                .map(|(p, _)| p.weight)
                .sum(),
            cells: cell_masses(posterior().map(|(p, _)| p)),
            prior,
            posterior: exact,
            log_reward: centers.map(|x| (beta * reward.log_r(x)) as f32).collect(),
        }
    }

    /// What a figure of [`PlaneFit`](super::PlaneFit) is on average of so many exact samples, if it is known. Of
    /// those each mode's share is off by √(2·p·(1 − p)/(π·N)).
    pub fn floor(&self, figure: &str, samples: usize) -> Option<f64> {
        match figure {
            "mode_total_variation" => {
                let masses = self.modes.iter().map(|mode| mode.mass);
                let errors = masses.map(|p| (2.0 * p * (1.0 - p).max(0.0) / (PI * samples as f64)).sqrt());
                Some(0.5 * errors.sum::<f64>())
            }
            "kl_grid" => Some(kl_floor(&self.cells, samples)),
            _ => None,
        }
    }

    /// Mass, mean and covariance of each mode of a distribution of mass 1.
    pub fn modes_of(points: impl Iterator<Item = WeightedPoint>, mixture: &Mixture) -> Vec<Mode> {
        let mut modes = vec![Mode::default(); mixture.len()];
        for WeightedPoint { x: [x, y], weight } in points.filter(|p| p.weight > 1e-16) {
            let mode = &mut modes[mixture.mode([x, y])];
            mode.mass += weight;
            mode.mean[0] += weight * x;
            mode.mean[1] += weight * y;
            for (sum, term) in mode.covariance.iter_mut().zip([x * x, x * y, y * y]) {
                *sum += weight * term;
            }
        }
        for Mode {
            mass,
            mean,
            covariance,
        } in modes.iter_mut().filter(|m| m.mass > 0.0)
        {
            mean.iter_mut().for_each(|v| *v /= *mass);
            let products = [mean[0] * mean[0], mean[0] * mean[1], mean[1] * mean[1]];
            for (entry, product) in covariance.iter_mut().zip(products) {
                *entry = *entry / *mass - product;
            }
        }
        modes
    }
}

/// Samples, x and y in turn, as points of equal mass.
pub fn equally_weighted(ends: &[f32]) -> impl Iterator<Item = WeightedPoint> + '_ {
    let weight = 2.0 / ends.len() as f64;
    ends.chunks_exact(2).map(move |p| WeightedPoint {
        x: [p[0].into(), p[1].into()],
        weight,
    })
}

/// Samples, x and y in turn, as points whose masses are in proportion to exp(log weight).
pub fn weighted<'a>(ends: &'a [f32], log_weights: &'a [f64]) -> impl Iterator<Item = WeightedPoint> + 'a {
    let largest = log_weights.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let total: f64 = log_weights.iter().map(|l| (l - largest).exp()).sum();
    ends.chunks_exact(2)
        .zip(log_weights)
        .map(move |(p, l)| WeightedPoint {
            x: [p[0].into(), p[1].into()],
            weight: (l - largest).exp() / total,
        })
}

/// The masses of the cells of the KL grid, and last that of all points outside.
pub fn cell_masses(points: impl Iterator<Item = WeightedPoint>) -> Vec<f64> {
    let outside = KL_SIDE * KL_SIDE;
    let mut cells = vec![0.0; outside + 1];
    for WeightedPoint { x, weight } in points {
        cells[picture::cell_of(x, KL_SIDE).unwrap_or(outside)] += weight;
    }
    cells
}
