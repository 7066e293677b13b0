//! `rtb pretrain vae`: a decoder that makes images of standard normal latents.

use super::coder::{Coder, Sizes};
use super::common::{Common, Record, Stepped};
use super::data_set::{DataSet, draw};
use super::judgement::{Judge, Judgements};
use crate::program::data::Labelled;
use crate::program::error::ProgramError;
use crate::program::number::{whole, within};
use crate::program::plot;
use burn::module::Module;
use pollster::block_on;
use rtb::engine::EngineError;
use rtb::engine::noise::{Noise, Purpose};
use rtb::engine::train::examples::{Pretraining, Recipe};
use rtb::engine::weights::Weights;
use rtb::task::images::train::Elbo;
use rtb::task::images::{DECODER, Decoder, VariationalAutoencoder};
use serde::Serialize;
use statrs::distribution::{ContinuousCDF, Normal};
use std::path::PathBuf;

const AFTER_HELP: &str = "\
Defaults: --latents 12 --iterations 6000 --batch 256 --learning-rate 0.002 --ema 0.999
The file has the decoder alone. A smaller --deviation gives sharper images, but the latents of the data
then differ more from the normal ones that samples are made of.

Examples:
  rtb pretrain vae --out vae.safetensors --picture samples.png
  rtb pretrain vae --latents 2 --out plane.safetensors --picture map.png";

/// Images a row of a picture: of samples, and of a map of the plane of two latents.
const COLUMNS: usize = 10;
const MAP_COLUMNS: usize = 20;

/// Train a variational autoencoder of images: its decoder makes images of standard normal latents
#[derive(clap::Args)]
#[command(after_help = AFTER_HELP)]
pub struct Args {
    #[command(flatten)]
    data: DataSet,
    #[command(flatten)]
    coder: Coder,
    /// Standard deviation of the Laplace law of a pixel (−1 to 1) around the decoded image
    #[arg(long, value_name = "DEVIATION", default_value_t = 1.4, value_parser = within(0.01, 10.0))]
    deviation: f64,
    /// Number of samples that measure the quality
    #[arg(long, value_name = "N", default_value_t = 10_000,
          value_parser = whole::<usize>(2, 1_000_000))]
    samples: usize,
    /// File (PNG or SVG) for a picture of 100 samples; of two latents, a map of their plane: 20 × 20 quantiles of
    /// the normal distribution
    #[arg(long, value_name = "FILE")]
    picture: Option<PathBuf>,
    #[command(flatten)]
    judge: Judge,
    #[command(flatten)]
    common: Common,
}

#[derive(Serialize)]
struct Figures {
    /// Of the decoder.
    parameters: usize,
    /// The ELBO of the test images, in nats an image, and its parts.
    test_elbo: f64,
    #[serde(flatten)]
    parts: Elbo,
    samples: usize,
    /// Of the samples.
    #[serde(flatten)]
    judgements: Judgements,
}

/// Trains the autoencoder and writes the decoder and the record.
pub fn execute(args: &Args) -> Result<(), ProgramError> {
    if let Some(path) = &args.picture {
        plot::check_name("--picture", path)?;
    }
    args.common.probe(args.picture.as_deref())?;
    let numbers = args.common.numbers(6000, 256, 2e-3, 0.999);
    let device = args.common.device()?;
    let (Labelled { train, test }, learned) = args.data.read()?;
    let pixels = learned.shape.pixels();
    let judges = args.judge.open(&learned, &device)?;
    let sizes = args.coder.sizes(12, pixels)?;
    let Sizes {
        latents,
        width,
        blocks,
    } = sizes;
    let noise = Noise::new(numbers.seed);
    let network = VariationalAutoencoder::new(pixels, latents, width, blocks, &noise, &device);
    let (deviation, count) = (args.deviation, args.samples);
    let what = format!(
        "vae {} {} --deviation {deviation} --samples {count}",
        args.data.command(),
        sizes.command(),
    );
    let training = Pretraining::new(network, train.clone(), Recipe::from(&numbers), device.clone());
    let mut stepped = Stepped {
        training: training.map_err(EngineError::from)?,
        step: async |training: &mut Pretraining<_, _>| training.raise_elbo(deviation).await,
    };
    let seconds = args.common.train(&what, &numbers, &mut stepped)?;

    let network = stepped.training.network();
    let decoder = Decoder::of(network.decoder().clone(), learned.shape, &device);
    let images = |latents: &[f32]| block_on(decoder.images(latents)).map_err(EngineError::Device);
    let samples = images(&noise.normal(Purpose::PriorEvaluation, 0, count * latents))?;
    if let Some(path) = &args.picture {
        match latents {
            2 => draw(path, &learned, &images(&map(MAP_COLUMNS))?, MAP_COLUMNS)?,
            _ => draw(path, &learned, &samples, COLUMNS)?,
        }
    }
    let parts = block_on(Elbo::of(network, &test, deviation, &noise, &device));
    let parts = parts.map_err(EngineError::Device)?;
    let sets: [&[f32]; 3] = [&samples, &test.pixels(test.len()), &train.pixels(count)];
    let figures = Figures {
        parameters: Module::num_params(network.decoder()),
        test_elbo: parts.value(),
        parts,
        samples: count,
        judgements: Judgements::of(&judges, sets, &learned, &device)?,
    };
    let text = format!(
        "{} test images: ELBO {:.1} nats an image, log likelihood {:.1} less a divergence of {:.1}\n\
         {count} samples, decoded from {latents} normal latents\n{}",
        test.len(),
        figures.test_elbo,
        parts.log_likelihood,
        parts.kl,
        figures.judgements.summary()
    );
    let mut weights = Weights::default();
    weights.add_all(
        DECODER,
        block_on(Weights::of(network.decoder())).map_err(EngineError::Device)?,
    );
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

/// The quantiles of two normal latents in the middles of `columns`² cells of equal probability, `[columns²][2]`: rows
/// from the top, the second latent upwards.
fn map(columns: usize) -> Vec<f32> {
    let normal = Normal::standard();
    let quantile = |at: usize| normal.inverse_cdf((at as f64 + 0.5) / columns as f64) as f32;
    let row =
        |row: usize| (0..columns).flat_map(move |column| [quantile(column), quantile(columns - 1 - row)]);
    (0..columns).flat_map(row).collect()
}

#[cfg(test)]
mod tests {
    use super::map;

    #[test]
    fn a_map_goes_up_and_to_the_right_in_quantiles() {
        let quarter = 0.674_489_75;
        let expected = [
            -quarter, quarter, quarter, quarter, -quarter, -quarter, quarter, -quarter,
        ];
        for (found, expected) in map(2).into_iter().zip(expected) {
            assert!((found - expected).abs() < 1e-6, "{found}, {expected}");
        }
        assert_eq!(map(3)[8..10], [0.0, 0.0]);
    }
}
