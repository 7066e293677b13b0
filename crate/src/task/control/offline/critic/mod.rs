//! The value Q(s, a) of actions, learned from recorded steps alone.
//!
//! Implicit Q-learning (IQL, arXiv 2110.06169): V(s) is an expectile of Q(s, a) over the recorded actions, and Q(s, a) the
//! reward and γ·V of the next state. What Q is taken to be is the lower bound mean − k·deviation of several networks.
//! With two networks and k = 1 that is their smaller one, as IQL has it; with more it is a critic that is the more
//! careful, the less it knows.

mod network;
mod training;

pub use network::{CriticNetwork, CriticNetworkConfig, Ensemble};
pub use training::{CriticFigures, CriticShape, CriticTraining};

use crate::engine::host::read;
use crate::engine::noise::Noise;
use crate::engine::process::State;
use crate::engine::weights::{Weights, load_tensors, read_tensors};
use crate::task::control::standard::Standard;
use burn::tensor::{Device, Tensor};
use serde::{Deserialize, Serialize};

/// Where the header of the weights has what numbers mean.
const HEADER: &str = "critic";

/// A learned critic.
#[derive(Clone, Debug)]
pub struct Critic {
    network: CriticNetwork,
    meaning: Meaning,
}

/// What the networks' numbers mean: the header of a file of weights.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Meaning {
    /// How states are standardised.
    states: Standard,
    /// A value is offset + scale·what a network says, in the units of the data's rewards.
    offset: f64,
    scale: f64,
    /// γ.
    discount: f64,
    /// k of mean − k·deviation.
    pessimism: f64,
    /// Smallest and largest return of the data's complete episodes; absent where there is none.
    returns: Option<[f64; 2]>,
}

impl Critic {
    /// That of a file which `rtb pretrain critic` wrote.
    ///
    /// # Errors
    ///
    /// Says what is wrong with the file.
    pub fn read(file: &[u8], device: &Device) -> Result<Self, String> {
        let weights = read_tensors(file)?;
        let header = weights.metadata.get(HEADER);
        let header = header.ok_or("its header names no critic: write it with `rtb pretrain critic`")?;
        // What serde says names types of ours.
        let meaning: Option<Meaning> = serde_json::from_str(header).ok();
        let config = CriticNetworkConfig::of(&weights)?;
        let sound = |meaning: &Meaning| {
            let numbers = [meaning.offset, meaning.pessimism, meaning.discount];
            meaning.states.is_sound(config.states)
                && numbers
                    .iter()
                    .chain(meaning.returns.iter().flatten())
                    .all(|number| number.is_finite())
                && meaning.scale.is_finite()
                && meaning.scale > 0.0
        };
        let meaning = meaning.filter(sound).ok_or("its header is damaged")?;
        let network = load_tensors(config.init(&Noise::new(0), device), &weights)?;
        Ok(Self { network, meaning })
    }

    /// The file of [`Self::read`].
    async fn file(&self) -> Result<Vec<u8>, String> {
        let mut weights = Weights::of(&self.network).await?;
        let header = serde_json::to_string(&self.meaning).expect("numbers");
        weights.metadata.insert(HEADER.to_owned(), header);
        Ok(weights.to_safetensors(false))
    }

    /// Numbers of a state.
    pub fn state_size(&self) -> usize {
        self.meaning.states.size()
    }

    /// Numbers of an action.
    pub fn action_size(&self) -> usize {
        self.network.config().actions
    }

    /// γ: a value is the sum of γᵏ·r.
    pub fn discount(&self) -> f64 {
        self.meaning.discount
    }

    /// Smallest and largest return of the data's complete episodes, by which the paper's code divides rewards; `None` where
    /// there was none.
    pub fn returns(&self) -> Option<[f64; 2]> {
        self.meaning.returns
    }

    /// States as the networks take them, `[n][state_size]`.
    pub fn standardised(&self, states: &[f32]) -> Vec<f32> {
        self.meaning.states.standardised(states)
    }

    /// Q of actions, −1 to 1, `[n, action_size]`, in standardised states, `[n, state_size]`: the lower bound, in the units of
    /// the data's rewards, `[n]`. Differentiable in both.
    pub fn value_of(&self, states: Tensor<2>, actions: Tensor<2>) -> Tensor<1> {
        let all = self.network.q.forward(Tensor::cat(vec![states, actions], 1));
        let bound = lower_bound(all, self.meaning.pessimism);
        self.in_units(bound)
    }

    /// V of standardised states, `[n, state_size]` → `[n]`.
    pub fn state_value_of(&self, states: Tensor<2>) -> Tensor<1> {
        let [rows, _] = states.dims();
        self.in_units(self.network.v.forward(states).reshape([rows]))
    }

    fn in_units(&self, numbers: Tensor<1>) -> Tensor<1> {
        numbers
            .mul_scalar(self.meaning.scale)
            .add_scalar(self.meaning.offset)
    }

    /// Q of `[n][action_size]` actions in `[n][state_size]` states, as they were recorded.
    ///
    /// # Errors
    ///
    /// Where the device fails.
    pub async fn values(&self, states: &[f32], actions: &[f32], device: &Device) -> Result<Vec<f32>, String> {
        let [states, actions] = self.uploaded(states, actions, device);
        read(self.value_of(states, actions)).await
    }

    /// ∂Q/∂a, `[n][action_size]`, of the same.
    ///
    /// # Errors
    ///
    /// Where the device fails.
    pub async fn gradients(
        &self,
        states: &[f32],
        actions: &[f32],
        device: &Device,
    ) -> Result<Vec<f32>, String> {
        let [states, actions] = self.uploaded(states, actions, &device.clone().autodiff());
        let actions = actions.require_grad();
        let gradients = self.value_of(states, actions.clone()).sum().backward();
        let gradient = actions.grad(&gradients);
        read(gradient.unwrap_or_else(|| actions.without_autodiff().zeros_like())).await
    }

    fn uploaded(&self, states: &[f32], actions: &[f32], device: &Device) -> [Tensor<2>; 2] {
        let s = self.state_size();
        let rows = states.len() / s;
        [
            Tensor::from_numbers(self.standardised(states), s, device),
            Tensor::from_numbers(actions.to_vec(), actions.len() / rows.max(1), device),
        ]
    }
}

/// mean − k·deviation over the networks, `[N, rows]` → `[rows]`; of two networks and k = 1 their minimum.
fn lower_bound(all: Tensor<2>, pessimism: f64) -> Tensor<1> {
    let [networks, rows] = all.dims();
    if (networks, pessimism) == (2, 1.0) {
        // The same, with a gradient where both agree.
        return all.min_dim(0).reshape([rows]);
    }
    let mean = all.clone().mean_dim(0);
    if pessimism == 0.0 || networks == 1 {
        return mean.reshape([rows]);
    }
    // A hair above 0: the root has no gradient there.
    let variance = (all - mean.clone()).square().mean_dim(0);
    let deviation = variance.add_scalar(1e-12).sqrt();
    (mean - deviation.mul_scalar(pessimism)).reshape([rows])
}
