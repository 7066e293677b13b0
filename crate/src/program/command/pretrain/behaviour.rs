//! `rtb pretrain behaviour`: a diffusion of the actions of recorded steps.

use super::common::{Common, Record};
use super::recorded::RecordedSteps;
use crate::program::error::ProgramError;
use crate::program::number::whole;
use crate::program::output::figure;
use pollster::block_on;
use rtb::engine::train::examples::Recipe;
use rtb::task::control::offline::behaviour::{BehaviourFigures, BehaviourShape, BehaviourTraining};

const AFTER_HELP: &str = "\
Defaults: --iterations 50000 --batch 512 --learning-rate 0.001 --ema 0.999

Examples:
  rtb pretrain behaviour steps.hdf5 --out behaviour.safetensors
  rtb pretrain behaviour hopper_medium-v2 --out behaviour.safetensors";

/// Train a diffusion of actions given states on recorded steps: the prior of a policy
#[derive(clap::Args)]
#[command(after_help = AFTER_HELP)]
pub struct Args {
    #[command(flatten)]
    data: RecordedSteps,
    /// Units per hidden layer
    #[arg(long, value_name = "N", default_value_t = BehaviourShape::default().width, value_parser = whole::<usize>(0, u64::MAX))]
    width: usize,
    /// Number of hidden layers
    #[arg(long, value_name = "N", default_value_t = BehaviourShape::default().depth, value_parser = whole::<usize>(0, u64::MAX))]
    depth: usize,
    /// Steps of the chain that makes an action of noise
    #[arg(long, value_name = "N", default_value_t = BehaviourShape::default().steps, value_parser = whole::<usize>(0, u64::MAX))]
    steps: usize,
    #[command(flatten)]
    common: Common,
}

/// Trains the behaviour and writes its two files.
pub fn execute(args: &Args) -> Result<(), ProgramError> {
    args.common.probe(None)?;
    let numbers = args.common.numbers(50_000, 512, 1e-3, 0.999);
    let shape = BehaviourShape {
        width: args.width,
        depth: args.depth,
        steps: args.steps,
    };
    shape.check()?;
    let device = args.common.device()?;
    let transitions = args.data.read()?;
    let what = format!(
        "behaviour {} --width {} --depth {} --steps {}",
        args.data.command(),
        args.width,
        args.depth,
        args.steps
    );
    let mut training = BehaviourTraining::new(&transitions, shape, Recipe::from(&numbers), device)?;
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

fn summary(f: &BehaviourFigures) -> String {
    format!(
        "{} steps that it was not trained on (and as many of those it was):\n\
         denoising loss, of 1 for a guess  {} ({})\n\
         {} drawn actions against those that were recorded in the same states, the worst coordinate:\n\
         error of the mean, in deviations  {}\n\
         relative error of the deviation   {}\n",
        f.held_out,
        figure(f.denoising_loss),
        figure(f.denoising_loss_trained),
        f.samples,
        figure(f.mean_error),
        figure(f.deviation_error),
    )
}
