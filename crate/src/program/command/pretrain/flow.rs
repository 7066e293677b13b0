//! `rtb pretrain flow`: a prior of points with an exact density, from a run's mixture or the rows of a table.

use super::common::{Common, Record};
use super::points::{bounds, shown, table};
use crate::program::error::ProgramError;
use crate::program::number::whole;
use crate::program::output::{figure, quoted};
use crate::program::source::{self, Overrides};
use crate::program::storage;
use pollster::block_on;
use rtb::engine::noise::{Noise, Purpose};
use rtb::engine::train::examples::Recipe;
use rtb::task::plane::{Mixture, PlaneProblem};
use rtb::task::points::Table;
use rtb::task::points::flow::FlowConfig;
use rtb::task::points::pretrain::Bounds;
use rtb::task::points::pretrain_flow::{FlowFigures, FlowTraining};
use serde::Serialize;
use std::path::PathBuf;

const AFTER_HELP: &str = "\
Defaults: --iterations 5000 --batch 512 --learning-rate 0.003 --ema 0.999

Examples:
  rtb pretrain flow 25-to-9 --out flow.safetensors
  rtb pretrain flow samples.csv --bounds rate=0: --out flow.safetensors

A run of points takes it with prior.kind = \"flow\" and prior.weights = \"flow.safetensors\".";

/// Train a flow, whose density is exact, on samples of a run's mixture or on the rows of a table
#[derive(clap::Args)]
#[command(after_help = AFTER_HELP)]
pub struct Args {
    /// A table (CSV with a header, or .npy): each row is a sample, each column a coordinate; or a preset or TOML file of
    /// mixtures, of which only the prior is used
    #[arg(value_name = "TABLE|PRESET|FILE.toml")]
    source: PathBuf,
    /// Samples to draw of a mixture
    #[arg(long, value_name = "N", default_value_t = 200_000, value_parser = whole::<usize>(100, 10_000_000))]
    rows: usize,
    /// Bounds that all values of a column lie between, for example share=0:1, or rate=0: for a lower one alone;
    /// repeatable. Samples of the prior keep them
    #[arg(long, value_name = "COLUMN=LOW:HIGH", value_parser = bounds)]
    bounds: Vec<Bounds>,
    /// Couplings, at least two for two coordinates or more
    #[arg(long, value_name = "N", default_value_t = 6, value_parser = whole::<usize>(0, u64::MAX))]
    couplings: usize,
    /// Units of each of the two hidden layers of a coupling
    #[arg(long, value_name = "N", default_value_t = 48, value_parser = whole::<usize>(0, u64::MAX))]
    width: usize,
    #[command(flatten)]
    common: Common,
}

#[derive(Serialize)]
struct Figures {
    #[serde(flatten)]
    flow: FlowFigures,
    /// Mean log p of the mixture itself at the rows that were held out.
    #[serde(skip_serializing_if = "Option::is_none")]
    log_prob_exact: Option<f64>,
}

/// Trains the flow and writes its two files.
pub fn execute(args: &Args) -> Result<(), ProgramError> {
    args.common.probe(None)?;
    let numbers = args.common.numbers(5000, 512, 3e-3, 0.999);
    let (rows, mixture) = match &*storage::extension(&args.source) {
        "csv" | "npy" => (table(&args.source)?, None),
        _ => {
            let run = source::resolve(&args.source, &Overrides::default())?.run;
            let mixture = Mixture::new(&PlaneProblem::of(&run)?.prior.components);
            (drawn(&mixture, args.rows, numbers.seed), Some(mixture))
        }
    };
    let limits: String = args.bounds.iter().map(shown).collect();
    let what = format!(
        "flow {}{limits} --rows {} --couplings {} --width {}",
        quoted(args.source.display()),
        args.rows,
        args.couplings,
        args.width
    );
    let shape = FlowConfig {
        couplings: args.couplings,
        width: args.width,
    };
    let name = format!("`{}`", args.source.display());
    let (recipe, device) = (Recipe::from(&numbers), args.common.device()?);
    let mut training = FlowTraining::new((&name, &rows), &args.bounds, shape, recipe, device)?;
    let seconds = args.common.train(&what, &numbers, &mut training)?;
    let weights = block_on(training.weights())?;
    let figures = Figures {
        flow: training.figures(&weights)?,
        log_prob_exact: mixture.map(|mixture| {
            let held_out = training.held_out().chunks_exact(2);
            let count = held_out.len() as f64;
            held_out
                .map(|row| mixture.log_prob([row[0], row[1]]))
                .sum::<f64>()
                / count
        }),
    };
    let text = summary(&figures);
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

/// Samples of a mixture as a table.
fn drawn(mixture: &Mixture, rows: usize, seed: u64) -> Table {
    let mut rng = Noise::new(seed).stream(Purpose::Samples, 0);
    Table {
        names: ["x", "y"].map(str::to_owned).into(),
        values: (0..rows).flat_map(|_| mixture.sample(&mut rng)).collect(),
    }
}

fn summary(figures: &Figures) -> String {
    let exact = figures.log_prob_exact.map_or_else(String::new, |exact| {
        format!(
            "the mixture's own mean log p there        {}\nKL(mixture ‖ flow)                        {}\n",
            figure(exact),
            figure(exact - figures.flow.log_prob)
        )
    });
    format!(
        "mean log p of {} rows that were held out  {} (of those it was trained on {})\n{exact}",
        figures.flow.held_out,
        figure(figures.flow.log_prob),
        figure(figures.flow.log_prob_trained),
    )
}
