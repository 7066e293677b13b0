//! `rtb pretrain classifier`: a network that says which class an image is of.

use super::common::{Common, Numbers, Record, Stepped};
use super::data_set::DataSet;
use crate::program::data::Labelled;
use crate::program::error::ProgramError;
use burn::module::{Module, ModuleDisplay};
use burn::tensor::Device;
use clap::ValueEnum;
use pollster::block_on;
use rtb::engine::EngineError;
use rtb::engine::noise::Noise;
use rtb::engine::train::examples::{Pretraining, Recipe};
use rtb::engine::weights::Weights;
use rtb::run::ConfigError;
use rtb::task::images::data::Images;
use rtb::task::images::{Classify, Learned, PooledClassifier, Seen, StridedClassifier, see};
use serde::Serialize;

const AFTER_HELP: &str = "\
Defaults: --iterations 6000 --batch 128 --learning-rate 0.002 --ema 0.999
Training images are slightly rotated, scaled and shifted at random, and get some noise.

Rewards use the strided network. The pooled network only measures results, so that it exposes samples
that deceive the reward. In a run, `reward.weights` and `judge.weights` name their files.

Examples:
  rtb pretrain classifier strided --out classifier.safetensors
  rtb pretrain classifier pooled --data fashion-mnist --out judge.safetensors
  rtb pretrain classifier strided --data pictures --size 32 --out classifier.safetensors";

/// Train a classifier of images, for rewards or for evaluation
#[derive(clap::Args)]
#[command(after_help = AFTER_HELP)]
pub struct Args {
    /// Architecture of the network
    #[arg(value_enum)]
    kind: Kind,
    #[command(flatten)]
    data: DataSet,
    #[command(flatten)]
    common: Common,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Kind {
    /// 3×3 convolutions, some with stride 2: the reward's classifier
    Strided,
    /// 5×5 convolutions with max pooling: the classifier of evaluation
    Pooled,
}

#[derive(Serialize)]
struct Figures {
    parameters: usize,
    train_images: usize,
    test_images: usize,
    test_accuracy: f64,
    /// Mean of −log p(label|image) over the test images.
    test_cross_entropy: f64,
}

/// Trains the classifier and writes its two files.
pub fn execute(args: &Args) -> Result<(), ProgramError> {
    args.common.probe(None)?;
    let numbers = args.common.numbers(6000, 128, 2e-3, 0.999);
    let device = args.common.device()?;
    let noise = Noise::new(numbers.seed);
    let (images, learned) = args.data.read()?;
    let (shape, classes) = (learned.shape, learned.classes.len());
    if classes < 2 {
        let allowed = "data with two classes or more; pictures of a folder have a folder for each class";
        return Err(ConfigError::new(
            "--data",
            format!("`{}`, which has one class,", args.data.name()),
            allowed,
        )
        .into());
    }
    match args.kind {
        Kind::Strided => {
            let network = StridedClassifier::new(shape, classes, &noise, &device);
            train(args, &numbers, network, images, &learned, &device)
        }
        Kind::Pooled => {
            let network = PooledClassifier::new(shape, classes, &noise, &device);
            train(args, &numbers, network, images, &learned, &device)
        }
    }
}

fn train<N>(
    args: &Args,
    numbers: &Numbers,
    network: N,
    Labelled { train, test }: Labelled,
    learned: &Learned,
    device: &Device,
) -> Result<(), ProgramError>
where
    N: Classify + Module + ModuleDisplay + Sync,
{
    let kind = args.kind.to_possible_value().expect("no kind is skipped");
    let what = format!("classifier {} {}", kind.get_name(), args.data.command());
    let mut figures = Figures {
        parameters: Module::num_params(&network),
        train_images: train.len(),
        test_images: test.len(),
        test_accuracy: 0.0,
        test_cross_entropy: 0.0,
    };
    let config = Recipe::from(numbers);
    let training = Pretraining::new(network, train, config, device.clone());
    let mut stepped = Stepped {
        training: training.map_err(EngineError::from)?,
        step: async |training: &mut Pretraining<_, _>| training.classify().await,
    };
    let seconds = args.common.train(&what, numbers, &mut stepped)?;
    let training = stepped.training;
    let all = test.pixels(test.len());
    let seen = block_on(see(training.network(), &all, device)).map_err(EngineError::Device)?;
    (figures.test_accuracy, figures.test_cross_entropy) = judged(&seen, &test);
    let text = format!(
        "{} test images: accuracy {:.2} %, cross-entropy {:.4}\n",
        test.len(),
        100.0 * figures.test_accuracy,
        figures.test_cross_entropy
    );
    let weights = block_on(Weights::of(training.network())).map_err(EngineError::Device)?;
    let weights = learned.told_by(weights).to_safetensors(true);
    let record = Record {
        command: args.common.command(&what, numbers),
        from: None,
        seed: numbers.seed,
        seconds,
        figures,
    };
    args.common.finish(&weights, &record, &text)
}

/// Share of images whose class is right, and the mean of −log p(label|image).
fn judged(seen: &Seen, images: &Images) -> (f64, f64) {
    let count = images.len() as f64;
    let classes = seen.classes();
    let right = (0..images.len()).filter(|at| classes[*at] == images.label(*at));
    let accuracy = right.count() as f64 / count;
    let log_prob = |at: usize| f64::from(seen.log_prob(at, images.label(at)));
    let entropy = -(0..images.len()).map(log_prob).sum::<f64>() / count;
    (accuracy, entropy)
}
