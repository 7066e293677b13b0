//! What may change of a run while it trains.

use super::{ConfigError, Run};
use toml::{Table, Value};

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

impl Run {
    /// Whether `other` is another description of the same training, with which an open session or a
    /// checkpoint of this run goes on: only its length, its schedules and its measurements may differ.
    ///
    /// # Errors
    ///
    /// Names the first field for which training has to start again, its value in `other`, and this run's.
    pub fn same_training(&self, other: &Self) -> Result<(), ConfigError> {
        let table = |run: &Self| Table::try_from(run).expect("a run is a TOML table");
        same("", &table(self), &table(other))
    }
}

fn same(path: &str, own: &Table, other: &Table) -> Result<(), ConfigError> {
    // Of another kind most fields differ: the kind says why.
    let kind = own.get_key_value("kind").map(|(key, _)| key);
    let added = other.keys().filter(|key| !own.contains_key(*key));
    for key in kind.into_iter().chain(own.keys()).chain(added) {
        let field = format!("{path}{key}");
        if REVISABLE.contains(&field.as_str()) {
            continue;
        }
        match (own.get(key), other.get(key)) {
            (Some(Value::Table(own)), Some(Value::Table(other))) => same(&format!("{field}."), own, other)?,
            (own, other) if own == other => {}
            (own, other) => {
                let shown = |value: Option<&Value>| value.map_or("no value".to_owned(), Value::to_string);
                let allowed = format!(
                    "{}, as in the training that goes on; with another value it has to start again",
                    shown(own)
                );
                return Err(ConfigError::new(field, shown(other), allowed));
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::task::presets;

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
