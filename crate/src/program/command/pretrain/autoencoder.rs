//! `rtb pretrain autoencoder`: the latents that a prior of images may be about.

use super::coder::{Coder, Sizes};
use super::common::{Common, Record, Stepped};
use super::data_set::DataSet;
use super::judgement::{Judge, Judgements};
use crate::program::data::Labelled;
use crate::program::error::ProgramError;
use crate::program::number::within;
use burn::module::Module;
use pollster::block_on;
use rtb::engine::EngineError;
use rtb::engine::noise::Noise;
use rtb::engine::train::examples::{Pretraining, Recipe};
use rtb::engine::weights::Weights;
use rtb::task::images::train::Latents;
use rtb::task::images::{Autoencoder, Decoder};
use serde::Serialize;

const AFTER_HELP: &str = "\
Defaults: --latents 32 --iterations 8000 --batch 256 --learning-rate 0.002 --ema 0.999

Example:
  rtb pretrain autoencoder --out autoencoder.safetensors";

/// Train an autoencoder of images, for a prior on its latents
#[derive(clap::Args)]
#[command(after_help = AFTER_HELP)]
pub struct Args {
    #[command(flatten)]
    data: DataSet,
    #[command(flatten)]
    coder: Coder,
    /// Standard deviation of the noise added to the latents in training; the latents' own is 1
    #[arg(long, value_name = "DEVIATION", default_value_t = 0.04, value_parser = within(0.0, 10.0))]
    noise: f64,
    #[command(flatten)]
    judge: Judge,
    #[command(flatten)]
    common: Common,
}

#[derive(Serialize)]
struct Figures {
    parameters: usize,
    /// Mean over the pixels of the test images, −1 to 1, made of their latents.
    test_squared_error: f64,
    /// Of these.
    #[serde(flatten)]
    judgements: Judgements,
}

/// Trains the autoencoder and writes its two files.
pub fn execute(args: &Args) -> Result<(), ProgramError> {
    args.common.probe(None)?;
    let numbers = args.common.numbers(8000, 256, 2e-3, 0.999);
    let device = args.common.device()?;
    let (Labelled { train, test }, learned) = args.data.read()?;
    let pixels = learned.shape.pixels();
    let judges = args.judge.open(&learned, &device)?;
    let sizes = args.coder.sizes(32, pixels)?;
    let Sizes {
        latents,
        width,
        blocks,
    } = sizes;
    let network = Autoencoder::new(pixels, latents, width, blocks, &Noise::new(numbers.seed), &device);
    let what = format!(
        "autoencoder {} {} --noise {}",
        args.data.command(),
        sizes.command(),
        args.noise
    );
    let training = Pretraining::new(network, train.clone(), Recipe::from(&numbers), device.clone());
    let mut stepped = Stepped {
        training: training.map_err(EngineError::from)?,
        step: async |training: &mut Pretraining<_, _>| training.reconstruct(args.noise).await,
    };
    let seconds = args.common.train(&what, &numbers, &mut stepped)?;
    let training = stepped.training;
    let network = training.network();
    let decoder = Decoder::of(network.decoder().clone(), learned.shape, &device);
    let images = test.pixels(test.len());
    let made = async {
        let latents = Latents::of(network, &test, &device).await?;
        decoder.images(latents.values()).await
    };
    let made = block_on(made).map_err(EngineError::Device)?;
    let squares = made.iter().zip(&images).map(|(a, b)| f64::from(a - b).powi(2));
    let figures = Figures {
        parameters: Module::num_params(network),
        test_squared_error: squares.sum::<f64>() / images.len() as f64,
        judgements: Judgements::of(
            &judges,
            [&made, &images, &train.pixels(test.len())],
            &learned,
            &device,
        )?,
    };
    let text = format!(
        "{} test images, each decoded from {latents} latents: mean squared error per pixel {:.4}\n{}",
        test.len(),
        figures.test_squared_error,
        figures.judgements.summary()
    );
    let weights = block_on(Weights::of(network)).map_err(EngineError::Device)?;
    let record = Record {
        command: args.common.command(&what, &numbers),
        from: None,
        seed: numbers.seed,
        seconds,
        figures,
    };
    let weights = learned.told_by(weights).to_safetensors(true);
    args.common.finish(&weights, &record, &text)
}
