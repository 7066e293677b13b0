//! What a run in the plane is about: a mixture, and a reward of points.

use super::component::{self, Component};
use crate::engine::ConfigError;
use crate::engine::check::Checked;
use crate::run::{FileKind, FileNeed, Problem, Run};
use serde::{Deserialize, Serialize};

/// Half the side of the square `[−HALF_WIDTH, HALF_WIDTH]`² in which everything is drawn and every
/// exact integral is taken.
pub const HALF_WIDTH: f64 = 14.0;
/// A prior is where its log_prob is at most so far below its largest: where the largest log r is looked for.
pub const NOWHERE: f64 = 20.0;

/// Levels of a painted reward: a cell holds a digit d from 0 to 9 and means r = d/9.
pub const PAINT_LEVELS: u32 = 9;

/// Prior and reward of points of the plane.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct PlaneProblem {
    /// The distribution to start from.
    pub prior: Prior,
    /// The reward of points.
    pub reward: Reward,
}

impl PlaneProblem {
    /// The problem of a run in the plane.
    ///
    /// # Errors
    ///
    /// Where the run is about something else.
    pub fn of(run: &Run) -> Result<&Self, ConfigError> {
        run.problem.get().ok_or_else(|| super::other_task(run))
    }

    /// The same to change.
    ///
    /// # Errors
    ///
    /// Where the run is about something else.
    pub fn of_mut(run: &mut Run) -> Result<&mut Self, ConfigError> {
        let refused = super::other_task(run);
        run.problem.get_mut().ok_or(refused)
    }
}

impl Problem for PlaneProblem {
    fn task(&self) -> &'static str {
        super::NAME
    }

    fn validate(&self, run: &Run) -> Checked {
        self.prior.validate()?;
        self.reward.validate()?;
        if let Reward::Annealed { power } = self.reward {
            // The target is p to this power.
            let power = 1.0 + run.tempering.beta * (power - 1.0);
            if power.is_nan() || power <= 0.5 {
                return Err(ConfigError::new(
                    "1 + tempering.beta·(reward.power − 1)",
                    power,
                    "a number above 0.5",
                ));
            }
        }
        Ok(())
    }

    fn files(&self) -> Vec<FileNeed<'_>> {
        let learned = self.prior.kind == PriorKind::Learned;
        let name = self.prior.weights.as_deref().filter(|_| learned);
        let need = |name| FileNeed {
            role: "prior",
            name,
            field: "prior.weights",
            kind: FileKind::Weights,
        };
        name.map(need).into_iter().collect()
    }

    fn without_langevin(&self) -> Option<&'static str> {
        match self.prior.kind {
            PriorKind::Exact => None,
            PriorKind::Learned => Some("false with a learned prior: its network has no output for it"),
        }
    }
}

/// The distribution to start from.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Prior {
    /// Where its drift comes from.
    pub kind: PriorKind,
    /// For a learned prior: the name of weights the program ships, or a file of the native
    /// program (safetensors).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub weights: Option<String>,
    /// The mixture.
    pub components: Vec<Component>,
}

impl Default for Prior {
    fn default() -> Self {
        Self {
            kind: PriorKind::Exact,
            weights: None,
            components: component::twenty_five(),
        }
    }
}

/// Where the prior's drift comes from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PriorKind {
    /// The closed form for the mixture.
    #[default]
    Exact,
    /// A network trained by `rtb pretrain` on samples of the mixture.
    Learned,
}

/// The reward r(x).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum Reward {
    /// r = numerator/denominator, two mixtures; without a denominator the prior's mixture is
    /// taken, so that the posterior is the numerator.
    Ratio {
        /// The mixture above the line, of 1 to 64 components.
        numerator: Vec<Component>,
        /// The mixture below it, of at most 64 components; the prior's where there are none.
        #[serde(default)]
        denominator: Vec<Component>,
    },
    /// A formula in x and y, read as r, or as log r.
    Formula {
        /// The formula, 1 to 500 characters long.
        expression: String,
        /// Whether its value is log r; else it is r.
        #[serde(default)]
        logarithm: bool,
    },
    /// One value inside a shape, another outside.
    Mask {
        /// The region.
        shape: Shape,
        /// r inside it, 0 to 1,000,000; above 0 where `outside` is 0.
        #[serde(default = "one")]
        inside: f64,
        /// r outside it, 0 to 1,000,000.
        #[serde(default)]
        outside: f64,
    },
    /// A painted picture: equally long rows of digits, the first row at the top (y largest),
    /// covering the drawn square; between cell centres r is interpolated linearly.
    Painted {
        /// 2 to 256 rows of as many digits; not all are 0.
        rows: Vec<String>,
    },
    /// r = p^(power − 1), p the prior's mixture: the posterior is the prior at another
    /// temperature, p^power.
    Annealed {
        /// The power of the prior that is wanted, above 0.5, at most 10.
        power: f64,
    },
    /// r = the density of a second mixture: the posterior is the product of two priors.
    Product {
        /// The second mixture, of 1 to 64 components.
        components: Vec<Component>,
    },
}

/// The kinds of [`Reward`], as in the TOML file.
pub const REWARDS: &[&str] = &["ratio", "formula", "mask", "painted", "annealed", "product"];

fn one() -> f64 {
    1.0
}

impl Default for Reward {
    fn default() -> Self {
        Reward::Ratio {
            numerator: component::nine(),
            denominator: Vec::new(),
        }
    }
}

impl Reward {
    /// The name of its kind, as in the TOML file.
    pub fn kind(&self) -> &'static str {
        match self {
            Reward::Ratio { .. } => "ratio",
            Reward::Formula { .. } => "formula",
            Reward::Mask { .. } => "mask",
            Reward::Painted { .. } => "painted",
            Reward::Annealed { .. } => "annealed",
            Reward::Product { .. } => "product",
        }
    }
}

/// A region of the plane.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "form", rename_all = "snake_case", deny_unknown_fields)]
pub enum Shape {
    /// Points with a·x + b·y ≥ c, written normal = `[a, b]`, offset = c.
    HalfPlane {
        /// `[a, b]`, each within ±2·[`HALF_WIDTH`], not both 0.
        normal: [f64; 2],
        /// c, −1000 to 1000.
        offset: f64,
    },
    /// Points no farther than `radius` from `center`.
    Disc {
        /// `[x, y]`, each within ±2·[`HALF_WIDTH`].
        center: [f64; 2],
        /// Above 0, at most 100.
        radius: f64,
    },
    /// Points between two circles around `center`.
    Ring {
        /// `[x, y]`, each within ±2·[`HALF_WIDTH`].
        center: [f64; 2],
        /// Radius of the inner circle, 0 to `outer`.
        inner: f64,
        /// Radius of the outer circle, above 0, at most 100.
        outer: f64,
    },
    /// Points of a rectangle with sides along the axes.
    Box {
        /// Smallest x and y, each within ±2·[`HALF_WIDTH`] and at most that of `max`.
        min: [f64; 2],
        /// Largest x and y, each within ±2·[`HALF_WIDTH`].
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
