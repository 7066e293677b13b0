//! `rtb list`: the presets, priors, methods and experiments, and the fields of a run.

use crate::program::comparison::entrant::{bare, fields};
use crate::program::error::ProgramError;
use crate::program::output::print;
use crate::program::reference;
use rtb::run::{Experiment, Method, Preset, Run, ShippedPrior};
use rtb::task::{Task, experiments, presets};
use toml::Value;

/// List presets, priors, methods and experiments; or print a preset or the fields of a run
#[derive(clap::Args)]
pub struct Args {
    /// Print this preset or drawn problem as TOML, to start a run file of your own
    #[arg(long, value_name = "PRESET")]
    toml: Option<String>,
    /// Print every field of a run in Markdown: its meaning, default and allowed values
    #[arg(long, conflicts_with = "toml")]
    fields: bool,
}

/// Prints what was asked for.
pub fn execute(args: &Args) -> Result<(), ProgramError> {
    match &args.toml {
        Some(name) => print(&reference::commented(&Run::named(name)?)),
        None if args.fields => print(&reference::page()),
        None => print(&listing()),
    }
}

fn listing() -> String {
    let preset = |p: &Preset| (p.name, p.title.to_owned(), p.description.to_owned());
    let experiment = |e: &Experiment| (e.name, e.title.to_owned(), e.question.to_owned());
    let prior = |task: Task, prior: &ShippedPrior| {
        let of = match prior.preset {
            Some(preset) => format!("For the mixture of the preset {preset}; also set prior.kind=learned."),
            None => format!("For the task {}.", task.name()),
        };
        (prior.name, prior.title.to_owned(), of)
    };
    let priors = Task::all().flat_map(|task| {
        let of_task = task.priors().iter();
        of_task.map(move |shipped| prior(task, shipped))
    });
    let method = |m: &Method| {
        let info = m.info();
        let title = [info.title, &settings(m, |_, _| true)].join("  ");
        let elsewhere = Task::all().map(|task| on(task, m));
        let description = std::iter::once(info.description.to_owned()).chain(elsewhere.flatten());
        (
            info.name,
            title.trim_end().to_owned(),
            description.collect::<Vec<_>>().join(" "),
        )
    };
    [
        section("Presets", presets().iter().map(preset).collect()),
        section("Priors, for `--set prior.weights=NAME`", priors.collect()),
        section(
            "Methods, for `rtb compare --method`",
            Method::all().iter().map(method).collect(),
        ),
        section(
            "Experiments, for `rtb compare`",
            experiments().iter().map(experiment).collect(),
        ),
    ]
    .join("\n")
}

/// The settings of a method that are wanted, as they are typed.
fn settings(method: &Method, wanted: impl Fn(&str, &Value) -> bool) -> String {
    let fields = fields(method);
    let wanted = fields.iter().filter(|(field, value)| wanted(field, value));
    let typed: Vec<_> = wanted
        .map(|(field, value)| format!("{field}={}", bare(value)))
        .collect();
    typed.join(" ")
}

/// What is not as usual about a method on a task.
fn on(task: Task, method: &Method) -> Option<String> {
    let (name, usual) = (method.info().name, fields(method));
    let Some(own) = task.methods().into_iter().find(|m| m.info().name == name) else {
        return Some(format!("Not for {}.", task.name()));
    };
    let other = settings(&own, |field, value| usual.get(field) != Some(value));
    (!other.is_empty()).then(|| format!("On {}: {other}.", task.name()))
}

/// Names with a title and a sentence each.
fn section(heading: &str, entries: Vec<(&str, String, String)>) -> String {
    let width = entries
        .iter()
        .map(|(name, ..)| name.len())
        .max()
        .unwrap_or_default();
    let lines = entries.iter().map(|(name, title, description)| {
        format!("  {name:width$}  {title}\n  {:width$}  {description}\n", "")
    });
    format!("{heading}:\n") + &lines.collect::<String>()
}
