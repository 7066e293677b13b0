//! What can be typed after `rtb`.

#[cfg(feature = "mujoco")]
use super::command::simulate;
use super::command::{
    bench, compare, density, distill, energy, evaluate, export, infill, list, model, numbers, pretrain, run,
    sample,
};
use super::error::ProgramError;
use super::source;
use clap::{Parser, Subcommand};
use std::path::Path;

const EXAMPLES: &str = "\
Examples:
  rtb                                       train the 25-to-9 preset on the CPU
  rtb list                                  list presets, priors, methods and experiments
  rtb run ring-teeth --seed 3               train another preset with another seed
  rtb run 25-to-9 --batch 200 --set optimizer.ema=0.99
                                            change any field of a run
  rtb run digit-3                           images: sample threes from a prior of all digits
  rtb list --fields                         describe every field: meaning, default, allowed values
  rtb list --toml moons-disc > mine.toml    copy a preset to a file, edit it, then run it:
  rtb run mine.toml --device gpu --out runs/mine
  rtb run --resume runs/mine                continue after Ctrl-C or a crash
  rtb sample runs/mine --count 1000 --out points.csv
  rtb evaluate runs/mine --samples 100000
  rtb distill runs/latents-3-seed0          train a network that draws samples in one step
  rtb compare moons-disc                    compare RTB with every other method
  rtb compare 25-to-9 --method rtb --method smc --vary process.steps=20,50,100
  rtb compare steps                         run a prepared comparison (an experiment)
  rtb infill runs/stories-each-seed0        fill the gaps of held-out stories
  rtb density 25-to-9                       estimate the prior's log density from single paths
  rtb energy 25-to-9 --out energy.png       learn the prior's density as an energy
  rtb numbers                               train a language model to say 0 to 100 equally often
  rtb model ddpm-cifar10-32                 show the parts of a diffusers folder
  rtb export runs/cifar-10-class-seed0      write its posterior as a LoRA that diffusers loads
  rtb pretrain mixture mine.toml --out prior.safetensors
                                            train a prior on samples, then use it in a run:
  rtb run mine.toml --set prior.kind=learned --set prior.weights=prior.safetensors";

/// Train a diffusion model to sample the posterior p(x)·r(x)/Z of a diffusion prior p and a reward r,
/// with relative trajectory balance (RTB). Without a subcommand, `rtb` runs `rtb run 25-to-9`.
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
    Model(model::Args),
    Export(export::Args),
    Bench(bench::Args),
    Density(density::Args),
    Distill(distill::Args),
    Energy(energy::Args),
    Numbers(numbers::Args),
    #[cfg(feature = "mujoco")]
    Simulate(simulate::Args),
}

impl Cli {
    /// Runs the subcommand that was typed.
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
            Some(Command::Model(args)) => model::execute(&args),
            Some(Command::Export(args)) => export::execute(&args),
            Some(Command::Bench(args)) => bench::execute(&args),
            Some(Command::Density(args)) => density::execute(&args),
            Some(Command::Distill(args)) => distill::execute(&args),
            Some(Command::Energy(args)) => energy::execute(&args),
            Some(Command::Numbers(args)) => numbers::execute(&args),
            #[cfg(feature = "mujoco")]
            Some(Command::Simulate(args)) => simulate::execute(&args),
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
