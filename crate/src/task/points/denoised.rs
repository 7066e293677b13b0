//! The prior that a denoiser of somebody else's makes.

use crate::engine::host::read_now;
use crate::engine::process::{Denoiser, OrnsteinUhlenbeck};
use crate::run::{OnnxDenoiser, Prediction};
use burn::tensor::{Tensor, TensorData};
use std::fmt;
use std::sync::{Arc, OnceLock};

/// α of the noise at which the chain's first step asks. Its state is 0, where E\[x|z\] differs from E\[x\] by α² times a
/// third moment, and a prediction of the noise would be divided by the α of the noisiest step, which is nearly 0.
const FIRST: f64 = 0.1;

/// The kernels of the chain by a denoiser: k = √b·α_{i+1}·h, where h = (E\[x|z_i\] − α_i·z_i)/σ_i² is the gradient of
/// log(density/N(0, I)) over α.
///
/// The denoiser is asked at the training step whose noise is nearest to the chain's. h is what changes least between
/// the two: it tends to E\[x\] where all is noise, and to the score and z where there is none.
#[derive(Clone)]
pub struct DenoisedPrior {
    process: OrnsteinUhlenbeck,
    denoiser: Arc<dyn Denoiser>,
    prediction: Prediction,
    asked: Vec<Asked>,
    /// The first error: a kernel has no way to tell it.
    failed: Arc<OnceLock<String>>,
}

/// What a step of the chain asks for.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Asked {
    time: f64,
    /// √ᾱ and √(1 − ᾱ) of that time.
    alpha: f64,
    sigma: f64,
}

/// The angle of a level, from 0 for data to π/2 for noise.
fn angle(alpha: f64, sigma: f64) -> f64 {
    sigma.atan2(alpha)
}

impl DenoisedPrior {
    /// The prior of a validated description, whose model this is.
    pub(super) fn new(
        described: &OnnxDenoiser,
        denoiser: Arc<dyn Denoiser>,
        process: OrnsteinUhlenbeck,
    ) -> Self {
        let levels = described.schedule.alphas_cumprod().into_iter();
        let levels: Vec<(f64, f64)> = levels.map(|kept| (kept.sqrt(), (1.0 - kept).sqrt())).collect();
        let asked = |step| {
            let wanted = match step {
                0 => FIRST.acos(),
                step => {
                    let (alpha, sigma) = process.at(step);
                    angle(alpha, sigma)
                }
            };
            // Noise grows with the training step.
            let after = levels.partition_point(|(alpha, sigma)| angle(*alpha, *sigma) < wanted);
            let near = [after.saturating_sub(1), after.min(levels.len() - 1)];
            let far = |at: usize| (angle(levels[at].0, levels[at].1) - wanted).abs();
            let at = if far(near[0]) <= far(near[1]) {
                near[0]
            } else {
                near[1]
            };
            let (alpha, sigma) = levels[at];
            Asked {
                time: described.time.of(at, levels.len()),
                alpha,
                sigma,
            }
        };
        Self {
            prediction: described.prediction,
            asked: (0..process.steps).map(asked).collect(),
            failed: Arc::default(),
            denoiser,
            process,
        }
    }

    /// Whether all kernels so far have been computed.
    ///
    /// # Errors
    ///
    /// The denoiser's first.
    pub(super) fn sound(&self) -> Result<(), String> {
        self.failed.get().map_or(Ok(()), |error| Err(error.clone()))
    }

    /// k of a step, `[rows, d]`, a constant for gradients; no numbers after an error.
    pub(super) fn moves(&self, step: usize, x: &Tensor<2>) -> Tensor<2> {
        let [rows, d] = x.dims();
        let moves = self.moves_on_host(step, x).unwrap_or_else(|error| {
            // The first is kept.
            let _ = self.failed.set(error);
            vec![f32::NAN; rows * d]
        });
        Tensor::from_data(TensorData::new(moves, [rows, d]), &x.device())
    }

    fn moves_on_host(&self, step: usize, x: &Tensor<2>) -> Result<Vec<f32>, String> {
        let states = read_now(x.clone())?;
        let asked = self.asked[step];
        let outputs = self
            .denoiser
            .output(&states, self.process.dimensions, asked.time)?;
        let factor = self.process.mix(step).1 * self.process.at(step + 1).0;
        let pairs = states.iter().zip(outputs);
        Ok(pairs
            .map(|(z, output)| {
                (factor * asked.pull(self.prediction, f64::from(*z), f64::from(output))) as f32
            })
            .collect())
    }
}

impl Asked {
    /// h of a coordinate.
    fn pull(&self, prediction: Prediction, z: f64, output: f64) -> f64 {
        let Self { alpha, sigma, .. } = self;
        match prediction {
            Prediction::Noise => (sigma * z - output) / (alpha * sigma),
            Prediction::Velocity => -output / sigma,
            Prediction::Data => (output - alpha * z) / sigma.powi(2),
            Prediction::Score => (z + output) / alpha,
        }
    }
}

impl fmt::Debug for DenoisedPrior {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.debug_struct("DenoisedPrior")
            .field("process", &self.process)
            .field("prediction", &self.prediction)
            .field("asked", &self.asked)
            .finish_non_exhaustive()
    }
}
