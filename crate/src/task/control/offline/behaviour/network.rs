//! The network of a behaviour: what is predicted of an action with noise, in a state.

use crate::engine::noise::{Noise, Purpose};
use crate::engine::weights::Weights;
use crate::network::Dense;
use crate::network::embedding::{FREQUENCIES, time_features};
use burn::module::Module;
use burn::nn::{LayerNorm, LayerNormConfig};
use burn::tensor::{Device, Tensor, activation};

/// The shape of a [`BehaviourNetwork`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BehaviourNetworkConfig {
    /// Numbers of a state.
    pub states: usize,
    /// Numbers of an action, and of what is predicted.
    pub actions: usize,
    /// Units of each hidden layer; 4 to 2048 in a file.
    pub width: usize,
    /// Hidden layers; 1 to 8 in a file.
    pub depth: usize,
}

/// Hidden layers, each with a layer norm and a hard swish after it, of `[time features, state, action with noise]`: the
/// network of arXiv 2405.20971's experiments in control, with three layers of 256, but for the hard swish in place of
/// GELU, which is as good and faster.
#[derive(Module, Debug)]
pub struct BehaviourNetwork {
    /// The three parts of the first layer.
    time: Dense,
    state: Dense,
    action: Dense,
    hidden: Vec<Dense>,
    norms: Vec<LayerNorm>,
    /// 0 at the start.
    output: Dense,
}

impl BehaviourNetworkConfig {
    /// The shape that a file's tensors have.
    ///
    /// # Errors
    ///
    /// Names the tensor that is missing, or says that the network is too large.
    pub fn of(weights: &Weights) -> Result<Self, String> {
        let [states, _] = weights.matrix("state.weight")?;
        let [width, actions] = weights.matrix("output.weight")?;
        let depth = 1 + weights.count(|name| name.starts_with("hidden.") && name.ends_with(".weight"));
        if !(4..=2048).contains(&width) || !(1..=8).contains(&depth) {
            return Err(format!(
                "the network has width {width} and depth {depth}; the width must be 4 to 2048 and the depth 1 to 8"
            ));
        }
        weights.can_hold((depth - 1) * width * width)?;
        Ok(Self {
            states,
            actions,
            width,
            depth,
        })
    }

    /// A network from the run's generator, which predicts 0.
    pub fn init(&self, noise: &Noise, device: &Device) -> BehaviourNetwork {
        let rng = &mut noise.stream(Purpose::Initialization, 0);
        let mut layer = |inputs: usize| Dense::new(rng, inputs, self.width, 1.0, device);
        BehaviourNetwork {
            time: layer(2 * FREQUENCIES),
            state: layer(self.states),
            action: layer(self.actions),
            hidden: (1..self.depth).map(|_| layer(self.width)).collect(),
            norms: (0..self.depth)
                .map(|_| LayerNormConfig::new(self.width).init(device))
                .collect(),
            output: Dense::zeros(self.width, self.actions, device),
        }
    }
}

impl BehaviourNetwork {
    /// The shape of this network.
    pub fn config(&self) -> BehaviourNetworkConfig {
        let [width, actions] = self.output.dims();
        BehaviourNetworkConfig {
            states: self.state.dims()[0],
            actions,
            width,
            depth: self.norms.len(),
        }
    }

    /// `[rows, actions]` → `[rows, actions]`, in blocks of equal length, block b at time `times[b]`. Of n `states`,
    /// `[n, states]`, every block has k rows in each, one state after the other, and rows = blocks·n·k; where n = rows,
    /// each row has its own.
    pub fn forward(&self, times: &[f64], states: Tensor<2>, x: Tensor<2>) -> Tensor<2> {
        let ([rows, _], [n, _], blocks) = (x.dims(), states.dims(), times.len());
        let width = self.action.dims()[1];
        let (alike, states_a_block) = match n == rows {
            true => (1, n / blocks),
            false => (blocks, n),
        };
        let k = rows / (blocks * states_a_block);
        let time = self.time.forward(time_features(times, &x.device()));
        let time = time.reshape([blocks, 1, 1, width]);
        let state = self.state.forward(states);
        let state = state.reshape([blocks / alike, states_a_block, 1, width]);
        let first = self.action.forward(x);
        let first = first.reshape([blocks, states_a_block, k, width]);
        let h = (first + (state + time)).reshape([rows, width]);
        let after = |norm: &LayerNorm, h| activation::hard_swish(norm.forward(h));
        let layers = self.hidden.iter().zip(&self.norms[1..]);
        let h = layers.fold(after(&self.norms[0], h), |h, (layer, norm)| {
            after(norm, layer.forward(h))
        });
        self.output.forward(h)
    }
}
