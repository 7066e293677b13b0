//! A denoiser of images that somebody else computes, on a chain of its own noise levels.

use crate::engine::ConfigError;
use crate::engine::generator::Generate;
use crate::engine::host::read_now;
use crate::engine::process::scheduled::{self, Levels, Rule, Schedule, Spacing, Transition, Variance};
use crate::engine::process::{Denoiser, Prior, Process, Scheduled};
use crate::run::{OnnxImageDenoiser, Prediction};
use crate::task::images::Sampler;
use burn::tensor::{Tensor, TensorData};
use std::fmt;
use std::sync::{Arc, OnceLock};

/// The prior's kernels are those of a scheduler whose ᾱ the description lists; the host computes the network.
#[derive(Clone)]
pub struct OutsidePrior {
    process: Scheduled,
    denoiser: Arc<dyn Denoiser>,
    described: Arc<OnnxImageDenoiser>,
    /// Steps of the model's schedule.
    timesteps: usize,
    /// The first error: a kernel has no way to tell it.
    failed: Arc<OnceLock<String>>,
}

impl OutsidePrior {
    /// The prior of a validated description, whose model this is, on a chain of so many steps.
    ///
    /// # Errors
    ///
    /// Names the field that is not allowed.
    pub fn new(
        described: &OnnxImageDenoiser,
        denoiser: Arc<dyn Denoiser>,
        sampler: Sampler,
        steps: usize,
    ) -> Result<Self, ConfigError> {
        let alphas = described.schedule.alphas_cumprod();
        let timesteps = alphas.len();
        let schedule = Schedule {
            levels: Levels::Alphas(alphas),
            prediction: match described.prediction {
                // A score is made one of the noise.
                Prediction::Noise | Prediction::Score => scheduled::Prediction::Epsilon,
                Prediction::Velocity => scheduled::Prediction::Velocity,
                Prediction::Data => scheduled::Prediction::Sample,
            },
            clip: None,
            spacing: Spacing::Trailing,
            offset: 0,
            rule: match sampler {
                Sampler::Ddpm => Rule::Ddpm(Variance::Small),
                Sampler::Ddim { eta } => Rule::Ddim {
                    eta,
                    last_alpha_is_one: true,
                },
            },
        };
        Ok(Self {
            process: Scheduled::new(&schedule, steps, described.shape.iter().product())?,
            denoiser,
            described: Arc::new(described.clone()),
            timesteps,
            failed: Arc::default(),
        })
    }

    /// The chain.
    pub fn process(&self) -> &Scheduled {
        &self.process
    }

    /// The time of a step for a network, from 0 for pure noise to 1 for data.
    pub fn time(&self, step: usize) -> f64 {
        let noise = |at: &Transition| (at.timestep + 1) as f64 / self.timesteps as f64;
        1.0 - self.process.transition_at(step).map_or(1.0, noise)
    }

    /// Whether all kernels so far have been computed.
    ///
    /// # Errors
    ///
    /// The denoiser's first.
    pub fn sound(&self) -> Result<(), String> {
        self.failed.get().map_or(Ok(()), |error| Err(error.clone()))
    }

    /// The model's output as the chain takes it, `[rows, pixels]`.
    fn output(&self, at: &Transition, x: &Tensor<2>) -> Result<Tensor<2>, String> {
        let [rows, pixels] = x.dims();
        let states = read_now(x.clone())?;
        let time = self.described.time.of(at.timestep, self.timesteps);
        let output = self.denoiser.output(&states, pixels, time)?;
        let output = Tensor::from_data(TensorData::new(output, [rows, pixels]), &x.device());
        Ok(match self.described.prediction {
            Prediction::Score => output.mul_scalar(-(1.0 - at.alpha).sqrt()),
            _ => output,
        })
    }

    /// The same; no numbers after an error, of which the first is kept.
    fn output_or_none(&self, at: &Transition, x: &Tensor<2>) -> Tensor<2> {
        self.output(at, x).unwrap_or_else(|error| {
            let _ = self.failed.set(error);
            x.full_like(f32::NAN)
        })
    }
}

impl fmt::Debug for OutsidePrior {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.debug_struct("OutsidePrior")
            .field("described", &self.described)
            .field("process", &self.process)
            .finish_non_exhaustive()
    }
}

impl Prior<Scheduled> for OutsidePrior {
    fn kernel(&self, step: usize, x: &Tensor<2>) -> Tensor<2> {
        match self.process.transition_at(step) {
            None => x.zeros_like(),
            Some(at) => self.process.mean(&[step], x, self.output_or_none(at, x)),
        }
    }
}

/// The schedule's last step, which adds no noise.
pub struct Finish {
    /// The prior whose step it is.
    pub prior: OutsidePrior,
    /// Where ends go to be finished.
    pub device: burn::tensor::Device,
}

impl Generate for Finish {
    fn latents(&self) -> usize {
        self.prior.process.state_size()
    }

    fn shape(&self) -> [usize; 3] {
        self.prior.described.shape
    }

    fn samples(&self, ends: &[f32]) -> Result<Vec<f32>, String> {
        let size = self.latents();
        let ends = Tensor::from_data(
            TensorData::new(ends.to_vec(), [ends.len() / size, size]),
            &self.device,
        );
        let images = match self.prior.process.finish() {
            None => ends,
            Some(at) => self.prior.process.finished(&ends, self.prior.output(at, &ends)?),
        };
        read_now(images)
    }
}
