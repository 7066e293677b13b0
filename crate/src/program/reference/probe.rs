//! What may stand in a field of a run, asked of the validator itself: it is given values that it refuses.

use super::place::{dotted, get, set};
use super::sample;
use rtb::run::{ConfigError, Run, Shape, Variant};
use rtb::task::{Task, presets};
use toml::{Table, Value};

/// More elements than most lists may have, and than any may.
const MANY: [usize; 2] = [1000, 100_001];

/// A run whose fields are tried out.
#[derive(Clone)]
pub struct Probe {
    table: Table,
}

impl Probe {
    /// The run that a task starts from.
    pub fn new(task: Task) -> Self {
        Self::of(&task.defaults())
    }

    fn of(run: &Run) -> Self {
        let table = toml::from_str(&run.to_toml()).expect("a run is TOML");
        Self { table }
    }

    /// The value at a place.
    pub fn value(&self, path: &[&str]) -> Option<&Value> {
        get(&self.table, path)
    }

    /// A run with something at a place.
    pub fn with(&self, path: &[&str], shape: &Shape) -> Self {
        self.found(|run| run.value(path).is_some(), path, || sample::sample(shape))
    }

    /// A run with a table of a kind at a place.
    pub fn with_kind(&self, path: &[&str], tag: &str, variant: &Variant) -> Self {
        let (name, at) = (variant.kind.name.as_str(), [path, &[tag]].concat());
        let has = |run: &Self| run.value(&at).and_then(Value::as_str) == Some(name);
        self.found(has, path, || sample::kind(tag, variant))
    }

    /// This run, else a preset of its task, else this one with a sample at a place, or with what a preset of another
    /// task has there if only that can be read.
    fn found(&self, has: impl Fn(&Self) -> bool, path: &[&str], sample: impl Fn() -> Value) -> Self {
        if has(self) {
            return self.clone();
        }
        let presets: Vec<Self> = presets().iter().map(|preset| Self::of(&preset.run)).collect();
        let mut of_task = presets
            .iter()
            .filter(|run| run.value(&["task"]) == self.value(&["task"]));
        if let Some(run) = of_task.find(|run| has(run)) {
            return run.clone();
        }
        let with = |value: Value| {
            let mut run = self.clone();
            set(&mut run.table, path, value);
            run
        };
        let reads = |run: &Self| Run::from_toml(&run.table.to_string()).is_ok();
        let sampled = with(sample());
        if reads(&sampled) {
            return sampled;
        }
        let others = presets.iter().filter(|run| has(run));
        let mut others = others.filter_map(|run| Some(with(run.value(path)?.clone())));
        others.find(reads).unwrap_or(sampled)
    }

    /// What is allowed of a number, of text that must not be empty, or of the numbers of a list.
    pub fn allowed(&self, path: &[&str], shape: &Shape) -> Option<String> {
        let field = dotted(path);
        let values: Vec<Value> = match shape {
            Shape::Number { whole } => outside(*whole),
            Shape::Text => vec!["".into()],
            Shape::List { of, length } => match **of {
                Shape::Number { whole } => {
                    let list = |value: Value| vec![value; length.unwrap_or(1)].into();
                    outside(whole).into_iter().map(list).collect()
                }
                _ => return None,
            },
            _ => return None,
        };
        let mut refused = values.into_iter().filter_map(|value| self.refused(path, value));
        let found = refused.find(|error| error.field == field || error.field == format!("{field}[0]"));
        found.map(|error| error.allowed)
    }

    /// How many characters or elements are allowed.
    pub fn allowed_length(&self, path: &[&str], shape: &Shape) -> Option<String> {
        let (what, values): (_, Vec<Value>) = match shape {
            Shape::Text => ("length", vec!["x".repeat(10_000).into()]),
            Shape::List { of, length: None } => {
                let element = self.value(&[path, &["0"]].concat()).cloned();
                let element = element.unwrap_or_else(|| sample::sample(of));
                let lists = MANY.map(|many| vec![element.clone(); many].into());
                ("number", lists.into())
            }
            _ => return None,
        };
        let mut refused = values.into_iter().filter_map(|value| self.refused(path, value));
        let found = refused.find(|error| error.field == format!("the {what} of {}", dotted(path)));
        found.map(|error| error.allowed)
    }

    /// Whether a list may be empty.
    pub fn may_be_empty(&self, path: &[&str]) -> bool {
        self.refused(path, Value::Array(Vec::new())).is_none()
    }

    /// Whether a run without this table is refused.
    pub fn is_required(&self, table: &str) -> bool {
        let mut run = self.table.clone();
        run.remove(table);
        let refused = Run::from_toml(&run.to_string()).err();
        refused.is_some_and(|error| error.field == table && error.value.is_empty())
    }

    /// Why it may not hold a value.
    pub fn refused(&self, path: &[&str], value: Value) -> Option<ConfigError> {
        let mut table = self.table.clone();
        set(&mut table, path, value);
        Run::from_toml(&table.to_string()).err()
    }
}

/// Numbers that no range goes as far as.
fn outside(whole: bool) -> Vec<Value> {
    match whole {
        true => vec![i64::MAX.into()],
        false => vec![1e300.into(), (-1e300).into()],
    }
}
