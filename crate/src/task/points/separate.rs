//! The exact posterior where every coordinate goes its own way: quadrature along each of them.

use super::{PointsTask, Truth};
use crate::engine::noise::{Purpose, index, running_sum, uniform};
use crate::engine::statistics::log_mean_exp;
use rand_chacha::rand_core::Rng;
use std::f64::consts::TAU;

/// Noise along a line goes from −`REACH` to `REACH`.
const REACH: f64 = 8.2;
/// Intervals of a line.
const INTERVALS: usize = 8000;
const CELL: f64 = 2.0 * REACH / INTERVALS as f64;
/// Samples that stand for the posterior.
const POINTS: usize = 20_000;
/// Most mass at the floor: a floor is of all coordinates together.
const FLOORED: f64 = 1e-3;

/// The posterior of one coordinate's noise, the others at rest.
struct Line {
    /// log E[r/r(rest)] over the noise.
    log_z: f64,
    /// How far half of the nodes are from it.
    error: f64,
    /// Running sum of the nodes' masses.
    running: Vec<f64>,
}

fn node(at: usize) -> f64 {
    CELL * at as f64 - REACH
}

impl Line {
    /// From log r/r(rest) at the nodes.
    fn new(log_r: &[f64]) -> Self {
        let density = |at: usize| -0.5 * (node(at).powi(2) + TAU.ln());
        let terms: Vec<f64> = log_r.iter().enumerate().map(|(at, l)| l + density(at)).collect();
        // The trapezoidal rule: the ends have no weight to speak of.
        let integral = |every: usize| {
            let kept = terms.iter().copied().step_by(every);
            let weight = CELL * (every * kept.len()) as f64;
            log_mean_exp(kept) + weight.ln()
        };
        let (log_z, half) = (integral(1), integral(2));
        Self {
            log_z,
            error: (log_z - half).abs(),
            running: running_sum(terms.iter().map(|term| (term - log_z).exp())),
        }
    }

    fn draw(&self, rng: &mut impl Rng) -> f32 {
        (node(index(rng, &self.running)) + CELL * (uniform(rng) - 0.5)) as f32
    }
}

impl PointsTask {
    /// log Z and samples of the posterior, where the prior's coordinates are independent and log r is a sum of formulas of
    /// one coordinate each; `None` elsewhere, and where the floor of log r matters.
    ///
    /// # Errors
    ///
    /// Where a formula is infinite.
    pub(super) fn separate_truth(&self) -> Result<Option<Truth>, String> {
        if !self.space.is_of_laws() || !self.reward.is_separate() {
            return Ok(None);
        }
        let (d, beta) = (self.size(), self.run.tempering.beta);
        let log_r = |ends: &[f32]| {
            let rows = ends.len() / d;
            self.reward.of_points(&self.space.points(ends), &vec![0; rows])
        };
        let rest = log_r(&vec![0.0; d])?[0];
        if rest == f64::NEG_INFINITY {
            return Ok(None);
        }
        let mut lines = Vec::with_capacity(d);
        for at in 0..d {
            let mut ends = vec![0.0; (INTERVALS + 1) * d];
            for (place, end) in ends.chunks_exact_mut(d).enumerate() {
                end[at] = node(place) as f32;
            }
            let along: Vec<f64> = log_r(&ends)?.iter().map(|l| beta * (l - rest)).collect();
            lines.push(Line::new(&along));
        }
        let mut rng = self.noise.stream(Purpose::Resampling, 2);
        let mut ends = Vec::with_capacity(POINTS * d);
        for _ in 0..POINTS {
            ends.extend(lines.iter().map(|line| line.draw(&mut rng)));
        }
        let floor = self.reward.floor(0);
        let floored = log_r(&ends)?.into_iter().filter(|l| *l <= floor).count();
        let floored_mass = floored as f64 / POINTS as f64;
        let log_z = beta * rest + lines.iter().map(|line| line.log_z).sum::<f64>();
        let error = lines.iter().map(|line| line.error).sum();
        let truth = Truth::separate((log_z, error), self.space.points(&ends), floored_mass, d);
        Ok((floored_mass <= FLOORED).then_some(truth))
    }
}
