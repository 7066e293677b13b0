//! The names of coordinates, which formulas and tables use.

use crate::engine::ConfigError;
use crate::engine::check::Checked;

/// Refuses names that a formula could not tell from something else, and double ones.
pub(super) fn check(names: &[String]) -> Checked {
    for (at, name) in names.iter().enumerate() {
        let mut letters = name.chars();
        let first = letters.next().is_some_and(|c| c.is_alphabetic() || c == '_');
        let refused = |allowed: &str| {
            Err(ConfigError::new(
                format!("the name of coordinate {at}"),
                format!("`{name}`"),
                allowed,
            ))
        };
        if !first || !letters.all(|c| c.is_alphanumeric() || c == '_') {
            return refused(
                "a name of letters, digits and _ that begins with a letter, for example `theta_1`",
            );
        }
        if crate::task::formula::is_taken(name) {
            return refused("another name: formulas have a function or a number of that name");
        }
        if names[..at].contains(name) {
            return refused("a name that no other coordinate has");
        }
    }
    Ok(())
}
