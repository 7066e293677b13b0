//! What is wanted: the reward r(x) ≥ 0 and its tempering.

use super::{Component, Task};
use serde::{Deserialize, Serialize};

/// Levels of a painted reward: a cell holds a digit d from 0 to 9 and means r = d/9.
pub const PAINT_LEVELS: u32 = 9;

/// The reward r(x). Every task has kinds of its own ([`Task::rewards`]); those of images and
/// stories are at most 1.
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
    /// p(class|image) of a classifier, over one or several classes.
    Classes {
        classes: Vec<usize>,
        #[serde(default)]
        by: ClassesBy,
    },
    /// r(x|class) = p(class|x): a posterior for every class, all of them in one network that is told
    /// which is wanted.
    EachClass { classes: Vec<usize> },
    /// A black box: a Gaussian of an image's mean brightness, 0 to 1.
    Ink { target: f64, deviation: f64 },
    /// A black box: a Gaussian of the share of ink without its like in the mirror image.
    Symmetry { deviation: f64 },
    /// A black box: exp(−penalty·|holes − count|).
    Holes { count: usize, penalty: f64 },
    /// A black box: a Gaussian of the stroke's width in pixels.
    Thickness { target: f64, deviation: f64 },
    /// Some pixels are known up to Gaussian noise of this deviation, in units of half the range
    /// from black to white. 28 rows of 28 characters: a digit d for the brightness d/9, a dot for a
    /// pixel that is free.
    Inpaint { rows: Vec<String>, deviation: f64 },
    /// p(ending|beginning, middle) of a causal language model.
    Ending {},
    /// A black box: exp(−penalty) for each of these words that the middle lacks.
    Mention { words: Vec<String>, penalty: f64 },
    /// A black box: a Gaussian of the middle's number of words.
    Length { target: f64, deviation: f64 },
    /// A black box: exp(−penalty) for each word of the middle that stood in it before.
    Distinct { penalty: f64 },
    /// The product of several rewards of images, or of several of stories.
    All { rewards: Vec<Reward> },
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
            Reward::Classes { .. } => "classes",
            Reward::EachClass { .. } => "each_class",
            Reward::Ink { .. } => "ink",
            Reward::Symmetry { .. } => "symmetry",
            Reward::Holes { .. } => "holes",
            Reward::Thickness { .. } => "thickness",
            Reward::Inpaint { .. } => "inpaint",
            Reward::Ending {} => "ending",
            Reward::Mention { .. } => "mention",
            Reward::Length { .. } => "length",
            Reward::Distinct { .. } => "distinct",
            Reward::All { .. } => "all",
        }
    }

    /// Posteriors that it is the reward of.
    pub fn conditions(&self) -> usize {
        match self {
            Reward::EachClass { classes } => classes.len(),
            _ => 1,
        }
    }

    /// The reward under one of its [conditions](Reward::conditions).
    pub fn given(&self, condition: usize) -> Reward {
        match self {
            Reward::EachClass { classes } => Reward::Classes {
                classes: vec![classes[condition]],
                by: ClassesBy::default(),
            },
            alone => alone.clone(),
        }
    }

    /// Whether it wants images of a class under some condition; nothing where it says nothing of classes.
    pub fn wants(&self, class: usize) -> Option<bool> {
        match self {
            Reward::Classes { classes, .. } | Reward::EachClass { classes } => Some(classes.contains(&class)),
            Reward::All { rewards } => {
                let said = rewards.iter().filter_map(|part| part.wants(class));
                said.reduce(|all, part| all && part)
            }
            _ => None,
        }
    }

    /// Whether it, or a factor of it, is a function of images that has a gradient.
    pub fn has_gradient(&self) -> bool {
        match self {
            Reward::Classes { .. } | Reward::EachClass { .. } | Reward::Inpaint { .. } => true,
            Reward::All { rewards } => rewards.iter().any(Reward::has_gradient),
            _ => false,
        }
    }

    /// Whether it, or a part of it, asks how well a story's ending follows.
    pub fn asks_for_ending(&self) -> bool {
        match self {
            Reward::Ending {} => true,
            Reward::All { rewards } => rewards.iter().any(Reward::asks_for_ending),
            _ => false,
        }
    }
}

impl Task {
    /// The kinds of reward that are about its end points.
    pub fn rewards(self) -> &'static [&'static str] {
        match self {
            Task::Mixtures => &["ratio", "formula", "mask", "painted", "annealed", "product"],
            Task::Digits => &[
                "classes",
                "each_class",
                "ink",
                "symmetry",
                "holes",
                "thickness",
                "inpaint",
                "all",
            ],
            Task::Stories => &["ending", "mention", "length", "distinct", "all"],
        }
    }
}

/// How the probabilities of several classes become one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ClassesBy {
    /// The probability that the image is of any of them.
    #[default]
    Sum,
    /// The largest, as the paper has it for even and odd digits (arXiv 2405.20971, §3.1).
    Max,
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
