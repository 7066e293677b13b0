//! A posterior's sampler in one step: a small network that maps standard normal noise to end points of the chain.
//!
//! It is distilled from samples of the trained chain (§6 of arXiv 2502.06999 proposes it). Nothing pairs a sample with
//! noise: the chain is stochastic, and regression on its starting noise would average. The loss compares distributions
//! instead, see [`Distillation`].

mod distillation;
mod pool;

pub use distillation::{Distillation, GROUP};
pub use pool::Pool;

use super::noise_policy::Told;
use crate::engine::host::read;
use crate::engine::noise::{Noise, Purpose};
use crate::engine::parallel;
use crate::engine::weights::{Weights, load_tensors, read_tensors};
use crate::network::{DriftNetwork, DriftNetworkConfig};
use burn::module::{Module, Param};
use burn::tensor::{Device, Tensor, TensorData};

/// Samples that are made at once.
const CHUNK: usize = 4096;

/// z = mean + deviation·(u·exp(2·tanh(a/2)) + b) of u ~ N(0, I), where a network sees u and what is told of the condition, and
/// gives a and b.
#[derive(Module, Debug)]
pub struct OneStepNetwork {
    /// `[rows, d + columns]` → `[rows, 2·d]`.
    body: DriftNetwork,
    /// Mean of the samples that it was trained on, `[1, d]`.
    mean: Param<Tensor<2>>,
    /// Their standard deviation, `[1, d]`.
    deviation: Param<Tensor<2>>,
}

impl OneStepNetwork {
    /// The network that gives N(mean, deviation²), of so many units and hidden layers.
    pub fn new(
        [mean, deviation]: [&[f32]; 2],
        columns: usize,
        [width, depth]: [usize; 2],
        noise: &Noise,
        device: &Device,
    ) -> Self {
        let d = mean.len();
        let body = DriftNetworkConfig {
            inputs: d + columns,
            outputs: 2 * d,
            width,
            depth,
        };
        // The loss is of standardised numbers. A leaf without a gradient would stay in the graphs of all iterations.
        let row = |numbers: &[f32]| {
            let row = Tensor::from_data(TensorData::new(numbers.to_vec(), [1, d]), device);
            Param::from_tensor(row).set_require_grad(false)
        };
        Self {
            body: body.init(noise, device),
            mean: row(mean),
            deviation: row(deviation),
        }
    }

    /// (z − mean)/deviation of noise `[rows, d]`, given what is told of every row, `[rows, columns]`.
    fn standardised(&self, noise: Tensor<2>, told: Option<Tensor<2>>) -> Tensor<2> {
        let inputs = match told {
            None => noise.clone(),
            Some(told) => Tensor::cat(vec![noise.clone(), told], 1),
        };
        let d = noise.dims()[1];
        let out = self.body.forward(&[0.0], inputs);
        let scale = out.clone().narrow(1, 0, d).mul_scalar(0.5).tanh().mul_scalar(2.0);
        noise * scale.exp() + out.narrow(1, d, d)
    }
}

/// A trained one-step sampler.
#[derive(Clone, Debug)]
pub struct OneStep {
    /// The map.
    pub network: OneStepNetwork,
    /// What it is told of every condition.
    pub told: Told,
}

impl OneStep {
    /// The sampler in a file (safetensors), of end points of `d` numbers.
    ///
    /// # Errors
    ///
    /// Says what is wrong with the file.
    pub fn read(file: &[u8], d: usize, told: Told, device: &Device) -> Result<Self, String> {
        let weights = read_tensors(file)?;
        let body = weights.clone().take_all("body.");
        let config = DriftNetworkConfig::of(&body)?;
        let wanted = (d + told.columns(), 2 * d);
        if (config.inputs, config.outputs) != wanted {
            return Err(format!(
                "the network maps {} numbers to {}, but must map {} to {}",
                config.inputs, config.outputs, wanted.0, wanted.1
            ));
        }
        let blank = vec![0.0; d];
        let shape = [config.width, config.depth];
        let network = OneStepNetwork::new([&blank, &blank], told.columns(), shape, &Noise::new(0), device);
        Ok(Self {
            network: load_tensors(network, &weights)?,
            told,
        })
    }

    /// Its weights, f32.
    ///
    /// # Errors
    ///
    /// Where the device fails.
    pub async fn weights(&self) -> Result<Weights, String> {
        Weights::of(&self.network).await
    }

    /// One end point under each of these conditions, `[conditions][d]`. Every chunk of rows has noise of its own.
    ///
    /// # Errors
    ///
    /// Where the device fails.
    pub async fn ends(
        &self,
        conditions: &[usize],
        (noise, purpose): (&Noise, Purpose),
        device: &Device,
    ) -> Result<Vec<f32>, String> {
        let d = self.network.mean.val().dims()[1];
        let mut ends = Vec::with_capacity(conditions.len() * d);
        for group in parallel::groups(device, conditions.len(), CHUNK) {
            let made = parallel::map(group, |(chunk, rows)| {
                let first = chunk as usize * CHUNK;
                let numbers = noise.normal(purpose, chunk, rows * d);
                let noise = Tensor::from_data(TensorData::new(numbers, [rows, d]), device);
                let told = self.told.of(&conditions[first..first + rows], device);
                let standard = self.network.standardised(noise, told);
                standard * self.network.deviation.val() + self.network.mean.val()
            });
            ends.extend(read(Tensor::cat(made, 0)).await?);
        }
        Ok(ends)
    }
}
