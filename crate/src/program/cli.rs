//! What can be typed after `rtb`.

use super::command::{
    bench, compare, density, energy, evaluate, infill, list, numbers, pretrain, run, sample,
};
use super::error::ProgramError;
use super::source;
use clap::{Parser, Subcommand};
use std::path::Path;

const EXAMPLES: &str = "\
Examples:
  rtb                                       train the 25-to-9 preset on the CPU
  rtb list                                  what presets, priors, methods and experiments there are
  rtb run ring-teeth --seed 3               train another preset with another seed
  rtb run 25-to-9 --batch 200 --set optimizer.ema=0.99
                                            any field of a run can be set
  rtb run digit-3                           a task on images: threes from a prior of all digits
  rtb list --fields                         every field of a run: meaning, default, what is allowed
  rtb list --toml moons-disc > mine.toml    start a description of your own, then:
  rtb run mine.toml --device gpu --out runs/mine
  rtb run --resume runs/mine                go on after Ctrl-C or a crash
  rtb sample runs/mine --count 1000 --out points.csv
  rtb evaluate runs/mine --samples 100000
  rtb compare moons-disc                    RTB beside every other method, trained or not
  rtb compare 25-to-9 --method rtb --method smc --vary process.steps=20,50,100
  rtb compare steps                         a prepared comparison
  rtb infill runs/stories-each-seed0        fill the gaps of stories that nothing was trained on
  rtb density 25-to-9                       log densities of the prior, from single paths
  rtb energy 25-to-9 --out energy.png       the prior's density, learned as an energy
  rtb numbers                               a language model that says 0 to 100 equally often
  rtb pretrain mixture mine.toml --out prior.safetensors
                                            learn a prior from samples, then train on it:
  rtb run mine.toml --set prior.kind=learned --set prior.weights=prior.safetensors";

/// Train a diffusion model to sample the posterior p(x)·r(x)/Z of a prior p and a reward r, with
/// relative trajectory balance. Without a subcommand: `rtb run 25-to-9`.
#[derive(Parser)]
#[command(
    name = "rtb",
    version,
    after_help = EXAMPLES,
    args_conflicts_with_subcommands = true
)]
pub struct Cli {
    #[command(subcommand)]
    command: Option<Command>,
    #[command(flatten)]
    options: run::Options,
}

#[derive(Subcommand)]
enum Command {
    Run(run::Args),
    Pretrain(pretrain::Args),
    Sample(sample::Args),
    Evaluate(evaluate::Args),
    Compare(compare::Args),
    Infill(infill::Args),
    List(list::Args),
    Bench(bench::Args),
    Density(density::Args),
    Energy(energy::Args),
    Numbers(numbers::Args),
}

impl Cli {
    /// Does what was typed.
    pub fn execute(self) -> Result<(), ProgramError> {
        match self.command {
            None => run::execute(Path::new(source::DEFAULT), self.options),
            Some(Command::Run(args)) => run::execute(&args.source, args.options),
            Some(Command::Pretrain(args)) => pretrain::execute(&args),
            Some(Command::Sample(args)) => sample::execute(&args),
            Some(Command::Evaluate(args)) => evaluate::execute(&args),
            Some(Command::Compare(args)) => compare::execute(&args),
            Some(Command::Infill(args)) => infill::execute(&args),
            Some(Command::List(args)) => list::execute(&args),
            Some(Command::Bench(args)) => bench::execute(&args),
            Some(Command::Density(args)) => density::execute(&args),
            Some(Command::Energy(args)) => energy::execute(&args),
            Some(Command::Numbers(args)) => numbers::execute(&args),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Cli;
    use clap::CommandFactory;

    #[test]
    fn the_command_line_is_consistent() {
        Cli::command().debug_assert();
    }
}
