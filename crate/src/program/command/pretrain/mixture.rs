//! `rtb pretrain mixture`: a learned prior of the plane, from samples of a run's mixture.

use super::common::{Common, Record};
use crate::program::error::ProgramError;
use crate::program::number::whole;
use crate::program::output::{figure, quoted};
use crate::program::source::{self, Overrides};
use pollster::block_on;
use rtb::task::plane::pretrain::{PretrainConfig, PretrainFigures, Pretraining};
use std::path::PathBuf;

const AFTER_HELP: &str = "\
Defaults: --iterations 20000 --batch 1024 --learning-rate 0.003 --ema 0.999

Examples:
  rtb pretrain mixture 25-to-9 --out prior-25.safetensors
  rtb run 25-to-9 --set prior.kind=learned --set prior.weights=prior-25.safetensors";

/// Train a diffusion prior in the plane on samples of a run's mixture
#[derive(clap::Args)]
#[command(after_help = AFTER_HELP)]
pub struct Args {
    /// A preset (see `rtb list`) or a TOML file; only its prior and its process are used
    #[arg(value_name = "PRESET|FILE.toml")]
    source: PathBuf,
    /// Units per hidden layer
    #[arg(long, value_name = "N", default_value_t = PretrainConfig::default().width, value_parser = whole::<usize>(0, u64::MAX))]
    width: usize,
    /// Number of hidden layers
    #[arg(long, value_name = "N", default_value_t = PretrainConfig::default().depth, value_parser = whole::<usize>(0, u64::MAX))]
    depth: usize,
    #[command(flatten)]
    common: Common,
}

/// Trains the prior and writes its two files.
pub fn execute(args: &Args) -> Result<(), ProgramError> {
    args.common.probe(None)?;
    let run = source::resolve(&args.source, &Overrides::default())?.run;
    let defaults = PretrainConfig::default();
    let numbers = args.common.numbers(
        defaults.iterations,
        defaults.batch,
        defaults.learning_rate,
        defaults.ema,
    );
    let config = PretrainConfig {
        iterations: numbers.iterations,
        batch: numbers.batch,
        width: args.width,
        depth: args.depth,
        learning_rate: numbers.learning_rate,
        ema: numbers.ema,
        seed: numbers.seed,
    };
    let what = format!(
        "mixture {} --width {} --depth {}",
        quoted(args.source.display()),
        args.width,
        args.depth
    );
    let mut training = Pretraining::new(&run, config, args.common.device()?)?;
    let seconds = args.common.train(&what, &numbers, &mut training)?;
    let figures = block_on(training.figures())?;
    let text = summary(&figures);
    let weights = block_on(training.weights())?;
    args.common.finish(
        &weights,
        &Record {
            command: args.common.command(&what, &numbers),
            from: None,
            seed: numbers.seed,
            seconds,
            figures,
        },
        &text,
    )
}

fn summary(f: &PretrainFigures) -> String {
    format!(
        "{} samples of the learned prior, from a chain of {} steps, compared with the mixture:\n\
         mode weights, total variation  {}\n\
         variance within modes          {} (exact {})\n\
         KL(learned ‖ mixture), grid    {}\n",
        f.samples,
        f.steps,
        figure(f.mode_total_variation),
        figure(f.within_mode_variance),
        figure(f.within_mode_variance_exact),
        figure(f.kl_grid),
    )
}
