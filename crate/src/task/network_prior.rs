//! Priors that are a network, and nothing else.

use crate::engine::ConfigError;
use crate::engine::check::{Checked, whole};
use crate::run::{FileKind, FileNeed, Run};
use serde::{Deserialize, Serialize};

/// The prior p(x): a network, held by a file of weights.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "native", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct NetworkPrior {
    /// Always `learned`: this task's prior is a network.
    #[serde(default)]
    kind: Kind,
    /// The prior's weights: the name of weights that ship (`rtb list`), or a safetensors file.
    #[serde(default)]
    pub weights: String,
    /// Runs were written with an empty mixture once; a mixture is refused.
    #[serde(default, skip_serializing)]
    #[cfg_attr(feature = "native", schemars(skip))]
    components: Vec<toml::Value>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "native", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
enum Kind {
    /// A network that `rtb pretrain` trained.
    #[default]
    Learned,
    // Read for the sake of its error.
    #[cfg_attr(feature = "native", schemars(skip))]
    Exact,
}

impl NetworkPrior {
    /// The prior in a file of that name.
    pub fn new(weights: impl Into<String>) -> Self {
        Self {
            kind: Kind::Learned,
            weights: weights.into(),
            components: Vec::new(),
        }
    }

    /// The file.
    pub(super) fn file(&self) -> FileNeed<'_> {
        FileNeed {
            role: "prior",
            name: &self.weights,
            field: "prior.weights",
            kind: FileKind::Weights,
        }
    }

    /// Checks the prior of a run of this task, and how many samples of it are asked for.
    pub(super) fn validate(&self, task: &str, run: &Run) -> Checked {
        if !self.components.is_empty() {
            return Err(ConfigError::new(
                "prior.components",
                format!("a mixture of {} components", self.components.len()),
                format!("no components, as the prior of the task {task} is a network"),
            ));
        }
        if self.kind != Kind::Learned {
            return Err(ConfigError::new(
                "prior.kind",
                "`exact`",
                format!("`learned`, as the prior of the task {task} is a network"),
            ));
        }
        if self.weights.is_empty() {
            return Err(ConfigError::missing(
                "prior.weights",
                "the name of a shipped prior (see `rtb list`) or a file of weights",
            ));
        }
        // Every proposal of the exact posterior is kept in memory.
        whole("evaluation.samples", run.evaluation.samples, 100, 100_000)?;
        whole("evaluation.proposals", run.evaluation.proposals, 100, 400_000)
    }
}
