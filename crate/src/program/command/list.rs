//! `rtb list`: the presets.

use crate::program::error::ProgramError;
use crate::program::output::print;
use rtb::config::{Preset, presets};

/// List the presets, or print one as TOML
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
        None => print(&listing(&presets())),
    }
}

fn listing(presets: &[Preset]) -> String {
    let width = presets.iter().map(|p| p.name.len()).max().unwrap_or_default();
    presets
        .iter()
        .map(|p| {
            format!(
                "{:width$}  {}\n{:width$}  {}\n",
                p.name, p.title, "", p.description
            )
        })
        .collect()
}
