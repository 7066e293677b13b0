//! `rtb pretrain`: the networks that runs start from.

mod autoencoder;
mod classifier;
mod common;
mod digits;
mod judgement;
mod mixture;
mod stories;

use crate::program::error::ProgramError;
use clap::Subcommand;

const AFTER_HELP: &str = "\
Every training writes its weights to --out, and beside them the same name with the extension .json:
the command that made them, its seed, the time it took and how good they are. It can be stopped or
killed: the same command goes on from FILE.checkpoint, which is removed at the end.";

/// Train a network that runs start from: a prior, a classifier, a language model
#[derive(clap::Args)]
#[command(after_help = AFTER_HELP)]
pub struct Args {
    #[command(subcommand)]
    what: What,
}

#[derive(Subcommand)]
enum What {
    Mixture(mixture::Args),
    Autoencoder(autoencoder::Args),
    Digits(digits::Args),
    Classifier(classifier::Args),
    Stories(stories::Args),
}

/// Trains what was asked for.
pub fn execute(args: &Args) -> Result<(), ProgramError> {
    match &args.what {
        What::Mixture(args) => mixture::execute(args),
        What::Autoencoder(args) => autoencoder::execute(args),
        What::Digits(args) => digits::execute(args),
        What::Classifier(args) => classifier::execute(args),
        What::Stories(args) => stories::execute(args),
    }
}
