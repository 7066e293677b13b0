//! `rtb distill`: a sampler of a posterior that needs one step.

use super::pretrain::Record;
use crate::program::device::DeviceFlag;
use crate::program::error::ProgramError;
use crate::program::number::{any, whole};
use crate::program::output::{print, quoted};
use crate::program::outside::Permission;
use crate::program::pretraining::{self, Job};
use crate::program::progress::Busy;
use crate::program::reopen::reopen_trained;
use crate::program::storage::{self, ONE_STEP, RunFolder};
use crate::program::table;
use pollster::block_on;
use rtb::engine::train::examples::Recipe;
use rtb::message::Fit;
use rtb::run::ConfigError;
use rtb::task::opened::Measured;
use serde::Serialize;
use std::path::PathBuf;

const AFTER_HELP: &str = "\
Trains a small network that maps standard normal noise to end points of the chain, on samples of the
trained posterior, by a generalised energy distance. A sample then costs one pass of it (and of the generator)
in place of one per step; it has no weight, so the sampler itself stays the one to estimate log Z with.
For runs of the tasks points and latents.

Examples:
  rtb distill runs/latents-3-seed0
  rtb sample runs/latents-3-seed0 --distilled --count 64 --out threes.png";

/// Train a network that draws samples of a trained posterior in one step
#[derive(clap::Args)]
#[command(after_help = AFTER_HELP)]
pub struct Args {
    /// Folder that `rtb run` wrote
    #[arg(value_name = "DIR")]
    folder: PathBuf,
    /// File (safetensors) for the weights; a record of the same name ends in .json
    /// [default: one-step.safetensors in DIR]
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// Learn from samples that are drawn by their weights r·p_θ/p_φ: they follow the posterior more closely than the
    /// policy does, as long as ESS/N is not small
    #[arg(long)]
    weighted: bool,
    /// Number of training iterations
    #[arg(long, value_name = "N", default_value_t = 3000, value_parser = whole::<usize>(0, u64::MAX))]
    iterations: usize,
    /// Samples per iteration
    #[arg(long, value_name = "N", default_value_t = 1024, value_parser = whole::<usize>(0, u64::MAX))]
    batch: usize,
    /// Learning rate at the start; it decays to 0 along a cosine
    #[arg(long, value_name = "RATE", default_value_t = 4e-3, value_parser = any)]
    learning_rate: f64,
    /// Units per hidden layer
    #[arg(long, value_name = "N", default_value_t = 128, value_parser = whole::<usize>(4, 1024))]
    width: usize,
    /// Number of hidden layers
    #[arg(long, value_name = "N", default_value_t = 3, value_parser = whole::<usize>(1, 8))]
    depth: usize,
    /// Samples of the figures, at least 100 [default: the run's evaluation.samples]
    #[arg(long, value_name = "N", value_parser = whole::<usize>(100, 10_000_000))]
    samples: Option<usize>,
    /// Random seed
    #[arg(long, value_name = "N", default_value_t = 0, value_parser = whole::<u64>(0, u64::MAX))]
    seed: u64,
    #[command(flatten)]
    device: DeviceFlag,
    #[command(flatten)]
    permission: Permission,
    /// Do not show progress
    #[arg(long, short)]
    quiet: bool,
}

/// Decay of the moving average of the weights.
const EMA: f64 = 0.99;

/// How near the samples of each sampler are.
#[derive(Serialize)]
struct Measures {
    log_reward: f64,
    #[serde(flatten)]
    fit: Fit,
}

#[derive(Serialize)]
struct Figures {
    samples: usize,
    log_z_exact: f64,
    sampler: Measures,
    one_step: Measures,
}

/// Distils, measures and writes.
pub fn execute(args: &Args) -> Result<(), ProgramError> {
    let folder = RunFolder::open(&args.folder)?;
    let out = args.out.clone().unwrap_or_else(|| folder.file(ONE_STEP));
    if storage::is_stream(&out) || storage::extension(&out) == "json" {
        let allowed = "a file: its record lies beside it and ends in .json";
        return Err(ConfigError::new("--out", format!("`{}`", out.display()), allowed).into());
    }
    let json = out.with_extension("json");
    for path in [&out, &json] {
        storage::probe(path)?;
    }
    let (mut session, _) = reopen_trained(&folder, args.device.device, &args.permission)?;
    let recipe = Recipe {
        iterations: args.iterations,
        batch: args.batch,
        learning_rate: args.learning_rate,
        ema: EMA,
        seed: args.seed,
    };
    let shape = [args.width, args.depth];
    let busy = (!args.quiet).then(|| Busy::new("Drawing samples of the posterior".to_owned()));
    let mut training = block_on(session.distillation(recipe, shape, args.weighted))?;
    drop(busy);
    let job = Job {
        out: &out,
        // A checkpoint is of samples that the run has only then.
        command: format!("{}, after {} iterations", command(args), session.iteration()),
        iterations: args.iterations,
        label: "distill",
        quiet: args.quiet,
    };
    let seconds = pretraining::train(&job, &mut training)?;
    let sampler = training.sampler();
    let samples = args.samples.unwrap_or(session.run().evaluation.samples);
    let busy = (!args.quiet).then(|| Busy::new(format!("Evaluating with {samples} samples")));
    let [long, short] = block_on(session.measure_one_step(&sampler, samples))?;
    drop(busy);
    let of = |measured: &Measured| Measures {
        log_reward: measured.log_reward,
        fit: measured.fit.clone(),
    };
    let record = Record {
        command: command(args),
        from: None,
        seed: args.seed,
        seconds,
        figures: Figures {
            samples,
            log_z_exact: short.log_z_exact,
            sampler: of(&long),
            one_step: of(&short),
        },
    };
    storage::write(&out, &block_on(session.one_step_file(&sampler))?)?;
    storage::write_json(&json, &record)?;
    pretraining::forget(&out)?;
    let task = session.run().task();
    print(&format!(
        "{}\n{samples} samples each. \"Exact\" means {}.\nWritten: {} and {}\n",
        table::side_by_side(task, [("sampler", &long), ("one step", &short)]),
        table::exact(short.truth, task.room().sheet()),
        out.display(),
        json.display()
    ))
}

/// The command with all values written out, as defaults may change.
fn command(args: &Args) -> String {
    format!(
        "rtb distill {}{} --iterations {} --batch {} --learning-rate {} --width {} --depth {} --seed {}",
        quoted(args.folder.display()),
        if args.weighted { " --weighted" } else { "" },
        args.iterations,
        args.batch,
        args.learning_rate,
        args.width,
        args.depth,
        args.seed
    )
}
