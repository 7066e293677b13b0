//! Errors of the engine: a refused value, an unreadable file, a failed device.

use std::fmt::{self, Display};

/// A refused value: the field, its value and what is allowed instead.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub struct ConfigError {
    /// Dotted path of the field, as in the TOML file.
    pub field: String,
    /// Its value as text; empty if the field is missing, [`ConfigError::UNKNOWN`] if there is no such field.
    pub value: String,
    /// What to give instead: a phrase that completes "use …".
    pub allowed: String,
}

impl ConfigError {
    /// Stands as the value of a field that does not exist.
    pub const UNKNOWN: &str = "an unknown field";

    /// Refuses `value` in `field`; `allowed` completes "use …". Of a long value, its beginning is shown.
    pub fn new(field: impl Into<String>, value: impl Display, allowed: impl Into<String>) -> Self {
        Self {
            field: beginning(&field.into()),
            value: beginning(&value.to_string()),
            allowed: allowed.into(),
        }
    }

    /// The same of one of several that share the field: the value is told with its name.
    pub(crate) fn of(self, name: &str) -> Self {
        let value = format!("{} for `{}`", self.value, beginning(name));
        Self { value, ..self }
    }

    /// Refuses a missing `field`; `needed` completes "give …".
    pub fn missing(field: impl Into<String>, needed: impl Into<String>) -> Self {
        Self::new(field, "", needed)
    }
}

/// Most characters of an input that an error repeats.
const REPEATED: usize = 200;

/// A text as an error repeats it.
pub(crate) fn beginning(text: &str) -> String {
    match text.char_indices().nth(REPEATED) {
        None => text.to_owned(),
        Some((end, _)) => format!("{}…", &text[..end]),
    }
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        let Self {
            field,
            value,
            allowed,
        } = self;
        match value.as_str() {
            "" => write!(f, "{field} is missing; give {allowed}"),
            Self::UNKNOWN => write!(f, "{field} is an unknown field; use {allowed}"),
            value => write!(f, "{field}: {value} is not allowed; use {allowed}"),
        }
    }
}

/// Why a run cannot start or continue.
#[derive(Debug, thiserror::Error)]
pub enum EngineError {
    /// A setting is not allowed.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// A file of weights does not fit the network; the text names the tensor and the shapes.
    #[error("weights: {0}")]
    Weights(String),
    /// A checkpoint is damaged or belongs to another run.
    #[error("checkpoint: {0}")]
    Checkpoint(String),
    /// The loss is infinite or not a number. The weights before that iteration can still be measured and saved.
    #[error("{0}")]
    Diverged(String),
    /// A training-free method does not work on this run, or its device failed.
    #[error("{0}")]
    Method(String),
    /// The device failed (lost, out of memory), or a reward from outside did.
    #[error("{0}")]
    Device(String),
}
