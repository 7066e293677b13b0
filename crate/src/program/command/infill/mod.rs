//! `rtb infill`: middles of stories that nothing was trained on, by every way there is to make them.

mod entrant;

use crate::program::comparison::summary::Summary;
use crate::program::data::{Stories, infillings, stories};
use crate::program::device::DeviceFlag;
use crate::program::error::ProgramError;
use crate::program::grid::Grid;
use crate::program::number::whole;
use crate::program::output::{figure, print, say};
use crate::program::outside::Permission;
use crate::program::reopen::reopen_trained;
use crate::program::storage::{self, RunFolder};
use entrant::{Entrant, Made};
use pollster::block_on;
use rtb::run::ConfigError;
use rtb::task::text::TextProblem;
use rtb::task::text::words::{MISREAD, named};
use std::path::PathBuf;

const AFTER_HELP: &str = "\
The fourth sentence of each held-out story is hidden. These methods fill it:
  - the prior, which sees only the beginning;
  - the prior's network, which also sees the ending;
  - importance resampling, which chooses one of many prior samples by its reward;
  - the prior's network after supervised fine-tuning;
  - the posterior of each run DIR that learned a corpus. Runs with the same name count as seeds of one
    method.

Examples:
  rtb run stories-each --seed 0
  rtb infill runs/stories-each-seed0 --stories 200";

/// Fill the gaps of held-out stories and compare each method with the true sentence
#[derive(clap::Args)]
#[command(after_help = AFTER_HELP)]
pub struct Args {
    /// Folders of runs that learned a corpus
    #[arg(value_name = "DIR")]
    folders: Vec<PathBuf>,
    /// `stories` (read from the folder $RTB_DATA), or a text file with one story per line
    #[arg(long, value_name = "NAME|FILE", default_value = "stories")]
    data: String,
    /// Number of held-out stories: the first that fit the prior
    #[arg(long, value_name = "N", default_value_t = 200, value_parser = whole::<u32>(1, 100_000))]
    stories: u32,
    /// Prior samples per story for importance resampling
    #[arg(long, value_name = "N", default_value_t = 64, value_parser = whole::<u32>(2, 10_000))]
    proposals: u32,
    /// Stories for supervised fine-tuning
    #[arg(long, value_name = "N", default_value_t = 500, value_parser = whole::<u32>(1, 100_000))]
    tuned: u32,
    /// Iterations of supervised fine-tuning
    #[arg(long, value_name = "N", default_value_t = 80, value_parser = whole::<u32>(1, 1_000_000))]
    tuning: u32,
    /// Number of seeds, 0 to N − 1, for the methods that need no run
    #[arg(long, value_name = "N", default_value_t = 3, value_parser = whole::<u32>(1, 100))]
    seeds: u32,
    /// Stories to print as filled by each method
    #[arg(long, value_name = "N", default_value_t = 2, value_parser = whole::<usize>(0, u64::MAX))]
    examples: usize,
    /// File (CSV) for the results of every seed
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    #[command(flatten)]
    device: DeviceFlag,
    #[command(flatten)]
    permission: Permission,
    /// Do not show progress
    #[arg(long, short)]
    quiet: bool,
}

/// Fills the gaps, prints the table and writes the figures where they are wanted.
pub fn execute(args: &Args) -> Result<(), ProgramError> {
    if let Some(path) = &args.out {
        storage::probe(path)?;
    }
    let runs: Vec<Entrant> = args
        .folders
        .iter()
        .map(|path| trained(args, path))
        .collect::<Result<_, _>>()?;
    let Stories { train, held_out } = stories(&args.data)?;
    let corpus = infillings(&held_out);
    let mut made: Vec<Made> = Vec::new();
    let mut fill = |entrant: &Entrant| -> Result<(), ProgramError> {
        if !args.quiet {
            say(format_args!("{} …", entrant.title()));
        }
        let device = args.device.device.open()?;
        made.push(entrant.fill(&corpus, args.stories as usize, device)?);
        Ok(())
    };
    let own = Entrant::of_shipped_prior(&args.data)?;
    let unknown = own.unknown(&corpus, args.stories as usize, &args.device.device.open()?)?;
    if !unknown.is_empty() {
        say(format_args!(
            "Warning: the stories have the words {}; {MISREAD}.",
            named(&unknown)
        ));
    }
    fill(&own.told())?;
    for seed in 0..u64::from(args.seeds) {
        let mut known = Vec::new();
        for run in std::iter::once(&own).chain(&runs) {
            for untrained in run.untrained(seed, args.proposals as usize) {
                let of = (untrained.method.clone(), untrained.prior.clone());
                if !known.contains(&of) {
                    fill(&untrained)?;
                    known.push(of);
                }
            }
        }
        let texts = infillings(&train);
        let device = args.device.device.open()?;
        fill(&own.tuned(&texts, args.tuned as usize, (seed, args.tuning as usize), device)?)?;
    }
    for run in &runs {
        fill(run)?;
    }
    if let Some(path) = &args.out {
        storage::write(path, csv(&made).as_bytes())?;
    }
    print(&format!(
        "\n{}\n{} held-out stories, one middle sentence each. log r is log p(ending|beginning, middle).\n{}",
        table(&made).text(),
        args.stories,
        examples(&made, args.examples)
    ))
}

/// The posterior of a run's folder.
fn trained(args: &Args, path: &std::path::Path) -> Result<Entrant, ProgramError> {
    let folder = RunFolder::open(path)?;
    let run = folder.run()?;
    if TextProblem::of(&run).map_or(true, |problem| problem.corpus.is_none()) {
        let allowed = "folders of runs over a corpus, which `rtb run stories-each` writes";
        return Err(ConfigError::new("DIR", format!("`{}`", path.display()), allowed).into());
    }
    let (session, files) = reopen_trained(&folder, args.device.device, &args.permission)?;
    let prior = files.get("prior").unwrap_or_default().to_vec();
    Ok(Entrant::trained(run, prior, block_on(session.weights())?))
}

/// Methods in the order in which they came.
fn methods(made: &[Made]) -> Vec<&str> {
    let mut methods = Vec::new();
    for one in made {
        if !methods.contains(&one.method.as_str()) {
            methods.push(one.method.as_str());
        }
    }
    methods
}

/// A figure's heading and where it is.
type Column = (&'static str, fn(&Made) -> Option<f64>);

const COLUMNS: [Column; 6] = [
    ("mean log r", |made| Some(made.log_reward())),
    ("BLEU-4", |made| made.fit.bleu),
    ("GLEU-4", |made| made.fit.gleu),
    ("distinct-2", |made| Some(made.fit.distinct)),
    ("words", |made| Some(made.fit.words)),
    ("s per 1,000", |made| made.seconds),
];

fn table(made: &[Made]) -> Grid {
    let row = |method: &str| {
        let seeds: Vec<&Made> = made.iter().filter(|one| one.method == method).collect();
        let cell = |(_, value): &Column| {
            let values: Vec<f64> = seeds.iter().filter_map(|one| value(one)).collect();
            Summary::of(&values).map_or_else(String::new, |summary| summary.to_string())
        };
        let mut cells = vec![method.to_owned(), seeds.len().to_string()];
        cells.extend(COLUMNS.iter().map(cell));
        cells
    };
    let headings = ["method", "seeds"].into_iter();
    Grid {
        headings: headings
            .chain(COLUMNS.iter().map(|(heading, _)| *heading))
            .map(str::to_owned)
            .collect(),
        rows: methods(made).into_iter().map(row).collect(),
        words: 1,
    }
}

/// The figures of every seed.
fn csv(made: &[Made]) -> String {
    let mut text = "method,seed,log_reward,bleu,gleu,distinct,words,seconds_per_1000\n".to_owned();
    for one in made {
        let cells = COLUMNS.iter().map(|(_, value)| value(one));
        let cells = cells.map(|value| value.map_or_else(String::new, |v| v.to_string()));
        let cells = cells.collect::<Vec<_>>().join(",");
        text += &format!("\"{}\",{},{cells}\n", one.method, one.seed);
    }
    text
}

/// Stories as each method fills them first.
fn examples(made: &[Made], count: usize) -> String {
    let mut text = String::new();
    for at in 0..count {
        for method in methods(made) {
            let first = made.iter().find(|one| one.method == method);
            let Some((story, log_r)) = first.and_then(|one| one.stories.get(at)) else {
                continue;
            };
            let (before, rest) = story.split_once(" | ").unwrap_or_default();
            let (middle, after) = rest.split_once(" | ").unwrap_or_default();
            if text.is_empty() || method == methods(made)[0] {
                text += &format!("\n{before} … {after}\n");
            }
            text += &format!("  {:>8}  {middle}  ({method})\n", figure(*log_r));
        }
    }
    text
}
