//! What can be wrong: a value, a file, a device.

use std::fmt::{self, Display};

/// A refused value: which field, what it held, what it may hold.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub struct ConfigError {
    /// Dotted path of the field, as in the TOML file.
    pub field: String,
    /// What it held, as text; empty where it is missing.
    pub value: String,
    /// What would have been accepted.
    pub allowed: String,
}

impl ConfigError {
    /// The refusal of `value` in `field`, where `allowed` would have been accepted.
    pub fn new(field: impl Into<String>, value: impl Display, allowed: impl Into<String>) -> Self {
        Self {
            field: field.into(),
            value: value.to_string(),
            allowed: allowed.into(),
        }
    }

    /// The refusal of `field` without a value, where `needed` is needed.
    pub fn missing(field: impl Into<String>, needed: impl Into<String>) -> Self {
        Self::new(field, "", needed)
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
            "" => write!(f, "{field} is missing: {allowed}"),
            value => write!(f, "{field}: {value} is not allowed; {allowed}"),
        }
    }
}

/// Why something cannot open or go on.
#[derive(Debug, thiserror::Error)]
pub enum EngineError {
    /// A setting that is refused.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// A weights file that does not fit; the text names the tensor and the shapes.
    #[error("weights: {0}")]
    Weights(String),
    /// A checkpoint that is damaged or of another run.
    #[error("checkpoint: {0}")]
    Checkpoint(String),
    /// The loss is no longer a number. What was trained before can still be measured and saved.
    #[error("{0}")]
    Diverged(String),
    /// A training-free method cannot be used here, or its device failed.
    #[error("{0}")]
    Method(String),
    /// The device failed: lost, out of memory.
    #[error("device: {0}")]
    Device(String),
}
