//! What a comparison runs: methods, values of a varied field, seeds.

use super::entrant::Entrant;
use super::words::values;
use crate::program::error::ProgramError;
use crate::program::output::quoted;
use crate::program::source::{self, Overrides};
use rtb::run::{ConfigError, Experiment, Method, PROBLEM, Run};
use serde::{Deserialize, Serialize};
use std::collections::HashSet;
use std::ops::Range;
use std::path::Path;

/// What the command line says besides the source; what is empty is the experiment's, or the
/// default.
#[derive(Clone, Copy, Debug)]
pub struct Choice<'a> {
    pub methods: &'a [String],
    pub vary: Option<&'a (String, String)>,
    pub seeds: &'a [u64],
    pub pool: bool,
    pub overrides: &'a Overrides,
}

/// The run with one value of the varied field.
#[derive(Clone, Debug)]
pub struct Variant {
    /// As in the TOML file; none where no field is varied.
    pub value: Option<String>,
    pub run: Run,
}

/// A field of the run and its values, as in the TOML file.
type Vary = (String, Vec<String>);

/// One trial: indices into the plan's variants, entrants and seeds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
pub struct Place {
    pub variant: usize,
    pub entrant: usize,
    pub seed: usize,
}

/// A comparison before it is run. Every run in it is validated.
#[derive(Debug)]
pub struct Plan {
    /// The short name its folder gets.
    pub label: String,
    pub title: String,
    /// What an experiment asks.
    pub question: Option<&'static str>,
    pub run: Run,
    pub entrants: Vec<Entrant>,
    /// The field that is varied.
    pub field: Option<String>,
    /// One a value of that field, or the run alone.
    pub variants: Vec<Variant>,
    pub seeds: Vec<u64>,
    /// Whether figures are means over the variants.
    pub pooled: bool,
}

/// Variants that are one in a table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Group {
    /// The value of the varied field, where it is one.
    pub value: Option<String>,
    /// As in `process.steps = 10`.
    pub setting: Option<String>,
    pub variants: Range<usize>,
}

impl Plan {
    /// The comparison that `name` stands for, an experiment, a preset or a TOML file, with what
    /// the command line says on top.
    pub fn new(name: &Path, choice: &Choice) -> Result<Self, ProgramError> {
        let (plan, vary) = Self::read(name, choice.overrides)?;
        plan.chosen(vary, choice)
    }

    /// The plan of a comparison that was begun as this: the run with its flags, and all choices.
    pub fn again(label: &str, run: Run, choice: &Choice) -> Result<Self, ProgramError> {
        let plan = match Experiment::find(label) {
            Ok(found) => Self {
                title: found.title.to_owned(),
                question: Some(found.question),
                ..Self::of(label.to_owned(), run, Vec::new())
            },
            Err(_) => Self::of(label.to_owned(), run, Vec::new()),
        };
        plan.chosen(None, choice)
    }

    /// This plan with what was chosen in place of its own.
    fn chosen(self, vary: Option<Vary>, choice: &Choice) -> Result<Self, ProgramError> {
        let mut plan = self;
        if !choice.methods.is_empty() {
            let task = plan.run.task();
            let parsed = choice.methods.iter().map(|m| Entrant::parse(m, task));
            plan.entrants = parsed.collect::<Result<_, ConfigError>>()?;
        }
        if !choice.seeds.is_empty() {
            plan.seeds = choice.seeds.to_vec();
        } else if choice.overrides.seed.is_some() {
            plan.seeds = vec![plan.run.seed];
        }
        let vary = choice
            .vary
            .map(|(field, list)| (field.clone(), values(list)))
            .or(vary);
        plan.vary(vary)?;
        plan.pooled = choice.pool;
        if plan.pooled && plan.field.is_none() {
            let value = "a comparison that varies no field";
            let allowed = "--vary FIELD=A,B,…, or an experiment that varies a field";
            return Err(ConfigError::new("--pool", value, allowed).into());
        }
        plan.check()?;
        Ok(plan)
    }

    fn read(name: &Path, overrides: &Overrides) -> Result<(Self, Option<Vary>), ProgramError> {
        let unknown = match Experiment::find(&name.to_string_lossy()) {
            Ok(found) => {
                let run = found.run.overlaid(overrides.table())?;
                let plan = Self {
                    title: found.title.to_owned(),
                    question: Some(found.question),
                    seeds: found.seeds,
                    ..Self::of(found.name.to_owned(), run, found.methods)
                };
                return Ok((plan, found.vary.map(|(field, values)| (field.to_owned(), values))));
            }
            Err(unknown) => unknown,
        };
        let found = source::read(name).map_err(|error| match error {
            ProgramError::Config(error) => ProgramError::Config(ConfigError {
                allowed: format!("{}; or an experiment: {}", error.allowed, unknown.allowed),
                ..error
            }),
            error => error,
        })?;
        let run = found.run.overlaid(overrides.table())?;
        let methods = run.methods();
        Ok((Self::of(found.label, run, methods), None))
    }

    /// The comparison of methods on a run, which nothing varies.
    fn of(label: String, run: Run, methods: Vec<Method>) -> Self {
        let task = run.task();
        Self {
            label,
            title: source::title(&run),
            question: None,
            seeds: vec![run.seed],
            entrants: methods.into_iter().map(|m| Entrant::new(m, task)).collect(),
            run,
            field: None,
            variants: Vec::new(),
            pooled: false,
        }
    }

    fn vary(&mut self, vary: Option<Vary>) -> Result<(), ConfigError> {
        let Some((field, values)) = vary else {
            self.variants = vec![Variant {
                value: None,
                run: self.run.clone(),
            }];
            return Ok(());
        };
        let instead = match field.split('.').next() {
            Some("method") => Some("a field of the run; to vary a method's setting, repeat --method"),
            Some("seed") => Some("--seeds to repeat the comparison with several seeds"),
            _ => None,
        };
        if let Some(allowed) = instead {
            return Err(ConfigError::new("--vary", format!("`{field}`"), allowed));
        }
        let variant = |value: String| {
            let run = match field.as_str() {
                PROBLEM => self.about(&value)?,
                field => self.run.with(field, &value)?,
            };
            Ok(Variant {
                value: Some(value),
                run,
            })
        };
        self.variants = values
            .into_iter()
            .map(variant)
            .collect::<Result<_, ConfigError>>()?;
        self.field = Some(field);
        Ok(())
    }

    /// The run, about the problem of this name.
    fn about(&self, name: &str) -> Result<Run, ConfigError> {
        const FIELD: &str = "--vary problem";
        let named = Run::named(name).map_err(|unknown| ConfigError {
            field: FIELD.to_owned(),
            allowed: format!("{}; or a drawn problem, such as unseen-1-1", unknown.allowed),
            ..unknown
        })?;
        let (own, other) = (self.run.task().name(), named.task().name());
        if own != other {
            let value = format!("`{name}` of the task {other}");
            return Err(ConfigError::new(
                FIELD,
                value,
                format!("problems of the task {own}"),
            ));
        }
        Ok(Run {
            problem: named.problem,
            ..self.run.clone()
        })
    }

    /// Whether each variant has a problem of its own, with a row of its own.
    pub fn varies_problems(&self) -> bool {
        self.field.as_deref() == Some(PROBLEM) && !self.pooled
    }

    fn check(&self) -> Result<(), ConfigError> {
        once("--seeds", self.seeds.iter().map(u64::to_string))?;
        once("--method", self.entrants.iter().map(|e| format!("`{}`", e.typed)))?;
        once("--vary", self.variants.iter().filter_map(|v| v.value.clone()))?;
        self.usable()?;
        self.places().try_for_each(|place| self.run_of(place).validate())
    }

    /// Refuses methods that do not work on the task, before anything is computed.
    fn usable(&self) -> Result<(), ConfigError> {
        let task = self.run.task();
        let names: Vec<_> = task.methods().iter().map(|m| m.info().name).collect();
        let unusable = |entrant: &&Entrant| !names.contains(&entrant.method.info().name);
        self.entrants.iter().find(unusable).map_or(Ok(()), |entrant| {
            let value = format!("`{}` for the task {}", entrant.typed, task.name());
            let allowed = format!("one of {}", names.join(", "));
            Err(ConfigError::new("--method", value, allowed))
        })
    }

    /// All trials in the order in which they are run.
    pub fn places(&self) -> impl Iterator<Item = Place> + '_ {
        let (entrants, seeds) = (self.entrants.len(), self.seeds.len());
        (0..self.variants.len() * entrants * seeds).map(move |i| Place {
            variant: i / seeds / entrants,
            entrant: i / seeds % entrants,
            seed: i % seeds,
        })
    }

    /// What has rows of its own in a table.
    pub fn groups(&self) -> Vec<Group> {
        let all = 0..self.variants.len();
        if self.pooled {
            return vec![Group {
                value: None,
                setting: None,
                variants: all,
            }];
        }
        all.map(|variant| Group {
            value: self.variants[variant].value.clone(),
            setting: self.setting(variant),
            variants: variant..variant + 1,
        })
        .collect()
    }

    /// The run of a trial.
    pub fn run_of(&self, place: Place) -> Run {
        Run {
            method: self.entrants[place.entrant].method,
            seed: self.seeds[place.seed],
            ..self.variants[place.variant].run.clone()
        }
    }

    /// The varied field with its value in a variant, as in `process.steps = 10`.
    pub fn setting(&self, variant: usize) -> Option<String> {
        let (field, value) = (self.field.as_ref()?, self.variants[variant].value.as_ref()?);
        Some(format!("{field} = {value}"))
    }

    /// The values of the varied field as they are typed.
    pub fn values(&self) -> String {
        let values: Vec<_> = self.variants.iter().filter_map(|v| v.value.as_deref()).collect();
        values.join(",")
    }

    /// The command that repeats the comparison in its folder, with all choices written out.
    pub fn command(&self) -> String {
        let mut words = vec!["rtb compare config.toml".to_owned()];
        words.extend(
            self.entrants
                .iter()
                .map(|e| format!("--method {}", quoted(&e.typed))),
        );
        let seeds: Vec<_> = self.seeds.iter().map(u64::to_string).collect();
        words.push(format!("--seeds {}", seeds.join(",")));
        if let Some(field) = &self.field {
            words.push(format!("--vary {}", quoted(format!("{field}={}", self.values()))));
        }
        words.extend(self.pooled.then(|| "--pool".to_owned()));
        words.join(" ")
    }
}

/// Refuses what is asked for twice: it would count twice where it is one.
fn once(flag: &str, asked: impl Iterator<Item = String>) -> Result<(), ConfigError> {
    let mut seen = HashSet::new();
    for value in asked {
        if seen.contains(&value) {
            return Err(ConfigError::new(
                flag,
                format!("{value} twice"),
                "each value once",
            ));
        }
        seen.insert(value);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::{Choice, Plan};
    use crate::program::source::Overrides;
    use rtb::run::Method;
    use rtb::task::experiments;
    use std::path::Path;

    /// Nothing chosen.
    fn choice(overrides: &Overrides) -> Choice<'_> {
        Choice {
            methods: &[],
            vary: None,
            seeds: &[],
            pool: false,
            overrides,
        }
    }

    #[test]
    fn every_experiment_is_a_plan() {
        for experiment in experiments() {
            let overrides = Overrides::default();
            let plan = Plan::new(Path::new(experiment.name), &choice(&overrides)).expect("a plan");
            let values = experiment.vary.map_or(1, |(_, values)| values.len());
            let trials = values * experiment.methods.len() * experiment.seeds.len();
            assert_eq!(plan.places().count(), trials, "{}", experiment.name);
        }
    }

    #[test]
    fn a_preset_is_compared_by_the_methods_of_its_task() {
        let typed = |preset: &str, methods: &[String]| -> Vec<String> {
            let overrides = Overrides::default();
            let choice = Choice {
                methods,
                ..choice(&overrides)
            };
            let plan = Plan::new(Path::new(preset), &choice).expect("a plan");
            plan.entrants.into_iter().map(|e| e.typed).collect()
        };
        let all: Vec<_> = Method::all().iter().map(|m| m.info().name).collect();
        assert_eq!(typed("25-to-9", &[]), all);
        let on_words = typed("story-bike", &[]);
        let left_out = ["guidance", "dps", "dps-normalized", "lgd-mc", "hmc"];
        assert!(left_out.iter().all(|name| !on_words.iter().any(|m| m == name)));
        assert_eq!(on_words.len(), all.len() - left_out.len());
        let asked = ["smc:points=4"].map(str::to_owned);
        assert_eq!(typed("story-bike", &asked), asked);
    }

    #[test]
    fn a_method_that_does_not_work_on_the_task_is_refused() {
        let (methods, overrides) = (["rtb", "dps"].map(str::to_owned), Overrides::default());
        let choice = Choice {
            methods: &methods,
            ..choice(&overrides)
        };
        let error = Plan::new(Path::new("story-bike"), &choice).expect_err("words have no gradient");
        let text = error.to_string();
        assert!(
            text.starts_with("--method: `dps` for the task stories is not allowed; use one of rtb, "),
            "{text}"
        );
        assert!(!text.contains("lgd-mc"), "{text}");
    }

    #[test]
    fn flags_take_the_place_of_an_experiments_choices() {
        let (methods, vary) = (["smc".to_owned()], ("rollout.batch".to_owned(), "8,9".to_owned()));
        let overrides = Overrides {
            iterations: Some(3),
            ..Overrides::default()
        };
        let choice = Choice {
            methods: &methods,
            vary: Some(&vary),
            seeds: &[7],
            ..choice(&overrides)
        };
        let plan = Plan::new(Path::new("steps"), &choice).expect("a plan");
        let last = plan.places().last().expect("trials");
        let run = plan.run_of(last);
        assert_eq!(plan.places().count(), 2);
        assert_eq!((run.seed, run.rollout.batch, run.training.iterations), (7, 9, 3));
        assert!(matches!(run.method, Method::Smc { .. }));
        assert_eq!(
            plan.command(),
            "rtb compare config.toml --method smc --seeds 7 --vary 'rollout.batch=8,9'"
        );
    }
}
