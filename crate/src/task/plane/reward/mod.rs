//! log r of points, compiled from its description.

mod formula;

use super::picture;
use super::{HALF_WIDTH, Mixture, PAINT_LEVELS, PlaneProblem, Reward, Shape};
use crate::engine::ConfigError;
use crate::engine::parallel;
use crate::engine::reward::HostReward;
use formula::Formula;
use std::sync::OnceLock;

/// Largest log r; above it a reward counts as this, so that a pole of a formula stays finite.
pub const LARGEST_LOG_REWARD: f64 = 50.0;
/// Half the distance of a central difference.
const DIFFERENCE: f64 = 1e-3;
/// Points along a side of the grid on which the largest reward is looked for.
const BOUND_SIDE: usize = 448;

/// The compiled reward of a run. Training takes it for a black box; guidance asks for gradients.
#[derive(Clone, Debug)]
pub struct LogReward {
    kind: Kind,
    floor: f64,
    /// Looked for when first asked for.
    bound: OnceLock<f64>,
}

#[derive(Clone, Debug)]
enum Kind {
    Ratio(Mixture, Mixture),
    Formula {
        formula: Box<Formula>,
        logarithm: bool,
    },
    Mask {
        shape: Shape,
        inside: f64,
        outside: f64,
    },
    Painted {
        side: usize,
        cells: Vec<f64>,
    },
    /// power·log density.
    Density {
        mixture: Mixture,
        power: f64,
    },
}

impl LogReward {
    /// Compiles the reward of a validated problem; log r is at least `floor`.
    ///
    /// # Errors
    ///
    /// Names what is wrong with a formula, or says that r is 0 wherever it was probed.
    pub fn new(problem: &PlaneProblem, floor: f64) -> Result<Self, ConfigError> {
        let kind = match &problem.reward {
            Reward::Ratio {
                numerator,
                denominator,
            } => {
                let below = if denominator.is_empty() {
                    &problem.prior.components
                } else {
                    denominator
                };
                Kind::Ratio(Mixture::new(numerator), Mixture::new(below))
            }
            Reward::Formula {
                expression,
                logarithm,
            } => Kind::Formula {
                formula: Box::new(Formula::new(expression)?),
                logarithm: *logarithm,
            },
            &Reward::Mask {
                shape,
                inside,
                outside,
            } => Kind::Mask {
                shape,
                inside: inside.ln(),
                outside: outside.ln(),
            },
            Reward::Painted { rows } => Kind::Painted {
                side: rows.len(),
                cells: rows
                    .iter()
                    .flat_map(|r| r.bytes().map(|b| f64::from(b - b'0') / f64::from(PAINT_LEVELS)))
                    .collect(),
            },
            Reward::Annealed { power } => Kind::Density {
                mixture: Mixture::new(&problem.prior.components),
                power: power - 1.0,
            },
            Reward::Product { components } => Kind::Density {
                mixture: Mixture::new(components),
                power: 1.0,
            },
        };
        let reward = Self {
            kind,
            floor,
            bound: OnceLock::new(),
        };
        let side = 64;
        if (0..side * side).all(|cell| reward.is_floored(picture::center_of(cell, side))) {
            let (field, value) = match &problem.reward {
                Reward::Formula { expression, .. } => ("reward.expression", format!("`{expression}`")),
                _ => ("reward", "0 everywhere".to_owned()),
            };
            return Err(ConfigError::new(
                field,
                value,
                format!("a reward with log r above tempering.floor ({floor}) somewhere in the square"),
            ));
        }
        Ok(reward)
    }

    /// log r(x) as the description has it: −∞ where r is 0, negative or undefined.
    fn raw(&self, x: [f64; 2]) -> f64 {
        match &self.kind {
            Kind::Ratio(above, below) => above.log_prob(x) - below.log_prob(x),
            Kind::Formula {
                formula,
                logarithm: true,
            } => formula.value(x),
            Kind::Formula {
                formula,
                logarithm: false,
            } => formula.value(x).max(0.0).ln(),
            Kind::Mask {
                shape,
                inside,
                outside,
            } => {
                if shape.contains(x) {
                    *inside
                } else {
                    *outside
                }
            }
            Kind::Painted { side, cells } => painted(cells, *side, x).ln(),
            Kind::Density { mixture, power } => power * mixture.log_prob(x),
        }
    }

    /// ∇ log r before floors: in closed form for mixtures, by central differences for a formula,
    /// 0 where there is none.
    pub fn log_r_gradient(&self, x: [f64; 2]) -> [f64; 2] {
        let gradient = match &self.kind {
            Kind::Ratio(above, below) => {
                let (a, b) = (above.score(x), below.score(x));
                [a[0] - b[0], a[1] - b[1]]
            }
            Kind::Density { mixture, power } => mixture.score(x).map(|s| power * s),
            Kind::Formula { .. } | Kind::Painted { .. } => {
                let h = DIFFERENCE;
                let [x, y] = x;
                [
                    (self.raw([x + h, y]) - self.raw([x - h, y])) / (2.0 * h),
                    (self.raw([x, y + h]) - self.raw([x, y - h])) / (2.0 * h),
                ]
            }
            Kind::Mask { .. } => [0.0; 2],
        };
        gradient.map(|g| if g.is_finite() { g } else { 0.0 })
    }

    /// The largest log r: exact for masks and paintings, else the largest at the points of a fine
    /// grid.
    pub fn log_bound(&self) -> f64 {
        let largest = |values: &mut dyn Iterator<Item = f64>| values.fold(f64::NEG_INFINITY, f64::max);
        *self.bound.get_or_init(|| {
            let bound = match &self.kind {
                Kind::Mask { inside, outside, .. } => inside.max(*outside),
                Kind::Painted { cells, .. } => largest(&mut cells.iter().map(|c| c.ln())),
                _ => {
                    let points = (0..BOUND_SIDE * BOUND_SIDE).map(|c| picture::center_of(c, BOUND_SIDE));
                    largest(&mut points.map(|x| self.log_r(x)))
                }
            };
            bound.clamp(self.floor, LARGEST_LOG_REWARD)
        })
    }

    /// log r(x), floored. Without tempering.
    pub fn log_r(&self, x: [f64; 2]) -> f64 {
        let raw = self.raw(x);
        if raw.is_nan() {
            self.floor
        } else {
            raw.clamp(self.floor, LARGEST_LOG_REWARD)
        }
    }

    /// The smallest log r.
    pub fn floor(&self) -> f64 {
        self.floor
    }

    /// Whether log r(x) is at its floor.
    pub fn is_floored(&self, x: [f64; 2]) -> bool {
        self.log_r(x) <= self.floor
    }

    /// ∇ log r on a grid of `side`² cell centres, row by row from the top left, by central
    /// differences over the cell and clipped to length `clip`; `[side²][2]`.
    pub fn gradient_table(&self, side: usize, clip: f64) -> Vec<f32> {
        let h = HALF_WIDTH / side as f64;
        (0..side * side)
            .flat_map(|cell| {
                let [x, y] = picture::center_of(cell, side);
                let g = [
                    (self.log_r([x + h, y]) - self.log_r([x - h, y])) / (2.0 * h),
                    (self.log_r([x, y + h]) - self.log_r([x, y - h])) / (2.0 * h),
                ];
                let scale = (clip / g[0].hypot(g[1]).max(1e-12)).min(1.0);
                g.map(|v| (v * scale) as f32)
            })
            .collect()
    }
}

/// Linear interpolation between the centres of painted cells; constant beyond the outermost.
fn painted(cells: &[f64], side: usize, [x, y]: [f64; 2]) -> f64 {
    let scale = side as f64 / (2.0 * HALF_WIDTH);
    let last = (side - 1) as f64;
    let column = ((x + HALF_WIDTH) * scale - 0.5).clamp(0.0, last);
    let row = ((HALF_WIDTH - y) * scale - 0.5).clamp(0.0, last);
    let (c, r) = (column.floor().min(last - 1.0), row.floor().min(last - 1.0));
    let at = |dr: usize, dc: usize| cells[(r as usize + dr) * side + c as usize + dc];
    let (u, v) = (column - c, row - r);
    (1.0 - v) * ((1.0 - u) * at(0, 0) + u * at(0, 1)) + v * ((1.0 - u) * at(1, 0) + u * at(1, 1))
}

impl HostReward for LogReward {
    fn log_reward(&self, ends: &[f32], _conditions: &[usize]) -> Vec<f64> {
        parallel::over_rows(ends, 2, |p| self.log_r([p[0].into(), p[1].into()]))
    }

    fn log_reward_unfloored(&self, ends: &[f32], _conditions: &[usize]) -> Vec<f64> {
        parallel::over_rows(ends, 2, |p| self.raw([p[0].into(), p[1].into()]))
    }

    fn log_reward_gradient(&self, ends: &[f32], _conditions: &[usize]) -> Option<Vec<f32>> {
        let gradients = parallel::over_rows(ends, 2, |p| {
            self.log_r_gradient([p[0].into(), p[1].into()]).map(|g| g as f32)
        });
        Some(gradients.into_iter().flatten().collect())
    }

    fn log_bound(&self) -> Option<f64> {
        Some(self.log_bound())
    }
}
