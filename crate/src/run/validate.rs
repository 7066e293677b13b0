//! The values that all tasks share.

use super::{ConfigError, Run};
use crate::engine::check::{Checked, range, whole};

/// Most candidates that a sample can be chosen among.
pub const MOST_CANDIDATES: usize = 1000;

impl Run {
    /// Checks every value. Some values, like the syntax of a formula, are checked only when the run is
    /// opened.
    ///
    /// # Errors
    ///
    /// Names the first field that is wrong, its value and what is allowed.
    pub fn validate(&self) -> Checked {
        whole("the length of name", self.name.chars().count(), 0, 80)?;
        self.problem.validate(self)?;
        if self.network.langevin
            && let Some(allowed) = self.problem.without_langevin()
        {
            return Err(ConfigError::new("network.langevin", true, allowed));
        }
        if !self.takes(&self.method) {
            return Err(ConfigError::new(
                "method",
                format!("`{}`", self.method.info().name),
                format!(
                    "a trained method, for example `rtb`: {}",
                    self.problem.why_several()
                ),
            ));
        }
        self.settings().validate(self.problem.least_batch())?;
        whole("process.steps", self.process.steps, 2, 1000)?;
        range("process.variance", self.process.variance, 0.01, 100.0)?;
        range("process.temperature", self.process.temperature, 0.1, 10.0)?;
        whole("network.width", self.network.width, 4, 1024)?;
        whole("network.depth", self.network.depth, 1, 8)?;
        whole("network.rank", self.network.rank, 0, 64)?;
        whole("evaluation.samples", self.evaluation.samples, 100, 1_000_000)?;
        whole("evaluation.proposals", self.evaluation.proposals, 100, 1_000_000)?;
        whole("evaluation.every", self.evaluation.every, 0, 10_000_000)?;
        whole(
            "evaluation.samples_while_training",
            self.evaluation.samples_while_training,
            16,
            1_000_000,
        )?;
        whole(
            "evaluation.candidates",
            self.evaluation.candidates,
            1,
            MOST_CANDIDATES,
        )
    }
}
