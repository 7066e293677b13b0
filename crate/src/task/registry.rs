//! The list of tasks, and what can only be read with it: a run's description, the names of presets and
//! experiments.

use super::{Room, Task, control, images, plane, points, text};
use crate::engine::ConfigError;
use crate::run::{self, AnyProblem, Experiment, Preset, Run, merge};
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use toml::{Table, Value};

/// All tasks; the first is the one that a description without `task` is of.
const ROOMS: &[&dyn Room] = &[
    &plane::Plane,
    &points::Points,
    &images::Images::ROOM,
    &images::Latents::ROOM,
    #[cfg(feature = "native")]
    &images::Checkpoints::ROOM,
    &text::Text,
    &control::Control,
];

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

/// Whether the weights of a prior of that name ship, whatever its task.
pub fn ships(prior: &str) -> bool {
    let mut all = ROOMS.iter().flat_map(|room| room.priors());
    all.any(|shipped| shipped.name == prior)
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
    /// The run of that name: a preset's, or one about a problem that is drawn at random.
    ///
    /// # Errors
    ///
    /// Lists the names of presets.
    #[cfg(feature = "engine")]
    pub fn named(name: &str) -> Result<Self, ConfigError> {
        let drawn = ROOMS.iter().find_map(|room| room.drawn(name));
        drawn.map_or_else(|| Preset::find(name).map(|preset| preset.run), Ok)
    }

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
    /// ([`Task::defaults`]), but the reward must be there; with `preset = "name"` they keep the preset's values
    /// instead.
    ///
    /// # Errors
    ///
    /// Names the field, its value and what is allowed.
    pub fn from_toml(text: &str) -> Result<Self, ConfigError> {
        Self::of_table(table_of(text)?)
    }

    /// The same of a run that the program wrote down: what its task ignores may hold any value, as older
    /// versions wrote it too.
    ///
    /// # Errors
    ///
    /// As [`Run::from_toml`].
    pub fn from_written(text: &str) -> Result<Self, ConfigError> {
        let mut table = table_of(text)?;
        task_of(&table)?.drop_ignored(&mut table);
        Self::of_table(table)
    }

    fn of_table(mut table: Table) -> Result<Self, ConfigError> {
        match table.remove("preset") {
            None => Self::standing_alone(table),
            Some(Value::String(name)) => Preset::find(&name)?.run.overlaid(table),
            Some(other) => Err(ConfigError::new(
                "preset",
                other,
                "the name of a preset, in quotes",
            )),
        }
    }

    /// The run of a table that names no preset: nothing of its reward comes from elsewhere.
    fn standing_alone(table: Table) -> Result<Self, ConfigError> {
        let base = task_of(&table)?.defaults();
        check_task(&base, &table)?;
        let mut own = base.table();
        let says = table.contains_key(REWARD);
        if says {
            own.remove(REWARD);
        }
        let run = base.laid_over(own, table)?;
        if says {
            return Ok(run);
        }
        let kinds = run.task().rewards().join(", ");
        Err(ConfigError::missing(
            REWARD,
            format!(
                "what the run is about: a table `[reward]` with its `kind` ({kinds}), or `preset = \"NAME\"` to start from \
                 a preset"
            ),
        ))
    }

    /// This run with the fields of `table` in place of its own, validated.
    ///
    /// # Errors
    ///
    /// Names the field, its value and what is allowed.
    pub fn overlaid(&self, table: Table) -> Result<Self, ConfigError> {
        self.laid_over(self.table(), table)
    }

    /// The same over a table that has this run's fields.
    fn laid_over(&self, own: Table, table: Table) -> Result<Self, ConfigError> {
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
        self.task().check_used(&table)?;
        let run = self.merged(own, table)?;
        run.validate()?;
        Ok(run)
    }

    /// The same, not yet validated.
    fn merged(&self, mut own: Table, table: Table) -> Result<Self, ConfigError> {
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
        let common = run::common_text(self, self.task().room().ignores());
        [head.concat(), self.problem.text(), common].join("\n")
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
        self.task().drop_ignored(&mut table);
        table
    }
}

/// The field without which no description stands alone.
const REWARD: &str = "reward";

impl Task {
    /// Takes the fields out of a description that this task ignores.
    fn drop_ignored(self, run: &mut Table) {
        for path in self.room().ignores() {
            let (section, name) = path.split_once('.').unwrap_or_default();
            if let Some(Value::Table(section)) = run.get_mut(section) {
                section.remove(name);
            }
        }
    }

    /// Refuses a field that this task ignores; older versions wrote its default.
    fn check_used(self, said: &Table) -> Result<(), ConfigError> {
        let unsaid = run::common_defaults();
        let number = |value: &Value| value.as_float().or(value.as_integer().map(|whole| whole as f64));
        for path in self.room().ignores() {
            let (section, name) = path.split_once('.').unwrap_or_default();
            let Some(value) = said.get(section).and_then(|section| section.get(name)) else {
                continue;
            };
            let default = &unsaid[section][name];
            if value != default && (number(value).is_none() || number(value) != number(default)) {
                let using: Vec<_> = Self::all()
                    .filter(|task| task.uses(path))
                    .map(Self::name)
                    .collect();
                let allowed = format!(
                    "this field with the task {} only: {} ignores it",
                    using.join(" or "),
                    self.name()
                );
                return Err(ConfigError::new(*path, value, allowed));
            }
        }
        Ok(())
    }
}

/// Reads TOML.
fn table_of(text: &str) -> Result<Table, ConfigError> {
    toml::from_str(text).map_err(|e| run::syntax("the TOML text", e.message(), e.span(), text))
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
    let merged = |base: &Run| base.merged(base.table(), table.clone());
    let Err(error) = merged(base) else {
        return Ok(());
    };
    // What the other task refuses in the same field is no sign of it.
    let fits = |task: &Task| {
        let read = merged(&task.defaults());
        read.is_ok_and(|run| match run.problem.validate(&run) {
            Err(other) => !error.field.starts_with(&other.field),
            Ok(()) => true,
        })
    };
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
    task.drop_ignored(&mut table);
    let (common, own) = run::split_common(table)?;
    if let Some(reward) = own.get("reward") {
        check_kinds("reward", reward, task)?;
    }
    let problem: AnyProblem = task
        .room()
        .read(own.clone())
        .map_err(|e| run::unreadable_own(&e, &own, task.name()))?;
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
