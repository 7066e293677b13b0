//! The networks that a prior of images may be.

use super::{UNet, UNetConfig};
use crate::engine::noise::Noise;
use crate::engine::weights::{Weights, load_tensors};
use crate::network::{ResidualConfig, ResidualNetwork};
use burn::module::{Module, ModuleDisplay};
use burn::tensor::{Device, Tensor};

/// A network that says what noise hides.
pub trait Denoise: Module + ModuleDisplay + Sync {
    /// `[blocks·rows, size]` → `[blocks·rows, size]`, block b at time `times[b]`, its rows under these
    /// conditions; a network without any ignores them.
    fn forward(&self, times: &[f64], conditions: &[usize], x: Tensor<2>) -> Tensor<2>;
}

impl Denoise for UNet {
    fn forward(&self, times: &[f64], conditions: &[usize], x: Tensor<2>) -> Tensor<2> {
        self.forward(times, conditions, x)
    }
}

impl Denoise for ResidualNetwork {
    fn forward(&self, times: &[f64], conditions: &[usize], x: Tensor<2>) -> Tensor<2> {
        self.forward(times, conditions, x)
    }
}

/// A network of a prior or a posterior of images.
#[derive(Module, Debug)]
#[allow(
    clippy::large_enum_variant,
    reason = "there are few, and they are moved seldom"
)]
pub enum Denoiser {
    /// Of images themselves.
    Pixels(UNet),
    /// Of the latents of an autoencoder.
    Latents(ResidualNetwork),
}

/// Does the same with the network of either kind.
macro_rules! either {
    ($denoiser:expr, $network:ident => $what:expr) => {
        match $denoiser {
            Denoiser::Pixels($network) => $what,
            Denoiser::Latents($network) => $what,
        }
    };
}

/// Makes the same of the network of either kind.
macro_rules! mapped {
    ($denoiser:expr, $network:ident => $what:expr) => {
        match $denoiser {
            Denoiser::Pixels($network) => Denoiser::Pixels($what),
            Denoiser::Latents($network) => Denoiser::Latents($what),
        }
    };
}

impl Denoiser {
    /// The network in a file.
    ///
    /// # Errors
    ///
    /// Names the first tensor that is missing, superfluous or of another shape.
    pub fn read(weights: &Weights, device: &Device) -> Result<Self, String> {
        let noise = &Noise::new(0);
        Ok(if weights.has("stem.weight") {
            let network = UNetConfig::of(weights)?.init(noise, device);
            Self::Pixels(load_tensors(network, weights)?)
        } else {
            let network = ResidualConfig::of(weights)?.init(noise, device);
            Self::Latents(load_tensors(network, weights)?)
        })
    }

    /// Numbers of a row.
    pub fn size(&self) -> usize {
        match self {
            Self::Pixels(network) => network.shape().pixels(),
            Self::Latents(network) => network.inputs(),
        }
    }

    /// As [`UNet::adapted`].
    pub fn adapted(self, rank: usize, noise: &Noise, device: &Device) -> Self {
        mapped!(self, network => network.adapted(rank, noise, device))
    }

    /// As [`UNet::conditional`].
    pub fn conditional(self, conditions: usize, device: &Device) -> Self {
        mapped!(self, network => network.conditional(conditions, device))
    }

    /// As [`UNet::with_langevin`].
    pub(crate) fn with_langevin(self, device: &Device) -> Self {
        mapped!(self, network => network.with_langevin(device))
    }

    /// As [`UNet::langevin_scale`].
    ///
    /// # Panics
    ///
    /// Of a network without one.
    pub(crate) fn langevin_scale(
        &self,
        times: &[f64],
        conditions: &[usize],
        rows: usize,
        device: &Device,
    ) -> Tensor<2> {
        either!(self, network => network.langevin_scale(times, conditions, rows, device))
    }

    /// As [`Denoise::forward`].
    pub fn forward(&self, times: &[f64], conditions: &[usize], x: Tensor<2>) -> Tensor<2> {
        either!(self, network => network.forward(times, conditions, x))
    }
}
