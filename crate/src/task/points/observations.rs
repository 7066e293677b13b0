//! Observations: a table with a row for each posterior of a run.

use crate::engine::ConfigError;
use crate::engine::check::Checked;
use crate::run::{FileKind, FileNeed, LogZ, Run};
use serde::{Deserialize, Serialize};

/// Fewest trajectories of an observation in an iteration that it takes part in.
pub(super) const LEAST_OF_EACH: usize = 8;

/// Many observations, each with a posterior.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "native", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Observations {
    /// A table (CSV with a header, or .npy) of at most 10,000 rows and 256 columns. Each row is an observation;
    /// the reward may use the names of the columns beside those of the coordinates.
    pub file: String,
    /// A table with a column for each coordinate: the true point of each row of `file`, drawn from the prior before
    /// the observation was drawn given the point. At the end the posteriors' calibration is measured with it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub truth: Option<String>,
}

impl Observations {
    pub(super) fn validate(&self, run: &Run) -> Checked {
        // In an iteration only some observations take part, and a parameter of each would not keep up.
        if run.objective.log_z == LogZ::Learned {
            return Err(ConfigError::new(
                "objective.log_z",
                "`learned`",
                "`vargrad`, as the run has observations",
            ));
        }
        Ok(())
    }

    pub(super) fn files(&self) -> impl Iterator<Item = FileNeed<'_>> {
        let table = |role, name, field| FileNeed {
            role,
            name,
            field,
            kind: FileKind::Table,
        };
        let truth = self.truth.as_deref();
        let truth = truth.map(|truth| table("truth", truth, "observations.truth"));
        [table("observations", &self.file, "observations.file")]
            .into_iter()
            .chain(truth)
    }
}
