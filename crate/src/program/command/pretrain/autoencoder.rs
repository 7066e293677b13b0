//! `rtb pretrain autoencoder`: the latents that a prior of images may be about.

use super::common::{Common, Record, Stepped};
use super::judgement::Judgements;
use crate::program::data::{self, Labelled};
use crate::program::error::ProgramError;
use crate::program::number::whole;
use crate::program::output::quoted;
use burn::module::Module;
use pollster::block_on;
use rtb::engine::EngineError;
use rtb::engine::noise::Noise;
use rtb::engine::train::examples::{Pretraining, Recipe};
use rtb::engine::weights::Weights;
use rtb::task::images::train::Latents;
use rtb::task::images::{Autoencoder, Decoder, with_data_set};
use serde::Serialize;

const AFTER_HELP: &str = "\
Defaults: --iterations 8000 --batch 256 --learning-rate 0.002 --ema 0.999

Example:
  rtb pretrain autoencoder --out autoencoder.safetensors";

/// Train an autoencoder of images, for a prior on its latents
#[derive(clap::Args)]
#[command(after_help = AFTER_HELP)]
pub struct Args {
    /// mnist, fashion-mnist, or a folder with the four files of MNIST
    #[arg(long, value_name = "NAME|FOLDER", default_value = "mnist")]
    data: String,
    /// Size of the latent vector of an image
    #[arg(long, value_name = "N", default_value_t = 32,
          value_parser = whole::<u32>(1, 784))]
    latents: u32,
    /// Units per layer of the encoder and the decoder
    #[arg(long, value_name = "N", default_value_t = 256,
          value_parser = whole::<u32>(4, 2048))]
    width: u32,
    /// Residual blocks of the encoder, and of the decoder
    #[arg(long, value_name = "N", default_value_t = 2,
          value_parser = whole::<u32>(1, 16))]
    blocks: u32,
    /// Standard deviation of the noise added to the latents in training; the latents' own is 1
    #[arg(long, value_name = "DEVIATION", default_value_t = 0.04, value_parser = deviation)]
    noise: f64,
    #[command(flatten)]
    common: Common,
}

fn deviation(text: &str) -> Result<f64, String> {
    let value: f64 = text.parse().map_err(|_| "use a number from 0 to 10".to_owned())?;
    match (0.0..=10.0).contains(&value) {
        true => Ok(value),
        false => Err("use a number from 0 to 10".to_owned()),
    }
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
    let Labelled { train, test } = data::images(&args.data)?;
    let [latents, width, blocks] = [args.latents, args.width, args.blocks].map(|n| n as usize);
    let network = Autoencoder::new(latents, width, blocks, &Noise::new(numbers.seed), &device);
    let what = format!(
        "autoencoder --data {} --latents {latents} --width {width} --blocks {blocks} --noise {}",
        quoted(&args.data),
        args.noise
    );
    let training = Pretraining::new(network, train.clone(), Recipe::from(&numbers), device.clone());
    let mut stepped = Stepped {
        training: training.map_err(EngineError::from)?,
        step: |training: &mut Pretraining<_, _>| block_on(training.reconstruct(args.noise)),
    };
    let seconds = args.common.train(&what, &numbers, &mut stepped)?;
    let training = stepped.training;
    let network = training.network();
    let decoder = Decoder::of(network.decoder().clone(), latents, &device);
    let data = data::name(&args.data);
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
        judgements: Judgements::of([&made, &images, &train.pixels(test.len())], &data, &device)?,
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
    let weights = with_data_set(weights, &data).to_safetensors(true);
    args.common.finish(&weights, &record, &text)
}
