//! `rtb pretrain ddpm`: a diffusion model in the format of diffusers.

use super::common::{Common, Record, Stepped};
use super::data_set::{DataSet, draw};
use crate::program::error::ProgramError;
use crate::program::number::whole;
use crate::program::plot;
use burn::module::Module;
use clap::ValueEnum;
use pollster::block_on;
use rtb::engine::EngineError;
use rtb::engine::noise::{Noise, Purpose};
use rtb::engine::process::Scheduled;
use rtb::engine::train::examples::{Pretraining, Recipe};
use rtb::network::diffusers::{Model, NewPipeline};
use rtb::task::images::train::{images_of, noise_error};
use serde::Serialize;
use std::path::PathBuf;

const AFTER_HELP: &str = "\
Defaults: --iterations 20000 --batch 64 --learning-rate 0.001 --ema 0.999

The folder is one that diffusers' `DDPMPipeline.from_pretrained` reads: a UNet2DModel that predicts the noise of
1000 timesteps. It is a prior of the task `images` (`prior.folder`), and `rtb model FOLDER` shows it.

Examples:
  rtb pretrain ddpm --data pictures --size 32 --flips --out ddpm --picture samples.png
  rtb pretrain ddpm --data pictures --grey --channels 32,64 --layers 2 --attention 1 --betas cosine --out ddpm
  rtb model ddpm";

/// Images of the picture.
const DRAWN: usize = 100;

/// Train a diffusion model in the format of diffusers (a DDPM) on pictures
#[derive(clap::Args)]
#[command(
    after_help = AFTER_HELP,
    mut_arg("out", |out| out.value_name("FOLDER").help("New folder for the model and its record"))
)]
pub struct Args {
    #[command(flatten)]
    data: DataSet,
    /// Channels of every level, multiples of 8, from the finest on; a level has half the side of the one before
    #[arg(long, value_name = "N,…", value_delimiter = ',', default_value = "32,64,64",
          value_parser = whole::<usize>(8, 1024))]
    channels: Vec<usize>,
    /// Residual blocks of a level on the way down; it has one more on the way up
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = whole::<usize>(1, 8))]
    layers: usize,
    /// Levels with attention, from 0, beside the middle, which always has it [default: none]
    #[arg(long, value_name = "LEVEL,…", value_delimiter = ',', value_parser = whole::<usize>(0, 5))]
    attention: Vec<usize>,
    /// How the noise of a timestep grows
    #[arg(long, value_enum, default_value_t)]
    betas: Betas,
    /// Mirror every second picture, at random
    #[arg(long)]
    flips: bool,
    /// File (PNG or SVG) for a picture of 100 samples
    #[arg(long, value_name = "FILE")]
    picture: Option<PathBuf>,
    /// Number of steps of the chain that draws these samples
    #[arg(long, value_name = "T", default_value_t = 50, value_parser = whole::<usize>(2, 1000))]
    steps: usize,
    #[command(flatten)]
    common: Common,
}

#[derive(Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
enum Betas {
    /// Evenly from 1e-4 to 0.02 (arXiv 2006.11239)
    #[default]
    Linear,
    /// The squared cosine (arXiv 2102.09672)
    Cosine,
}

#[derive(Serialize)]
struct Figures {
    parameters: usize,
    train_images: usize,
    test_images: usize,
    /// Mean squared error of the noise in the test images.
    test_loss: f64,
}

impl Args {
    /// The flags of the model as they are written.
    fn command(&self) -> String {
        let list = |numbers: &[usize]| numbers.iter().map(usize::to_string).collect::<Vec<_>>().join(",");
        let betas = self.betas.to_possible_value().expect("none is skipped");
        let (channels, layers) = (list(&self.channels), self.layers);
        let mut all = format!(
            "ddpm {} --channels {channels} --layers {layers}",
            self.data.command()
        );
        if !self.attention.is_empty() {
            all += &format!(" --attention {}", list(&self.attention));
        }
        all += &format!(" --betas {}", betas.get_name());
        if self.flips {
            all += " --flips";
        }
        all
    }
}

/// Trains the model and writes its folder.
pub fn execute(args: &Args) -> Result<(), ProgramError> {
    if let Some(path) = &args.picture {
        plot::check_name("--picture", path)?;
    }
    args.common.probe_folder(args.picture.as_deref())?;
    let device = args.common.device()?;
    let (images, learned) = args.data.read()?;
    let numbers = args.common.numbers(20_000, 64, 1e-3, 0.999);
    let noise = Noise::new(numbers.seed);
    let pipeline = NewPipeline {
        shape: learned.shape.sizes(),
        channels: args.channels.clone(),
        layers: args.layers,
        attention: args.attention.clone(),
        cosine: args.betas == Betas::Cosine,
    };
    let network = pipeline.network(&noise, &device)?;
    let schedule = pipeline.scheduler().ddpm();
    let alphas = schedule.levels.alphas();
    let (parameters, train_images) = (Module::num_params(&network), images.train.len());
    let training = Pretraining::new(network, images.train, Recipe::from(&numbers), device.clone());
    let mut stepped = Stepped {
        training: training.map_err(EngineError::from)?,
        step: async |training: &mut Pretraining<_, _>| training.predict_noise(&alphas, args.flips).await,
    };
    let what = args.command();
    let seconds = args.common.train(&what, &numbers, &mut stepped)?;
    let network = stepped.training.network();
    let test_loss = noise_error(network, &images.test, &alphas, &noise, &device);
    let figures = Figures {
        parameters,
        train_images,
        test_images: images.test.len(),
        test_loss: block_on(test_loss).map_err(EngineError::Device)?,
    };
    let files = block_on(pipeline.files(network)).map_err(EngineError::Device)?;
    if let Some(path) = &args.picture {
        let process = Scheduled::new(&schedule, args.steps, learned.shape.pixels())?;
        let model = Model::new(network.clone(), process, learned.shape.sizes(), None);
        let drawn = images_of(&model, (&noise, Purpose::Samples), DRAWN, &device);
        let drawn = block_on(drawn).map_err(EngineError::Device)?;
        draw(path, &learned, &drawn, 10)?;
    }
    let text = format!(
        "{parameters} parameters; {} test images: loss {:.4}\n",
        figures.test_images, figures.test_loss
    );
    let record = Record {
        command: args.common.command(&what, &numbers),
        from: None,
        seed: numbers.seed,
        seconds,
        figures,
    };
    args.common.finish_folder(&files, &record, &text)
}
