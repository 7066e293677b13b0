//! Priors that a generator makes of noise.

use super::{ImagePrior, denoised};
use crate::engine::generator::Generate;
use crate::engine::noise::Noise;
use crate::engine::process::{OrnsteinUhlenbeck, Prior};
use crate::engine::weights::read_tensors;
use crate::engine::{ConfigError, EngineError};
use crate::run::{Files, OnnxGenerator, Run};
use crate::task::images::{Decoder, Generator, ImageReward, Learned, MNIST, Shape};
use crate::task::noise_policy::{NoiseNetwork, NoisePolicy, Told};
use crate::task::opened::prior_network;
use burn::tensor::{Device, Tensor};

/// Images f(z) of standard normal noise z: the chain is that of outsourced diffusion sampling (arXiv 2502.06999), which
/// leaves N(0, I) as it is, so the prior has no discretisation error.
#[derive(Clone, Debug)]
pub struct GeneratorPrior {
    process: OrnsteinUhlenbeck,
    decoder: Decoder,
}

impl GeneratorPrior {
    /// The prior whose chain has this many steps.
    pub fn new(decoder: Decoder, steps: usize) -> Self {
        let process = OrnsteinUhlenbeck {
            steps,
            dimensions: decoder.size(),
        };
        Self { process, decoder }
    }
}

/// The decoder in a file (safetensors), and the images that it learned.
fn read(file: &[u8], device: &Device) -> Result<(Decoder, Learned), String> {
    let mut weights = read_tensors(file)?;
    let learned = Learned::of(&weights.metadata)?;
    let decoder = Decoder::take(&mut weights, learned.shape, device)?;
    if !decoder.is_of_latents() {
        return Err("it has no decoder".to_owned());
    }
    match weights.tensors.first() {
        Some((extra, ..)) => Err(format!("tensor `{extra}` belongs to no generator")),
        None => Ok((decoder, learned)),
    }
}

/// What is known of the images of a model. Its classes are those of the classifier that learned the same data.
fn shown(onnx: &OnnxGenerator, generator: &dyn Generate) -> Result<Learned, ConfigError> {
    let [channels, height, width] = generator.shape();
    let shape = Shape {
        channels,
        height,
        width,
    };
    let refused = |why| ConfigError::new("prior.model", format!("`{}`", onnx.model), why);
    let data = onnx.data.clone().unwrap_or_default();
    Ok(Learned {
        shape: shape.checked().map_err(refused)?,
        ink: data == MNIST,
        classes: Vec::new(),
        data,
    })
}

impl ImagePrior for GeneratorPrior {
    type Process = OrnsteinUhlenbeck;
    type Policy = NoisePolicy;
    type Described = Generator;

    const OF_NOISE: bool = true;

    fn open(
        described: &Generator,
        run: &Run,
        files: &Files,
        device: &Device,
    ) -> Result<(Self, Learned), EngineError> {
        let (decoder, learned) = match described {
            Generator::Decoder { .. } => prior_network(run, files, |file| read(file, device))?,
            Generator::Flow { steps, .. } => {
                let (prior, learned) = denoised::open(run, files, *steps, device)?;
                let (network, decoder) = (prior.network().clone(), prior.decoder().clone());
                (Decoder::of_flow(network, decoder, *steps, device), learned)
            }
            Generator::Onnx(onnx) => {
                let generator = files.generator("prior", "prior.model", &onnx.model)?;
                let learned = shown(onnx, &*generator)?;
                (Decoder::outside(generator, learned.shape, onnx.range), learned)
            }
        };
        Ok((Self::new(decoder, run.process.steps), learned))
    }

    fn process(&self) -> OrnsteinUhlenbeck {
        self.process
    }

    fn decoder(&self) -> &Decoder {
        &self.decoder
    }

    /// More where an image costs one pass of a network: of a rare class too few would be kept.
    fn given(&self) -> [usize; 2] {
        match self.decoder.is_one_pass() {
            true => [128, 1 << 16],
            false => [32, 1 << 14],
        }
    }

    fn policy(&self, _run: &Run, _reward: &ImageReward, conditions: usize) -> NoisePolicy {
        NoisePolicy::new(self.process, true, Told::one_of(conditions))
    }

    fn network(&self, run: &Run, conditions: usize, noise: &Noise, device: &Device) -> NoiseNetwork {
        let (width, depth) = (run.network.width, run.network.depth);
        let policy = NoisePolicy::new(self.process, true, Told::one_of(conditions));
        policy.network(width, depth, noise, device)
    }
}

impl Prior<OrnsteinUhlenbeck> for GeneratorPrior {
    fn kernel(&self, _step: usize, x: &Tensor<2>) -> Tensor<2> {
        OrnsteinUhlenbeck::kernel_of(x.zeros_like())
    }
}
