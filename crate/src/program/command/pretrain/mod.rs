//! `rtb pretrain`: the networks that runs start from.

mod autoencoder;
mod behaviour;
mod classifier;
mod coder;
mod common;
mod critic;
mod data_set;
mod ddpm;
mod digits;
mod flow;
mod judgement;
mod mixture;
mod points;
mod recorded;
mod stories;
mod vae;

pub use common::Record;
#[cfg(feature = "mujoco")]
pub use recorded::RecordedSteps;

use crate::program::error::ProgramError;
use clap::Subcommand;

const AFTER_HELP: &str = "\
Each command writes the weights to --out and a record to the same name with the extension .json: the
command, its seed, its time and measures of quality. `ddpm` writes a folder, with record.json in it. If it is stopped or killed, run the same command
again: it continues from FILE.checkpoint, which it removes at the end.";

/// Train a network that runs need: a prior, a classifier, a language model, a behaviour or a critic
#[derive(clap::Args)]
#[command(after_help = AFTER_HELP)]
pub struct Args {
    #[command(subcommand)]
    what: What,
}

#[derive(Subcommand)]
enum What {
    Mixture(mixture::Args),
    Points(points::Args),
    Flow(flow::Args),
    Autoencoder(autoencoder::Args),
    Vae(vae::Args),
    Digits(digits::Args),
    Ddpm(ddpm::Args),
    Classifier(classifier::Args),
    Stories(stories::Args),
    Behaviour(behaviour::Args),
    Critic(critic::Args),
}

/// Trains what was asked for.
pub fn execute(args: &Args) -> Result<(), ProgramError> {
    match &args.what {
        What::Mixture(args) => mixture::execute(args),
        What::Points(args) => points::execute(args),
        What::Flow(args) => flow::execute(args),
        What::Autoencoder(args) => autoencoder::execute(args),
        What::Vae(args) => vae::execute(args),
        What::Digits(args) => digits::execute(args),
        What::Ddpm(args) => ddpm::execute(args),
        What::Classifier(args) => classifier::execute(args),
        What::Stories(args) => stories::execute(args),
        What::Behaviour(args) => behaviour::execute(args),
        What::Critic(args) => critic::execute(args),
    }
}
