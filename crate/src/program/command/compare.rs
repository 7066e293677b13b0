//! `rtb compare`: methods side by side.

use crate::program::comparison::plan::{Choice, Plan};
use crate::program::comparison::saved::{self, Saved};
use crate::program::comparison::{Comparison, FIGURE, csv, table};
use crate::program::device::DeviceFlag;
use crate::program::error::ProgramError;
use crate::program::number::whole;
use crate::program::output::print;
use crate::program::outside::Permission;
use crate::program::plot;
use crate::program::signal::Stop;
use crate::program::source::{self, Overrides};
use crate::program::storage;
use burn::tensor::Device;
use std::path::{Path, PathBuf};

const AFTER_HELP: &str = "\
Every method gets the same prior, reward and seeds; trained methods are trained first. Prints a table
and writes a folder with the run (config.toml), one line per trial (outcomes.csv, written as trials
end, as is trials.toml, from which --resume goes on), the table (comparison.md) and a picture (comparison.png, comparison.svg). `rtb list` lists all methods and
experiments.

Examples:
  rtb compare 25-to-9 --seeds 0,1,2
  rtb compare moons-disc --method rtb --method smc:particles=2000 --method dps:scale=0.5
  rtb compare 25-to-9 --method rtb --vary rollout.noised_share=0,0.25,0.5
  rtb compare 25-to-9 --method rtb --vary problem=25-to-9,moons-disc,unseen-1-4
  rtb compare steps --seeds 0
  rtb compare --resume comparisons/steps
  rtb compare digits --pool --seeds 0 --method rtb --method rejection";

/// What to do about a folder that is taken.
const TAKEN: &str = "choose another --out";

/// Compare methods on one run: their error, cost and samples
#[derive(clap::Args)]
#[command(after_help = AFTER_HELP)]
pub struct Args {
    /// A preset or an experiment (see `rtb list`), or a TOML file
    #[arg(value_name = "PRESET|FILE.toml|EXPERIMENT", default_value = source::DEFAULT)]
    source: PathBuf,
    /// Go on with the comparison in this folder, which was stopped
    #[arg(
        long,
        value_name = "DIR",
        conflicts_with_all = ["source", "methods", "vary", "seeds", "pool", "out", "Overrides"]
    )]
    resume: Option<PathBuf>,
    /// A method to compare, optionally with settings, for example dps:scale=0.5; repeatable [default:
    /// every method that works on the run, or the methods of the experiment]
    #[arg(long = "method", value_name = "NAME[:FIELD=VALUE…]")]
    methods: Vec<String>,
    /// Repeat the comparison for each of these values of a field, or with `problem` for the prior and reward of each of
    /// these presets or drawn problems
    #[arg(long, value_name = "FIELD=A,B,…", value_parser = source::assignment)]
    vary: Option<(String, String)>,
    /// Repeat the comparison with each of these seeds [default: the seeds of the run or experiment]
    #[arg(long, value_name = "N,N,…", value_delimiter = ',', conflicts_with = "seed", value_parser = whole::<u64>(0, u64::MAX))]
    seeds: Vec<u64>,
    /// Average over the values of the varied field: one row per method
    #[arg(long)]
    pool: bool,
    /// Folder for the results [default: comparisons/<name>]
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    #[command(flatten)]
    device: DeviceFlag,
    #[command(flatten)]
    permission: Permission,
    /// Do not show progress
    #[arg(long, short)]
    quiet: bool,
    #[command(flatten)]
    overrides: Overrides,
}

/// Runs all trials, writes the folder and prints the table.
pub fn execute(args: &Args) -> Result<(), ProgramError> {
    if let Some(folder) = &args.resume {
        let saved = Saved::read(folder)?;
        let plan = saved.plan()?;
        let device = args.device.device.open()?;
        let mut comparison = Comparison::open(plan, &device, &args.permission)?;
        saved.into_comparison(&mut comparison);
        return carry_out(comparison, folder, (&device, &Stop::catch()?), args.quiet);
    }
    let choice = Choice {
        methods: &args.methods,
        vary: args.vary.as_ref(),
        seeds: &args.seeds,
        pool: args.pool,
        overrides: &args.overrides,
    };
    let plan = Plan::new(&args.source, &choice)?;
    let usual = Path::new("comparisons").join(&plan.label);
    storage::probe_folder(args.out.as_deref(), &usual, TAKEN)?;
    let device = args.device.device.open()?;
    let comparison = Comparison::open(plan, &device, &args.permission)?;
    let stop = Stop::catch()?;
    let folder = storage::create_folder(args.out.as_deref(), &usual, TAKEN)?;
    let config = comparison.plan.run.to_toml();
    storage::write(&folder.join("config.toml"), config.as_bytes())?;
    carry_out(comparison, &folder, (&device, &stop), args.quiet)
}

/// Runs the trials that have not come to their end, and writes the folder.
fn carry_out(
    mut comparison: Comparison,
    folder: &Path,
    (device, stop): (&Device, &Stop),
    quiet: bool,
) -> Result<(), ProgramError> {
    comparison.run(device, stop, quiet, |so_far| {
        saved::write(folder, so_far)?;
        storage::write(&folder.join("outcomes.csv"), csv::text(so_far).as_bytes())
    })?;
    storage::write(
        &folder.join("comparison.md"),
        table::markdown(&comparison).as_bytes(),
    )?;
    for picture in [folder.join(FIGURE), folder.join(FIGURE).with_extension("svg")] {
        plot::comparison::draw(&comparison, &picture)?;
    }
    print(&format!(
        "{}\nFolder: {}\n",
        table::text(&comparison),
        folder.display()
    ))?;
    if comparison.ended() < comparison.trials() {
        return Err(ProgramError::Stopped {
            path: folder.to_owned(),
            ended: comparison.ended(),
            trials: comparison.trials(),
        });
    }
    Ok(())
}
