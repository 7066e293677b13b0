//! The kernels of priors of points, in the standardised space of the chain.

use super::component::Component;
use super::denoised::DenoisedPrior;
use super::linear;
use super::space::Space;
use crate::engine::process::{OrnsteinUhlenbeck, Prior};
use crate::network::DriftNetwork;
use burn::tensor::{Device, Tensor, TensorData, activation};
use std::sync::Arc;

/// A prior of points.
#[derive(Clone, Debug)]
pub enum PointsPrior {
    /// Standard normal noise, which the chain leaves as it is.
    Noise,
    /// A mixture of Gaussians.
    Mixture(Arc<MixturePrior>),
    /// A network, for standardised samples.
    Learned(Box<LearnedPrior>),
    /// A denoiser of somebody else's.
    Denoised(Arc<DenoisedPrior>),
}

impl PointsPrior {
    /// Whether all kernels so far have been computed.
    ///
    /// # Errors
    ///
    /// Says why a denoiser gave none.
    pub fn sound(&self) -> Result<(), String> {
        match self {
            Self::Denoised(denoised) => denoised.sound(),
            Self::Noise | Self::Mixture(_) | Self::Learned(_) => Ok(()),
        }
    }
}

impl Prior<OrnsteinUhlenbeck> for PointsPrior {
    fn kernel(&self, step: usize, x: &Tensor<2>) -> Tensor<2> {
        match self {
            Self::Noise => OrnsteinUhlenbeck::kernel_of(x.zeros_like()),
            Self::Mixture(mixture) => OrnsteinUhlenbeck::kernel_of(mixture.moves(step, x)),
            Self::Learned(learned) => OrnsteinUhlenbeck::kernel_of(learned.moves(step, x)),
            Self::Denoised(denoised) => OrnsteinUhlenbeck::kernel_of(denoised.moves(step, x)),
        }
    }

    fn ends_are_noise(&self) -> bool {
        matches!(self, Self::Noise)
    }
}

/// A mixture in closed form: z_i given component k is N(α·μ_k, α²·Σ_k + σ²·I).
#[derive(Clone, Debug)]
pub struct MixturePrior {
    process: OrnsteinUhlenbeck,
    steps: Vec<Step>,
}

/// The tables of a step, for d dimensions and K components.
#[derive(Clone, Debug)]
struct Step {
    /// The inverses W of the Cholesky factors, transposed and side by side, `[d, K·d]`.
    whiten: Tensor<2>,
    /// W·α·μ, `[1, K·d]`.
    shift: Tensor<2>,
    /// The same matrices, below each other, `[K·d, d]`.
    back: Tensor<2>,
    /// log weight − log det L, `[1, K]`.
    level: Tensor<2>,
}

impl MixturePrior {
    pub(super) fn new(
        components: &[Component],
        space: &Space,
        process: OrnsteinUhlenbeck,
        device: &Device,
    ) -> Self {
        let d = space.size();
        let standard: Vec<_> = components.iter().map(|c| space.standardised(c)).collect();
        let count = components.len();
        let step = |step: usize| {
            let (alpha, sigma) = process.at(step);
            let mut whiten = vec![0f32; d * count * d];
            let mut back = vec![0f32; count * d * d];
            let (mut shift, mut level) = (Vec::new(), Vec::new());
            for (k, ((mean, covariance), component)) in standard.iter().zip(components).enumerate() {
                let noised: Vec<f64> = covariance
                    .iter()
                    .enumerate()
                    .map(|(at, c)| alpha.powi(2) * c + if at / d == at % d { sigma.powi(2) } else { 0.0 })
                    .collect();
                let lower = linear::cholesky(&noised, d).expect("a covariance and noise");
                let inverse = linear::inverse(&lower, d);
                for row in 0..d {
                    for column in 0..d {
                        let value = inverse[row * d + column] as f32;
                        whiten[column * count * d + k * d + row] = value;
                        back[(k * d + row) * d + column] = value;
                    }
                }
                let mean: Vec<f64> = mean.iter().map(|m| alpha * m).collect();
                shift.extend(linear::solved(&lower, d, &mean).into_iter().map(|v| v as f32));
                let log_det: f64 = (0..d).map(|at| lower[at * d + at].ln()).sum();
                level.push((component.weight.ln() - log_det) as f32);
            }
            let tensor =
                |values, shape: [usize; 2]| Tensor::from_data(TensorData::new(values, shape), device);
            Step {
                whiten: tensor(whiten, [d, count * d]),
                shift: tensor(shift, [1, count * d]),
                back: tensor(back, [count * d, d]),
                level: tensor(level, [1, count]),
            }
        };
        Self {
            process,
            steps: (0..process.steps).map(step).collect(),
        }
    }

    fn moves(&self, step: usize, x: &Tensor<2>) -> Tensor<2> {
        let table = &self.steps[step];
        let [rows, d] = x.dims();
        let count = table.level.dims()[1];
        let white = x.clone().matmul(table.whiten.clone()) - table.shift.clone();
        let white = white.reshape([rows, count, d]);
        let squares = white.clone().square().sum_dim(2).reshape([rows, count]);
        let shares = activation::softmax(table.level.clone() - squares.mul_scalar(0.5), 1);
        let pull = (white * shares.reshape([rows, count, 1])).reshape([rows, count * d]);
        // The score of N(0, I) is −z.
        let gradient = x.clone() - pull.matmul(table.back.clone());
        gradient.mul_scalar(self.process.gradient_factor(step))
    }
}

/// A network that predicts (E\[data|z_i\] − α·z_i)/σ, which is minus the velocity of arXiv 2202.00512.
#[derive(Clone, Debug)]
pub struct LearnedPrior {
    /// The chain.
    pub process: OrnsteinUhlenbeck,
    /// `[rows, d]` → `[rows, d]`.
    pub network: DriftNetwork,
}

impl LearnedPrior {
    fn moves(&self, step: usize, x: &Tensor<2>) -> Tensor<2> {
        let out = self.network.forward(&[self.process.time(step)], x.clone());
        out.mul_scalar(self.process.output(step))
    }
}
