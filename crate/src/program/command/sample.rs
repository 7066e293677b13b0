//! `rtb sample`: points, images or stories of a trained posterior.

use crate::program::device::DeviceFlag;
use crate::program::error::ProgramError;
use crate::program::output::print;
use crate::program::plot;
use crate::program::reopen::{files, reopen_trained};
use crate::program::storage::{self, RunFolder};
use pollster::block_on;
use rtb::engine::weights::Weights;
use rtb::run::{ConfigError, MOST_CANDIDATES, Run};
use rtb::session::Session;
use rtb::task::text::{Story, TextProblem};
use rtb::task::{Picture, Task};
use std::path::{Path, PathBuf};

const AFTER_HELP: &str = "\
The extension of --out sets the format: .safetensors writes one tensor `samples`; .png draws a sheet of
images (images only); any other extension writes text with one sample per line: CSV for points and
images, the middle of the story for stories.

Examples:
  rtb sample runs/25-to-9-seed0 --count 5000 --out points.csv
  rtb sample runs/digit-3-seed0 --count 64 --out threes.png
  rtb sample runs/digit-3-seed0 --count 64 --candidates 16 --out exact.png
  rtb sample runs/stories-each-seed0 -n 10 --beginning \"It was hot.\" --ending \"They swam.\"";

/// Draw samples from a trained posterior
#[derive(clap::Args)]
#[command(after_help = AFTER_HELP)]
pub struct Args {
    /// Folder that `rtb run` wrote
    #[arg(value_name = "DIR")]
    folder: PathBuf,
    /// Number of samples
    #[arg(long, short = 'n', value_name = "N", default_value_t = 1000,
          value_parser = clap::value_parser!(u32).range(1..=10_000_000))]
    count: u32,
    /// Draw N candidates per sample and choose one in proportion to its weight r·p_θ/p_φ; a larger N
    /// is slower and closer to the exact posterior
    #[arg(long, value_name = "N", default_value_t = 1,
          value_parser = clap::value_parser!(u32).range(1..=MOST_CANDIDATES as i64))]
    candidates: u32,
    /// Random seed of the samples [default: the run's seed]
    #[arg(long, value_name = "N")]
    seed: Option<u64>,
    /// Beginning of a new story to fill; needs --ending and a run that learned a corpus
    #[arg(long, value_name = "TEXT", requires = "ending")]
    beginning: Option<String>,
    /// Ending of the new story; needs --beginning
    #[arg(long, value_name = "TEXT", requires = "beginning")]
    ending: Option<String>,
    /// File for the samples [default: text on standard output]
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    #[command(flatten)]
    device: DeviceFlag,
}

/// Draws the samples and writes them.
pub fn execute(args: &Args) -> Result<(), ProgramError> {
    let folder = RunFolder::open(&args.folder)?;
    let task = folder.run()?.task();
    let format = Format::of(args.out.as_deref(), task)?;
    if let Some(path) = &args.out {
        storage::probe(path)?;
    }
    let mut session = reopen_trained(&folder, args.device.device)?;
    let run = asked(args, session.run())?;
    if run != *session.run() {
        let weights = block_on(session.weights())?;
        session = block_on(Session::open(
            run,
            args.device.device.open()?,
            &files(&folder, session.run())?,
            Some(&weights),
        ))?;
    }
    let samples = block_on(session.samples(args.count as usize, args.candidates as usize))?;
    let shape = session.shape();
    match (&args.out, format) {
        (None, _) => print(&session.text(&samples)),
        (Some(path), Format::Text) => storage::write(path, session.text(&samples).as_bytes()),
        (Some(path), Format::Tensor) => storage::write(path, &tensor(samples, &shape)),
        (Some(path), Format::Sheet) => {
            let columns = f64::from(args.count).sqrt().ceil() as usize;
            match session.picture(&samples) {
                Picture::Images { side, pixels } => plot::draw_images(path, &pixels, side, columns),
                Picture::Cells { .. } | Picture::Texts(_) => Err(no_picture(task).into()),
            }
        }
    }
}

/// The run with what the flags say.
fn asked(args: &Args, run: &Run) -> Result<Run, ConfigError> {
    let mut asked = run.clone();
    asked.seed = args.seed.unwrap_or(run.seed);
    if let (Some(beginning), Some(ending)) = (args.beginning.clone(), args.ending.clone()) {
        let problem = asked.problem.get_mut::<TextProblem>();
        let Some(problem) = problem.filter(|problem| problem.corpus.is_some()) else {
            let allowed = "a run that learned a corpus of stories, or omit --beginning and --ending";
            return Err(ConfigError::new(
                "--beginning",
                format!("a story of your own, `{beginning}`,"),
                allowed,
            ));
        };
        problem.corpus = None;
        problem.story = Some(Story { beginning, ending });
    }
    asked.validate()?;
    Ok(asked)
}

/// How samples are written.
#[derive(Clone, Copy)]
enum Format {
    Text,
    Tensor,
    Sheet,
}

impl Format {
    fn of(path: Option<&Path>, task: Task) -> Result<Self, ConfigError> {
        match path.map(storage::extension).unwrap_or_default().as_str() {
            "safetensors" => Ok(Self::Tensor),
            "png" if task.room().sheet().draws_samples => Ok(Self::Sheet),
            "png" => Err(no_picture(task)),
            _ => Ok(Self::Text),
        }
    }
}

/// Refuses to draw samples of this task.
fn no_picture(task: Task) -> ConfigError {
    ConfigError::new(
        "--out",
        format!("a picture of {}", task.name()),
        format!(
            "a file name that ends in .{} or .safetensors; only images can be drawn",
            task.room().sheet().text_file
        ),
    )
}

fn tensor(samples: Vec<f32>, shape: &[usize]) -> Vec<u8> {
    let size: usize = shape.iter().product();
    let shape = [&[samples.len() / size], shape].concat();
    let file = Weights {
        tensors: vec![("samples".to_owned(), shape, samples)],
        ..Weights::default()
    };
    file.to_safetensors(false)
}
