//! What every task tells of itself: one value of this trait each, which the registry lists.

use super::panel::{Panel, Shown};
use super::sheet::Sheet;
use crate::engine::{ConfigError, Method};
use crate::message::Report;
#[cfg(feature = "native")]
use crate::run::Field;
use crate::run::{AnyProblem, Experiment, Preset, Run, ShippedPrior};
use std::fmt;
use toml::Table;

#[cfg(feature = "engine")]
use super::opened::{Lesson, OpenRun, OpenTask};
#[cfg(feature = "engine")]
use crate::engine::EngineError;
#[cfg(feature = "engine")]
use crate::run::Files;
#[cfg(feature = "engine")]
use burn::tensor::Device;

/// A task: a state space with its priors, rewards, truth and figures. All that is particular to it lies in
/// a folder of its own below `task`, behind this trait.
pub trait Room: Sync {
    /// Its name, as in the TOML file.
    fn name(&self) -> &'static str;

    /// The run that fields which a file leaves out are taken from.
    fn defaults(&self) -> Run;

    /// Reads its problem from the fields of a run that are not common to all.
    ///
    /// # Errors
    ///
    /// Where a field is unknown or of another kind.
    fn read(&self, table: Table) -> Result<AnyProblem, toml::de::Error>;

    /// The fields of its problem.
    #[cfg(feature = "native")]
    fn fields(&self) -> Vec<Field>;

    /// The fields that all tasks have and this one has no use for, by their dotted paths.
    fn ignores(&self) -> &'static [&'static str] {
        &[]
    }

    /// Takes out of its own fields what cannot stand beside those that `over` says.
    fn give_way(&self, _own: &mut Table, _over: &Table) {}

    /// Named runs; the first is the one that opens.
    fn presets(&self) -> Vec<Preset>;

    /// Named comparisons.
    fn experiments(&self) -> Vec<Experiment>;

    /// The networks that ship as its priors.
    fn priors(&self) -> &'static [ShippedPrior];

    /// The kinds of its rewards.
    fn rewards(&self) -> &'static [&'static str];

    /// A method with the settings that fit it; nothing where it cannot be used.
    fn method(&self, method: Method) -> Option<Method> {
        Some(method)
    }

    /// What its figures are called, and where they stand in tables.
    fn sheet(&self) -> &'static Sheet;

    /// A sentence about what its exact figures rest on.
    fn basis(&self, _report: &Report) -> Option<String> {
        None
    }

    /// What there is to see of a finished run, side by side.
    fn panels(&self, shown: &Shown) -> Vec<Panel>;

    /// Opens a run to be trained; `weights` are those of a posterior to go on from (safetensors).
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

    /// Opens a run for a method that is not trained.
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

    /// A lesson of that name, of `iterations` a part where it leaves that open; nothing where there is none.
    #[cfg(feature = "engine")]
    fn lesson(&self, _name: &str, _run: Run, _iterations: usize, _files: Files) -> Option<Box<dyn Lesson>> {
        None
    }
}

/// A task of the registry.
#[derive(Clone, Copy)]
pub struct Task(pub(super) &'static dyn Room);

impl Task {
    /// What it tells of itself.
    pub fn room(self) -> &'static dyn Room {
        self.0
    }

    /// Its name, as in the TOML file.
    pub fn name(self) -> &'static str {
        self.0.name()
    }

    /// The run that fields which a file leaves out are taken from.
    pub fn defaults(self) -> Run {
        self.room().defaults()
    }

    /// The fields of its problem, which stand in a run beside [`common_fields`](crate::run::common_fields).
    #[cfg(feature = "native")]
    pub fn fields(self) -> Vec<Field> {
        self.room().fields()
    }

    /// Whether it has a use for a field that all tasks have.
    pub fn uses(self, path: &str) -> bool {
        !self.room().ignores().contains(&path)
    }

    /// The networks that ship as its priors.
    pub fn priors(self) -> &'static [ShippedPrior] {
        self.room().priors()
    }

    /// The kinds of reward that are about its end points.
    pub fn rewards(self) -> &'static [&'static str] {
        self.room().rewards()
    }

    /// The methods that can be used on it, with the settings that they have by default, in the order of
    /// a comparison.
    pub fn methods(self) -> Vec<Method> {
        let all = Method::all().into_iter();
        all.filter_map(|method| self.room().method(method)).collect()
    }

    /// The method of that name with the settings that it has on this task by default; one that cannot
    /// be used, with those of [`Method::find`].
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
