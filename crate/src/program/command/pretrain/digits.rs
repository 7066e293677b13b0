//! `rtb pretrain digits`: a diffusion prior of images.

use super::common::{Common, Numbers, Record, Stepped};
use super::data_set::{DataSet, draw};
use super::judgement::{Judge, Judgements};
use crate::program::assets;
use crate::program::data::Labelled;
use crate::program::error::ProgramError;
use crate::program::number::whole;
use crate::program::output::quoted;
use crate::program::plot;
use burn::module::Module;
use burn::tensor::Device;
use pollster::block_on;
use rtb::engine::EngineError;
use rtb::engine::noise::{Noise, Purpose};
use rtb::engine::train::examples::{Pretraining, Recipe};
use rtb::engine::weights::{Weights, load_tensors, read_tensors};
use rtb::network::ResidualConfig;
use rtb::run::ConfigError;
use rtb::task::images::data::Images;
use rtb::task::images::train::{Latents, Vectors};
use rtb::task::images::{
    Autoencoder, DECODER, Decoder, Denoise, Denoiser, DenoiserPrior, ImagePrior, Learned, UNetConfig,
};
use serde::Serialize;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Instant;

const AFTER_HELP: &str = "\
Defaults: --iterations 14000 --batch 64 --learning-rate 0.003 --ema 0.999
With --latents: --iterations 40000 --batch 512 --learning-rate 0.002 --ema 0.999

Examples:
  rtb pretrain digits --out prior-digits-pixels.safetensors --picture digits.png
  rtb pretrain autoencoder --out autoencoder.safetensors
  rtb pretrain digits --latents autoencoder.safetensors --out prior-digits.safetensors
  rtb pretrain digits --data pictures --size 32 --judge judge.safetensors --out prior.safetensors";

/// Units of the time embedding of a network of latents.
const EMBEDDING: usize = 64;

/// Train a diffusion prior of images, on pixels (a U-Net) or on the latents of an autoencoder
#[derive(clap::Args)]
#[command(after_help = AFTER_HELP)]
pub struct Args {
    #[command(flatten)]
    data: DataSet,
    /// Train on the latents of this autoencoder, a file of `rtb pretrain autoencoder` [default: train on
    /// pixels]
    #[arg(long, value_name = "FILE")]
    latents: Option<PathBuf>,
    /// Units per layer of the network on latents
    #[arg(long, value_name = "N", default_value_t = 352, requires = "latents",
          value_parser = whole::<u32>(4, 2048))]
    width: u32,
    /// Residual blocks of the network on latents
    #[arg(long, value_name = "N", default_value_t = 3, requires = "latents",
          value_parser = whole::<u32>(1, 16))]
    blocks: u32,
    /// Start from these weights, a shipped prior's name or a file [default: random weights]
    #[arg(long, value_name = "NAME|FILE")]
    from: Option<String>,
    /// Number of samples that measure the quality
    #[arg(long, value_name = "N", default_value_t = 10_000,
          value_parser = whole::<u32>(2, 1_000_000))]
    samples: u32,
    /// Number of steps of the chain that draws these samples
    #[arg(long, value_name = "T", default_value_t = 50,
          value_parser = whole::<u32>(2, 1000))]
    steps: u32,
    /// File (PNG or SVG) for a picture of 100 samples
    #[arg(long, value_name = "FILE")]
    picture: Option<PathBuf>,
    #[command(flatten)]
    judge: Judge,
    #[command(flatten)]
    common: Common,
}

#[derive(Serialize)]
struct Figures {
    parameters: usize,
    samples: usize,
    steps: usize,
    sampling_seconds: f64,
    #[serde(flatten)]
    judgements: Judgements,
    /// The record of the autoencoder.
    #[serde(skip_serializing_if = "Option::is_none")]
    autoencoder: Option<serde_json::Value>,
}

/// A prior once it is trained.
struct Trained {
    network: Denoiser,
    decoder: Decoder,
    /// The file.
    weights: Weights,
    seconds: f64,
}

/// Trains the prior and writes its files.
pub fn execute(args: &Args) -> Result<(), ProgramError> {
    if let Some(path) = &args.picture {
        plot::check_name("--picture", path)?;
    }
    args.common.probe(args.picture.as_deref())?;
    let device = args.common.device()?;
    let (images, learned) = args.data.read()?;
    let judges = args.judge.open(&learned, &device)?;
    let mut what = format!("digits {}", args.data.command());
    if let Some(path) = &args.latents {
        let (path, width, blocks) = (quoted(path.display()), args.width, args.blocks);
        what += &format!(" --latents {path} --width {width} --blocks {blocks}");
    }
    what += &format!(" --samples {} --steps {}", args.samples, args.steps);
    if let Some(name) = &args.from {
        what += &format!(" --from {}", quoted(name));
    }
    let (numbers, trained) = match &args.latents {
        None => {
            let numbers = args.common.numbers(14_000, 64, 3e-3, 0.999);
            let trained = of_pixels(args, &what, &numbers, &images.train, &device)?;
            (numbers, trained)
        }
        Some(path) => {
            let numbers = args.common.numbers(40_000, 512, 2e-3, 0.999);
            let trained = of_latents(args, &what, &numbers, path, (&images.train, &learned), &device)?;
            (numbers, trained)
        }
    };
    let Labelled { train, test } = images;
    let (count, steps) = (args.samples as usize, args.steps as usize);
    let parameters = Module::num_params(&trained.network);
    let prior = DenoiserPrior::new(trained.network, trained.decoder, steps);
    let noise = Noise::new(numbers.seed);
    let begun = Instant::now();
    let made = async {
        let ends = prior
            .samples(&noise, Purpose::PriorEvaluation, count, &device)
            .await?;
        prior.decoder().images(&ends).await
    };
    let samples = block_on(made).map_err(EngineError::Device)?;
    let sampling_seconds = begun.elapsed().as_secs_f64();
    let sets: [&[f32]; 3] = [&samples, &test.pixels(test.len()), &train.pixels(count)];
    let figures = Figures {
        parameters,
        samples: count,
        steps,
        sampling_seconds,
        judgements: Judgements::of(&judges, sets, &learned, &device)?,
        autoencoder: args.latents.as_deref().and_then(record_of),
    };
    if let Some(path) = &args.picture {
        draw(path, &learned, &samples, 10)?;
    }
    let text = format!(
        "{count} samples from a chain of {steps} steps, drawn in {sampling_seconds:.0} s\n{}",
        figures.judgements.summary()
    );
    let record = Record {
        command: args.common.command(&what, &numbers),
        from: args.from.as_deref().map(Path::new).and_then(record_of),
        seed: numbers.seed,
        seconds: trained.seconds,
        figures,
    };
    let weights = learned.told_by(trained.weights).to_safetensors(true);
    args.common.finish(&weights, &record, &text)
}

fn of_pixels(
    args: &Args,
    what: &str,
    numbers: &Numbers,
    images: &Images,
    device: &Device,
) -> Result<Trained, ProgramError> {
    let config = UNetConfig {
        shape: images.shape(),
        ..UNetConfig::SHIPPED
    };
    let network = config.init(&Noise::new(numbers.seed), device);
    let (network, seconds) = train(args, what, numbers, network, images.clone(), device)?;
    Ok(Trained {
        weights: block_on(Weights::of(&network)).map_err(EngineError::Device)?,
        network: Denoiser::Pixels(network),
        decoder: Decoder::of_pixels(images.shape()),
        seconds,
    })
}

fn of_latents(
    args: &Args,
    what: &str,
    numbers: &Numbers,
    path: &Path,
    (images, wanted): (&Images, &Learned),
    device: &Device,
) -> Result<Trained, ProgramError> {
    let file = fs::read(path).map_err(|e| ProgramError::file("read the autoencoder", path, e))?;
    let refused = |allowed| ConfigError::new("--latents", format!("`{}`", path.display()), allowed);
    let read = read_tensors(&file).and_then(|weights| {
        let learned = Learned::of(&weights.metadata)?;
        let autoencoder = Autoencoder::read(weights, device)?;
        let (pixels, shape) = (autoencoder.pixels(), learned.shape);
        match pixels == shape.pixels() {
            true => Ok((autoencoder, learned)),
            false => Err(format!(
                "its images have {pixels} numbers, but the header says {shape}"
            )),
        }
    });
    let (autoencoder, learned) =
        read.map_err(|why| refused(format!("a file that `rtb pretrain autoencoder` wrote ({why})")))?;
    if (&learned.data, learned.shape) != (&wanted.data, wanted.shape) {
        let of = |one: &Learned| match learned.data == wanted.data {
            true => format!("{} in the shape {}", one.data, one.shape),
            false => one.data.clone(),
        };
        let allowed = format!(
            "an autoencoder of {}; this one learned {}",
            of(wanted),
            of(&learned)
        );
        return Err(refused(allowed).into());
    }
    let size = autoencoder.latents();
    let config = ResidualConfig {
        inputs: size,
        outputs: size,
        width: args.width as usize,
        blocks: args.blocks as usize,
        embedding: EMBEDDING,
    };
    let latents = block_on(Latents::of(&autoencoder, images, device)).map_err(EngineError::Device)?;
    let network = config.init(&Noise::new(numbers.seed), device);
    let (network, seconds) = train(args, what, numbers, network, latents, device)?;
    let weights = async {
        let mut weights = Weights::of(&network).await?;
        weights.add_all(DECODER, Weights::of(autoencoder.decoder()).await?);
        Ok(weights)
    };
    Ok(Trained {
        weights: block_on(weights).map_err(EngineError::Device)?,
        network: Denoiser::Latents(network),
        decoder: Decoder::of(autoencoder.decoder().clone(), learned.shape, device),
        seconds,
    })
}

/// The averaged network after training, and the seconds it took.
fn train<N: Denoise, E: Vectors>(
    args: &Args,
    what: &str,
    numbers: &Numbers,
    mut network: N,
    examples: E,
    device: &Device,
) -> Result<(N, f64), ProgramError> {
    if let Some(name) = &args.from {
        network = read_tensors(&assets::weights("--from", name)?)
            .and_then(|mut weights| {
                // The prior's decoder is that of --latents.
                weights.take_all(DECODER);
                load_tensors(network, &weights)
            })
            .map_err(|why| {
                let allowed = format!("weights of a network of the same shape ({why})");
                ConfigError::new("--from", format!("`{name}`"), allowed)
            })?;
    }
    let training = Pretraining::new(network, examples, Recipe::from(numbers), device.clone());
    let mut stepped = Stepped {
        training: training.map_err(EngineError::from)?,
        step: async |training: &mut Pretraining<_, _>| training.denoise().await,
    };
    let seconds = args.common.train(what, numbers, &mut stepped)?;
    Ok((stepped.training.network().clone(), seconds))
}

/// The record beside a file of weights.
fn record_of(weights: &Path) -> Option<serde_json::Value> {
    let record = fs::read(weights.with_extension("json")).ok()?;
    serde_json::from_slice(&record).ok()
}
