//! Training of networks on examples.

use super::descent::Descent;
use crate::engine::noise::{self, Noise, Purpose};
use crate::engine::weights::Weights;
use crate::engine::{ConfigError, EngineError};
use burn::module::{Module, ModuleDisplay};
use burn::tensor::Device;
use rand_chacha::ChaCha8Rng;

/// Most examples of an iteration.
const MOST_EXAMPLES: usize = 100_000;

/// How a network is trained on examples.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Recipe {
    /// Iterations of the whole training, at least 1.
    pub iterations: usize,
    /// Examples of an iteration.
    pub batch: usize,
    /// Largest learning rate, above 0, at most 1. The rate first rises to it, then falls to 0.
    pub learning_rate: f64,
    /// Decay of the exponential moving average of the weights, which is the result.
    pub ema: f64,
    /// Seed of the noise and of the choice of examples.
    pub seed: u64,
}

/// A network in training on examples.
pub struct Pretraining<N: Module + ModuleDisplay, E> {
    pub(crate) recipe: Recipe,
    pub(crate) examples: E,
    pub(crate) device: Device,
    pub(crate) descent: Descent<N>,
    noise: Noise,
}

impl<N: Module + ModuleDisplay + Sync, E> Pretraining<N, E> {
    /// Trains `network` on these examples.
    ///
    /// # Errors
    ///
    /// Where a value of `recipe` is refused.
    pub fn new(network: N, examples: E, recipe: Recipe, device: Device) -> Result<Self, ConfigError> {
        if !(1..=MOST_EXAMPLES).contains(&recipe.batch) {
            return Err(ConfigError::new(
                "the batch",
                recipe.batch,
                format!("a whole number from 1 to {MOST_EXAMPLES}"),
            ));
        }
        let Recipe {
            learning_rate,
            ema,
            iterations,
            ..
        } = recipe;
        Ok(Self {
            descent: Descent::new(network, learning_rate, ema, iterations, &device)?,
            noise: Noise::new(recipe.seed),
            recipe,
            examples,
            device,
        })
    }

    /// Iterations done.
    pub fn iteration(&self) -> usize {
        self.descent.iteration()
    }

    /// Whether all iterations are done.
    pub fn finished(&self) -> bool {
        self.descent.finished()
    }

    /// The averaged network.
    pub fn network(&self) -> &N {
        self.descent.network()
    }

    /// The averaged network as safetensors, f16.
    ///
    /// # Errors
    ///
    /// Where the device fails.
    pub async fn weights(&self) -> Result<Vec<u8>, EngineError> {
        let weights = Weights::of(self.network()).await.map_err(EngineError::Device)?;
        Ok(weights.to_safetensors(true))
    }

    /// How far it is, and its checkpoints.
    pub fn descent(&self) -> &Descent<N> {
        &self.descent
    }

    /// The same, to go on from a checkpoint.
    pub fn descent_mut(&mut self) -> &mut Descent<N> {
        &mut self.descent
    }

    /// This iteration's generator.
    pub(crate) fn rng(&self) -> ChaCha8Rng {
        self.noise
            .stream(Purpose::Pretraining, self.descent.iteration() as u64)
    }

    /// The numbers of `count` of so many examples.
    pub(crate) fn draw(&self, rng: &mut ChaCha8Rng, examples: usize, count: usize) -> Vec<usize> {
        (0..count)
            .map(|_| (noise::uniform(rng) * examples as f64) as usize)
            .collect()
    }
}
