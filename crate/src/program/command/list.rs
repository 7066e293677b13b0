//! `rtb list`: the presets, methods and experiments.

use crate::program::comparison::entrant::{bare, fields};
use crate::program::error::ProgramError;
use crate::program::output::print;
use rtb::config::{Experiment, Method, Preset, experiments, presets};

/// List presets, methods and experiments, or print a preset as TOML
#[derive(clap::Args)]
pub struct Args {
    /// Print the TOML of this preset, to start a description of your own
    #[arg(long, value_name = "PRESET")]
    toml: Option<String>,
}

/// Prints what was asked for.
pub fn execute(args: &Args) -> Result<(), ProgramError> {
    match &args.toml {
        Some(name) => print(&Preset::find(name)?.run.to_toml()),
        None => print(&listing()),
    }
}

fn listing() -> String {
    let preset = |p: &Preset| (p.name, p.title.to_owned(), p.description.to_owned());
    let experiment = |e: &Experiment| (e.name, e.title.to_owned(), e.question.to_owned());
    let method = |m: &Method| {
        let (info, fields) = (m.info(), fields(m));
        let fields: Vec<_> = fields
            .iter()
            .map(|(f, value)| format!("{f}={}", bare(value)))
            .collect();
        let title = [info.title, &fields.join(" ")].join("  ");
        (
            info.name,
            title.trim_end().to_owned(),
            info.description.to_owned(),
        )
    };
    [
        section("Presets", presets().iter().map(preset).collect()),
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
