//! The names of coordinates, which formulas and tables use.

use crate::engine::ConfigError;
use crate::engine::check::Checked;

/// Most coordinates of a point.
pub const MOST_COORDINATES: usize = 64;

/// Refuses names of coordinates that a formula could not tell from something else, and double ones; `field` is that of
/// the name at a place.
pub(super) fn check(names: &[String], field: impl Fn(usize) -> String) -> Checked {
    (0..names.len()).try_for_each(|at| check_last(&names[..=at], || field(at)))
}

/// The same of the columns of observations, which stand beside coordinates.
#[cfg(feature = "engine")]
pub(super) fn check_columns(coordinates: &[String], columns: &[String]) -> Checked {
    let names = [coordinates, columns].concat();
    let field = |at| format!("the name of column {at} of observations.file");
    (1..=columns.len()).try_for_each(|at| check_last(&names[..coordinates.len() + at], || field(at)))
}

/// Checks the last of these names.
fn check_last(names: &[String], field: impl Fn() -> String) -> Checked {
    let Some((name, before)) = names.split_last() else {
        return Ok(());
    };
    let refused = |allowed: &str| Err(ConfigError::new(field(), format!("`{name}`"), allowed));
    let mut letters = name.chars();
    let first = letters.next().is_some_and(|c| c.is_alphabetic() || c == '_');
    if !first || !letters.all(|c| c.is_alphanumeric() || c == '_') {
        return refused("a name of letters, digits and _ that begins with a letter, for example `theta_1`");
    }
    if crate::task::formula::is_taken(name) {
        return refused("another name: formulas have a function or a number of that name");
    }
    if before.contains(name) {
        return refused("a name that no other coordinate or column has");
    }
    Ok(())
}
