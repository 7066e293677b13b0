//! log r of points, compiled from its description.

use super::picture;
use super::{HALF_WIDTH, Mixture, NOWHERE, PlaneProblem, Reward, Shape};
use crate::engine::ConfigError;
use crate::engine::parallel;
use crate::engine::reward::HostReward;
use crate::task::formula::{Formula, Names, Rows};
use crate::task::planar::Painted;

/// A log r so far above the largest that was found counts as this, so that a pole of a formula stays finite.
pub const POLE: f64 = 50.0;
/// Half the distance of a central difference, and the shortest move in the search for the largest reward.
const DIFFERENCE: f64 = 1e-3;
/// Points along a side of the grid on which the search for the largest reward starts.
const SEARCH_SIDE: usize = 224;
/// Points of the grid, those of the largest log r, from which the search climbs.
const CLIMBS: usize = 16;

/// The compiled reward of a run. Training takes it for a black box; guidance asks for gradients.
#[derive(Clone, Debug)]
pub struct LogReward {
    kind: Kind,
    /// The largest log r where the prior is.
    largest: f64,
    /// The smallest log r.
    floor: f64,
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
    Painted(Painted),
    /// power·log density.
    Density {
        mixture: Mixture,
        power: f64,
    },
}

impl Kind {
    /// log r(x) as the description has it: −∞ where r is 0, negative or undefined.
    fn log_r(&self, x: [f64; 2]) -> f64 {
        match self {
            Self::Ratio(above, below) => above.log_prob(x) - below.log_prob(x),
            Self::Formula {
                formula,
                logarithm: true,
            } => formula.value(&x, Rows::NONE),
            Self::Formula {
                formula,
                logarithm: false,
            } => formula.value(&x, Rows::NONE).max(0.0).ln(),
            Self::Mask {
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
            Self::Painted(painted) => painted.at(x.map(|at| at / HALF_WIDTH)).ln(),
            Self::Density { mixture, power } => power * mixture.log_prob(x),
        }
    }

    /// The largest log r where this prior is: what a climb from the best points of a grid ends at. `None`
    /// where r is 0 at all of them.
    fn largest(&self, prior: &Mixture) -> Option<f64> {
        let points = || (0..SEARCH_SIDE * SEARCH_SIDE).map(|cell| picture::center_of(cell, SEARCH_SIDE));
        let log_prior: Vec<f64> = points().map(|x| prior.log_prob(x)).collect();
        let least = log_prior.iter().copied().fold(f64::NEG_INFINITY, f64::max) - NOWHERE;
        let mut found: Vec<_> = points()
            .zip(log_prior)
            .filter(|(_, log_prior)| *log_prior >= least)
            .map(|(x, _)| (self.log_r(x), x))
            .filter(|(log_r, _)| log_r.is_finite())
            .collect();
        found.sort_by(|(a, _), (b, _)| b.total_cmp(a));
        let log_r = |x| match self.log_r(x) {
            // A pole is not entered, nor a place where there is no prior.
            log_r if log_r.is_finite() && prior.log_prob(x) >= least => log_r,
            _ => f64::NEG_INFINITY,
        };
        let climbs = found.into_iter().take(CLIMBS).map(|from| climbed(from, log_r));
        climbs.reduce(f64::max)
    }
}

/// A formula in x and y.
fn formula(expression: &str) -> Result<Formula, ConfigError> {
    let names = Names {
        coordinates: &["x".to_owned(), "y".to_owned()],
        columns: &[],
    };
    Formula::new("reward.expression", expression, names)
}

/// The value at which a search by shorter and shorter moves ends.
fn climbed((mut value, mut x): (f64, [f64; 2]), of: impl Fn([f64; 2]) -> f64) -> f64 {
    let mut move_by = HALF_WIDTH / SEARCH_SIDE as f64;
    while move_by > DIFFERENCE {
        let moves = [[move_by, 0.0], [-move_by, 0.0], [0.0, move_by], [0.0, -move_by]];
        let tried = moves
            .map(|[dx, dy]| [x[0] + dx, x[1] + dy])
            .map(|to| (of(to), to));
        match tried.into_iter().find(|(higher, _)| *higher > value) {
            Some(better) => (value, x) = better,
            None => move_by /= 2.0,
        }
    }
    value
}

impl LogReward {
    /// Compiles the reward of a validated problem; log r is floored at `floor`, at most 0, above its
    /// largest value where the prior is. A factor of r then moves log Z alone.
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
                formula: Box::new(formula(expression)?),
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
            Reward::Painted { rows } => Kind::Painted(Painted::new("reward.rows", rows)?),
            Reward::Annealed { power } => Kind::Density {
                mixture: Mixture::new(&problem.prior.components),
                power: power - 1.0,
            },
            Reward::Product { components } => Kind::Density {
                mixture: Mixture::new(components),
                power: 1.0,
            },
        };
        let largest = kind
            .largest(&Mixture::new(&problem.prior.components))
            .ok_or_else(|| {
                let (field, value) = match &problem.reward {
                    Reward::Formula { expression, .. } => ("reward.expression", format!("`{expression}`")),
                    _ => ("reward", "0 everywhere".to_owned()),
                };
                ConfigError::new(field, value, "a reward that is above 0 where the prior has mass")
            })?;
        Ok(Self {
            kind,
            largest,
            floor: largest + floor,
        })
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
            Kind::Formula { .. } | Kind::Painted(_) => {
                let (h, [x, y]) = (DIFFERENCE, x);
                let raw = |x| self.kind.log_r(x);
                [
                    (raw([x + h, y]) - raw([x - h, y])) / (2.0 * h),
                    (raw([x, y + h]) - raw([x, y - h])) / (2.0 * h),
                ]
            }
            Kind::Mask { .. } => [0.0; 2],
        };
        gradient.map(|g| if g.is_finite() { g } else { 0.0 })
    }

    /// log r(x), floored. Without tempering.
    pub fn log_r(&self, x: [f64; 2]) -> f64 {
        let raw = self.kind.log_r(x);
        if raw.is_nan() {
            self.floor
        } else {
            raw.clamp(self.floor, self.largest + POLE)
        }
    }

    /// The largest log r where the prior is. Of a formula or mixtures: what a search has found.
    pub fn largest(&self) -> f64 {
        self.largest
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

impl HostReward for LogReward {
    fn log_reward(&self, ends: &[f32], _conditions: &[usize]) -> Vec<f64> {
        parallel::over_rows(ends, 2, |p| self.log_r([p[0].into(), p[1].into()]))
    }

    fn log_reward_unfloored(&self, ends: &[f32], _conditions: &[usize]) -> Vec<f64> {
        parallel::over_rows(ends, 2, |p| self.kind.log_r([p[0].into(), p[1].into()]))
    }

    fn log_reward_gradient(&self, ends: &[f32], _conditions: &[usize]) -> Option<Vec<f32>> {
        let gradients = parallel::over_rows(ends, 2, |p| {
            self.log_r_gradient([p[0].into(), p[1].into()]).map(|g| g as f32)
        });
        Some(gradients.into_iter().flatten().collect())
    }

    fn log_bound(&self) -> Option<f64> {
        Some(self.largest)
    }
}
