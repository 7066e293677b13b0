//! The kernels of priors of points, in the standardised space of the chain.

use super::denoised::DenoisedPrior;
use crate::engine::process::{OrnsteinUhlenbeck, Prior};
use crate::network::DriftNetwork;
use crate::task::noise_mixture::MixturePrior;
use burn::tensor::Tensor;
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
            Self::Mixture(mixture) => mixture.kernel(step, x),
            Self::Learned(learned) => OrnsteinUhlenbeck::kernel_of(learned.moves(step, x)),
            Self::Denoised(denoised) => OrnsteinUhlenbeck::kernel_of(denoised.moves(step, x)),
        }
    }

    fn ends_are_noise(&self) -> bool {
        matches!(self, Self::Noise)
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
