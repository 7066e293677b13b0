//! A network of vectors: residual blocks of matrix products. It denoises, encodes and decodes.

use super::conditioning;
use super::embedding::FREQUENCIES;
use super::layer::Dense;
use crate::engine::noise::{Noise, Purpose};
use crate::engine::weights::Weights;
use burn::module::{Module, Param};
use burn::nn::{LayerNorm, LayerNormConfig};
use burn::tensor::{Device, Tensor, activation};
use rand_chacha::ChaCha8Rng;

/// The shape of a [`ResidualNetwork`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ResidualConfig {
    /// Numbers of a row that it is given.
    pub inputs: usize,
    /// Size of an output row.
    pub outputs: usize,
    /// Units of every layer.
    pub width: usize,
    /// Residual blocks.
    pub blocks: usize,
    /// Units of the time embedding; 0 for a network without time.
    pub embedding: usize,
}

/// h + W_2·a(W_1·((1 + scale(t))·norm(h) + shift(t))), a = hard swish, W_2 = 0 at the start; without a
/// time, h + W_2·a(W_1·norm(h)).
#[derive(Module, Debug)]
struct Block {
    norm: LayerNorm,
    modulation: Option<Dense>,
    first: Dense,
    second: Dense,
}

/// Residual blocks between a layer in and a layer out. Where there is a time, it modulates them (DiT's
/// plan, arXiv 2212.09748, of one token without attention), and the layer out is 0 at the start.
#[derive(Module, Debug)]
pub struct ResidualNetwork {
    time: Option<Dense>,
    /// What a condition adds to the time's embedding, `[conditions, units]`; 0 at the start.
    conditions: Option<Param<Tensor<2>>>,
    input: Dense,
    blocks: Vec<Block>,
    norm: LayerNorm,
    output: Dense,
    /// What the scale of the Langevin term adds to 1; 0 at the start.
    langevin: Option<Dense>,
}

impl Block {
    fn new(rng: &mut ChaCha8Rng, config: &ResidualConfig, device: &Device) -> Self {
        let (width, modulation) = (config.width, config.embedding > 0);
        Self {
            norm: LayerNormConfig::new(width).init(device),
            modulation: modulation.then(|| Dense::new(rng, config.embedding, 2 * width, 0.3, device)),
            first: Dense::new(rng, width, width, 1.4, device),
            second: Dense::new(rng, width, width, 0.0, device),
        }
    }

    /// `[blocks·rows, width]`, `embedding` `[blocks, units]`.
    fn forward(&self, h: Tensor<2>, embedding: Option<&Tensor<2>>) -> Tensor<2> {
        let mut seen = self.norm.forward(h.clone());
        if let Some((dense, embedding)) = self.modulation.as_ref().zip(embedding) {
            let ([rows, width], [blocks, _]) = (h.dims(), embedding.dims());
            let modulation = dense.forward(embedding.clone());
            let part = |at: usize| modulation.clone().narrow(1, at * width, width).unsqueeze_dim(1);
            let by_block: Tensor<3> = seen.reshape([blocks, rows / blocks, width]);
            seen = (by_block * part(0).add_scalar(1.0) + part(1)).reshape([rows, width]);
        }
        h + self
            .second
            .forward(activation::hard_swish(self.first.forward(seen)))
    }

    fn adapted(self, rng: &mut ChaCha8Rng, rank: usize, device: &Device) -> Self {
        Self {
            norm: self.norm.no_grad(),
            modulation: self.modulation.map(|of| of.adapted(rng, rank, device)),
            first: self.first.adapted(rng, rank, device),
            second: self.second.adapted(rng, rank, device),
        }
    }
}

impl ResidualConfig {
    /// A network from the run's generator.
    pub fn init(&self, noise: &Noise, device: &Device) -> ResidualNetwork {
        let rng = &mut noise.stream(Purpose::Initialization, 0);
        let timed = self.embedding > 0;
        ResidualNetwork {
            time: timed.then(|| Dense::new(rng, 2 * FREQUENCIES, self.embedding, 1.0, device)),
            conditions: None,
            input: Dense::new(rng, self.inputs, self.width, 1.0, device),
            blocks: (0..self.blocks).map(|_| Block::new(rng, self, device)).collect(),
            norm: LayerNormConfig::new(self.width).init(device),
            output: Dense::new(
                rng,
                self.width,
                self.outputs,
                if timed { 0.0 } else { 0.6 },
                device,
            ),
            langevin: None,
        }
    }

    /// The shape of the network in a file.
    ///
    /// # Errors
    ///
    /// Names a tensor that is missing, or says that the network is too large.
    pub fn of(weights: &Weights) -> Result<Self, String> {
        let [inputs, width] = weights.matrix("input.weight")?;
        let [_, outputs] = weights.matrix("output.weight")?;
        let embedding = match weights.has("time.weight") {
            true => weights.matrix("time.weight")?[1],
            false => 0,
        };
        let config = Self {
            inputs,
            outputs,
            width,
            blocks: weights.count(|name| name.starts_with("blocks.") && name.ends_with(".first.bias")),
            embedding,
        };
        let sizes = [inputs, outputs, width];
        if sizes.iter().any(|s| !(1..=4096).contains(s)) || embedding > 4096 || config.blocks > 32 {
            return Err(format!(
                "the network has {inputs} inputs, {outputs} outputs, width {width}, {} blocks and an embedding of \
                 size {embedding}; all must be at most 4096, and the blocks at most 32",
                config.blocks
            ));
        }
        weights.can_hold(2 * config.blocks * width * (width + embedding))?;
        Ok(config)
    }
}

impl ResidualNetwork {
    /// This network with fixed weights and trainable low-rank corrections, which start at 0.
    pub fn adapted(self, rank: usize, noise: &Noise, device: &Device) -> Self {
        let rng = &mut noise.stream(Purpose::Initialization, 1);
        let input = self.input.adapted(rng, rank, device);
        let blocks = self.blocks.into_iter().map(|b| b.adapted(rng, rank, device));
        Self {
            time: self.time.map(Dense::no_grad),
            conditions: self.conditions,
            input,
            blocks: blocks.collect(),
            norm: self.norm.no_grad(),
            output: self.output.adapted(rng, rank, device),
            langevin: self.langevin,
        }
    }

    /// This network with an embedding per condition; its output is the same for all until it is trained.
    pub fn conditional(self, conditions: usize, device: &Device) -> Self {
        let units = self.units();
        Self {
            conditions: conditioning::table(conditions, units, device),
            ..self
        }
    }

    /// This network with a scale for the Langevin term, 1 until it is trained.
    pub(crate) fn with_langevin(self, device: &Device) -> Self {
        let units = self.units();
        Self {
            langevin: Some(Dense::zeros(units, 1, device)),
            ..self
        }
    }

    /// As the one of the U-Net of images.
    ///
    /// # Panics
    ///
    /// Of a network without one ([`Self::with_langevin`]).
    pub(crate) fn langevin_scale(
        &self,
        times: &[f64],
        conditions: &[usize],
        rows: usize,
        device: &Device,
    ) -> Tensor<2> {
        let head = self.langevin.as_ref().expect("a network with a Langevin term");
        conditioning::scale(head, self.embedding(times, conditions, device), rows)
    }

    /// Numbers of a row that it is given.
    pub(crate) fn inputs(&self) -> usize {
        self.input.dims()[0]
    }

    /// Numbers of an output row.
    pub(crate) fn outputs(&self) -> usize {
        self.output.dims()[1]
    }

    /// Units of the time embedding.
    fn units(&self) -> usize {
        self.time.as_ref().map_or(0, |time| time.dims()[1])
    }

    /// # Panics
    ///
    /// Of a network without time.
    fn embedding(&self, times: &[f64], conditions: &[usize], device: &Device) -> Tensor<2> {
        let time = self.time.as_ref().expect("a network of a chain");
        conditioning::embedding(time, self.conditions.as_ref(), times, conditions, device)
    }

    /// `[blocks·rows, inputs]` → `[blocks·rows, outputs]`, block b at time `times[b]`, its rows under these
    /// conditions; a network without any ignores them.
    ///
    /// # Panics
    ///
    /// Of a network without time.
    pub fn forward(&self, times: &[f64], conditions: &[usize], x: Tensor<2>) -> Tensor<2> {
        let embedding = self.embedding(times, conditions, &x.device());
        self.through(x, Some(&embedding))
    }

    /// `[rows, inputs]` → `[rows, outputs]`, of a network without time.
    pub fn map_rows(&self, x: Tensor<2>) -> Tensor<2> {
        self.through(x, None)
    }

    fn through(&self, x: Tensor<2>, embedding: Option<&Tensor<2>>) -> Tensor<2> {
        let blocks = self.blocks.iter();
        let h = blocks.fold(self.input.forward(x), |h, block| block.forward(h, embedding));
        self.output.forward(activation::hard_swish(self.norm.forward(h)))
    }
}
