//! What all descriptions of priors of images share.

use crate::engine::ConfigError;
use crate::engine::check::Checked;
use crate::run::{FileNeed, Files, Run};
use crate::task::images::{DIGITS, PRIORS};
use crate::task::network_prior::NetworkPrior;
use serde::Serialize;
use std::fmt;

/// A prior of images, as a run describes it.
pub trait DescribedPrior: Clone + fmt::Debug + PartialEq + Serialize + Send + Sync + 'static {
    /// The name of the task whose priors are described so.
    const TASK: &'static str;
    /// Whether the posterior's network can be told the class that is wanted.
    const TOLD_CLASSES: bool = true;
    /// Why no run of it has a Langevin term, if none has.
    const WITHOUT_LANGEVIN: Option<&'static str> = None;

    /// The prior of a run that names none.
    fn shipped() -> Self;

    /// Whether it ships, and its images are of MNIST's shape.
    fn ships(&self) -> bool;

    /// Checks it, and how many samples of it a run asks for.
    ///
    /// # Errors
    ///
    /// Names the field, its value and what is allowed.
    fn validate(&self, run: &Run) -> Checked;

    /// The text of every condition, of a prior that has a chain for each; none yet where a file has them.
    fn prompts(&self) -> Option<&[String]> {
        None
    }

    /// The same with what its files say of it.
    ///
    /// # Errors
    ///
    /// Where one is not what it should be.
    fn completed(self, _files: &Files) -> Result<Self, ConfigError> {
        Ok(self)
    }

    /// Its files.
    fn files(&self) -> Vec<FileNeed<'_>>;
}

impl DescribedPrior for NetworkPrior {
    const TASK: &'static str = DIGITS;

    fn shipped() -> Self {
        Self::new("prior-digits")
    }

    fn ships(&self) -> bool {
        PRIORS.iter().any(|prior| prior.name == self.weights)
    }

    fn validate(&self, run: &Run) -> Checked {
        NetworkPrior::validate(self, DIGITS, run)
    }

    fn files(&self) -> Vec<FileNeed<'_>> {
        vec![self.file()]
    }
}
