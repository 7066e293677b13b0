//! `rtb numbers`: the random numbers of a language model, before and after its posterior is trained.

use crate::program::device::DeviceFlag;
use crate::program::error::ProgramError;
use crate::program::grid::Grid;
use crate::program::number::whole;
use crate::program::output::{duration, figure, print};
use crate::program::progress::Progress;
use crate::program::storage;
use burn::tensor::Device;
use clap::ValueEnum;
use pollster::block_on;
use rtb::network::Transformer;
use rtb::task::text::numbers::{
    LARGEST, Law, Loss, NumbersConfig, NumbersTraining, PRIOR_ITERATIONS, prior_training,
};
use std::path::PathBuf;
use std::time::Instant;

const AFTER_HELP: &str = "\
The prior is a small causal language model. It imitates people who are asked for a random number from 0
to 100: it prefers 42, 7, 37, round and small numbers, and some of its answers are invalid. The reward
is 1/p(x) for a valid number x and almost 0 for any other answer, so the posterior says all 101 numbers
equally often (arXiv 2310.04363, section 2). There are so few answers that all probabilities in the
tables are exact. Without prior answers in the batch (--noised-share 0), the posterior may also unlearn
100, which begins like many invalid answers.

Examples:
  rtb numbers
  rtb numbers --seed 1 --out numbers.csv
  rtb numbers --noised-share 0
  rtb numbers --objective subtb";

/// Numbers in a line of the picture.
const LINE: usize = 10;
/// Bars from nothing on; the one in the middle is the uniform probability.
const BARS: [char; 9] = [' ', '▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];
const UNIFORM_BAR: f64 = 4.0;

/// Train a language model to say the numbers from 0 to 100 equally often
#[derive(clap::Args)]
#[command(after_help = AFTER_HELP)]
pub struct Args {
    /// Training objective: rtb (with VarGrad) or subtb (modified SubTB, arXiv 2310.04363, eq. 3)
    #[arg(long, value_enum, default_value_t, hide_possible_values = true)]
    objective: Objective,
    /// Random seed
    #[arg(long, value_name = "N", default_value_t = NumbersConfig::default().seed,
          value_parser = whole::<u64>(0, i64::MAX as u64))]
    seed: u64,
    /// Number of training iterations
    #[arg(long, value_name = "N", default_value_t = NumbersConfig::default().iterations as u32,
          value_parser = whole::<u32>(1, 1_000_000))]
    iterations: u32,
    /// Answers per iteration
    #[arg(long, value_name = "N", default_value_t = NumbersConfig::default().batch as u32,
          value_parser = whole::<u32>(2, 100_000))]
    batch: u32,
    /// Share of these answers that come from the prior, drawn in proportion to their reward
    #[arg(long, value_name = "SHARE", default_value_t = NumbersConfig::default().noised_share,
          value_parser = share)]
    noised_share: f64,
    /// File (CSV) for the probability of every number under prior and posterior
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    #[command(flatten)]
    device: DeviceFlag,
    /// Do not show progress
    #[arg(long, short)]
    quiet: bool,
}

#[derive(Clone, Copy, Default, ValueEnum)]
enum Objective {
    #[default]
    Rtb,
    Subtb,
}

/// Reads a share.
fn share(text: &str) -> Result<f64, String> {
    let number = text.parse().ok().filter(|share| (0.0..=1.0).contains(share));
    number.ok_or_else(|| "use a number from 0 to 1".to_owned())
}

impl Args {
    fn config(&self) -> NumbersConfig {
        NumbersConfig {
            loss: match self.objective {
                Objective::Rtb => Loss::Rtb,
                Objective::Subtb => Loss::Subtb,
            },
            iterations: self.iterations as usize,
            batch: self.batch as usize,
            noised_share: self.noised_share,
            seed: self.seed,
            ..NumbersConfig::default()
        }
    }
}

/// A network's law, and the time that its training took.
struct Trained {
    network: Transformer,
    law: Law,
    seconds: f64,
}

impl Trained {
    fn new(network: Transformer, begun: Instant, device: &Device) -> Result<Self, ProgramError> {
        let seconds = begun.elapsed().as_secs_f64();
        let law = block_on(Law::of(&network, device))?;
        Ok(Self {
            network,
            law,
            seconds,
        })
    }
}

/// Trains prior and posterior, and prints.
pub fn execute(args: &Args) -> Result<(), ProgramError> {
    if let Some(path) = &args.out {
        storage::probe(path)?;
    }
    let device = args.device.device.open()?;
    let prior = prior(args, &device)?;
    let posterior = posterior(args, &prior, &device)?;
    if let Some(path) = &args.out {
        storage::write(path, csv(&prior.law, &posterior.law).as_bytes())?;
    }
    print(&format!(
        "{}\n{}\n{}",
        picture(&prior.law, &posterior.law),
        figures(&prior, &posterior),
        remarks(args, &device)
    ))
}

fn prior(args: &Args, device: &Device) -> Result<Trained, ProgramError> {
    let begun = Instant::now();
    let mut training = prior_training(args.seed, PRIOR_ITERATIONS, device)?;
    let progress = Progress::new("prior", 0, PRIOR_ITERATIONS, args.quiet);
    while !training.finished() {
        let loss = block_on(training.continue_texts())?;
        progress.advance(training.iteration(), || {
            format!("{} nats per digit", figure(loss))
        });
    }
    progress.clear();
    Trained::new(training.network().clone(), begun, device)
}

fn posterior(args: &Args, prior: &Trained, device: &Device) -> Result<Trained, ProgramError> {
    let begun = Instant::now();
    let config = args.config();
    let mut training = NumbersTraining::new(&prior.network, &prior.law, config, device)?;
    let progress = Progress::new("posterior", 0, config.iterations, args.quiet);
    while !training.finished() {
        let loss = block_on(training.step())?;
        progress.advance(training.iteration(), || format!("loss {}", figure(loss)));
    }
    progress.clear();
    Trained::new(training.network(), begun, device)
}

/// The probabilities of the numbers, ten of them a line.
fn picture(prior: &Law, posterior: &Law) -> String {
    let laws = [prior, posterior].map(|law| (law.numbers(), law.fit().invalid));
    let line = |first: usize| {
        let last = (first + LINE - 1).min(LARGEST);
        let of_line = laws.each_ref().map(|(numbers, _)| &numbers[first..=last]);
        let name = match first == last {
            true => first.to_string(),
            false => format!("{first} to {last}"),
        };
        let bars = of_line.map(|numbers| numbers.iter().map(|p| bar(*p)).collect::<String>());
        let sums = of_line.map(|numbers| small(numbers.iter().sum()));
        [vec![name], bars.to_vec(), sums.to_vec()].concat()
    };
    let invalid = laws.each_ref().map(|(_, invalid)| small(*invalid));
    let nothing = vec!["invalid".to_owned(), String::new(), String::new()];
    let rows = (0..=LARGEST).step_by(LINE).map(line);
    let grid = Grid {
        headings: ["number", "prior", "posterior", "prior", "posterior"]
            .map(str::to_owned)
            .to_vec(),
        rows: rows.chain([[nothing, invalid.to_vec()].concat()]).collect(),
        words: 3,
    };
    let [half, full] = [BARS[UNIFORM_BAR as usize], BARS[BARS.len() - 1]];
    format!(
        "{}Each bar is the probability of one number: {half} is 1/{}, {full} is twice that or more. The right columns \
         hold the sum over each line.\n",
        grid.text(),
        LARGEST + 1
    )
}

fn bar(probability: f64) -> char {
    let height = (UNIFORM_BAR * probability * (LARGEST + 1) as f64).round() as usize;
    BARS[height.min(BARS.len() - 1)]
}

/// A figure to five decimals: what is left after the training is small.
fn small(value: f64) -> String {
    format!("{value:.5}")
}

fn figures(prior: &Trained, posterior: &Trained) -> String {
    let row = |name: &str, of: &Trained| {
        let fit = of.law.fit();
        let figures = [
            fit.kl_of_uniform,
            fit.kl_of_model,
            fit.total_variation,
            fit.invalid,
        ]
        .map(small);
        [
            vec![name.to_owned()],
            figures.to_vec(),
            vec![duration(of.seconds)],
        ]
        .concat()
    };
    let headings = [
        "model",
        "KL(uniform\n‖ model)",
        "KL(model, if\nvalid ‖ uniform)",
        "total\nvariation",
        "invalid\nmass",
        "training",
    ];
    let grid = Grid {
        headings: headings.map(str::to_owned).to_vec(),
        rows: vec![row("prior", prior), row("posterior", posterior)],
        words: 1,
    };
    grid.text()
}

fn remarks(args: &Args, device: &Device) -> String {
    let objective = match args.objective {
        Objective::Rtb => "RTB with VarGrad",
        Objective::Subtb => "Modified SubTB",
    };
    format!(
        "{objective}, {} iterations of {} answers, share from the prior {}, seed {}, {}. KL divergences are in nats.\n",
        args.iterations,
        args.batch,
        args.noised_share,
        args.seed,
        rtb::engine::device::device_name(device)
    )
}

fn csv(prior: &Law, posterior: &Law) -> String {
    let pairs = prior.numbers().into_iter().zip(posterior.numbers());
    let lines = pairs
        .enumerate()
        .map(|(n, (before, after))| format!("{n},{before},{after}\n"));
    "number,prior,posterior\n".to_owned() + &lines.collect::<String>()
}
