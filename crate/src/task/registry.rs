//! The list of tasks, and what can only be read with it: a run's description, the names of presets and
//! experiments.

use super::{Room, Task, images, plane, text};
use crate::engine::ConfigError;
use crate::run::{self, AnyProblem, Experiment, Preset, Run, merge};
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use toml::{Table, Value};

/// All tasks; the first is the one that a description without `task` is of.
const ROOMS: &[&dyn Room] = &[&plane::Plane, &images::Images, &text::Text];

impl Task {
    /// All tasks.
    pub fn all() -> impl ExactSizeIterator<Item = Self> + Clone {
        ROOMS.iter().map(|room| Self(*room))
    }

    /// The task of that name.
    ///
    /// # Errors
    ///
    /// Lists the names there are.
    pub fn find(name: &str) -> Result<Self, ConfigError> {
        Self::all().find(|task| task.name() == name).ok_or_else(|| {
            let names: Vec<_> = Self::all().map(Self::name).collect();
            ConfigError::new(
                "task",
                format!("`{name}`"),
                format!("one of {}", names.join(", ")),
            )
        })
    }
}

impl Default for Task {
    fn default() -> Self {
        Self(ROOMS[0])
    }
}

/// All presets; the first is the one that opens.
pub fn presets() -> Vec<Preset> {
    ROOMS.iter().flat_map(|room| room.presets()).collect()
}

/// All experiments.
pub fn experiments() -> Vec<Experiment> {
    ROOMS.iter().flat_map(|room| room.experiments()).collect()
}

/// The one of that name, or the names there are.
fn named<T: Clone>(
    what: &str,
    name: &str,
    all: &[T],
    name_of: fn(&T) -> &'static str,
) -> Result<T, ConfigError> {
    all.iter()
        .find(|one| name_of(one) == name)
        .cloned()
        .ok_or_else(|| {
            let names: Vec<_> = all.iter().map(name_of).collect();
            ConfigError::new(what, format!("`{name}`"), format!("one of {}", names.join(", ")))
        })
}

impl Preset {
    /// The preset of that name.
    ///
    /// # Errors
    ///
    /// Lists the names there are.
    pub fn find(name: &str) -> Result<Self, ConfigError> {
        named("preset", name, &presets(), |preset| preset.name)
    }
}

impl Experiment {
    /// The experiment of that name.
    ///
    /// # Errors
    ///
    /// Lists the names there are.
    pub fn find(name: &str) -> Result<Self, ConfigError> {
        named("experiment", name, &experiments(), |experiment| experiment.name)
    }
}

impl Default for Run {
    fn default() -> Self {
        Task::default().defaults()
    }
}

impl Run {
    /// Its task.
    pub fn task(&self) -> Task {
        Task::find(self.problem.task()).expect("every problem is one of a registered task")
    }

    /// The methods of its task that can be used on it.
    pub fn methods(&self) -> Vec<crate::engine::Method> {
        let mut methods = self.task().methods();
        methods.retain(|method| self.takes(method));
        methods
    }

    /// Reads a run from TOML and validates it. Fields that are absent keep the task's defaults
    /// ([`Task::defaults`]); with `preset = "name"` they keep the preset's values instead.
    ///
    /// # Errors
    ///
    /// Names the field, its value and what is allowed.
    pub fn from_toml(text: &str) -> Result<Self, ConfigError> {
        let mut table: Table =
            toml::from_str(text).map_err(|e| run::syntax("the TOML text", e.message(), e.span(), text))?;
        let base = match table.remove("preset") {
            None => {
                let base = task_of(&table)?.defaults();
                check_task(&base, &table)?;
                base
            }
            Some(Value::String(name)) => Preset::find(&name)?.run,
            Some(other) => {
                return Err(ConfigError::new(
                    "preset",
                    other,
                    "the name of a preset, in quotes",
                ));
            }
        };
        base.overlaid(table)
    }

    /// This run with the fields of `table` in place of its own, validated.
    ///
    /// # Errors
    ///
    /// Names the field, its value and what is allowed.
    pub fn overlaid(&self, table: Table) -> Result<Self, ConfigError> {
        if table.contains_key("task") && task_of(&table)? != self.task() {
            return Err(ConfigError::new(
                "task",
                format!("`{}`", task_of(&table)?.name()),
                format!(
                    "`{}`, the task of the run: prior and reward of one task do not fit another",
                    self.task().name()
                ),
            ));
        }
        let run = self.merged(table)?;
        run.validate()?;
        Ok(run)
    }

    /// The same, not yet validated.
    fn merged(&self, table: Table) -> Result<Self, ConfigError> {
        let mut own = self.table();
        self.task().room().give_way(&mut own, &table);
        merge(&mut own, table);
        read(own)
    }

    /// This run with one field, named by its dotted path, set to a value in TOML's notation
    /// (a bare word is taken as text).
    ///
    /// # Errors
    ///
    /// Names the field, its value and what is allowed.
    pub fn with(&self, path: &str, value: &str) -> Result<Self, ConfigError> {
        self.overlaid(run::assignment(path, value))
    }

    /// The run as TOML, readable by [`Run::from_toml`]: its name, task and seed, what its task asks for, and
    /// what all tasks share.
    pub fn to_toml(&self) -> String {
        // A table would put its fields in alphabetical order.
        let head = self.head().map(|(field, value)| format!("{field} = {value}\n"));
        [head.concat(), self.problem.text(), run::common_text(self)].join("\n")
    }

    fn head(&self) -> [(&'static str, Value); 3] {
        [
            ("name", self.name.clone().into()),
            ("task", self.problem.task().into()),
            // A seed that TOML cannot hold has been refused.
            ("seed", Value::Integer(self.seed as i64)),
        ]
    }

    /// The same as a table.
    fn table(&self) -> Table {
        let head = self.head().map(|(field, value)| (field.to_owned(), value));
        let mut table: Table = head.into_iter().collect();
        table.extend(self.problem.table());
        table.extend(run::common_table(self));
        table
    }
}

/// The task that a table names; the first where it names none.
fn task_of(table: &Table) -> Result<Task, ConfigError> {
    match table.get("task") {
        None => Ok(Task::default()),
        Some(Value::String(name)) => Task::find(name),
        Some(other) => {
            let names: Vec<_> = Task::all().map(Task::name).collect();
            Err(ConfigError::new(
                "task",
                other,
                format!("one of {}, in quotes", names.join(", ")),
            ))
        }
    }
}

/// Refuses a table that names no task, and has the fields of another task than the default one.
fn check_task(base: &Run, table: &Table) -> Result<(), ConfigError> {
    if table.contains_key("task") {
        return Ok(());
    }
    let Err(error) = base.merged(table.clone()) else {
        return Ok(());
    };
    let fits = |task: &Task| task.defaults().merged(table.clone()).is_ok();
    let Some(task) = Task::all().find(fits) else {
        return Ok(());
    };
    let what = match error.value.as_str() {
        ConfigError::UNKNOWN => format!("`{}`", error.field),
        value => format!("{} = {value}", error.field),
    };
    Err(ConfigError::missing(
        "task",
        format!("`task = \"{0}\"`, as {what} belongs to the task {0}", task.name()),
    ))
}

/// Reads a whole table.
fn read(mut table: Table) -> Result<Run, ConfigError> {
    let task = task_of(&table)?;
    table.remove("task");
    let (common, own) = run::split_common(table)?;
    if let Some(reward) = own.get("reward") {
        check_kinds("reward", reward, task)?;
    }
    let problem: AnyProblem = task
        .room()
        .read(own)
        .map_err(|e| run::unreadable_own(&e, task.name()))?;
    Ok(common.with_problem(problem))
}

/// Refuses the kinds of reward of another task, in products too. serde would refuse them as well, but does
/// not name the field.
fn check_kinds(field: &str, reward: &Value, task: Task) -> Result<(), ConfigError> {
    match reward.get("kind") {
        Some(Value::String(kind)) if !task.rewards().contains(&kind.as_str()) => {
            let allowed = format!(
                "one of {} for the task {}",
                task.rewards().join(", "),
                task.name()
            );
            return Err(ConfigError::new(
                format!("{field}.kind"),
                format!("`{kind}`"),
                allowed,
            ));
        }
        _ => {}
    }
    let parts = reward.get("rewards").and_then(Value::as_array);
    for (at, part) in parts.into_iter().flatten().enumerate() {
        check_kinds(&format!("{field}.rewards[{at}]"), part, task)?;
    }
    Ok(())
}

impl Serialize for Run {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.table().serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Run {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        read(Table::deserialize(deserializer)?).map_err(D::Error::custom)
    }
}
