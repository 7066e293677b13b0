//! Whether a reward suits the images that the prior learned.

use super::{Class, Reward};
use crate::engine::ConfigError;
use crate::engine::check::Checked;
use crate::task::images::{Learned, Shape};

impl Reward {
    /// This reward with the numbers of its classes; one of other images, which only the file of the prior tells, is
    /// refused.
    ///
    /// # Errors
    ///
    /// Names the field, its value and what is allowed.
    pub(in crate::task::images) fn suited(mut self, learned: &Learned) -> Result<Self, ConfigError> {
        match &mut self {
            Reward::All { rewards } => {
                for (at, factor) in rewards.iter_mut().enumerate() {
                    factor.suit(&format!("reward.rewards[{at}]"), learned)?;
                }
            }
            alone => alone.suit("reward", learned)?,
        }
        Ok(self)
    }

    fn suit(&mut self, at: &str, learned: &Learned) -> Checked {
        let field = |place: usize| format!("{at}.classes[{place}]");
        match self {
            Reward::Classes { classes, .. } | Reward::EachClass { classes, .. } => {
                for place in 0..classes.len() {
                    let number = known(&field(place), &classes[place], learned)?;
                    if classes[..place].contains(&Class::Number(number)) {
                        return Err(ConfigError::new(
                            field(place),
                            &classes[place],
                            "each class only once",
                        ));
                    }
                    classes[place] = Class::Number(number);
                }
                Ok(())
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
            Reward::Color { color, .. } if color.len() != learned.shape.channels => Err(ConfigError::new(
                format!("the number of {at}.color"),
                color.len(),
                format!("{}, as the images have channels", learned.shape.channels),
            )),
            Reward::Inpaint { rows, .. } => painted(&format!("{at}.rows"), rows, learned),
            _ => Ok(()),
        }
    }
}

/// The number of a class that the images have.
fn known(field: &str, class: &Class, learned: &Learned) -> Result<usize, ConfigError> {
    learned.number(class).ok_or_else(|| {
        let names: Vec<String> = (0..learned.classes.len())
            .map(|class| learned.class(class))
            .collect();
        let allowed = format!("a class of {}: {}", learned.data, names.join(", "));
        ConfigError::new(field, class, allowed)
    })
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
