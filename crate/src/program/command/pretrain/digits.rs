//! `rtb pretrain digits`: a diffusion prior of images.

use super::common::{Common, Record, Stepped};
use crate::program::assets;
use crate::program::data::{self, Labelled};
use crate::program::error::ProgramError;
use crate::program::plot;
use burn::module::Module;
use burn::tensor::Device;
use clap::ValueEnum;
use pollster::block_on;
use rtb::config::ConfigError;
use rtb::image::CLASSES;
use rtb::metric::{self, Seen};
use rtb::network::{Classify, UNetConfig, load_tensors, read_tensors};
use rtb::noise::{Noise, Purpose};
use rtb::prior::DenoiserPrior;
use rtb::session::SessionError;
use rtb::train::examples::{Pretraining, Recipe};
use serde::Serialize;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Instant;

const AFTER_HELP: &str = "\
Without flags: 20000 iterations (small: 12000) of 128 images, learning rate 0.004 (small: 0.008),
average with decay 0.999.

Example:
  rtb pretrain digits --size small --out prior-digits-small.safetensors --picture digits.png";

/// Train a diffusion prior of images: a U-Net that denoises
#[derive(clap::Args)]
#[command(after_help = AFTER_HELP)]
pub struct Args {
    /// How large the network is
    #[arg(long, value_enum, default_value_t = Size::Full)]
    size: Size,
    /// mnist, fashion-mnist, or a folder with four files in MNIST's layout
    #[arg(long, value_name = "NAME|FOLDER", default_value = "mnist")]
    data: String,
    /// Weights of that size to go on from, a shipped prior's name or a file, in place of random ones
    #[arg(long, value_name = "NAME|FILE")]
    from: Option<String>,
    /// Samples behind the figures
    #[arg(long, value_name = "N", default_value_t = 10_000,
          value_parser = clap::value_parser!(u32).range(2..=1_000_000))]
    samples: u32,
    /// Steps of the chain that makes them
    #[arg(long, value_name = "T", default_value_t = 50,
          value_parser = clap::value_parser!(u32).range(2..=1000))]
    steps: u32,
    /// Picture (PNG) of 100 samples
    #[arg(long, value_name = "FILE")]
    picture: Option<PathBuf>,
    #[command(flatten)]
    common: Common,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Size {
    /// 0.7 million weights, for a GPU
    Full,
    /// 0.2 million weights, for a processor
    Small,
}

impl Size {
    fn iterations(self) -> usize {
        match self {
            Self::Full => 14_000,
            Self::Small => 12_000,
        }
    }

    fn batch(self) -> usize {
        match self {
            Self::Full => 64,
            Self::Small => 128,
        }
    }

    fn learning_rate(self) -> f64 {
        match self {
            Self::Full => 3e-3,
            Self::Small => 8e-3,
        }
    }

    fn config(self) -> UNetConfig {
        match self {
            Self::Full => UNetConfig::FULL,
            Self::Small => UNetConfig::SMALL,
        }
    }
}

/// How good a prior is, in the eyes of a classifier.
#[derive(Serialize)]
struct Judgement {
    /// Fréchet distance of features, samples against the test set.
    fid: f64,
    /// The same of as many training images.
    fid_of_training_images: f64,
    /// Mean cosine distance of the features of two samples.
    diversity: f64,
    diversity_of_test_images: f64,
    /// Share of every class among the samples.
    classes: [f64; CLASSES],
}

#[derive(Serialize)]
struct Figures {
    parameters: usize,
    samples: usize,
    steps: usize,
    sampling_seconds: f64,
    /// By the classifier of rewards, and by the one that only measures.
    reward_classifier: Judgement,
    evaluation_classifier: Judgement,
}

/// Trains the prior and writes its files.
pub fn execute(args: &Args) -> Result<(), ProgramError> {
    let size = args.size;
    let numbers = args
        .common
        .numbers(size.iterations(), size.batch(), size.learning_rate(), 0.999);
    let device = args.common.device()?;
    let Labelled { train, test } = data::images(&args.data)?;
    let mut network = size.config().init(&Noise::new(numbers.seed), &device);
    let size = size.to_possible_value().expect("no size is skipped");
    let mut what = format!(
        "digits --size {} --data {} --samples {} --steps {}",
        size.get_name(),
        args.data,
        args.samples,
        args.steps
    );
    let mut from = None;
    if let Some(name) = &args.from {
        network = read_tensors(&assets::weights("--from", name)?)
            .and_then(|weights| load_tensors(network, &weights))
            .map_err(|why| {
                let allowed = format!("weights of the size {}: {why}", size.get_name());
                ConfigError::new("--from", format!("`{name}`"), allowed)
            })?;
        let record = fs::read(Path::new(name).with_extension("json"));
        from = record.ok().and_then(|text| serde_json::from_slice(&text).ok());
        what += &format!(" --from {name}");
    }
    let config = Recipe::from(&numbers);
    let training = Pretraining::new(network, train.clone(), config, device.clone());
    let mut stepped = Stepped {
        training: training.map_err(SessionError::from)?,
        step: |training: &mut Pretraining<_, _>| block_on(training.step()),
    };
    let seconds = args.common.train(&what, &numbers, &mut stepped)?;
    let training = stepped.training;

    let (count, steps) = (args.samples as usize, args.steps as usize);
    let prior = DenoiserPrior::new(training.network().clone(), steps);
    let begun = Instant::now();
    let samples = block_on(prior.samples(
        &Noise::new(numbers.seed),
        Purpose::PriorEvaluation,
        count,
        &device,
    ))
    .map_err(SessionError::Device)?;
    let sampling_seconds = begun.elapsed().as_secs_f64();
    let sets = [&samples, &test.pixels(test.len()), &train.pixels(count)];
    let figures = Figures {
        parameters: Module::num_params(training.network()),
        samples: count,
        steps,
        sampling_seconds,
        reward_classifier: judge(&assets::reward_classifier(&device)?, sets, &device)?,
        evaluation_classifier: judge(&assets::evaluation_classifier(&device)?, sets, &device)?,
    };
    if let Some(path) = &args.picture {
        plot::draw_images(path, &samples, 10)?;
    }
    let text = summary(&figures);
    let weights = block_on(training.weights())?;
    let record = Record {
        command: args.common.command(&what, &numbers),
        from,
        seed: numbers.seed,
        seconds,
        figures,
    };
    args.common.finish(&weights, &record, &text)
}

/// Samples, test images and training images in the eyes of a classifier.
fn judge(
    classifier: &(impl Classify + Sync),
    [samples, test, train]: [&Vec<f32>; 3],
    device: &Device,
) -> Result<Judgement, ProgramError> {
    let see = |images: &[f32]| -> Result<Seen, ProgramError> {
        Ok(block_on(metric::see(classifier, images, device)).map_err(SessionError::Device)?)
    };
    let (samples, test, train) = (see(samples)?, see(test)?, see(train)?);
    let moments = test.moments();
    Ok(Judgement {
        fid: samples.moments().frechet(&moments),
        fid_of_training_images: train.moments().frechet(&moments),
        diversity: samples.diversity(),
        diversity_of_test_images: test.diversity(),
        classes: samples.histogram(),
    })
}

fn summary(f: &Figures) -> String {
    let judged = |name: &str, j: &Judgement| {
        let shares: Vec<_> = j.classes.iter().map(|s| format!("{:.1}", 100.0 * s)).collect();
        format!(
            "{name}: FID to the test images {:.3} (training images {:.3}), diversity {:.3} (test images {:.3})\n\
             \x20 classes 0 to 9 in percent: {}\n",
            j.fid,
            j.fid_of_training_images,
            j.diversity,
            j.diversity_of_test_images,
            shares.join(" ")
        )
    };
    format!(
        "{} samples of the chain of {} steps, made in {:.0} s\n{}{}",
        f.samples,
        f.steps,
        f.sampling_seconds,
        judged("classifier of rewards", &f.reward_classifier),
        judged("classifier of evaluation", &f.evaluation_classifier)
    )
}
