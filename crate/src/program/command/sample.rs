//! `rtb sample`: points of a trained posterior.

use crate::program::device::DeviceFlag;
use crate::program::error::ProgramError;
use crate::program::output::print;
use crate::program::storage::{self, RunFolder};
use crate::program::trainer::reopen_trained;
use pollster::block_on;
use rtb::config::Run;
use rtb::session::Session;
use std::fmt::Write;
use std::path::PathBuf;

/// Draw samples of a trained posterior, as CSV
#[derive(clap::Args)]
pub struct Args {
    /// Folder of a run
    #[arg(value_name = "DIR")]
    folder: PathBuf,
    /// Number of samples
    #[arg(long, short = 'n', value_name = "N", default_value_t = 1000,
          value_parser = clap::value_parser!(u32).range(1..=10_000_000))]
    count: u32,
    /// Seed of their noise [default: the run's seed]
    #[arg(long, value_name = "N")]
    seed: Option<u64>,
    /// File to write [default: standard output]
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    #[command(flatten)]
    device: DeviceFlag,
}

/// Draws the samples and writes them.
pub fn execute(args: &Args) -> Result<(), ProgramError> {
    let folder = RunFolder::open(&args.folder)?;
    let mut session = reopen_trained(&folder, args.device.device)?;
    if let Some(seed) = args.seed {
        let run = Run {
            seed,
            ..session.run().clone()
        };
        run.validate()?;
        let weights = block_on(session.weights())?;
        let prior = folder.prior()?;
        session = block_on(Session::open(
            run,
            args.device.device.open()?,
            prior.as_deref(),
            Some(&weights),
        ))?;
    }
    let csv = csv(&block_on(session.samples(args.count as usize))?);
    match &args.out {
        Some(path) => storage::write(path, csv.as_bytes()),
        None => print(&csv),
    }
}

fn csv(points: &[f32]) -> String {
    let mut text = "x,y\n".to_owned();
    for point in points.chunks_exact(2) {
        // Writing to a string cannot fail.
        let _ = writeln!(text, "{},{}", point[0], point[1]);
    }
    text
}
