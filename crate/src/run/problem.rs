//! The part of a run that belongs to its task: prior, reward and other fields.

use super::text::toml_text;
use super::{Class, FileNeed, Run};
use crate::engine::ConfigError;
use serde::Serialize;
use std::any::Any;
use std::fmt;
use std::ops::{Deref, DerefMut};

/// A task's own part of the description of a run. Every task has a type of its own; the description
/// holds any of them as an [`AnyProblem`].
pub trait Problem: Erased + fmt::Debug + Send + Sync {
    /// The task's name, as in the TOML file.
    fn task(&self) -> &'static str;

    /// Checks its values, and those of the rest of the run that the task restricts.
    ///
    /// # Errors
    ///
    /// Names the first field that is wrong, its value and what is allowed.
    fn validate(&self, run: &Run) -> Result<(), ConfigError>;

    /// The files that a run about it needs before it can be opened.
    fn files(&self) -> Vec<FileNeed<'_>>;

    /// Number of posteriors that are trained at once, one per condition, as far as the description tells it: of some
    /// runs a file does.
    fn conditions(&self) -> usize {
        1
    }

    /// Whether one network learns several posteriors.
    fn is_amortised(&self) -> bool {
        self.conditions() > 1
    }

    /// The class of every condition, where conditions are classes.
    fn classes(&self) -> Option<&[Class]> {
        None
    }

    /// Number of conditions in an iteration of `batch` trajectories.
    fn conditions_at_once(&self, _batch: usize) -> usize {
        self.conditions()
    }

    /// Fewest trajectories of an iteration.
    fn least_batch(&self) -> usize {
        2 * self.conditions()
    }

    /// The reason for several conditions; completes an error.
    fn why_several(&self) -> &'static str {
        "the run has several posteriors"
    }

    /// Whether an untrained posterior equals its prior, kernel by kernel.
    fn starts_at_prior(&self, _run: &Run) -> bool {
        false
    }

    /// `None` if the Langevin term works: the reward has a gradient, and the network an output for its scale.
    /// Otherwise the allowed value, with the reason.
    fn without_langevin(&self) -> Option<&'static str>;

    /// Whether the host computes the Langevin term: the GPU of a browser cannot wait for it within a step.
    fn langevin_is_of_host(&self) -> bool {
        false
    }
}

/// Further requirements of [`AnyProblem`], which every plain struct meets.
pub trait Erased: Any {
    /// A copy.
    fn copied(&self) -> Box<dyn Problem>;

    /// Whether another one is of the same type and equal.
    fn equals(&self, other: &dyn Problem) -> bool;

    /// As a TOML table.
    fn table(&self) -> toml::Table;

    /// As TOML text, in the order of its fields, which are all tables.
    fn text(&self) -> String;
}

impl<P: Problem + Clone + PartialEq + Serialize> Erased for P {
    fn copied(&self) -> Box<dyn Problem> {
        Box::new(self.clone())
    }

    fn equals(&self, other: &dyn Problem) -> bool {
        let other: &dyn Any = other;
        other.downcast_ref::<P>() == Some(self)
    }

    fn table(&self) -> toml::Table {
        toml::Table::try_from(self).expect("a problem is a TOML table")
    }

    fn text(&self) -> String {
        toml_text(self)
    }
}

/// The problem of some task.
pub struct AnyProblem(Box<dyn Problem>);

impl AnyProblem {
    /// The problem, if it is of this type.
    pub fn get<P: Problem>(&self) -> Option<&P> {
        let problem: &dyn Any = &*self.0;
        problem.downcast_ref()
    }

    /// The same to change.
    pub fn get_mut<P: Problem>(&mut self) -> Option<&mut P> {
        let problem: &mut dyn Any = &mut *self.0;
        problem.downcast_mut()
    }
}

impl<P: Problem> From<P> for AnyProblem {
    fn from(problem: P) -> Self {
        Self(Box::new(problem))
    }
}

impl Deref for AnyProblem {
    type Target = dyn Problem;

    fn deref(&self) -> &Self::Target {
        &*self.0
    }
}

impl DerefMut for AnyProblem {
    fn deref_mut(&mut self) -> &mut Self::Target {
        &mut *self.0
    }
}

impl Clone for AnyProblem {
    fn clone(&self) -> Self {
        Self(self.0.copied())
    }
}

impl PartialEq for AnyProblem {
    fn eq(&self, other: &Self) -> bool {
        self.0.equals(&*other.0)
    }
}

impl fmt::Debug for AnyProblem {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        self.0.fmt(f)
    }
}
