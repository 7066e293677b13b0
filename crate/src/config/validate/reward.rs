//! The values of a reward.

use super::{Checked, mixture, positive, range, whole};
use crate::config::{ConfigError, HALF_WIDTH, PAINT_LEVELS, Reward, Shape, Task};
use crate::image::{CLASSES, SIDE};
use crate::text::words;

/// Most rewards in a product.
const MOST_PARTS: usize = 8;

impl Reward {
    /// Checks the reward of a run of this task.
    pub(super) fn validate(&self, task: Task) -> Checked {
        self.belongs("reward.kind", task)?;
        self.validate_values(task)
    }

    fn validate_values(&self, task: Task) -> Checked {
        match self {
            Reward::Ratio {
                numerator,
                denominator,
            } => {
                mixture("reward.numerator", numerator)?;
                if !denominator.is_empty() {
                    mixture("reward.denominator", denominator)?;
                }
                Ok(())
            }
            Reward::Formula { expression, .. } => whole(
                "the length of reward.expression",
                expression.chars().count(),
                1,
                500,
            ),
            Reward::Mask {
                shape,
                inside,
                outside,
            } => {
                range("reward.inside", *inside, 0.0, 1e6)?;
                range("reward.outside", *outside, 0.0, 1e6)?;
                if inside.max(*outside) == 0.0 {
                    return Err(ConfigError::new(
                        "reward.inside",
                        inside,
                        "a number above 0 inside or outside",
                    ));
                }
                shape.validate()
            }
            Reward::Painted { rows } => painted(rows),
            Reward::Annealed { power } => {
                if *power > 0.5 && *power <= 10.0 {
                    return Ok(());
                }
                Err(ConfigError::new(
                    "reward.power",
                    power,
                    "a number above 0.5, at most 10",
                ))
            }
            Reward::Product { components } => mixture("reward.components", components),
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
            Reward::Ending {} => Ok(()),
            Reward::Mention { words, penalty } => {
                whole("the number of reward.words", words.len(), 1, MOST_PARTS)?;
                for (at, word) in words.iter().enumerate() {
                    single(&format!("reward.words[{at}]"), word)?;
                }
                positive("reward.penalty", *penalty, 100.0)
            }
            Reward::Length { target, deviation } => {
                range("reward.target", *target, 0.0, 1000.0)?;
                positive("reward.deviation", *deviation, 1000.0)
            }
            Reward::Distinct { penalty } => positive("reward.penalty", *penalty, 100.0),
            Reward::All { rewards } => {
                whole("the number of reward.rewards", rewards.len(), 1, MOST_PARTS)?;
                for (at, part) in rewards.iter().enumerate() {
                    part.belongs(&format!("reward.rewards[{at}].kind"), task)?;
                    let refused = match part {
                        Reward::All { .. } => Some("no product in a product"),
                        Reward::EachClass { .. } => Some("one posterior in a product"),
                        _ => None,
                    };
                    if let Some(allowed) = refused {
                        let field = format!("reward.rewards[{at}].kind");
                        return Err(ConfigError::new(field, format!("`{}`", part.kind()), allowed));
                    }
                    part.validate_values(task)?;
                }
                Ok(())
            }
        }
    }

    fn belongs(&self, field: &str, task: Task) -> Checked {
        if task.rewards().contains(&self.kind()) {
            Ok(())
        } else {
            Err(self.foreign(field, task))
        }
    }

    /// Refuses a kind that is about other end points than the task's.
    pub(crate) fn foreign(&self, field: &str, task: Task) -> ConfigError {
        ConfigError::new(
            field,
            format!("`{}`", self.kind()),
            format!(
                "one of {} for the task {}",
                task.rewards().join(", "),
                task.name()
            ),
        )
    }
}

impl Shape {
    fn validate(&self) -> Checked {
        match *self {
            Shape::HalfPlane { normal, offset } => {
                point("reward.shape.normal", normal)?;
                range("reward.shape.offset", offset, -1e3, 1e3)?;
                positive(
                    "the length of reward.shape.normal",
                    normal[0].hypot(normal[1]),
                    100.0,
                )
            }
            Shape::Disc { center, radius } => {
                point("reward.shape.center", center)?;
                positive("reward.shape.radius", radius, 100.0)
            }
            Shape::Ring { center, inner, outer } => {
                point("reward.shape.center", center)?;
                positive("reward.shape.outer", outer, 100.0)?;
                range("reward.shape.inner", inner, 0.0, outer)
            }
            Shape::Box { min, max } => {
                point("reward.shape.min", min)?;
                point("reward.shape.max", max)?;
                range("reward.shape.min[0]", min[0], -2.0 * HALF_WIDTH, max[0])?;
                range("reward.shape.min[1]", min[1], -2.0 * HALF_WIDTH, max[1])
            }
        }
    }
}

fn painted(rows: &[String]) -> Checked {
    whole("the number of reward.rows", rows.len(), 2, 256)?;
    for (i, row) in rows.iter().enumerate() {
        whole(
            &format!("the length of reward.rows[{i}]"),
            row.len(),
            rows.len(),
            rows.len(),
        )?;
        if let Some(c) = row.chars().find(|c| !c.is_ascii_digit()) {
            return Err(ConfigError::new(
                format!("reward.rows[{i}]"),
                format!("`{c}`"),
                "digits 0 to 9 only",
            ));
        }
    }
    if rows.iter().all(|row| row.bytes().all(|b| b == b'0')) {
        return Err(ConfigError::new(
            "reward.rows",
            "0 everywhere",
            "at least one cell above 0",
        ));
    }
    Ok(())
}

/// One word.
fn single(field: &str, word: &str) -> Checked {
    match words(word).as_slice() {
        [_] => Ok(()),
        _ => Err(ConfigError::new(field, format!("`{word}`"), "one word")),
    }
}

/// Classes, each at most once.
fn distinct(classes: &[usize]) -> Checked {
    whole("the number of reward.classes", classes.len(), 1, CLASSES)?;
    for (at, class) in classes.iter().enumerate() {
        let field = format!("reward.classes[{at}]");
        whole(&field, *class, 0, CLASSES - 1)?;
        if classes[..at].contains(class) {
            return Err(ConfigError::new(field, class, "every class once"));
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

fn point(field: &str, p: [f64; 2]) -> Checked {
    range(&format!("{field}[0]"), p[0], -2.0 * HALF_WIDTH, 2.0 * HALF_WIDTH)?;
    range(&format!("{field}[1]"), p[1], -2.0 * HALF_WIDTH, 2.0 * HALF_WIDTH)
}
