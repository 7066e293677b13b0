//! Runs as TOML tables, and the errors of reading them.

use super::text::{statements, toml_text};
use super::{
    AnyProblem, ConfigError, Evaluation, Method, Network, Objective, Optimizer, Process, Rollout, Run,
    Tempering, Training,
};
use serde::{Deserialize, Serialize};
use toml::{Table, Value};

/// What all tasks share, as it is read and written.
#[derive(Default, Serialize, Deserialize)]
#[cfg_attr(feature = "native", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Common {
    /// Title of the run. The presets have their own name here.
    #[serde(skip_serializing_if = "elsewhere")]
    name: String,
    /// Seed of all noise: the same seed gives the same run on every device, up to rounding.
    #[serde(skip_serializing_if = "elsewhere")]
    seed: u64,
    tempering: Tempering,
    method: Method,
    process: Process,
    network: Network,
    objective: Objective,
    rollout: Rollout,
    optimizer: Optimizer,
    training: Training,
    evaluation: Evaluation,
}

/// The head of a run has it.
fn elsewhere<T>(_: &T) -> bool {
    true
}

/// Those of these fields that are no tables.
const SINGLE: [&str; 2] = ["name", "seed"];
/// The names of these fields.
const COMMON: [&str; 11] = [
    "name",
    "seed",
    "tempering",
    "method",
    "process",
    "network",
    "objective",
    "rollout",
    "optimizer",
    "training",
    "evaluation",
];

impl Common {
    /// The run that is about this.
    pub(crate) fn with_problem(self, problem: AnyProblem) -> Run {
        Run {
            problem,
            name: self.name,
            seed: self.seed,
            tempering: self.tempering,
            method: self.method,
            process: self.process,
            network: self.network,
            objective: self.objective,
            rollout: self.rollout,
            optimizer: self.optimizer,
            training: self.training,
            evaluation: self.evaluation,
        }
    }
}

/// What all tasks share of a run, but for its name and seed.
fn common(run: &Run) -> Common {
    Common {
        tempering: run.tempering,
        method: run.method,
        process: run.process,
        network: run.network,
        objective: run.objective,
        rollout: run.rollout,
        optimizer: run.optimizer,
        training: run.training,
        evaluation: run.evaluation,
        ..Common::default()
    }
}

/// The same as a table.
pub(crate) fn common_table(run: &Run) -> Table {
    Table::try_from(common(run)).expect("settings are a TOML table")
}

/// The same as text, in the order of its fields, without those of these dotted paths.
pub(crate) fn common_text(run: &Run, without: &[&str]) -> String {
    let text = toml_text(&common(run));
    let mut section = String::new();
    let mut kept = |statement: &&str| match statement.strip_prefix('[') {
        Some(head) => {
            section = head.trim_end().trim_end_matches(']').to_owned();
            true
        }
        None => {
            let name = statement.split(" = ").next().unwrap_or_default();
            !without.contains(&format!("{section}.{name}").as_str())
        }
    };
    statements(&text).filter(|statement| kept(statement)).collect()
}

/// What all tasks share where nothing is said, as a table.
pub(crate) fn common_defaults() -> Table {
    Table::try_from(Common::default()).expect("settings are a TOML table")
}

/// What all tasks share of a table, and the rest.
///
/// # Errors
///
/// Names the field, its value and what is allowed.
pub(crate) fn split_common(table: Table) -> Result<(Common, Table), ConfigError> {
    let is_common = |(key, _): &(String, Value)| COMMON.contains(&key.as_str());
    let (common, own): (Table, Table) = table.into_iter().partition(is_common);
    // serde would take the elements of a list for the fields of a table, in their order.
    let is_list = |(key, value): &(&String, &Value)| !SINGLE.contains(&key.as_str()) && value.is_array();
    if let Some((key, list)) = common.iter().find(is_list) {
        return Err(ConfigError::new(key, list, "a table"));
    }
    let common = common.try_into().map_err(|e| unreadable(&e))?;
    Ok((common, own))
}

/// `a.b.c = value` as a table.
pub fn assignment(path: &str, value: &str) -> Table {
    let value = toml::from_str::<Table>(&format!("v = {value}"))
        .ok()
        .and_then(|mut t| t.remove("v"))
        .unwrap_or_else(|| match value.parse::<f64>() {
            // A number that is too large for TOML, and for any field.
            Ok(number) if number.abs() > i64::MAX as f64 && value.ends_with(|c: char| c.is_ascii_digit()) => {
                Value::Float(number)
            }
            _ => Value::String(value.to_owned()),
        });
    let mut keys = path.rsplit('.');
    let mut table = Table::new();
    table.insert(keys.next().unwrap_or_default().to_owned(), value);
    for key in keys {
        let mut outer = Table::new();
        outer.insert(key.to_owned(), Value::Table(table));
        table = outer;
    }
    table
}

/// Overwrites `base` with the fields of `over`, table by table. A reward or method of another kind, or a
/// shape of another form, replaces the whole table, because the old fields do not fit it; a prior keeps its
/// components.
pub fn merge(base: &mut Table, over: Table) {
    for (key, value) in over {
        match (base.get_mut(&key), value) {
            (Some(Value::Table(old)), Value::Table(new))
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

/// Whether both are given and differ. A table without a kind applies to the present kind.
fn differ(a: Option<&Value>, b: Option<&Value>) -> bool {
    a.zip(b).is_some_and(|(a, b)| a != b)
}

/// The error of a text that is not TOML.
pub(crate) fn syntax(
    what: &str,
    message: &str,
    span: Option<std::ops::Range<usize>>,
    text: &str,
) -> ConfigError {
    let before = span.and_then(|s| text.get(..s.start)).unwrap_or_default();
    let line = 1 + before.matches('\n').count();
    let shown = text.lines().nth(line - 1).unwrap_or_default();
    let allowed = match message.contains("i128") {
        true => format!("whole numbers up to {}", i64::MAX),
        false => format!("valid TOML ({message})"),
    };
    ConfigError::new(format!("{what}, line {line}"), format!("`{shown}`"), allowed)
}

/// A table that does not have the shape of a run. serde says "invalid type: …, expected …" or
/// "unknown field `…`, expected …" or "unknown field `…`, there are no fields", and toml says where.
fn unreadable(error: &toml::de::Error) -> ConfigError {
    let text = error.to_string();
    let place = text
        .lines()
        .find_map(|l| l.trim().strip_prefix("in `").and_then(|l| l.strip_suffix('`')));
    let message = error.message();
    let (found, expected) = message
        .split_once(", expected ")
        .or_else(|| {
            Some((
                message.strip_suffix(", there are no fields")?,
                "no field beside its kind",
            ))
        })
        // toml takes a table with one key for a name, too.
        .or_else(|| {
            let of_name = ["wanted exactly 1 ", "expected table, found "];
            let is_of_name = of_name.iter().any(|words| message.starts_with(words));
            is_of_name.then_some(("unit variant", "string only"))
        })
        .unwrap_or((message, "a value of another kind"));
    if let Some(name) = found
        .strip_prefix("unknown field `")
        .and_then(|f| f.strip_suffix('`'))
    {
        let name = key(name);
        let field = place.map_or_else(|| name.clone(), |place| format!("{place}.{name}"));
        return ConfigError::new(field, ConfigError::UNKNOWN, expected);
    }
    if let Some(name) = message
        .strip_prefix("missing field `")
        .and_then(|rest| rest.strip_suffix('`'))
    {
        let field = place.map_or_else(|| name.to_owned(), |place| format!("{place}.{name}"));
        return ConfigError::missing(field, "a value, as it has no default");
    }
    ConfigError::new(
        place.unwrap_or("the run"),
        found_in_words(found),
        in_words(expected),
    )
}

/// A key as TOML writes it: in quotes, unless it is a word.
fn key(name: &str) -> String {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
    match !name.is_empty() && name.chars().all(is_plain) {
        true => name.to_owned(),
        false => format!("{name:?}"),
    }
}

/// What serde found, without the names of its own types.
fn found_in_words(found: &str) -> String {
    let found = found.split_once(": ").map_or(found, |(_, value)| value);
    let kinds = [
        "unknown variant ",
        "boolean ",
        "integer ",
        "floating point ",
        "string ",
    ];
    if let Some(value) = kinds.iter().find_map(|kind| found.strip_prefix(kind)) {
        return value.to_owned();
    }
    if let Some(length) = found.strip_prefix("invalid length ") {
        return format!("a list of length {length}");
    }
    match found {
        "sequence" => "a list",
        "map" => "a table",
        // serde does not say more.
        "unit variant" => "a value of another kind",
        other => other,
    }
    .to_owned()
}

/// What serde expects, without the names of Rust's types.
fn in_words(expected: &str) -> String {
    if let Some(length) = expected.strip_prefix("an array of length ") {
        return format!("a list of length {length}");
    }
    match expected {
        "variant identifier" => return "the name of a kind, in quotes".to_owned(),
        "string only" | "string or map" | "map with a single key" => {
            return "one of the words that are allowed, in quotes".to_owned();
        }
        "a string" => return "text, in quotes".to_owned(),
        "fewer elements in array" => return "a shorter list".to_owned(),
        _ => {}
    }
    let words = expected.split_whitespace().map(|word| match word {
        "usize" | "u64" | "u32" | "u8" => "a whole number, 0 or more",
        "i64" | "i32" => "a whole number",
        "f64" | "f32" => "a number",
        "sequence" => "list",
        "map" => "table",
        "boolean" => "value, true or false",
        other => other,
    });
    let is_table = ["struct ", "internally tagged enum "];
    match is_table.iter().any(|prefix| expected.starts_with(prefix)) {
        true => "a table of fields".to_owned(),
        false => words.collect::<Vec<_>>().join(" "),
    }
}

/// The paths of the values of a table, or its values' tables, that an error shows so.
fn shown_so(value: &Value, path: &str, shown: &str) -> Vec<String> {
    let is_shown = match value {
        Value::Table(table) => {
            let below = table
                .iter()
                .map(|(name, value)| (format!("{path}.{}", key(name)), value));
            return below
                .flat_map(|(path, value)| shown_so(value, &path, shown))
                .collect();
        }
        Value::Array(list) => {
            let below = list
                .iter()
                .enumerate()
                .map(|(at, value)| (format!("{path}[{at}]"), value));
            return below
                .flat_map(|(path, value)| shown_so(value, &path, shown))
                .collect();
        }
        Value::String(text) => [format!("`{text}`"), format!("{text:?}")].contains(&shown.to_owned()),
        other => format!("`{other}`") == shown,
    };
    Vec::from_iter(is_shown.then(|| path.to_owned()))
}

/// The same for the fields of one task, which were read from `own`; an unknown one may also be a misspelt field of all
/// tasks.
pub(crate) fn unreadable_own(error: &toml::de::Error, own: &Table, task: &str) -> ConfigError {
    let error = unreadable(error);
    // Of a table that may be of several kinds, serde tells only the table.
    let mut keys = error.field.split('.');
    let table = keys.next().and_then(|key| own.get(key));
    let table = table.and_then(|table| keys.try_fold(table, |table, key| table.get(key)));
    if let Some([field]) = table
        .map(|table| shown_so(table, &error.field, &error.value))
        .as_deref()
    {
        return ConfigError {
            field: field.clone(),
            ..error
        };
    }
    if error.value != ConfigError::UNKNOWN || error.field.contains('.') {
        return error;
    }
    ConfigError {
        allowed: format!(
            "{} for the task {task}, or a field of all tasks: {}",
            error.allowed,
            COMMON.join(", ")
        ),
        ..error
    }
}
