//! What is wrong with a description of a run.

use std::fmt::Display;

/// A refused value: which field, what it held, what it may hold.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[error("{field}: {value} is not allowed; {allowed}")]
pub struct ConfigError {
    /// Dotted path of the field, as in the TOML file.
    pub field: String,
    pub value: String,
    /// What would have been accepted.
    pub allowed: String,
}

impl ConfigError {
    pub fn new(field: impl Into<String>, value: impl Display, allowed: impl Into<String>) -> Self {
        Self {
            field: field.into(),
            value: value.to_string(),
            allowed: allowed.into(),
        }
    }

    /// Text that is not TOML at all.
    pub(super) fn syntax(
        what: &str,
        message: &str,
        span: Option<std::ops::Range<usize>>,
        text: &str,
    ) -> Self {
        let before = span.and_then(|s| text.get(..s.start)).unwrap_or_default();
        let line = 1 + before.matches('\n').count();
        let shown = text.lines().nth(line - 1).unwrap_or_default();
        Self::new(
            format!("{what}, line {line}"),
            format!("`{shown}`"),
            format!("TOML is expected ({message})"),
        )
    }

    /// A table that does not have the shape of a run. serde says "invalid type: …, expected …" or
    /// "unknown field `…`, expected …" or "unknown field `…`, there are no fields", and toml says where.
    pub(super) fn unreadable(error: &toml::de::Error) -> Self {
        let text = error.to_string();
        let place = text
            .lines()
            .find_map(|l| l.trim().strip_prefix("in `").and_then(|l| l.strip_suffix('`')));
        let message = error.message();
        let (found, expected) = message
            .split_once(", expected ")
            .or_else(|| Some((message.strip_suffix(", there are no fields")?, "none")))
            .unwrap_or((message, "a value of another kind"));
        if let Some(name) = found
            .strip_prefix("unknown field `")
            .and_then(|f| f.strip_suffix('`'))
        {
            let field = place.map_or_else(|| name.to_owned(), |place| format!("{place}.{name}"));
            return Self::new(field, "an unknown field", format!("expected is {expected}"));
        }
        let found = found.split_once(": ").map_or(found, |(_, value)| value);
        let found = found.strip_prefix("unknown variant ").unwrap_or(found);
        Self::new(
            place.unwrap_or("the run"),
            found,
            format!("expected is {expected}"),
        )
    }
}
