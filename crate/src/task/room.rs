//! The description of a task: each task implements [`Room`], and the registry lists them.

use super::panel::{Listing, Panel, Shown};
use super::sheet::Sheet;
use crate::engine::{ConfigError, Method};
use crate::message::Report;
#[cfg(feature = "native")]
use crate::run::Field;
use crate::run::{AnyProblem, Experiment, Preset, Run, ShippedPrior};
use std::fmt;
use toml::Table;

#[cfg(feature = "engine")]
use super::memory::Memory;
#[cfg(feature = "engine")]
use super::opened::{Lesson, OpenRun, OpenTask};
#[cfg(feature = "engine")]
use crate::engine::EngineError;
#[cfg(feature = "engine")]
use crate::run::Files;
#[cfg(feature = "engine")]
use burn::tensor::Device;

/// A task: a state space with its priors, rewards, truth and figures. Its code lies in its own folder below
/// `task`, behind this trait.
pub trait Room: Sync {
    /// Its name, as in the TOML file.
    fn name(&self) -> &'static str;

    /// The run that gives the values of absent fields.
    fn defaults(&self) -> Run;

    /// Reads its problem from the fields of a run that belong to this task.
    ///
    /// # Errors
    ///
    /// Where a field is unknown or of another kind.
    fn read(&self, table: Table) -> Result<AnyProblem, toml::de::Error>;

    /// The fields of its problem.
    #[cfg(feature = "native")]
    fn fields(&self) -> Vec<Field>;

    /// The dotted paths of common fields that this task ignores.
    fn ignores(&self) -> &'static [&'static str] {
        &[]
    }

    /// Removes its own fields that conflict with those in `over`.
    fn give_way(&self, _own: &mut Table, _over: &Table) {}

    /// Named runs; the first is the one that opens.
    fn presets(&self) -> Vec<Preset>;

    /// The run about a problem that is drawn at random, with defaults for everything else; `None` where the name is
    /// none of such a problem.
    #[cfg(feature = "engine")]
    fn drawn(&self, _name: &str) -> Option<Run> {
        None
    }

    /// Named comparisons.
    fn experiments(&self) -> Vec<Experiment>;

    /// Its shipped priors.
    fn priors(&self) -> &'static [ShippedPrior];

    /// The kinds of its rewards.
    fn rewards(&self) -> &'static [&'static str];

    /// The method with the task's own settings; `None` if it does not work on the task.
    fn method(&self, method: Method) -> Option<Method> {
        Some(method)
    }

    /// The names of its figures and their places in tables.
    fn sheet(&self) -> &'static Sheet;

    /// A sentence about the source of its exact values.
    fn basis(&self, _report: &Report) -> Option<String> {
        None
    }

    /// The pictures of a finished run, side by side.
    fn panels(&self, shown: &Shown) -> Vec<Panel>;

    /// Further tables of a finished run.
    fn listings(&self, _shown: &Shown) -> Vec<Listing> {
        Vec::new()
    }

    /// The memory that a run is expected to take, as far as its files tell it before it is opened; `None` where nobody
    /// says.
    ///
    /// # Errors
    ///
    /// Where a file is refused.
    #[cfg(feature = "engine")]
    fn memory(&self, _run: &Run, _files: &Files, _device: &Device) -> Result<Option<Memory>, EngineError> {
        Ok(None)
    }

    /// Opens a run for training; `weights` (safetensors) hold a posterior to start from.
    ///
    /// # Errors
    ///
    /// Where the run or a file is refused.
    #[cfg(feature = "engine")]
    fn open(
        &self,
        run: Run,
        device: Device,
        files: &Files,
        weights: Option<&[u8]>,
    ) -> Result<Box<dyn OpenRun>, EngineError>;

    /// Opens a run for a training-free method.
    ///
    /// # Errors
    ///
    /// Where the run or a file is refused.
    #[cfg(feature = "engine")]
    fn open_untrained(
        &self,
        run: Run,
        device: Device,
        files: &Files,
    ) -> Result<Box<dyn OpenTask>, EngineError>;

    /// The lesson of that name, with `iterations` per part unless it fixes them; `None` if there is none.
    #[cfg(feature = "engine")]
    fn lesson(&self, _name: &str, _run: Run, _iterations: usize, _files: Files) -> Option<Box<dyn Lesson>> {
        None
    }
}

/// Removes a prior that another one, of another kind, replaces: that takes nothing from it.
pub(super) fn other_prior_gives_way(own: &mut Table, over: &Table) {
    let kind = |table: &Table| table.get("prior")?.get("kind").cloned();
    if kind(over).is_some_and(|said| kind(own) != Some(said)) {
        own.remove("prior");
    }
}

/// A task of the registry.
#[derive(Clone, Copy)]
pub struct Task(pub(super) &'static dyn Room);

impl Task {
    /// Its description.
    pub fn room(self) -> &'static dyn Room {
        self.0
    }

    /// Its name, as in the TOML file.
    pub fn name(self) -> &'static str {
        self.0.name()
    }

    /// The run that gives the values of absent fields.
    pub fn defaults(self) -> Run {
        self.room().defaults()
    }

    /// The fields of its problem, which stand in a run beside [`common_fields`](crate::run::common_fields).
    #[cfg(feature = "native")]
    pub fn fields(self) -> Vec<Field> {
        self.room().fields()
    }

    /// Whether it uses a common field.
    pub fn uses(self, path: &str) -> bool {
        !self.room().ignores().contains(&path)
    }

    /// Its shipped priors.
    pub fn priors(self) -> &'static [ShippedPrior] {
        self.room().priors()
    }

    /// The kinds of its rewards.
    pub fn rewards(self) -> &'static [&'static str] {
        self.room().rewards()
    }

    /// The methods that work on it, with its default settings, in the order of a comparison.
    pub fn methods(self) -> Vec<Method> {
        let all = Method::all().into_iter();
        all.filter_map(|method| self.room().method(method)).collect()
    }

    /// The method of that name with its default settings on this task; a method that does not work on the task
    /// has those of [`Method::find`].
    ///
    /// # Errors
    ///
    /// Lists the names there are.
    pub fn method(self, name: &str) -> Result<Method, ConfigError> {
        let own = self.methods().into_iter().find(|m| m.info().name == name);
        own.map_or_else(|| Method::find(name), Ok)
    }
}

impl PartialEq for Task {
    fn eq(&self, other: &Self) -> bool {
        self.name() == other.name()
    }
}

impl Eq for Task {}

impl fmt::Debug for Task {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        write!(f, "Task({})", self.name())
    }
}
