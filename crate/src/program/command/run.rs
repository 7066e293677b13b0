//! `rtb run`: train a run from its start, or go on with one.

use crate::program::assets;
use crate::program::device::{DeviceFlag, DeviceKind};
use crate::program::error::ProgramError;
use crate::program::output::print;
use crate::program::signal::Stop;
use crate::program::source::{self, Overrides, Source};
use crate::program::storage::RunFolder;
use crate::program::trainer::{Trainer, files, opened, reopen};
use pollster::block_on;
use rtb::session::Session;
use std::path::{Path, PathBuf};

const AFTER_HELP: &str = "\
Writes a folder with the full config, metrics, pictures, weights and checkpoints, and prints each
measured value beside its exact value. Ctrl-C saves a checkpoint and stops; --resume continues from it.

Examples:
  rtb run moons-disc --iterations 500
  rtb run mine.toml --seed 1 --set rollout.noised_share=0.25 --set tempering.beta=0.5
  rtb run --resume runs/moons-disc-seed0";

/// Train the posterior of a run: a preset or a TOML file
#[derive(clap::Args)]
#[command(after_help = AFTER_HELP)]
pub struct Args {
    /// A preset (see `rtb list`) or a TOML file
    #[arg(value_name = "PRESET|FILE.toml", default_value = source::DEFAULT, conflicts_with = "resume")]
    pub source: PathBuf,
    #[command(flatten)]
    pub options: Options,
}

/// The options of a run.
#[derive(clap::Args)]
#[command(next_help_heading = "Options of `run`")]
pub struct Options {
    /// Folder for the results [default: runs/<name>-seed<seed>]
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// Continue the run in this folder from its last checkpoint
    #[arg(long, value_name = "DIR", conflicts_with_all = ["out", "Overrides"])]
    resume: Option<PathBuf>,
    #[command(flatten)]
    device: DeviceFlag,
    /// Do not show progress
    #[arg(long, short)]
    quiet: bool,
    #[command(flatten)]
    overrides: Overrides,
}

/// Starts the run `source` stands for, or goes on with the one in `options.resume`.
pub fn execute(source: &Path, options: Options) -> Result<(), ProgramError> {
    let trainer = match &options.resume {
        None => start(source, &options)?,
        Some(path) => {
            let folder = RunFolder::open(path)?;
            if folder.is_finished() {
                let path = path.display();
                return print(&format!(
                    "{path}: this run is finished; its results are in report.json\n"
                ));
            }
            resume(folder, options.device.device)?
        }
    };
    trainer.train(options.quiet)
}

fn start(source: &Path, options: &Options) -> Result<Trainer, ProgramError> {
    let Source { label, run } = source::resolve(source, &options.overrides)?;
    let files = assets::files(&run)?;
    let device = options.device.device.open()?;
    let stop = Stop::catch()?;
    let session = opened(run, device, &files, None)?;
    let out = options.out.as_deref();
    let folder = RunFolder::create(out, &label, session.run(), &files)?;
    let lock = folder.lock()?;
    Trainer::new(session, folder, lock, stop)
}

fn resume(folder: RunFolder, device: DeviceKind) -> Result<Trainer, ProgramError> {
    let lock = folder.lock()?;
    let stop = Stop::catch()?;
    let session = match reopen(&folder, device)? {
        Some(session) => session,
        // The run was killed before its first checkpoint.
        None => {
            let run = folder.run()?;
            let files = files(&folder, &run)?;
            block_on(Session::open(run, device.open()?, &files, None))?
        }
    };
    eprintln!(
        "Continuing {} after iteration {} of {}.",
        folder.path().display(),
        session.iteration(),
        session.run().training.iterations
    );
    Trainer::new(session, folder, lock, stop)
}
