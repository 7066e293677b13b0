//! The plane of two latents, on which the exact posterior is known by quadrature.

use super::PlaneView;
use crate::engine::statistics::{kl, total_variation};
use std::f64::consts::PI;

const HALF_WIDTH: f64 = PlaneView::HALF_WIDTH;
/// Cells along a side of the square, and nodes of the quadrature along a side of a cell.
pub const CELLS: usize = 40;
const NODES: usize = 3;
/// Nodes along a side of the square.
const SIDE: usize = CELLS * NODES;

/// A distribution on the plane, one a condition.
#[derive(Clone, Debug, PartialEq)]
pub struct Plane {
    /// Masses of the cells under the exact posterior, `[conditions][CELLS²]`, row by row from the top left.
    pub exact: Vec<Vec<f64>>,
    /// log r at the cells' middles, floored and not tempered, `[conditions][CELLS²]`.
    pub log_r: Vec<Vec<f64>>,
    /// log Z of every condition.
    pub log_z: Vec<f64>,
    /// Error of their mean, as the rule with one node a cell tells it.
    pub log_z_error: f64,
}

/// How samples lie on the plane; means over the conditions.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct PlaneFit {
    /// Total variation between the cells' masses.
    pub total_variation: f64,
    /// That of as many perfect samples, expected.
    pub total_variation_floor: f64,
    /// KL(learned ‖ exact) of the masses.
    pub kl: f64,
}

/// The coordinates of a node.
fn node(row: usize, column: usize) -> [f64; 2] {
    let width = 2.0 * HALF_WIDTH / SIDE as f64;
    [
        -HALF_WIDTH + (column as f64 + 0.5) * width,
        HALF_WIDTH - (row as f64 + 0.5) * width,
    ]
}

/// The cell of a point; `None` outside the square.
fn cell_of(point: &[f32]) -> Option<usize> {
    let scale = CELLS as f64 / (2.0 * HALF_WIDTH);
    let place = |v: f64| Some(v * scale).filter(|at| (0.0..CELLS as f64).contains(at));
    let column = place(f64::from(point[0]) + HALF_WIDTH)?;
    let row = place(HALF_WIDTH - f64::from(point[1]))?;
    Some(row as usize * CELLS + column as usize)
}

impl Plane {
    /// All nodes, `[SIDE²][2]`.
    pub fn nodes() -> Vec<f32> {
        let at = |at: usize| node(at / SIDE, at % SIDE);
        (0..SIDE * SIDE).flat_map(at).map(|v| v as f32).collect()
    }

    /// The plane on which log r of the nodes is this, `[conditions][SIDE²]`.
    pub fn of(log_r: &[Vec<f64>], beta: f64) -> Self {
        let mut plane = Self {
            exact: Vec::new(),
            log_r: Vec::new(),
            log_z: Vec::new(),
            log_z_error: 0.0,
        };
        let area = (2.0 * HALF_WIDTH / SIDE as f64).powi(2);
        let middle = |at: usize| (at / SIDE) % NODES == NODES / 2 && (at % SIDE) % NODES == NODES / 2;
        for log_r in log_r {
            // The largest keeps a narrow likelihood from underflow.
            let most = log_r.iter().copied().fold(f64::NEG_INFINITY, f64::max);
            let (mut cells, mut coarse) = (vec![0.0; CELLS * CELLS], 0.0);
            for (at, log_r) in log_r.iter().enumerate() {
                let [x, y] = node(at / SIDE, at % SIDE);
                let log_prob = -0.5 * (x * x + y * y) - (2.0 * PI).ln();
                let mass = (log_prob + beta * (log_r - most)).exp() * area;
                cells[at / SIDE / NODES * CELLS + at % SIDE / NODES] += mass;
                if middle(at) {
                    coarse += mass * (NODES * NODES) as f64;
                }
            }
            let all: f64 = cells.iter().sum();
            cells.iter_mut().for_each(|mass| *mass /= all);
            plane.exact.push(cells);
            let at_middles = log_r.iter().enumerate().filter(|(at, _)| middle(*at));
            plane.log_r.push(at_middles.map(|(_, log_r)| *log_r).collect());
            plane.log_z.push(all.ln() + beta * most);
            // The midpoint rule's error falls with the square of its step.
            let share = 1.0 / (NODES * NODES - 1) as f64;
            plane.log_z_error += share * (coarse / all).ln().abs();
        }
        plane.log_z_error /= log_r.len() as f64;
        plane
    }

    /// The mean of log Z over the conditions.
    pub fn mean_log_z(&self) -> f64 {
        self.log_z.iter().sum::<f64>() / self.log_z.len() as f64
    }

    /// Holds end points, `[count][2]`, under their conditions against the exact posteriors.
    pub fn fit(&self, ends: &[f32], conditions: &[usize]) -> PlaneFit {
        let count = self.exact.len();
        let mut counts = vec![vec![0.0; CELLS * CELLS]; count];
        let mut totals = vec![0; count];
        for (end, condition) in ends.chunks_exact(2).zip(conditions) {
            totals[*condition] += 1;
            if let Some(cell) = cell_of(end) {
                counts[*condition][cell] += 1.0;
            }
        }
        let mut fit = PlaneFit::default();
        for ((cells, total), exact) in counts.iter().zip(totals).zip(&self.exact) {
            let [found, floor] = total_variation(cells, total, exact);
            let share = |cell: &f64| cell / (total as f64).max(1.0);
            let learned: Vec<f64> = cells.iter().map(share).collect();
            fit.total_variation += found / count as f64;
            fit.total_variation_floor += floor / count as f64;
            fit.kl += kl(&learned, exact) / count as f64;
        }
        fit
    }
}

#[cfg(test)]
mod tests {
    use super::{CELLS, HALF_WIDTH, Plane, SIDE, node};
    use crate::engine::noise::{Noise, Purpose};

    /// log r of the likelihood N(center; z, deviation²·I) up to its constant.
    fn gaussian(center: [f64; 2], deviation: f64) -> Vec<f64> {
        let at = |at: usize| {
            let [x, y] = node(at / SIDE, at % SIDE);
            -((x - center[0]).powi(2) + (y - center[1]).powi(2)) / (2.0 * deviation * deviation)
        };
        (0..SIDE * SIDE).map(at).collect()
    }

    #[test]
    fn log_z_of_a_gaussian_is_that_in_closed_form() {
        let (center, deviation) = ([0.7, -1.1], 0.3f64);
        for beta in [1.0, 0.5] {
            let plane = Plane::of(&[gaussian(center, deviation)], beta);
            let variance = deviation * deviation / beta;
            let squares = center[0] * center[0] + center[1] * center[1];
            let log_z = (variance / (1.0 + variance)).ln() - 0.5 * squares / (1.0 + variance);
            assert!(
                (plane.log_z[0] - log_z).abs() < 1e-6,
                "{} for {log_z}",
                plane.log_z[0]
            );
            assert!(plane.log_z_error < 1e-2);
        }
    }

    #[test]
    fn samples_of_the_posterior_are_as_near_as_perfect_ones() {
        let (center, deviation) = ([0.7, -1.1], 0.5f64);
        let plane = Plane::of(&[gaussian(center, deviation)], 1.0);
        let variance = deviation * deviation / (1.0 + deviation * deviation);
        let share = 1.0 / (1.0 + deviation * deviation);
        let noise = Noise::new(3).normal(Purpose::Samples, 0, 2 * 20_000);
        let scaled =
            |(at, z): (usize, &f32)| (share * center[at % 2] + variance.sqrt() * f64::from(*z)) as f32;
        let ends: Vec<f32> = noise.iter().enumerate().map(scaled).collect();
        let fit = plane.fit(&ends, &vec![0; 20_000]);
        let ratio = fit.total_variation / fit.total_variation_floor;
        assert!((0.8..1.2).contains(&ratio), "{fit:?}");
        assert!(fit.kl < 0.02, "{fit:?}");
        // The prior's samples are far from it, and so are those outside the square.
        let far = plane.fit(&noise, &vec![0; 20_000]);
        assert!(far.total_variation > 0.4 && far.kl > 0.5, "{far:?}");
        let outside = vec![2.0 * HALF_WIDTH as f32; 40];
        let all = plane.fit(&outside, &[0; 20]).total_variation;
        assert!((all - 1.0).abs() < 1e-9, "{all}");
        assert_eq!(plane.exact[0].len(), CELLS * CELLS);
    }
}
