//! What differs between two runs, and what of it may change while a run is trained.

use super::{ConfigError, Run};
use toml::Value;

/// The fields, and the tables of fields, on which no weight depends that has been trained so far: how long
/// and on what schedule training goes on, and what is measured.
const REVISABLE: [&str; 11] = [
    "name",
    "evaluation",
    "training",
    "optimizer.learning_rate",
    "optimizer.log_z_learning_rate",
    "optimizer.schedule",
    "optimizer.final_share",
    "rollout.exploration",
    "rollout.exploration_iterations",
    "tempering.start",
    "tempering.iterations",
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
    /// Whether training goes on with it.
    fn is_revision(&self) -> bool {
        let below = |revisable: &str| {
            let rest = self.field.strip_prefix(revisable);
            rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
        };
        REVISABLE.into_iter().any(below)
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

    /// Whether `other` is another description of the same training, with which an open session or a
    /// checkpoint of this run goes on: only its length, its schedules and its measurements may differ.
    ///
    /// # Errors
    ///
    /// Names the first field for which training has to start again, its value in `other`, and this run's.
    pub fn same_training(&self, other: &Self) -> Result<(), ConfigError> {
        let changes = other.changes(self);
        match changes.into_iter().find(|change| !change.is_revision()) {
            None => Ok(()),
            Some(Change { field, before, after }) => {
                let allowed = format!(
                    "{before}, as in the training that goes on; with another value it has to start again"
                );
                Err(ConfigError::new(field, after, allowed))
            }
        }
    }
}

/// Adds the fields below `path` in which two values differ.
fn compare(path: &str, before: Option<&Value>, after: Option<&Value>, changes: &mut Vec<Change>) {
    if before == after {
        return;
    }
    if let (Some(Value::Table(a)), Some(Value::Table(b))) = (before, after) {
        // Of another kind most fields differ: the kind says why.
        let kind = a.get_key_value("kind").map(|(field, _)| field);
        let own = a.keys().filter(|field| kind != Some(*field));
        let added = b.keys().filter(|field| !a.contains_key(*field));
        let fields = kind.into_iter().chain(own).chain(added);
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
    use super::{Change, REVISABLE};
    use crate::run::Run;
    use crate::task::presets;
    use toml::Value;

    #[test]
    fn changes_are_those_of_single_fields() {
        let earlier = Run::default();
        let mut later = earlier.clone();
        later.training.iterations += 1;
        later.evaluation.samples += 1;
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
    }

    #[test]
    fn what_may_change_exists() {
        let run = Value::try_from(Run::default()).expect("a run is a TOML table");
        for revisable in REVISABLE {
            let found = revisable
                .split('.')
                .try_fold(&run, |table, field| table.get(field));
            assert!(found.is_some(), "{revisable}");
        }
    }

    #[test]
    fn length_schedules_and_measurements_may_differ_and_nothing_else() {
        for preset in presets() {
            let run = preset.run;
            assert_eq!(run.same_training(&run), Ok(()), "{}", preset.name);
        }
        let run = Run::default();
        for (field, value) in [
            ("training.iterations", "7"),
            ("training.checkpoint_every", "7"),
            ("evaluation.samples_while_training", "77"),
            ("evaluation.every", "7"),
            ("optimizer.schedule", "constant"),
            ("optimizer.learning_rate", "0.1"),
            ("rollout.exploration", "0.5"),
            ("tempering.start", "0.5"),
            ("name", "mine"),
        ] {
            let other = run.with(field, value).unwrap();
            assert_ne!(other, run);
            assert_eq!(run.same_training(&other), Ok(()), "{field}");
        }
        for (field, value) in [
            ("seed", "7"),
            ("process.steps", "7"),
            ("optimizer.ema", "0.5"),
            ("tempering.beta", "2.0"),
            ("rollout.batch", "77"),
            ("network.width", "7"),
            ("method.kind", "dpok"),
            ("tempering.floor", "-7.0"),
        ] {
            let error = run.same_training(&run.with(field, value).unwrap()).unwrap_err();
            assert!(field.starts_with(&error.field), "{error} for {field}");
        }
    }
}
