//! Generators that somebody else trained: ONNX models that make the prior of a run of noise.

use crate::engine::ConfigError;
use crate::engine::check::{Checked, range};
use serde::{Deserialize, Serialize};

/// An ONNX model that makes images of standard normal noise: one input `[batch, latents]` (or `[batch, latents, 1, 1]`), and
/// an output `[batch, channels, height, width]`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "native", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct OnnxGenerator {
    /// The file of the model.
    pub model: String,
    /// The name of its output; the first if it is absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub output: Option<String>,
    /// The numbers that the output has for black and for white.
    #[serde(default = "black_to_white")]
    pub range: [f64; 2],
    /// The data set that it learned, as classifiers name theirs. Without it no classifier is asked about its images.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub data: Option<String>,
}

fn black_to_white() -> [f64; 2] {
    [-1.0, 1.0]
}

impl OnnxGenerator {
    pub(crate) fn validate(&self, field: &str) -> Checked {
        let [black, white] = self.range;
        for (at, number) in self.range.iter().enumerate() {
            range(&format!("{field}.range[{at}]"), *number, -1e6, 1e6)?;
        }
        match black == white {
            false => Ok(()),
            true => Err(ConfigError::new(
                format!("{field}.range"),
                format!("[{black}, {white}]"),
                "two different numbers, that of black and that of white",
            )),
        }
    }
}
