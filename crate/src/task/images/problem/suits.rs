//! Whether a reward suits the images that the prior learned.

use super::Reward;
use crate::engine::ConfigError;
use crate::engine::check::Checked;
use crate::task::images::{Learned, Shape};

impl Reward {
    /// Refuses a reward of other images, which only the file of the prior tells.
    ///
    /// # Errors
    ///
    /// Names the field, its value and what is allowed.
    pub(in crate::task::images) fn suits(&self, learned: &Learned) -> Checked {
        match self {
            Reward::All { rewards } => rewards
                .iter()
                .enumerate()
                .try_for_each(|(at, factor)| factor.alone_suits(&format!("reward.rewards[{at}]"), learned)),
            alone => alone.alone_suits("reward", learned),
        }
    }

    fn alone_suits(&self, at: &str, learned: &Learned) -> Checked {
        match self {
            Reward::Classes { classes, .. } | Reward::EachClass { classes, .. } => {
                known(&format!("{at}.classes"), classes, learned)
            }
            Reward::Holes { .. } | Reward::Thickness { .. } if !learned.shape.is_grey() => {
                Err(ConfigError::new(
                    format!("{at}.kind"),
                    format!("`{}`", self.kind()),
                    format!(
                        "another kind: it measures strokes of grey images, and those of {} are coloured",
                        learned.data
                    ),
                ))
            }
            Reward::Inpaint { rows, .. } => painted(&format!("{at}.rows"), rows, learned),
            _ => Ok(()),
        }
    }
}

/// Refuses classes that the images do not have.
fn known(field: &str, classes: &[usize], learned: &Learned) -> Checked {
    let count = learned.classes.len();
    match classes.iter().position(|class| *class >= count) {
        None => Ok(()),
        Some(at) => {
            let names: Vec<String> = (0..count).map(|class| learned.class(class)).collect();
            let allowed = format!("a class of {}: {}", learned.data, names.join(", "));
            Err(ConfigError::new(format!("{field}[{at}]"), classes[at], allowed))
        }
    }
}

/// Refuses a painted picture of another extent.
fn painted(field: &str, rows: &[String], learned: &Learned) -> Checked {
    let Shape { height, width, .. } = learned.shape;
    // All rows are equally long.
    let columns = rows.first().map_or(0, |row| row.chars().count());
    if [rows.len(), columns] == [height, width] {
        return Ok(());
    }
    Err(ConfigError::new(
        field,
        format!("a picture of {} rows and {columns} columns", rows.len()),
        format!(
            "{height} rows and {width} columns, as the images of {} have",
            learned.data
        ),
    ))
}
