//! What differs between two runs, and what of it may change while a run is trained.

use super::{ConfigError, Run};
use toml::Value;

/// Fields, and tables of fields, that leave what has been learned so far as it is.
const FREE: [&str; 5] = [
    "name",
    "training",
    "evaluation",
    "optimizer.schedule",
    "optimizer.final_share",
];

/// A field that differs between two runs.
#[derive(Clone, Debug, PartialEq)]
pub struct Change {
    /// Its dotted path.
    pub field: String,
    /// Its value in the earlier run, as TOML; `nothing` if it is absent.
    pub before: String,
    /// The same in the later run.
    pub after: String,
}

impl Change {
    /// Whether a run that has been trained so far may go on with it.
    fn is_free(&self) -> bool {
        let below = |free: &str| {
            let rest = self.field.strip_prefix(free);
            rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
        };
        FREE.into_iter().any(below)
    }
}

impl Run {
    /// What of this run differs from an earlier one, field by field.
    ///
    /// # Panics
    ///
    /// Never: a run is a TOML table.
    pub fn changes(&self, earlier: &Self) -> Vec<Change> {
        let table = |run: &Self| Value::try_from(run).expect("a run is a TOML table");
        let mut changes = Vec::new();
        compare("", Some(&table(earlier)), Some(&table(self)), &mut changes);
        changes
    }

    /// Whether training of `earlier` may go on as this run: its length, its schedule and its evaluation may
    /// have changed.
    ///
    /// # Errors
    ///
    /// Names the first other field that has.
    pub fn continues(&self, earlier: &Self) -> Result<(), ConfigError> {
        match self.changes(earlier).into_iter().find(|change| !change.is_free()) {
            None => Ok(()),
            Some(Change { field, before, after }) => Err(ConfigError::new(
                field,
                format!("`{after}`"),
                format!("`{before}`, with which this run was trained"),
            )),
        }
    }
}

/// Adds the fields below `path` in which two values differ.
fn compare(path: &str, before: Option<&Value>, after: Option<&Value>, changes: &mut Vec<Change>) {
    if before == after {
        return;
    }
    if let (Some(Value::Table(a)), Some(Value::Table(b))) = (before, after) {
        let fields = a.keys().chain(b.keys().filter(|field| !a.contains_key(*field)));
        for field in fields {
            let dot = if path.is_empty() { "" } else { "." };
            compare(
                &format!("{path}{dot}{field}"),
                a.get(field),
                b.get(field),
                changes,
            );
        }
        return;
    }
    let text = |value: Option<&Value>| value.map_or("nothing".to_owned(), Value::to_string);
    changes.push(Change {
        field: path.to_owned(),
        before: text(before),
        after: text(after),
    });
}

#[cfg(test)]
mod tests {
    use super::{Change, FREE};
    use crate::run::Run;
    use toml::Value;

    #[test]
    fn length_and_evaluation_may_change() {
        let earlier = Run::default();
        let mut later = earlier.clone();
        later.training.iterations += 1;
        later.evaluation.samples += 1;
        assert!(later.continues(&earlier).is_ok());
        let change = |field: &str, before: usize| Change {
            field: field.to_owned(),
            before: before.to_string(),
            after: (before + 1).to_string(),
        };
        let wanted = [
            change("evaluation.samples", earlier.evaluation.samples),
            change("training.iterations", earlier.training.iterations),
        ];
        assert_eq!(later.changes(&earlier), wanted);

        later.rollout.batch += 1;
        let refused = later.continues(&earlier).expect_err("another batch");
        assert_eq!(refused.field, "rollout.batch");
    }

    #[test]
    fn what_may_change_exists() {
        let run = Value::try_from(Run::default()).expect("a run is a TOML table");
        for free in FREE {
            let found = free.split('.').try_fold(&run, |table, field| table.get(field));
            assert!(found.is_some(), "{free}");
        }
    }
}
