//! `rtb evaluate`: the report of a run once more, with as many samples as wanted.

use crate::program::device::DeviceFlag;
use crate::program::error::ProgramError;
use crate::program::number::whole;
use crate::program::output::print;
use crate::program::outside::Permission;
use crate::program::progress::Busy;
use crate::program::reopen::reopen_trained;
use crate::program::storage::{self, RunFolder};
use crate::program::{listing, table};
use pollster::block_on;
use rtb::message::Report;
use rtb::run::MOST_CANDIDATES;
use rtb::session::Session;
use rtb::task::calibration::{self, Calibration};
use rtb::task::{PROMPTS, Shown};
use std::path::PathBuf;

/// Measure a trained posterior again, with any number of samples
#[derive(clap::Args)]
pub struct Args {
    /// Folder that `rtb run` wrote
    #[arg(value_name = "DIR")]
    folder: PathBuf,
    /// Number of samples, at least 100 [default: the run's evaluation.samples]
    #[arg(long, value_name = "N", value_parser = whole::<u32>(100, 10_000_000))]
    samples: Option<u32>,
    /// If N > 1, also measure samples that are each chosen among N candidates in proportion to
    /// their weight [default: the run's evaluation.candidates]
    #[arg(long, value_name = "N", value_parser = whole::<u32>(1, MOST_CANDIDATES as u64))]
    candidates: Option<u32>,
    /// File for the report as JSON; the table is printed as well
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    #[command(flatten)]
    device: DeviceFlag,
    #[command(flatten)]
    permission: Permission,
}

/// Measures, prints the table and writes the report where it is wanted.
pub fn execute(args: &Args) -> Result<(), ProgramError> {
    let folder = RunFolder::open(&args.folder)?;
    if let Some(path) = &args.out {
        storage::probe(path)?;
    }
    let (mut session, _) = reopen_trained(&folder, args.device.device, &args.permission)?;
    let own = session.run().evaluation;
    let asked = |flag: Option<u32>, own| flag.map_or(own, |asked| asked as usize);
    let samples = asked(args.samples, own.samples);
    let busy = Busy::new(format!("Evaluating with {samples} samples"));
    let report = block_on(session.evaluate(samples, asked(args.candidates, own.candidates)))?;
    let report = block_on(session.calibrate(report))?;
    drop(busy);
    if let Some(path) = &args.out {
        storage::write_json(path, &report)?;
    }
    let calibration = calibration(&mut session, &report)?;
    print(&(table::report(session.run().task(), &report) + &calibration))
}

/// The tables of the calibration, where it was measured, and of prompts.
fn calibration(session: &mut Session, report: &Report) -> Result<String, ProgramError> {
    if report.fit.of::<Calibration>().is_none() {
        return Ok(String::new());
    }
    let scene = block_on(session.scene())?;
    let run = session.run();
    let listings = run.task().room().listings(&Shown {
        run,
        scene: &scene,
        samples: &[],
        chosen: None,
        fit: &report.fit,
        conditions: &report.conditions,
    });
    let own = listings
        .iter()
        .filter(|listing| [calibration::NAME, PROMPTS].contains(&listing.name));
    Ok(own.map(listing::text).collect())
}
