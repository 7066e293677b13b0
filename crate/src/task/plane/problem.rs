//! What a run in the plane is about: a mixture, and a reward of points.

use super::{Component, mixtures};
use crate::engine::ConfigError;
use crate::engine::check::Checked;
use crate::run::{FileKind, FileNeed, Problem, Run};
use serde::{Deserialize, Serialize};

/// A prior is where its log_prob is at most so far below its largest: where the largest log r is looked for.
pub const NOWHERE: f64 = 20.0;

/// Prior and reward of points of the plane.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "native", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, default)]
pub struct PlaneProblem {
    /// The prior p(x): a mixture of Gaussians.
    pub prior: Prior,
    /// The reward r(x) of a point x = (x, y).
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
            PriorKind::Learned => {
                Some("false: the network of a learned prior has no output for the Langevin term")
            }
        }
    }
}

/// The prior p(x): a mixture of Gaussians.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "native", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, default)]
pub struct Prior {
    /// Where the prior's drift comes from.
    pub kind: PriorKind,
    /// Weights of a `learned` prior: the name of weights that ship (`rtb list`), or a safetensors file.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub weights: Option<String>,
    /// The Gaussians of the mixture.
    pub components: Vec<Component>,
}

impl Default for Prior {
    fn default() -> Self {
        Self {
            kind: PriorKind::Exact,
            weights: None,
            components: mixtures::twenty_five(),
        }
    }
}

/// Where the prior's drift comes from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "native", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum PriorKind {
    /// The mixture's closed form.
    #[default]
    Exact,
    /// A network that `rtb pretrain mixture` trained on samples of the mixture.
    Learned,
}

/// The reward r(x).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "native", derive(schemars::JsonSchema))]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum Reward {
    /// The ratio of two mixtures, r = numerator/denominator. Without a denominator the prior's mixture is
    /// used, and the posterior is the numerator.
    Ratio {
        /// The Gaussians of the mixture above the line.
        numerator: Vec<Component>,
        /// The Gaussians of the mixture below the line; an empty list stands for the prior's mixture.
        #[serde(default)]
        denominator: Vec<Component>,
    },
    /// A formula in x and y for r or log r.
    Formula {
        /// The formula. It may have numbers, `PI`, `E`, `+ - * / ^ ( )`, comparisons such as `0 < x < 6`, `&&`, `||` and
        /// functions such as `exp`, `sqrt`, `sin`, `abs`, `min(a, b)`, `mod(a, b)`, `hypot(x, y)`. `2x` and `x²` are
        /// understood too.
        expression: String,
        /// Whether the formula's value is log r; otherwise it is r.
        #[serde(default)]
        logarithm: bool,
    },
    /// One value of r inside a shape, another outside.
    Mask {
        /// The shape.
        shape: Shape,
        /// r inside the shape. It must be above 0 where `outside` is 0.
        #[serde(default = "one")]
        inside: f64,
        /// r outside the shape.
        #[serde(default)]
        outside: f64,
    },
    /// A painted picture that covers the square from −14 to 14 in x and y. Between the centres of its cells
    /// r is interpolated linearly.
    Painted {
        /// The rows, the first at the top (largest y), each of as many digits as there are rows. A digit d means
        /// r = d/9; at least one must be above 0.
        rows: Vec<String>,
    },
    /// r = p^(power − 1), where p is the prior's mixture: the posterior is p^power, the prior at another
    /// temperature.
    Annealed {
        /// The power of the prior in the posterior. With β other than 1, 1 + β·(power − 1) must be above 0.5.
        power: f64,
    },
    /// r is the density of a second mixture: the posterior is the product of two priors.
    Product {
        /// The Gaussians of the second mixture.
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
            numerator: mixtures::nine(),
            denominator: Vec::new(),
        }
    }
}

impl Reward {
    /// r is a formula.
    pub(super) fn formula(expression: impl Into<String>) -> Self {
        Self::Formula {
            expression: expression.into(),
            logarithm: false,
        }
    }

    /// r is 1 inside of a shape and 0 elsewhere.
    pub(super) fn mask(shape: Shape) -> Self {
        Self::Mask {
            shape,
            inside: 1.0,
            outside: 0.0,
        }
    }

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
#[cfg_attr(feature = "native", derive(schemars::JsonSchema))]
#[serde(tag = "form", rename_all = "snake_case", deny_unknown_fields)]
pub enum Shape {
    /// The points whose scalar product with `normal` is at least `offset`.
    HalfPlane {
        /// The vector `[x, y]` that points into the half plane. It must not be 0.
        normal: [f64; 2],
        /// Smallest scalar product of a point of the half plane with `normal`.
        offset: f64,
    },
    /// The points no farther than `radius` from `center`.
    Disc {
        /// The centre `[x, y]`.
        center: [f64; 2],
        /// The radius.
        radius: f64,
    },
    /// The points between two circles around `center`.
    Ring {
        /// The centre `[x, y]`.
        center: [f64; 2],
        /// Radius of the inner circle.
        inner: f64,
        /// Radius of the outer circle.
        outer: f64,
    },
    /// The points of a rectangle whose sides are along the axes.
    Box {
        /// The smallest `[x, y]`, neither above that of `max`.
        min: [f64; 2],
        /// The largest `[x, y]`.
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
