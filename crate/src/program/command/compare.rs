//! `rtb compare`: methods side by side.

use crate::program::comparison::plan::{Choice, Plan};
use crate::program::comparison::{Comparison, FIGURE, csv, table};
use crate::program::device::DeviceFlag;
use crate::program::error::ProgramError;
use crate::program::output::print;
use crate::program::plot;
use crate::program::signal::Stop;
use crate::program::source::{self, Overrides};
use crate::program::storage;
use std::path::{Path, PathBuf};

const AFTER_HELP: &str = "\
Every method gets the same prior, reward and seeds; trained ones are trained first. Writes a folder
with the run (config.toml), a line for every outcome (outcomes.csv, which grows as trials end), the
table (comparison.md) and a picture (comparison.png), and prints the table. `rtb list` names methods
and experiments.

Examples:
  rtb compare 25-to-9 --seeds 0,1,2
  rtb compare moons-disc --method rtb --method smc:particles=2000 --method dps:scale=0.5
  rtb compare 25-to-9 --method rtb --vary rollout.noised_share=0,0.25,0.5
  rtb compare steps --seeds 0
  rtb compare digits --pool --seeds 0 --method rtb --method rejection";

/// Run methods side by side: error, cost and pictures
#[derive(clap::Args)]
#[command(after_help = AFTER_HELP)]
pub struct Args {
    /// A preset or an experiment (see `rtb list`), or a TOML file
    #[arg(value_name = "PRESET|FILE.toml|EXPERIMENT", default_value = source::DEFAULT)]
    source: PathBuf,
    /// A method, with other values of its fields: dps:scale=0.5; may be repeated [default: every
    /// method that can be used on the run, or the experiment's]
    #[arg(long = "method", value_name = "NAME[:FIELD=VALUE…]")]
    methods: Vec<String>,
    /// Do everything for each of these values of a field of the run
    #[arg(long, value_name = "FIELD=A,B,…", value_parser = source::assignment)]
    vary: Option<(String, String)>,
    /// Do everything with each of these seeds [default: the run's, or the experiment's]
    #[arg(long, value_name = "N,N,…", value_delimiter = ',', conflicts_with = "seed")]
    seeds: Vec<u64>,
    /// One row a method: its mean over all values of the varied field
    #[arg(long)]
    pool: bool,
    /// Folder to write [default: comparisons/<name>]
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    #[command(flatten)]
    device: DeviceFlag,
    /// Show no progress
    #[arg(long, short)]
    quiet: bool,
    #[command(flatten)]
    overrides: Overrides,
}

/// Runs all trials, writes the folder and prints the table.
pub fn execute(args: &Args) -> Result<(), ProgramError> {
    let choice = Choice {
        methods: &args.methods,
        vary: args.vary.as_ref(),
        seeds: &args.seeds,
        pool: args.pool,
        overrides: &args.overrides,
    };
    let plan = Plan::new(&args.source, &choice)?;
    let device = args.device.device.open()?;
    let mut comparison = Comparison::open(plan, &device)?;
    let stop = Stop::catch()?;
    let usual = Path::new("comparisons").join(&comparison.plan.label);
    let folder = storage::create_folder(args.out.as_deref(), &usual, "name another --out")?;
    let config = comparison.plan.run.to_toml();
    storage::write(&folder.join("config.toml"), config.as_bytes())?;

    comparison.run(&device, &stop, args.quiet, |so_far| {
        storage::write(&folder.join("outcomes.csv"), csv::text(so_far).as_bytes())
    })?;
    storage::write(
        &folder.join("comparison.md"),
        table::markdown(&comparison).as_bytes(),
    )?;
    plot::comparison::draw(&comparison, &folder.join(FIGURE))?;
    print(&format!(
        "{}\nFolder: {}\n",
        table::text(&comparison),
        folder.display()
    ))?;
    if comparison.ended() < comparison.trials() {
        return Err(ProgramError::Stopped {
            path: folder,
            ended: comparison.ended(),
            trials: comparison.trials(),
        });
    }
    Ok(())
}
