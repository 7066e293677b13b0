//! Rewards that somebody else computes: a program of the user's, or an ONNX model.

use crate::engine::ConfigError;
use crate::engine::check::{Checked, positive, range, whole};
use serde::{Deserialize, Serialize};

/// Most factors of a product of rewards.
pub(crate) const MOST_FACTORS: usize = 8;

/// The roles of the programs and models of a product's factors.
pub(crate) const OUTSIDE: [&str; MOST_FACTORS] = [
    "outside",
    "outside-1",
    "outside-2",
    "outside-3",
    "outside-4",
    "outside-5",
    "outside-6",
    "outside-7",
];

/// A program that answers every batch of samples with log r.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "native", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Command {
    /// The program and its arguments, for example `["python3", "reward.py"]`. It is started once, reads every batch from
    /// its standard input, and writes log r of each sample to its standard output.
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

/// Most channels of the images that a model takes.
const MOST_CHANNELS: usize = 16;

/// An ONNX model that is given samples, and returns log r or what it follows from.
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
    /// What is subtracted from the pixels of images, which are 0 black to 1 white, one number a channel; 0 if it is
    /// absent.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub mean: Vec<f64>,
    /// What the pixels of images are divided by once the mean is subtracted, one number a channel; 1 if it is absent.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub deviation: Vec<f64>,
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
        whole(&format!("{field}.class"), self.class, 0, 1_000_000)?;
        for (name, numbers, low) in [("mean", &self.mean, -1e3), ("deviation", &self.deviation, 1e-6)] {
            let field = format!("{field}.{name}");
            if !numbers.is_empty() {
                whole(&format!("the number of {field}"), numbers.len(), 1, MOST_CHANNELS)?;
            }
            for (at, number) in numbers.iter().enumerate() {
                range(&format!("{field}[{at}]"), *number, low, 1e3)?;
            }
        }
        Ok(())
    }

    /// The same of a model that is given no images.
    pub(crate) fn validate_without_images(&self, field: &str) -> Checked {
        self.validate(field)?;
        for (name, numbers) in [("mean", &self.mean), ("deviation", &self.deviation)] {
            if !numbers.is_empty() {
                return Err(ConfigError::new(
                    format!("{field}.{name}"),
                    format!("{numbers:?}"),
                    format!("no {name}: it is for the pixels of images"),
                ));
            }
        }
        Ok(())
    }
}
