//! `rtb sample`: points, images or stories of a trained posterior.

use crate::program::device::DeviceFlag;
use crate::program::error::ProgramError;
use crate::program::number::whole;
use crate::program::output::print;
use crate::program::outside::Permission;
use crate::program::plot;
use crate::program::reopen::{opened, reopen_trained};
use crate::program::samples::{self, Column, Format};
use crate::program::storage::{self, ONE_STEP, RunFolder};
use pollster::block_on;
use rtb::engine::EngineError;
use rtb::engine::weights::read_metadata;
use rtb::run::{Class, ConfigError, Files, MOST_CANDIDATES, Run};
use rtb::session::{Sampled, Session};
use rtb::task::Picture;
use rtb::task::control::ControlProblem;
use rtb::task::images::{CheckpointsProblem, DescribedPrior, Learned};
use rtb::task::points::PointsProblem;
use rtb::task::text::{Story, TextProblem};
use std::convert::Infallible;
use std::fs;
use std::path::{Path, PathBuf};

const AFTER_HELP: &str = "\
The extension of --out sets the format. Text has one sample per line: .csv for points and images, .txt for
the middles of stories. .npy writes an array of NumPy, .safetensors a tensor `samples`, .png a sheet of images.
Samples of a run with a posterior for each class have their class beside them, in a column or tensor `class`, those
of a run with observations the row of their observation in `observation`, those of a run with prompts the place of
their prompt in `prompt`; --weights adds `log_weight`. An array and a picture have no place for these.

Examples:
  rtb sample runs/25-to-9-seed0 --count 5000 --out points.csv
  rtb sample runs/digit-3-seed0 --count 64 --out threes.png
  rtb sample runs/digit-3-seed0 --count 64 --candidates 16 --out exact.png
  rtb sample runs/digits-each-seed0 --count 64 --class 3 --out threes.npy
  rtb sample runs/latents-3-seed0 --count 64 --distilled --out threes.png
  rtb sample runs/faces-seed0 --count 64 --class smiling --out faces.png
  rtb sample runs/posteriors-seed0 --count 5000 --observation 12 --out points.csv
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
          value_parser = whole::<u32>(1, 10_000_000))]
    count: u32,
    /// Draw N candidates per sample and choose one in proportion to its weight r·p_θ/p_φ; a larger N
    /// is slower and closer to the exact posterior
    #[arg(long, value_name = "N", default_value_t = 1,
          value_parser = whole::<u32>(1, MOST_CANDIDATES as u64))]
    candidates: u32,
    /// Random seed of the samples [default: the run's seed]
    #[arg(long, value_name = "N", value_parser = whole::<u64>(0, u64::MAX))]
    seed: Option<u64>,
    /// Draw only this class, by number or by name; needs a run with a posterior for each class, such as digits-each
    #[arg(long, value_name = "CLASS", value_parser = |typed: &str| Ok::<_, Infallible>(Class::from(typed)))]
    class: Option<Class>,
    /// Draw only given this observation, a row of the run's table from 1; needs a run with observations
    #[arg(long, value_name = "ROW", conflicts_with = "class", value_parser = whole::<usize>(1, u64::MAX))]
    observation: Option<usize>,
    /// Draw only for this prompt, by its place among the run's prompts from 1; needs a run with several prompts
    #[arg(long, value_name = "N", conflicts_with_all = ["class", "observation"], value_parser = whole::<usize>(1, u64::MAX))]
    prompt: Option<usize>,
    /// Write the log weight log(r·p_θ/p_φ) of every sample beside it; with --candidates, that of the mean over
    /// its candidates
    #[arg(long)]
    weights: bool,
    /// Draw in one step with the sampler that `rtb distill` made, by default the one in DIR
    #[arg(long, value_name = "FILE", num_args = 0..=1, require_equals = true,
          conflicts_with_all = ["candidates", "weights", "beginning"])]
    distilled: Option<Option<PathBuf>>,
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
    #[command(flatten)]
    permission: Permission,
}

/// Draws the samples and writes them.
pub fn execute(args: &Args) -> Result<(), ProgramError> {
    let folder = RunFolder::open(&args.folder)?;
    let trained_on = folder.run()?;
    let task = trained_on.task();
    let format = Format::of(args.out.as_deref(), task)?;
    check_class(args, &trained_on)?;
    check_columns(args, &trained_on, format)?;
    if let Some(path) = &args.out {
        storage::probe(path)?;
    }
    let (mut session, files) = reopen_trained(&folder, args.device.device, &args.permission)?;
    let run = asked(args, session.run())?;
    let seed = run.seed;
    // A one-step sampler is of the run as it was trained.
    if run != *session.run() && args.distilled.is_none() {
        let weights = block_on(session.weights())?;
        let device = args.device.device.open()?;
        session = opened(run, device, &files, Some(&weights))?;
    }
    let run = session.run();
    let all = session.conditions();
    let classes = classes(run, &files)?;
    let wanted = of_class(args, classes.as_ref())?.or(of_observation(args, run, all.count)?);
    let wanted = wanted.or(of_prompt(args, run, all.count)?);
    let in_turn = |row| wanted.unwrap_or_else(|| all.in_turn(row));
    let conditions: Vec<usize> = (0..args.count as usize).map(in_turn).collect();
    let sampled = match &args.distilled {
        None => block_on(session.sampled(&conditions, args.candidates as usize, args.weights))?,
        Some(own) => {
            let path = own.clone().unwrap_or_else(|| folder.file(ONE_STEP));
            one_step(&session, &conditions, seed, &path)?
        }
    };
    let (samples, shape) = (sampled.ends, session.shape());
    let columns = columns(
        args,
        &conditions,
        sampled.log_weights,
        (&session, classes.as_ref()),
    );
    let text = |samples: &[f32]| samples::text(&session.text(samples), &columns, task);
    match (&args.out, format) {
        (None, _) => print(&text(&samples)),
        (Some(path), Format::Text) => storage::write(path, text(&samples).as_bytes()),
        (Some(path), Format::Safetensors) => {
            storage::write(path, &samples::safetensors(samples, &shape, &columns))
        }
        (Some(path), Format::Npy) => storage::write(path, &samples::npy(&samples, &shape)),
        (Some(path), Format::Sheet) => {
            let across = f64::from(args.count).sqrt().ceil() as usize;
            match session.picture(&samples) {
                Picture::Images { shape, ink, pixels } => {
                    let pixels = &pixels;
                    plot::ImageSheet { shape, ink, pixels }.draw(path, across)
                }
                Picture::Corner(corner) => plot::draw_corner(path, &corner),
                Picture::Cells { .. } | Picture::Texts(_) | Picture::Ranks(_) => {
                    unreachable!("no other picture has the format")
                }
            }
        }
    }
}

/// Samples in one step.
fn one_step(
    session: &Session,
    conditions: &[usize],
    seed: u64,
    path: &Path,
) -> Result<Sampled, ProgramError> {
    let file = fs::read(path).map_err(|e| ProgramError::file("read the one-step sampler", path, e))?;
    let name = path.display().to_string();
    let sampler = session.one_step(&file, ("--distilled", &name))?;
    let samples = session.one_step_samples(&sampler, conditions, seed);
    Ok(Sampled {
        ends: block_on(samples)?,
        log_weights: Vec::new(),
    })
}

/// Refuses a class of a run that has none.
fn check_class(args: &Args, run: &Run) -> Result<(), ConfigError> {
    match (&args.class, run.problem.classes()) {
        (Some(class), None) => Err(ConfigError::new(
            "--class",
            class,
            "a run with a posterior for each class (reward.kind `each_class`), or omit --class",
        )),
        _ => Ok(()),
    }
}

/// The classes of a run's conditions.
struct Classes {
    learned: Learned,
    /// One a condition.
    numbers: Vec<usize>,
}

/// Those of a run, if its conditions are classes. The prior's file has their names.
fn classes(run: &Run, files: &Files) -> Result<Option<Classes>, EngineError> {
    let Some(classes) = run.problem.classes() else {
        return Ok(None);
    };
    let header = read_metadata(files.get("prior").unwrap_or_default());
    let learned = header.and_then(|header| Learned::of(&header));
    let learned = learned.map_err(EngineError::Weights)?;
    let numbers = classes.iter().filter_map(|class| learned.number(class));
    Ok(Some(Classes {
        numbers: numbers.collect(),
        learned,
    }))
}

/// The condition of the wanted class; none where all conditions take turns.
fn of_class(args: &Args, classes: Option<&Classes>) -> Result<Option<usize>, ConfigError> {
    let (Some(class), Some(Classes { learned, numbers })) = (&args.class, classes) else {
        return Ok(None);
    };
    let found = learned.number(class);
    let found = numbers.iter().position(|number| Some(*number) == found);
    found.map(Some).ok_or_else(|| {
        let names: Vec<_> = numbers.iter().map(|number| learned.class(*number)).collect();
        ConfigError::new(
            "--class",
            class,
            format!("a class of the run: {}", names.join(", ")),
        )
    })
}

/// The condition of the wanted observation among `count`; none where all take turns.
fn of_observation(args: &Args, run: &Run, count: usize) -> Result<Option<usize>, ConfigError> {
    let Some(row) = args.observation else {
        return Ok(None);
    };
    let allowed = match has_observations(run) {
        true if row <= count => return Ok(Some(row - 1)),
        true => format!("a row of the run's observations, from 1 to {count}"),
        false => "a run with [observations], or omit --observation".to_owned(),
    };
    Err(ConfigError::new("--observation", row, allowed))
}

/// The condition of the wanted prompt among `count`; none where all take turns.
fn of_prompt(args: &Args, run: &Run, count: usize) -> Result<Option<usize>, ConfigError> {
    let Some(place) = args.prompt else {
        return Ok(None);
    };
    let allowed = match has_prompts(run) {
        true if place <= count => return Ok(Some(place - 1)),
        true => format!("a whole number from 1 to {count}, the place of a prompt"),
        false => "a run with prior.prompts or prior.prompts_file, or omit --prompt".to_owned(),
    };
    Err(ConfigError::new("--prompt", place, allowed))
}

/// Whether a run has a posterior for each of several prompts.
fn has_prompts(run: &Run) -> bool {
    let problem = run.problem.get::<CheckpointsProblem>();
    problem.is_some_and(|problem| problem.prior.prompts().is_some())
}

/// Whether a run has a posterior for each of several observations.
fn has_observations(run: &Run) -> bool {
    let problem = run.problem.get::<PointsProblem>();
    problem.is_some_and(|problem| problem.observations.is_some())
}

/// Whether a run has a policy for each of several states.
fn has_states(run: &Run) -> bool {
    let problem = run.problem.get::<ControlProblem>();
    problem.is_some_and(|problem| problem.states() > 1)
}

/// Refuses a format that would lose what stands beside samples.
fn check_columns(args: &Args, run: &Run, format: Format) -> Result<(), ConfigError> {
    let many = match (run.problem.classes(), has_observations(run)) {
        (Some(_), _) if args.class.is_none() => Some(("classes", ", or a single class with --class")),
        (_, true) if args.observation.is_none() => {
            Some(("observations", ", or a single observation with --observation"))
        }
        _ if has_prompts(run) && args.prompt.is_none() => {
            Some(("prompts", ", or a single prompt with --prompt"))
        }
        _ if has_states(run) => Some(("states", "")),
        _ => None,
    };
    let lost = match (format, many) {
        (Format::Text | Format::Safetensors, _) => return Ok(()),
        _ if args.weights => "log weights",
        (Format::Npy, Some((lost, _))) => lost,
        (Format::Npy | Format::Sheet, _) => return Ok(()),
    };
    Err(ConfigError::new(
        "--out",
        format!("a file without a place for {lost}"),
        format!(
            "a file name that ends in .{} or .safetensors{}",
            run.task().room().sheet().text_file,
            match many {
                Some((_, one)) if !args.weights => one,
                _ => "",
            }
        ),
    ))
}

/// What stands beside the samples.
fn columns(
    args: &Args,
    conditions: &[usize],
    log_weights: Vec<f64>,
    (session, classes): (&Session, Option<&Classes>),
) -> Vec<Column> {
    let run = session.run();
    let class = classes.map(|classes| Column {
        name: "class".to_owned(),
        values: conditions.iter().map(|at| classes.numbers[*at] as f64).collect(),
    });
    let places = |name: &str| Column {
        name: name.to_owned(),
        values: conditions.iter().map(|at| (at + 1) as f64).collect(),
    };
    let observation = has_observations(run).then(|| places("observation"));
    let prompt = has_prompts(run).then(|| places("prompt"));
    let weight = args.weights.then_some(Column {
        name: "log_weight".to_owned(),
        values: log_weights,
    });
    numbers(session, conditions)
        .into_iter()
        .chain(class)
        .chain(observation)
        .chain(prompt)
        .chain(weight)
        .collect()
}

/// The states that actions are for.
fn numbers(session: &Session, conditions: &[usize]) -> Vec<Column> {
    let mut columns: Vec<Column> = Vec::new();
    for condition in conditions {
        for (at, (name, value)) in session.numbers(*condition).into_iter().enumerate() {
            if at == columns.len() {
                let values = Vec::with_capacity(conditions.len());
                columns.push(Column { name, values });
            }
            columns[at].values.push(value);
        }
    }
    columns
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
