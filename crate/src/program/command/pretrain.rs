//! `rtb pretrain`: a learned prior, from samples of a run's mixture.

use crate::program::device::DeviceFlag;
use crate::program::error::ProgramError;
use crate::program::output::{figure, print};
use crate::program::progress::Progress;
use crate::program::source::{self, Overrides};
use crate::program::storage;
use pollster::block_on;
use rtb::train::pretrain::{PretrainConfig, PretrainFigures, Pretraining};
use serde::Serialize;
use std::path::{Path, PathBuf};
use std::time::Instant;

const AFTER_HELP: &str = "\
Writes the weights, and beside them FILE with the extension .json: the command that made them,
its seed, the time it took and how well the prior fits its mixture.

Example:
  rtb pretrain 25-to-9 --out prior-25.safetensors
  rtb run 25-to-9 --set prior.kind=learned --set prior.weights=prior-25.safetensors";

/// Train a prior on samples of a run's mixture
#[derive(clap::Args)]
#[command(after_help = AFTER_HELP)]
pub struct Args {
    /// A preset (see `rtb list`) or a TOML file; its prior and its process count
    #[arg(value_name = "PRESET|FILE.toml")]
    source: PathBuf,
    /// File of weights (safetensors) to write
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
    /// Iterations of training
    #[arg(long, value_name = "N", default_value_t = PretrainConfig::default().iterations)]
    iterations: usize,
    /// Samples of an iteration
    #[arg(long, value_name = "N", default_value_t = PretrainConfig::default().batch)]
    batch: usize,
    /// Units of a hidden layer
    #[arg(long, value_name = "N", default_value_t = PretrainConfig::default().width)]
    width: usize,
    /// Hidden layers
    #[arg(long, value_name = "N", default_value_t = PretrainConfig::default().depth)]
    depth: usize,
    /// Learning rate at the start
    #[arg(long, value_name = "RATE", default_value_t = PretrainConfig::default().learning_rate)]
    learning_rate: f64,
    /// Decay of the average of the weights that is saved
    #[arg(long, value_name = "DECAY", default_value_t = PretrainConfig::default().ema)]
    ema: f64,
    /// Seed of all noise
    #[arg(long, value_name = "N", default_value_t = PretrainConfig::default().seed)]
    seed: u64,
    #[command(flatten)]
    device: DeviceFlag,
    /// Show no progress
    #[arg(long, short)]
    quiet: bool,
}

/// What is written beside the weights.
#[derive(Serialize)]
struct Record {
    command: String,
    seed: u64,
    seconds: f64,
    figures: PretrainFigures,
}

/// Trains the prior and writes its two files.
pub fn execute(args: &Args) -> Result<(), ProgramError> {
    let run = source::resolve(&args.source, &Overrides::default())?.run;
    storage::probe(&args.out)?;
    let begun = Instant::now();
    let mut training = Pretraining::new(&run, args.config(), args.device.device.open()?)?;
    let progress = Progress::new("pretrain", 0, args.iterations, args.quiet);
    while !training.finished() {
        let loss = block_on(training.step())?;
        progress.advance(training.iteration(), || format!("loss {}", figure(loss)));
    }
    progress.clear();
    let record = Record {
        command: args.command(),
        seed: args.seed,
        seconds: begun.elapsed().as_secs_f64(),
        figures: block_on(training.figures())?,
    };
    let json = args.out.with_extension("json");
    storage::write(&args.out, &block_on(training.weights())?)?;
    storage::write_json(&json, &record)?;
    print(&summary(&record, &args.out, &json))
}

impl Args {
    fn config(&self) -> PretrainConfig {
        PretrainConfig {
            iterations: self.iterations,
            batch: self.batch,
            width: self.width,
            depth: self.depth,
            learning_rate: self.learning_rate,
            ema: self.ema,
            seed: self.seed,
        }
    }

    /// The command with all values written out, as defaults may change.
    fn command(&self) -> String {
        format!(
            "rtb pretrain {} --out {} --iterations {} --batch {} --width {} --depth {} \
             --learning-rate {} --ema {} --seed {}",
            self.source.display(),
            self.out.display(),
            self.iterations,
            self.batch,
            self.width,
            self.depth,
            self.learning_rate,
            self.ema,
            self.seed
        )
    }
}

fn summary(record: &Record, weights: &Path, json: &Path) -> String {
    let f = &record.figures;
    format!(
        "{} samples of the learned prior's chain of {} steps, against the mixture:\n\
         mode weights, total variation  {}\n\
         variance within modes          {} (exact {})\n\
         KL(learned ‖ mixture), grid    {}\n\
         Written: {} and {}\n",
        f.samples,
        f.steps,
        figure(f.mode_total_variation),
        figure(f.within_mode_variance),
        figure(f.within_mode_variance_exact),
        figure(f.kl_grid),
        weights.display(),
        json.display()
    )
}
