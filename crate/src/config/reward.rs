//! What is wanted: the reward r(x) ≥ 0 and its tempering.

use super::Component;
use serde::{Deserialize, Serialize};

/// Levels of a painted reward: a cell holds a digit d from 0 to 9 and means r = d/9.
pub const PAINT_LEVELS: u32 = 9;

/// The reward r(x, y).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum Reward {
    /// r = numerator/denominator, two mixtures; without a denominator the prior's mixture is
    /// taken, so that the posterior is the numerator.
    Ratio {
        numerator: Vec<Component>,
        #[serde(default)]
        denominator: Vec<Component>,
    },
    /// A formula in x and y, read as r, or as log r.
    Formula {
        expression: String,
        #[serde(default)]
        logarithm: bool,
    },
    /// One value inside a shape, another outside.
    Mask {
        shape: Shape,
        #[serde(default = "one")]
        inside: f64,
        #[serde(default)]
        outside: f64,
    },
    /// A painted picture: equally long rows of digits, the first row at the top (y largest),
    /// covering the drawn square; between cell centres r is interpolated linearly.
    Painted { rows: Vec<String> },
    /// r = p^(power − 1), p the prior's mixture: the posterior is the prior at another
    /// temperature, p^power.
    Annealed { power: f64 },
    /// r = the density of a second mixture: the posterior is the product of two priors.
    Product { components: Vec<Component> },
}

fn one() -> f64 {
    1.0
}

impl Default for Reward {
    fn default() -> Self {
        Reward::Ratio {
            numerator: super::preset::nine(),
            denominator: Vec::new(),
        }
    }
}

/// A region of the plane.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "form", rename_all = "snake_case", deny_unknown_fields)]
pub enum Shape {
    /// Points with a·x + b·y ≥ c, written normal = `[a, b]`, offset = c.
    HalfPlane {
        normal: [f64; 2],
        offset: f64,
    },
    Disc {
        center: [f64; 2],
        radius: f64,
    },
    Ring {
        center: [f64; 2],
        inner: f64,
        outer: f64,
    },
    Box {
        min: [f64; 2],
        max: [f64; 2],
    },
}

impl Shape {
    /// Whether the point lies in the region, its edge included.
    pub fn contains(&self, [x, y]: [f64; 2]) -> bool {
        let within = |center: [f64; 2]| (x - center[0]).hypot(y - center[1]);
        match *self {
            Shape::HalfPlane { normal, offset } => normal[0] * x + normal[1] * y >= offset,
            Shape::Disc { center, radius } => within(center) <= radius,
            Shape::Ring { center, inner, outer } => (inner..=outer).contains(&within(center)),
            Shape::Box { min, max } => (min[0]..=max[0]).contains(&x) && (min[1]..=max[1]).contains(&y),
        }
    }
}

/// The reward that training sees is r^β with log r floored: β·max(log r, floor). The target of
/// the run, and the exact posterior, are those of the final β and the same floor.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Tempering {
    /// β at the end.
    pub beta: f64,
    /// β at iteration 0, moving linearly to `beta`.
    pub start: f64,
    /// Iterations of that move; 0 starts at `beta`.
    pub iterations: usize,
    /// The smallest log r; rewards of 0 are given this value.
    pub floor: f64,
}

impl Default for Tempering {
    fn default() -> Self {
        Self {
            beta: 1.0,
            start: 0.0,
            iterations: 200,
            floor: -8.0,
        }
    }
}

impl Tempering {
    /// β of an iteration.
    pub fn at(&self, iteration: usize) -> f64 {
        if iteration >= self.iterations {
            return self.beta;
        }
        self.start + (self.beta - self.start) * iteration as f64 / self.iterations as f64
    }
}
