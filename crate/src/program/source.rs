//! Where the description of a run comes from: a preset or a TOML file, and flags on top.

use super::error::ProgramError;
use super::number::{any, whole};
use clap::Args;
use rtb::run::{ConfigError, Preset, Run, assignment as assigned, merge};
use std::fs;
use std::path::Path;
use toml::Table;

/// The preset of a bare `rtb`.
pub const DEFAULT: &str = "25-to-9";

/// Flags that change fields of a run.
#[derive(Args, Debug, Default)]
pub struct Overrides {
    /// Random seed: the same seed gives the same run [field: seed]
    #[arg(long, value_name = "N", value_parser = whole::<u64>(0, u64::MAX))]
    pub seed: Option<u64>,
    /// Number of training iterations [field: training.iterations]
    #[arg(long, value_name = "N", value_parser = whole::<usize>(0, u64::MAX))]
    pub iterations: Option<usize>,
    /// Number of steps T of the diffusion chain [field: process.steps]
    #[arg(long, value_name = "N", value_parser = whole::<usize>(0, u64::MAX))]
    pub steps: Option<usize>,
    /// Trajectories per iteration [field: rollout.batch]
    #[arg(long, value_name = "N", value_parser = whole::<usize>(0, u64::MAX))]
    pub batch: Option<usize>,
    /// Learning rate of the network at iteration 0 [field: optimizer.learning_rate]
    #[arg(long, value_name = "RATE", value_parser = any)]
    pub learning_rate: Option<f64>,
    /// Units per hidden layer [field: network.width]
    #[arg(long, value_name = "N", value_parser = whole::<usize>(0, u64::MAX))]
    pub width: Option<usize>,
    /// Number of hidden layers [field: network.depth]
    #[arg(long, value_name = "N", value_parser = whole::<usize>(0, u64::MAX))]
    pub depth: Option<usize>,
    /// How log Z is estimated: `learned` (a parameter) or `vargrad` (a batch mean) [field: objective.log_z]
    #[arg(long, value_name = "HOW")]
    pub log_z: Option<String>,
    /// Extra variance of the policy's steps, for exploration [field: rollout.exploration]
    #[arg(long, value_name = "VARIANCE", value_parser = any)]
    pub exploration: Option<f64>,
    /// Share of the batch from the replay buffer, 0 to 1 [field: rollout.replay_share]
    #[arg(long, value_name = "SHARE", value_parser = any)]
    pub replay_share: Option<f64>,
    /// Number of samples in the final evaluation [field: evaluation.samples]
    #[arg(long, value_name = "N", value_parser = whole::<usize>(0, u64::MAX))]
    pub samples: Option<usize>,
    /// Set any field as in the TOML file, for example --set tempering.beta=0.5; repeatable
    #[arg(long, value_name = "FIELD=VALUE", value_parser = assignment)]
    pub set: Vec<(String, String)>,
}

/// Reads `FIELD=VALUE`.
pub fn assignment(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((field, value)) if !field.trim().is_empty() => {
            Ok((field.trim().to_owned(), value.trim().to_owned()))
        }
        _ => Err("use FIELD=VALUE, for example rollout.batch=100".to_owned()),
    }
}

impl Overrides {
    /// All of them as one table, so that fields which only fit together can be set together.
    pub fn table(&self) -> Table {
        fn text<T: ToString>(value: &Option<T>) -> Option<String> {
            value.as_ref().map(T::to_string)
        }
        let flags = [
            ("seed", text(&self.seed)),
            ("training.iterations", text(&self.iterations)),
            ("process.steps", text(&self.steps)),
            ("rollout.batch", text(&self.batch)),
            ("optimizer.learning_rate", text(&self.learning_rate)),
            ("network.width", text(&self.width)),
            ("network.depth", text(&self.depth)),
            ("objective.log_z", text(&self.log_z)),
            ("rollout.exploration", text(&self.exploration)),
            ("rollout.replay_share", text(&self.replay_share)),
            ("evaluation.samples", text(&self.samples)),
        ];
        let mut table = Table::new();
        for (field, value) in flags {
            if let Some(value) = value {
                merge(&mut table, assigned(field, &value));
            }
        }
        for (field, value) in &self.set {
            merge(&mut table, assigned(field, value));
        }
        table
    }
}

/// A described run and the short name its folder gets.
#[derive(Debug)]
pub struct Source {
    pub label: String,
    pub run: Run,
}

/// Reads the run that `name` stands for, the preset or drawn problem of that name or a TOML file, and lays
/// the flags on it.
pub fn resolve(name: &Path, overrides: &Overrides) -> Result<Source, ProgramError> {
    let mut source = read(name)?;
    source.run = source.run.overlaid(overrides.table())?;
    Ok(source)
}

/// The run that `name` stands for, without flags.
pub fn read(name: &Path) -> Result<Source, ProgramError> {
    let unknown = match Run::named(&name.to_string_lossy()) {
        Ok(run) => {
            let label = run.name.clone();
            return Ok(Source { label, run });
        }
        Err(unknown) => unknown,
    };
    // A bare word that is no file is a misspelt preset rather than a missing file.
    if !name.exists() && name.extension().is_none() && name.components().count() == 1 {
        let allowed = format!(
            "{}; or a drawn problem, such as unseen-1-1; or a TOML file",
            unknown.allowed
        );
        return Err(ConfigError { allowed, ..unknown }.into());
    }
    let text = fs::read_to_string(name).map_err(|e| ProgramError::file("read the run", name, e))?;
    let run = Run::from_toml(&text).map_err(|error| ProgramError::ConfigFile {
        path: name.to_owned(),
        error,
    })?;
    let stem = name.file_stem().unwrap_or_default().to_string_lossy();
    let label = [run.name.as_str(), &stem, "run"]
        .into_iter()
        .map(slug)
        .find(|label| !label.is_empty())
        .unwrap_or_default();
    Ok(Source { label, run })
}

/// What people call a run.
pub fn title(run: &Run) -> String {
    match Preset::find(&run.name) {
        Ok(preset) => preset.title.to_owned(),
        Err(_) if run.name.is_empty() => "Untitled run".to_owned(),
        Err(_) => run.name.clone(),
    }
}

/// A name fit for a folder: letters and digits, everything else a single dash.
fn slug(name: &str) -> String {
    name.to_lowercase()
        .split(|c: char| !c.is_alphanumeric())
        .filter(|word| !word.is_empty())
        .collect::<Vec<_>>()
        .join("-")
}

#[cfg(test)]
mod tests {
    use super::{Overrides, resolve, slug};
    use rtb::task::plane::{PlaneProblem, Reward};
    use std::path::Path;

    #[test]
    fn fields_that_need_each_other_are_set_together() {
        let pair = |field: &str, value: &str| (field.to_owned(), value.to_owned());
        let overrides = Overrides {
            replay_share: Some(0.9),
            set: vec![pair("rollout.noised_share", "0.1"), pair("name", "mine")],
            ..Overrides::default()
        };
        let source = resolve(Path::new("islands"), &overrides).expect("the shares fit");
        assert_eq!(source.run.rollout.replay_share, 0.9);
        assert_eq!(source.run.rollout.noised_share, 0.1);
        assert_eq!(source.run.name, "mine");
        assert_eq!(source.label, "islands");
    }

    #[test]
    fn fields_of_another_kind_are_set_in_any_order() {
        let pair = |(field, value): (&str, &str)| (field.to_owned(), value.to_owned());
        let formula = [
            ("reward.kind", "formula"),
            ("reward.expression", "exp(x)"),
            ("reward.logarithm", "true"),
        ];
        for order in [[0, 1, 2], [1, 0, 2], [2, 1, 0]] {
            let overrides = Overrides {
                set: order.map(|i| pair(formula[i])).to_vec(),
                ..Overrides::default()
            };
            let source = resolve(Path::new("25-half-plane"), &overrides).expect("a formula");
            let Reward::Formula {
                expression,
                logarithm,
            } = &PlaneProblem::of(&source.run).expect("of the plane").reward
            else {
                panic!("{order:?}: {:?}", source.run.problem);
            };
            assert_eq!((expression.as_str(), *logarithm), ("exp(x)", true), "{order:?}");
        }
    }

    #[test]
    fn slugs_name_folders() {
        assert_eq!(slug("25 Gaussians → 9"), "25-gaussians-9");
        assert_eq!(slug("../a\\b"), "a-b");
    }
}
