//! What a run of images is about: a diffusion prior, and a reward of images.

use super::data::{CLASSES, SIDE};
use crate::engine::ConfigError;
use crate::engine::check::{Checked, positive, range, whole};
use crate::run::{
    Evaluation, FileKind, FileNeed, LogZ, Objective, Optimizer, Problem, Process, Rollout, Run, Tempering,
    Training,
};
use crate::task::network_prior::NetworkPrior;
use serde::{Deserialize, Serialize};

/// Levels of a known pixel: a digit d from 0 to 9 means the brightness d/9.
pub const PAINT_LEVELS: u32 = 9;

/// Most rewards in a product.
const MOST_PARTS: usize = 8;

/// Prior and reward of images.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "native", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct ImagesProblem {
    /// The prior p(x): a diffusion model.
    pub prior: NetworkPrior,
    /// The reward r(x) of an image x.
    pub reward: Reward,
}

impl Default for ImagesProblem {
    fn default() -> Self {
        Self {
            prior: NetworkPrior::new("prior-digits"),
            reward: Reward::Classes {
                classes: vec![3],
                by: ClassesBy::default(),
            },
        }
    }
}

impl ImagesProblem {
    /// The problem of a run of images.
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

impl Problem for ImagesProblem {
    fn task(&self) -> &'static str {
        super::NAME
    }

    fn validate(&self, run: &Run) -> Checked {
        self.prior.validate(super::NAME, run)?;
        self.reward.validate()
    }

    fn files(&self) -> Vec<FileNeed<'_>> {
        let shipped = |role, name, field| FileNeed {
            role,
            name,
            field,
            kind: FileKind::ShippedWeights,
        };
        vec![
            self.prior.file(),
            shipped("reward", "classifier", "the network of the reward"),
            shipped("judge", "classifier-evaluation", "the classifier of evaluation"),
        ]
    }

    fn conditions(&self) -> usize {
        self.classes().map_or(1, <[usize]>::len)
    }

    fn classes(&self) -> Option<&[usize]> {
        match &self.reward {
            Reward::EachClass { classes } => Some(classes),
            _ => None,
        }
    }

    fn why_several(&self) -> &'static str {
        "reward.kind `each_class` has one posterior per class"
    }

    fn starts_at_prior(&self, run: &Run) -> bool {
        !run.network.langevin
    }

    fn without_langevin(&self) -> Option<&'static str> {
        match self.reward.has_gradient() {
            true => None,
            false => Some("false: a black-box reward has no gradient"),
        }
    }
}

/// The reward r(x), at most 1.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "native", derive(schemars::JsonSchema))]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum Reward {
    /// A classifier's p(class|image), of one class or several.
    Classes {
        /// The wanted classes, each at most once.
        classes: Vec<usize>,
        /// How the probabilities of several classes are combined.
        #[serde(default)]
        by: ClassesBy,
    },
    /// A posterior for every class, with r(x|class) = p(class|x). One network learns them all and is told
    /// which class is wanted.
    EachClass {
        /// The classes, each at most once. Each gets a posterior.
        classes: Vec<usize>,
    },
    /// A Gaussian of the image's mean brightness, from 0 (black) to 1 (white). Without gradient.
    Ink {
        /// The wanted brightness.
        target: f64,
        /// Standard deviation of the Gaussian, in units of brightness.
        deviation: f64,
    },
    /// A Gaussian with mean 0 of the share of ink that the mirror image lacks. Without gradient.
    Symmetry {
        /// Standard deviation of the Gaussian, as a share of the ink.
        deviation: f64,
    },
    /// exp(−penalty·|holes − count|), of the number of holes in the stroke. Without gradient.
    Holes {
        /// The wanted number of holes.
        count: usize,
        /// Decrease of log r for each hole too many or too few.
        penalty: f64,
    },
    /// A Gaussian of the stroke's width, in pixels. Without gradient.
    Thickness {
        /// The wanted width, in pixels.
        target: f64,
        /// Standard deviation of the Gaussian, in pixels.
        deviation: f64,
    },
    /// The likelihood of known pixels, which have Gaussian noise.
    Inpaint {
        /// The rows, the first at the top, each of 28 characters: a digit d for the brightness d/9, a dot for an
        /// unknown pixel. At least one pixel must be known.
        rows: Vec<String>,
        /// Standard deviation of the noise; black and white are 2 apart.
        deviation: f64,
    },
    /// The product of several rewards.
    All {
        /// The factors. None may be `all` or `each_class`.
        rewards: Vec<Reward>,
    },
}

/// The kinds of [`Reward`], as in the TOML file.
pub const REWARDS: &[&str] = &[
    "classes",
    "each_class",
    "ink",
    "symmetry",
    "holes",
    "thickness",
    "inpaint",
    "all",
];

/// How the probabilities of several classes become one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "native", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum ClassesBy {
    /// The sum: the probability that the image is of any of them.
    #[default]
    Sum,
    /// The largest, as in the paper for even and odd digits (arXiv 2405.20971, §3.1).
    Max,
}

impl Reward {
    /// The name of its kind, as in the TOML file.
    pub fn kind(&self) -> &'static str {
        match self {
            Reward::Classes { .. } => "classes",
            Reward::EachClass { .. } => "each_class",
            Reward::Ink { .. } => "ink",
            Reward::Symmetry { .. } => "symmetry",
            Reward::Holes { .. } => "holes",
            Reward::Thickness { .. } => "thickness",
            Reward::Inpaint { .. } => "inpaint",
            Reward::All { .. } => "all",
        }
    }

    /// The reward under one of its conditions, of which [`Reward::EachClass`] has several.
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

    /// Whether it, or a factor of it, has a gradient.
    pub fn has_gradient(&self) -> bool {
        match self {
            Reward::Classes { .. } | Reward::EachClass { .. } | Reward::Inpaint { .. } => true,
            Reward::All { rewards } => rewards.iter().any(Reward::has_gradient),
            _ => false,
        }
    }

    fn validate(&self) -> Checked {
        match self {
            Reward::Classes { classes, .. } | Reward::EachClass { classes } => distinct(classes),
            Reward::Ink { target, deviation } => {
                range("reward.target", *target, 0.0, 1.0)?;
                positive("reward.deviation", *deviation, 1.0)
            }
            Reward::Symmetry { deviation } => positive("reward.deviation", *deviation, 1.0),
            Reward::Holes { count, penalty } => {
                whole("reward.count", *count, 0, 10)?;
                positive("reward.penalty", *penalty, 100.0)
            }
            Reward::Thickness { target, deviation } => {
                range("reward.target", *target, 0.5, SIDE as f64)?;
                positive("reward.deviation", *deviation, SIDE as f64)
            }
            Reward::Inpaint { rows, deviation } => {
                known(rows)?;
                positive("reward.deviation", *deviation, 10.0)
            }
            Reward::All { rewards } => {
                whole("the number of reward.rewards", rewards.len(), 1, MOST_PARTS)?;
                for (at, part) in rewards.iter().enumerate() {
                    let refused = match part {
                        Reward::All { .. } => Some("another kind: a product cannot hold a product"),
                        Reward::EachClass { .. } => Some("another kind: a product has a single posterior"),
                        _ => None,
                    };
                    if let Some(allowed) = refused {
                        let field = format!("reward.rewards[{at}].kind");
                        return Err(ConfigError::new(field, format!("`{}`", part.kind()), allowed));
                    }
                    part.validate()?;
                }
                Ok(())
            }
        }
    }
}

/// Classes, each at most once.
fn distinct(classes: &[usize]) -> Checked {
    whole("the number of reward.classes", classes.len(), 1, CLASSES)?;
    for (at, class) in classes.iter().enumerate() {
        let field = format!("reward.classes[{at}]");
        whole(&field, *class, 0, CLASSES - 1)?;
        if classes[..at].contains(class) {
            return Err(ConfigError::new(field, class, "each class only once"));
        }
    }
    Ok(())
}

/// The pixels that are known of an image.
fn known(rows: &[String]) -> Checked {
    whole("the number of reward.rows", rows.len(), SIDE, SIDE)?;
    for (at, row) in rows.iter().enumerate() {
        let allowed = |c: char| c == '.' || c.to_digit(10).is_some_and(|d| d <= PAINT_LEVELS);
        if row.chars().count() != SIDE || !row.chars().all(allowed) {
            return Err(ConfigError::new(
                format!("reward.rows[{at}]"),
                format!("`{row}`"),
                format!("{SIDE} characters, each a dot or a digit from 0 to {PAINT_LEVELS}"),
            ));
        }
    }
    if rows.iter().all(|row| row.chars().all(|c| c == '.')) {
        return Err(ConfigError::new(
            "reward.rows",
            "only dots",
            "at least one known pixel",
        ));
    }
    Ok(())
}

/// The values of the digits task: short chains, and all weights of a copy of the prior's network.
pub fn defaults() -> Run {
    Run {
        tempering: Tempering {
            start: 1.0,
            iterations: 0,
            floor: -20.0,
            ..Tempering::default()
        },
        process: Process {
            steps: 40,
            ..Process::default()
        },
        objective: Objective {
            log_z: LogZ::Vargrad,
            chunk: 512,
            ..Objective::default()
        },
        rollout: Rollout {
            batch: 32,
            noised_share: 0.25,
            ..Rollout::default()
        },
        optimizer: Optimizer {
            learning_rate: 1e-3,
            ema: 0.9,
            ..Optimizer::default()
        },
        training: Training {
            iterations: 800,
            checkpoint_every: 100,
        },
        evaluation: Evaluation {
            samples: 2000,
            proposals: 2000,
            every: 80,
            samples_while_training: 200,
            candidates: 16,
        },
        ..Run::new(ImagesProblem::default())
    }
}
