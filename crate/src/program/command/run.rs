//! `rtb run`: train a run from its start, or go on with one.

use crate::program::assets;
use crate::program::device::DeviceFlag;
use crate::program::error::ProgramError;
use crate::program::members::Members;
use crate::program::memory;
use crate::program::output::{print, say};
use crate::program::outside::{self, Permission};
use crate::program::reopen::{Kept, opened};
use crate::program::signal::Stop;
use crate::program::source::{self, Overrides, Source};
use crate::program::storage::{FolderLock, RunFolder};
use crate::program::trainer::Trainer;
use pollster::block_on;
use rtb::run::Run;
use rtb::session::Session;
use std::path::{Path, PathBuf};

const AFTER_HELP: &str = "\
Writes a folder with the full config, metrics, pictures, weights and checkpoints, and prints each
measured value beside its exact value. Ctrl-C saves a checkpoint and stops; --resume continues from it.
A resumed run may get another length, other schedules (learning rates, exploration, the start of
tempering) and other measurements, by flags or in its config.toml; more iterations lengthen a finished run.

Examples:
  rtb run moons-disc --iterations 500
  rtb run mine.toml --seed 1 --set rollout.noised_share=0.25 --set tempering.beta=0.5
  rtb run --resume runs/moons-disc-seed0
  rtb run --resume runs/moons-disc-seed0 --iterations 1000";

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
    #[arg(long, value_name = "DIR", conflicts_with = "out")]
    resume: Option<PathBuf>,
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

/// Starts the run `source` stands for, or goes on with the one in `options.resume`.
pub fn execute(source: &Path, options: Options) -> Result<(), ProgramError> {
    let members = Members::meet()?;
    if !members.leads() {
        return follow(source, &options, &members);
    }
    let trainer = match &options.resume {
        None => start(source, &options, members)?,
        Some(path) => {
            let folder = RunFolder::open(path)?;
            let run = folder.run()?.overlaid(options.overrides.table())?;
            let lock = folder.lock()?;
            let kept = Kept::of(&folder);
            if folder.is_finished() && is_as_trained(&folder, &kept, &run)? {
                let path = path.display();
                return print(&format!(
                    "{path}: this run is finished; its results are in report.json. More --iterations lengthen it.\n"
                ));
            }
            resume((folder, lock), &kept?, run, &options, members)?
        }
    };
    trainer.train(options.quiet)
}

/// Trains beside the process that leads, which keeps the folder.
fn follow(source: &Path, options: &Options, members: &Members) -> Result<(), ProgramError> {
    let stop = Stop::catch()?;
    let device = options.device.device;
    let mut session = match &options.resume {
        None => {
            let run = source::resolve(source, &options.overrides)?.run;
            let files = assets::files(&run, &options.permission)?;
            opened(run, device.open()?, &files, None)?
        }
        Some(path) => {
            let folder = RunFolder::open(path)?;
            let run = folder.run()?.overlaid(options.overrides.table())?;
            let kept = Kept::of(&folder);
            if folder.is_finished() && is_as_trained(&folder, &kept, &run)? {
                return Ok(());
            }
            outside::permit(&run, &options.permission)?;
            kept?.reopen_as(run, &folder, device, &options.permission)?.0
        }
    };
    members.join(&mut session)?;
    // The process that leads says what there is to say.
    while !session.finished() && !members.asked_to_stop(&stop)? {
        block_on(session.step())?;
    }
    Ok(())
}

/// Joins the others, and says so.
fn join(members: &Members, session: &mut Session) -> Result<(), ProgramError> {
    members.join(session)?;
    if members.size() > 1 {
        say(format_args!(
            "{} processes share every iteration.",
            members.size()
        ));
    }
    Ok(())
}

fn start(source: &Path, options: &Options, members: Members) -> Result<Trainer, ProgramError> {
    let Source { label, run } = source::resolve(source, &options.overrides)?;
    let out = options.out.as_deref();
    RunFolder::probe(out, &label, &run)?;
    let files = assets::files(&run, &options.permission)?;
    let device = options.device.device.open()?;
    memory::say_expected(&run, &files, (options.device.device, &device))?;
    let stop = Stop::catch()?;
    let mut session = opened(run, device, &files, None)?;
    join(&members, &mut session)?;
    let (folder, lock) = RunFolder::create(out, &label, session.run(), &files)?;
    Trainer::new(session, folder, lock, (stop, members))
}

/// Whether a finished run is still described as it was trained. Without its checkpoints it is past change.
fn is_as_trained(
    folder: &RunFolder,
    kept: &Result<Kept, ProgramError>,
    run: &Run,
) -> Result<bool, ProgramError> {
    Ok(match kept {
        Ok(kept) => kept.run == *run,
        Err(_) => *run == folder.run()?,
    })
}

fn resume(
    (folder, lock): (RunFolder, FolderLock),
    kept: &Kept,
    run: Run,
    options: &Options,
    members: Members,
) -> Result<Trainer, ProgramError> {
    outside::permit(&run, &options.permission)?;
    let stop = Stop::catch()?;
    let (mut session, _) = kept.reopen_as(run, &folder, options.device.device, &options.permission)?;
    join(&members, &mut session)?;
    let changes = session.run().changes(&kept.run);
    for change in &changes {
        say(format_args!(
            "{} is now {} instead of {}.",
            change.field, change.after, change.before
        ));
    }
    if !changes.is_empty() {
        folder.go_on_as(session.run())?;
    }
    say(format_args!(
        "Continuing {} after iteration {} of {}.",
        folder.path().display(),
        session.iteration(),
        session.run().training.iterations
    ));
    Trainer::new(session, folder, lock, (stop, members))
}
