//! What is wanted of an image.

use super::validate::{positive, range, whole};
use super::{ConfigError, PAINT_LEVELS};
use crate::image::{CLASSES, SIDE};
use serde::{Deserialize, Serialize};

/// Most rewards in a product.
const MOST_PARTS: usize = 8;

/// The reward r(image), at most 1.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum ImageReward {
    /// p(class|image) of a classifier, over one or several classes.
    Classes {
        classes: Vec<usize>,
        #[serde(default)]
        by: ClassesBy,
    },
    /// A black box: a Gaussian of the mean brightness, 0 to 1.
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
    /// The product of several rewards.
    All { rewards: Vec<ImageReward> },
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

impl ImageReward {
    /// Checks every value.
    ///
    /// # Errors
    ///
    /// Names the first field that is wrong, its value and what is allowed.
    pub fn validate(&self) -> Result<(), ConfigError> {
        match self {
            Self::Classes { classes, .. } => {
                whole("the number of reward.classes", classes.len(), 1, CLASSES)?;
                for (at, class) in classes.iter().enumerate() {
                    whole(&format!("reward.classes[{at}]"), *class, 0, CLASSES - 1)?;
                    if classes[..at].contains(class) {
                        return Err(ConfigError::new(
                            format!("reward.classes[{at}]"),
                            class,
                            "every class once",
                        ));
                    }
                }
                Ok(())
            }
            Self::Ink { target, deviation } => {
                range("reward.target", *target, 0.0, 1.0)?;
                positive("reward.deviation", *deviation, 1.0)
            }
            Self::Symmetry { deviation } => positive("reward.deviation", *deviation, 1.0),
            Self::Holes { count, penalty } => {
                whole("reward.count", *count, 0, 10)?;
                positive("reward.penalty", *penalty, 100.0)
            }
            Self::Thickness { target, deviation } => {
                range("reward.target", *target, 0.5, SIDE as f64)?;
                positive("reward.deviation", *deviation, SIDE as f64)
            }
            Self::Inpaint { rows, deviation } => {
                painted(rows)?;
                positive("reward.deviation", *deviation, 10.0)
            }
            Self::All { rewards } => {
                whole("the number of reward.rewards", rewards.len(), 1, MOST_PARTS)?;
                for part in rewards {
                    if matches!(part, Self::All { .. }) {
                        return Err(ConfigError::new(
                            "reward.rewards",
                            "a product",
                            "no product in a product",
                        ));
                    }
                    part.validate()?;
                }
                Ok(())
            }
        }
    }
}

fn painted(rows: &[String]) -> Result<(), ConfigError> {
    whole("the number of reward.rows", rows.len(), SIDE, SIDE)?;
    for (at, row) in rows.iter().enumerate() {
        let known = |c: char| c == '.' || c.to_digit(10).is_some_and(|d| d <= PAINT_LEVELS);
        if row.chars().count() != SIDE || !row.chars().all(known) {
            return Err(ConfigError::new(
                format!("reward.rows[{at}]"),
                format!("`{row}`"),
                format!("{SIDE} characters, digits or dots"),
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
