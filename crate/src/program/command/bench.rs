//! `rtb bench`: what an iteration costs, in parts, how fast samples are drawn, and how long a posterior
//! takes.

use crate::program::assets;
use crate::program::device::DeviceFlag;
#[cfg(feature = "cube")]
use crate::program::device::DeviceKind;
use crate::program::error::ProgramError;
use crate::program::number::whole;
use crate::program::output::print;
use crate::program::outside::Permission;
use crate::program::progress::Progress;
use crate::program::reopen::opened;
use crate::program::source::{self, Overrides};
use pollster::block_on;
use rtb::engine::EngineError;
use rtb::engine::train::Timing;
#[cfg(feature = "cube")]
use rtb::engine::work::{Watch, Work};
use rtb::session::Session;
use std::path::PathBuf;
use std::time::Instant;

/// Picks one part of an iteration's time.
type Part = fn(&Timing) -> f64;

/// Iterations that are not counted: caches fill and kernels are compiled.
const WARM_UP: usize = 3;
/// Iterations between two looks at the error.
const LOOK: usize = 100;

/// Time an iteration and its parts, sampling, and training to a given error
#[derive(clap::Args)]
#[command(after_help = "\
The default run is the paper's toy problem: 500 trajectories of 100 steps per iteration and a network
of width 64. To time a single thread: taskset -c 0 rtb bench.")]
pub struct Args {
    /// A preset (see `rtb list`) or a TOML file
    #[arg(value_name = "PRESET|FILE.toml", default_value = source::DEFAULT)]
    source: PathBuf,
    /// Number of iterations to time
    #[arg(long, value_name = "N", default_value_t = 50, value_parser = whole::<u32>(1, 1_000_000_000))]
    count: u32,
    /// Then draw N samples of the posterior and time them
    #[arg(long, value_name = "N", value_parser = whole::<u32>(1, 1_000_000_000))]
    draw: Option<u32>,
    /// Then train until the error is at most ERROR, or the run's iterations (--iterations) are over: the total
    /// variation of mode weights (mixtures), FID (digits) or the error of mean log r (stories)
    #[arg(long, value_name = "ERROR", value_parser = error, allow_negative_numbers = true)]
    until: Option<f64>,
    #[command(flatten)]
    device: DeviceFlag,
    #[command(flatten)]
    permission: Permission,
    #[command(flatten)]
    overrides: Overrides,
}

/// Reads an error to reach.
fn error(text: &str) -> Result<f64, String> {
    let number = text
        .parse()
        .ok()
        .filter(|error: &f64| *error >= 0.0 && error.is_finite());
    number.ok_or_else(|| "use a number, 0 or more".to_owned())
}

/// Times and prints.
pub fn execute(args: &Args) -> Result<(), ProgramError> {
    let run = source::resolve(&args.source, &args.overrides)?.run;
    let files = assets::files(&run, &args.permission)?;
    let device = args.device.device.open()?;
    let mut session = opened(run, device, &files, None)?;
    let count = args.count as usize;
    let mut timed: Vec<(f64, Timing)> = Vec::with_capacity(count);
    let mut training = 0.0;
    for iteration in 0..WARM_UP + count {
        let seconds = block_on(session.step())?.seconds;
        training += seconds;
        if iteration >= WARM_UP {
            timed.push((seconds, session.timing()));
        }
    }
    let mut text = format!(
        "milliseconds per iteration over {count} iterations: median, minimum, maximum\n{}",
        line("iteration", timed.iter().map(|(seconds, _)| *seconds))
    );
    let parts: [(&str, Part); 4] = [
        ("  rollout", |t| t.rollout),
        ("  transfer, reward, residuals", |t| t.score),
        ("  second pass and backward", |t| t.backward),
        ("  optimiser", |t| t.update),
    ];
    for (name, part) in parts {
        text += &line(name, timed.iter().map(|(_, timing)| part(timing)));
    }
    #[cfg(feature = "cube")]
    if !matches!(args.device.device, DeviceKind::Cpu) {
        text += &work(&mut session)?;
    }
    print(&text)?;
    if let Some(draw) = args.draw {
        print(&drawn(&session, draw as usize)?)?;
    }
    if let Some(until) = args.until {
        print(&race(&mut session, until, training)?)?;
    }
    Ok(())
}

/// What one more iteration asks a GPU for.
#[cfg(feature = "cube")]
fn work(session: &mut Session) -> Result<String, ProgramError> {
    let watch = Watch::new(session.device())?;
    block_on(session.step())?;
    let Work {
        dispatches,
        uploads,
        reads,
    } = watch.finish()?;
    Ok(format!(
        "an iteration launches {dispatches} kernels, uploads {uploads} tensors and reads {reads} times\n"
    ))
}

fn line(name: &str, seconds: impl Iterator<Item = f64>) -> String {
    let mut sorted: Vec<f64> = seconds.map(|s| 1e3 * s).collect();
    sorted.sort_by(f64::total_cmp);
    let at = |index: usize| sorted[index];
    format!(
        "{name:<28}{:9.2}{:9.2}{:9.2}\n",
        at(sorted.len() / 2),
        at(0),
        at(sorted.len() - 1)
    )
}

/// How fast samples are drawn; of stories, the tokens of their middles.
fn drawn(session: &Session, count: usize) -> Result<String, ProgramError> {
    let begun = Instant::now();
    block_on(session.samples(count, 1))?;
    let seconds = begun.elapsed().as_secs_f64();
    let (unit, of_sample) = session.unit();
    let speed = (count * of_sample) as f64 / seconds;
    Ok(format!(
        "{count} samples in {seconds:.2} s, {speed:.0} {unit}/s\n"
    ))
}

/// Trains on until the error is small or the run is over; measuring does not count as training.
fn race(session: &mut Session, until: f64, mut training: f64) -> Result<String, ProgramError> {
    let run = session.run();
    let (samples, total, sheet) = (
        run.evaluation.samples,
        run.training.iterations,
        run.task().room().sheet(),
    );
    let (name, progress) = (
        sheet.error_name,
        Progress::new("bench", session.iteration(), total, false),
    );
    progress.note(&format!(
        "Training until {name} is at most {until}, for at most {total} iterations (training.iterations)."
    ));
    loop {
        let report = block_on(session.evaluate(samples, 1))?;
        let error = sheet.error(&report.fit).ok_or(EngineError::Method(format!(
            "{name} cannot be measured: there are too few exact samples; raise evaluation.proposals"
        )))?;
        let reached = error <= until;
        if reached || session.finished() {
            progress.clear();
            let (is, end) = match reached {
                true => ("is", ""),
                false => ("is still", " at the end of the run,"),
            };
            return Ok(format!(
                "{name} {is} {error:.4}{end} after {} iterations and {training:.1} s of training\n",
                report.iterations
            ));
        }
        for _ in 0..LOOK {
            if !session.finished() {
                training += block_on(session.step())?.seconds;
                progress.advance(session.iteration(), || format!("{name} was {error:.4}"));
            }
        }
    }
}
