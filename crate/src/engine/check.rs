//! Bounds of numbers: a value outside of them is refused by the name of its field.

use super::ConfigError;

/// What a check answers.
pub(crate) type Checked = Result<(), ConfigError>;

/// A number from `low` to `high`.
pub(crate) fn range(field: &str, value: f64, low: f64, high: f64) -> Checked {
    if (low..=high).contains(&value) {
        return Ok(());
    }
    Err(ConfigError::new(
        field,
        value,
        format!("a number from {low} to {high}"),
    ))
}

/// A whole number from `low` to `high`.
pub(crate) fn whole(field: &str, value: usize, low: usize, high: usize) -> Checked {
    if (low..=high).contains(&value) {
        return Ok(());
    }
    Err(ConfigError::new(
        field,
        value,
        format!("a whole number from {low} to {high}"),
    ))
}

/// A number above 0, at most `high`.
pub(crate) fn positive(field: &str, value: f64, high: f64) -> Checked {
    if value > 0.0 && value <= high {
        return Ok(());
    }
    Err(ConfigError::new(
        field,
        value,
        format!("a number above 0, at most {high}"),
    ))
}
