//! `rtb pretrain critic`: the value of actions, from recorded steps alone.

use super::common::{Common, Record};
use super::recorded::RecordedSteps;
use crate::program::error::ProgramError;
use crate::program::number::{any, whole};
use crate::program::output::figure;
use clap::ValueEnum;
use pollster::block_on;
use rtb::engine::train::examples::Recipe;
use rtb::task::control::offline::critic::{CriticFigures, CriticShape, CriticTraining};

const AFTER_HELP: &str = "\
Defaults: --iterations 1000000 --batch 256 --learning-rate 0.0003 --ema 0.995
          iql: --networks 2; ensemble: --networks 10
The average of the weights is the target network, too.

Examples:
  rtb pretrain critic steps.hdf5 --iterations 100000 --out critic.safetensors
  rtb pretrain critic hopper_medium-v2 --kind ensemble --out critic.safetensors";

/// Train a critic Q(s, a) on recorded steps by implicit Q-learning: the reward of a policy
#[derive(clap::Args)]
#[command(after_help = AFTER_HELP)]
pub struct Args {
    #[command(flatten)]
    data: RecordedSteps,
    /// What Q is taken to be: the smaller of two networks, or a lower bound of many
    #[arg(long, value_enum, default_value_t = Kind::Iql)]
    kind: Kind,
    /// Number of networks of Q
    #[arg(long, value_name = "N", value_parser = whole::<usize>(0, u64::MAX))]
    networks: Option<usize>,
    /// How many deviations of the networks the lower bound is below their mean; of two networks 1 is their minimum
    #[arg(long, value_name = "K", default_value_t = CriticShape::IQL.pessimism, value_parser = any)]
    pessimism: f64,
    /// The expectile of Q over the recorded actions that V is: 0.5 is their mean, near 1 the best of them
    #[arg(long, value_name = "TAU", default_value_t = CriticShape::IQL.expectile, value_parser = any)]
    expectile: f64,
    /// What the next step's reward counts for
    #[arg(long, value_name = "GAMMA", default_value_t = CriticShape::IQL.discount, value_parser = any)]
    discount: f64,
    /// Units per hidden layer
    #[arg(long, value_name = "N", default_value_t = CriticShape::IQL.width, value_parser = whole::<usize>(0, u64::MAX))]
    width: usize,
    /// Number of hidden layers
    #[arg(long, value_name = "N", default_value_t = CriticShape::IQL.depth, value_parser = whole::<usize>(0, u64::MAX))]
    depth: usize,
    #[command(flatten)]
    common: Common,
}

#[derive(Clone, Copy, ValueEnum)]
enum Kind {
    /// Implicit Q-learning as published
    Iql,
    /// The same with a lower bound of many networks
    Ensemble,
}

impl Args {
    fn shape(&self) -> CriticShape {
        let known = match self.kind {
            Kind::Iql => CriticShape::IQL,
            Kind::Ensemble => CriticShape::ENSEMBLE,
        };
        CriticShape {
            networks: self.networks.unwrap_or(known.networks),
            width: self.width,
            depth: self.depth,
            discount: self.discount,
            expectile: self.expectile,
            pessimism: self.pessimism,
        }
    }
}

/// Trains the critic and writes its two files.
pub fn execute(args: &Args) -> Result<(), ProgramError> {
    args.common.probe(None)?;
    let numbers = args.common.numbers(1_000_000, 256, 3e-4, 0.995);
    let shape = args.shape();
    shape.check()?;
    let device = args.common.device()?;
    let transitions = args.data.read()?;
    let kind = args.kind.to_possible_value().expect("none is hidden");
    let what = format!(
        "critic {} --kind {} --networks {} --pessimism {} --expectile {} --discount {} --width {} --depth {}",
        args.data.command(),
        kind.get_name(),
        shape.networks,
        shape.pessimism,
        shape.expectile,
        shape.discount,
        shape.width,
        shape.depth
    );
    let mut training = CriticTraining::new(&transitions, shape, Recipe::from(&numbers), device)?;
    let seconds = args.common.train(&what, &numbers, &mut training)?;
    let figures = block_on(training.figures())?;
    let text = summary(&figures);
    let weights = block_on(training.weights())?;
    let record = Record {
        command: args.common.command(&what, &numbers),
        from: None,
        seed: numbers.seed,
        seconds,
        figures,
    };
    args.common.finish(&weights, &record, &text)
}

fn summary(f: &CriticFigures) -> String {
    format!(
        "{} steps, in the units of their rewards:\n\
         mean value, and what was recorded      {} ({})\n\
         their correlation                      {}\n\
         mean error of Q = r + γ·V              {}\n\
         mean deviation of the networks         {}\n\
         largest value, and its bound           {} ({})\n",
        f.steps,
        figure(f.mean_value),
        figure(f.mean_discounted),
        figure(f.correlation),
        figure(f.residual),
        figure(f.disagreement),
        figure(f.largest_value),
        figure(f.bound),
    )
}
