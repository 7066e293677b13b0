//! Rewards that somebody else computes: a program of the user's, or an ONNX model.

use crate::engine::ConfigError;
use crate::engine::check::{Checked, positive, whole};
use serde::{Deserialize, Serialize};

/// A program that answers every batch of samples with log r.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "native", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Command {
    /// The program and its arguments, for example `["python3", "reward.py"]`. It is started once. For every batch
    /// it reads one .npy array of float64 from its standard input, one row a sample, and writes one of as many
    /// numbers to its standard output: log r of each.
    pub run: Vec<String>,
    /// How many of it work side by side.
    #[serde(default = "one")]
    pub workers: usize,
    /// Seconds that an answer may take.
    #[serde(default = "minute")]
    pub timeout: f64,
}

fn one() -> usize {
    1
}

fn minute() -> f64 {
    60.0
}

impl Command {
    /// Its name in errors, and in files.
    pub fn program(&self) -> &str {
        self.run.first().map_or("", String::as_str)
    }

    pub(crate) fn validate(&self, field: &str) -> Checked {
        if self.program().is_empty() {
            return Err(ConfigError::missing(
                format!("{field}.run"),
                "the program and its arguments, for example `[\"python3\", \"reward.py\"]`",
            ));
        }
        whole(&format!("the number of {field}.run"), self.run.len(), 1, 100)?;
        whole(&format!("{field}.workers"), self.workers, 1, 256)?;
        positive(&format!("{field}.timeout"), self.timeout, 86_400.0)
    }
}

/// An ONNX model that is given samples, one row each, and returns log r or what it follows from.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "native", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Onnx {
    /// The file of the model.
    pub model: String,
    /// The name of its output; the first if it is absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub output: Option<String>,
    /// What the output means.
    #[serde(default)]
    pub meaning: Meaning,
    /// The class that is wanted, from 0, where the output is of several classes.
    #[serde(default)]
    pub class: usize,
}

/// What the output of a model means.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "native", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Meaning {
    /// log r itself, one number a sample.
    #[default]
    LogReward,
    /// Probabilities of classes: r is that of `class`.
    Probabilities,
    /// Logits of classes: r is the softmax of `class`; of a single logit, its sigmoid.
    Logits,
}

impl Onnx {
    pub(crate) fn validate(&self, field: &str) -> Checked {
        if self.model.is_empty() {
            return Err(ConfigError::missing(
                format!("{field}.model"),
                "the path of an ONNX file",
            ));
        }
        whole(&format!("{field}.class"), self.class, 0, 1_000_000)
    }
}
