//! A run as TOML.

use super::{ConfigError, Preset, Run, Task};

impl Run {
    /// Reads a run from TOML and validates it. Fields that are absent keep the task's defaults
    /// ([`Task::defaults`]); with `preset = "name"` they keep the preset's values instead.
    ///
    /// # Errors
    ///
    /// Names the field, its value and what is allowed.
    pub fn from_toml(text: &str) -> Result<Self, ConfigError> {
        let mut table: toml::Table = toml::from_str(text)
            .map_err(|e| ConfigError::syntax("the TOML text", e.message(), e.span(), text))?;
        let base = match table.remove("preset") {
            None => base(table.get("task")),
            Some(toml::Value::String(name)) => Preset::find(&name)?.run,
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
    pub fn overlaid(&self, table: toml::Table) -> Result<Self, ConfigError> {
        let mut own = toml::Table::try_from(self).expect("a run is a TOML table");
        // One story or many of them.
        for [said, other] in [["story", "corpus"], ["corpus", "story"]] {
            if table.contains_key(said) && !table.contains_key(other) {
                own.remove(other);
            }
        }
        merge(&mut own, table);
        let run: Run = own
            .try_into()
            .map_err(|e: toml::de::Error| ConfigError::unreadable(&e))?;
        run.validate()?;
        Ok(run)
    }

    /// This run with one field, named by its dotted path, set to a value in TOML's notation
    /// (a bare word is taken as text).
    ///
    /// # Errors
    ///
    /// Names the field, its value and what is allowed.
    pub fn with(&self, path: &str, value: &str) -> Result<Self, ConfigError> {
        self.overlaid(assignment(path, value))
    }

    /// The run as TOML, readable by [`Run::from_toml`].
    pub fn to_toml(&self) -> String {
        toml::to_string_pretty(self).expect("a run is a TOML table")
    }
}

/// The defaults of a task; one that there is not is refused where the whole run is read.
fn base(task: Option<&toml::Value>) -> Run {
    let task = task.and_then(|value| value.clone().try_into::<Task>().ok());
    task.unwrap_or_default().defaults()
}

/// `a.b.c = value` as a table.
pub fn assignment(path: &str, value: &str) -> toml::Table {
    let value = toml::from_str::<toml::Table>(&format!("v = {value}"))
        .ok()
        .and_then(|mut t| t.remove("v"))
        .unwrap_or_else(|| toml::Value::String(value.to_owned()));
    let mut keys = path.rsplit('.');
    let mut table = toml::Table::new();
    table.insert(keys.next().unwrap_or_default().to_owned(), value);
    for key in keys {
        let mut outer = toml::Table::new();
        outer.insert(key.to_owned(), toml::Value::Table(table));
        table = outer;
    }
    table
}

/// Lays `over` on `base`, table by table. A reward or a method of another kind, or a shape of
/// another form, replaces the whole table, as its fields belong to it; a prior keeps its components.
pub fn merge(base: &mut toml::Table, over: toml::Table) {
    for (key, value) in over {
        match (base.get_mut(&key), value) {
            (Some(toml::Value::Table(old)), toml::Value::Table(new))
                if key == "prior"
                    || !["kind", "form"]
                        .iter()
                        .any(|tag| differ(old.get(*tag), new.get(*tag))) =>
            {
                merge(old, new)
            }
            (_, value) => {
                base.insert(key, value);
            }
        }
    }
}

/// Whether both are said, and not the same. A table without a kind says something about whatever
/// there is.
fn differ(a: Option<&toml::Value>, b: Option<&toml::Value>) -> bool {
    a.zip(b).is_some_and(|(a, b)| a != b)
}
