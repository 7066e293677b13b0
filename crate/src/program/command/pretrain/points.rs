//! `rtb pretrain points`: a learned prior of points, from the rows of a table.

use super::common::{Common, Record};
use crate::program::error::ProgramError;
use crate::program::number::whole;
use crate::program::output::{figure, quoted};
use pollster::block_on;
use rtb::run::ConfigError;
use rtb::task::points::Table;
use rtb::task::points::pretrain::{Bounds, PretrainConfig, PretrainFigures, Pretraining};
use std::fs;
use std::path::{Path, PathBuf};

const AFTER_HELP: &str = "\
Defaults: --iterations 5000 --batch 512 --learning-rate 0.002 --ema 0.999

Examples:
  rtb pretrain points samples.csv --out prior.safetensors
  rtb pretrain points samples.csv --bounds rate=0: --bounds share=0:1 --out prior.safetensors";

/// Train a diffusion prior on the rows of a table
#[derive(clap::Args)]
#[command(after_help = AFTER_HELP)]
pub struct Args {
    /// A table: CSV with a header, or .npy; each row is a sample, each column a coordinate
    #[arg(value_name = "TABLE")]
    table: PathBuf,
    /// Bounds that all values of a column lie between, for example share=0:1, or rate=0: for a lower one alone;
    /// repeatable. Samples of the prior keep them
    #[arg(long, value_name = "COLUMN=LOW:HIGH", value_parser = bounds)]
    bounds: Vec<Bounds>,
    /// Units per hidden layer
    #[arg(long, value_name = "N", default_value_t = PretrainConfig::default().width, value_parser = whole::<usize>(0, u64::MAX))]
    width: usize,
    /// Number of hidden layers
    #[arg(long, value_name = "N", default_value_t = PretrainConfig::default().depth, value_parser = whole::<usize>(0, u64::MAX))]
    depth: usize,
    #[command(flatten)]
    common: Common,
}

/// Reads `COLUMN=LOW:HIGH`.
pub(super) fn bounds(text: &str) -> Result<Bounds, String> {
    const FORM: &str = "use COLUMN=LOW:HIGH, COLUMN=LOW: or COLUMN=:HIGH, for example share=0:1";
    let (name, range) = text.split_once('=').ok_or(FORM)?;
    let (low, high) = range.split_once(':').ok_or(FORM)?;
    let number = |text: &str| match text.trim() {
        "" => Ok(None),
        number => match number.parse::<f64>() {
            Ok(bound) if bound.is_finite() => Ok(Some(bound)),
            Ok(_) => Err(format!("{number} is no bound: leave it out, as in {name}=0:")),
            Err(_) => Err(FORM.to_owned()),
        },
    };
    let bounds = Bounds {
        name: name.trim().to_owned(),
        low: number(low)?,
        high: number(high)?,
    };
    match (bounds.low, bounds.high) {
        (None, None) => Err(FORM.to_owned()),
        (Some(low), Some(high)) if low >= high => Err(format!("{low} is not below {high}")),
        _ => Ok(bounds),
    }
}

pub(super) fn shown(bounds: &Bounds) -> String {
    let number = |bound: Option<f64>| bound.map(|value| value.to_string()).unwrap_or_default();
    let range = format!("{}={}:{}", bounds.name, number(bounds.low), number(bounds.high));
    format!(" --bounds {}", quoted(range))
}

/// The table in a file.
pub(super) fn table(path: &Path) -> Result<Table, ProgramError> {
    let file = fs::read(path).map_err(|e| ProgramError::file("read the table", path, e))?;
    Ok(Table::read(&file).map_err(|why| {
        ConfigError::new(
            "TABLE",
            format!("`{}`", path.display()),
            format!("a table of numbers ({why})"),
        )
    })?)
}

/// Trains the prior and writes its two files.
pub fn execute(args: &Args) -> Result<(), ProgramError> {
    args.common.probe(None)?;
    let table = table(&args.table)?;
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
    let bounds: String = args.bounds.iter().map(shown).collect();
    let what = format!(
        "points {}{bounds} --width {} --depth {}",
        quoted(args.table.display()),
        args.width,
        args.depth
    );
    let name = format!("`{}`", args.table.display());
    let mut training = Pretraining::new(&name, &table, &args.bounds, config, args.common.device()?)?;
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
        "{} samples of the learned prior, against {} rows that it was not trained on (and those it was):\n\
         distance of the marginals, in deviations  {} ({})\n\
         largest error of a correlation            {} ({})\n",
        f.samples,
        f.held_out,
        figure(f.marginal_error),
        figure(f.marginal_error_exact),
        figure(f.correlation_error),
        figure(f.correlation_error_exact),
    )
}
