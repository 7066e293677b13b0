//! The behaviour μ(a|s): a diffusion of actions in a state, learned by denoising.

mod figures;
mod network;
mod training;

pub use figures::BehaviourFigures;
pub use network::{BehaviourNetwork, BehaviourNetworkConfig};
pub use training::{BehaviourShape, BehaviourTraining};

use super::squash::{squashed, unsquashed};
use crate::engine::host::read;
use crate::engine::noise::{Noise, Purpose, normals};
use crate::engine::parallel;
use crate::engine::process::{OrnsteinUhlenbeck, State, walk};
use crate::engine::weights::{Weights, load_tensors, read_tensors};
use crate::task::control::standard::Standard;
use burn::tensor::{Device, Tensor};
use serde::{Deserialize, Serialize};

/// Where the header of the weights has how numbers are standardised.
const HEADER: &str = "behaviour";
/// Most steps of the chain in a file.
const MOST_STEPS: usize = 10_000;
/// States that actions are drawn in at once.
const AT_ONCE: usize = 1000;
/// Bits for the number of a chunk in a round.
const ROUND_BITS: u32 = 24;

/// A learned behaviour: in a state, the chain of [`OrnsteinUhlenbeck`] makes z of noise, and z makes the action
/// a = tanh(mean + deviation·z).
#[derive(Clone, Debug)]
pub struct Behaviour {
    /// The chain that it was measured with; any number of steps may take its place.
    pub process: OrnsteinUhlenbeck,
    /// Predicts (E\[z|z_i\] − α·z_i)/σ in standardised states, as the learned priors of points do.
    pub network: BehaviourNetwork,
    scales: Scales,
}

/// How states and actions are standardised: the header of a file of weights.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Scales {
    /// Steps of the chain.
    steps: usize,
    /// Of states.
    states: Standard,
    /// Of arctanh of actions, which are clipped first.
    actions: Standard,
    /// Largest |a| that is kept before arctanh.
    largest: f32,
}

impl Behaviour {
    /// That of a file which `rtb pretrain behaviour` wrote.
    ///
    /// # Errors
    ///
    /// Says what is wrong with the file.
    pub fn read(file: &[u8], device: &Device) -> Result<Self, String> {
        let weights = read_tensors(file)?;
        let header = weights.metadata.get(HEADER);
        let header = header.ok_or("its header names no behaviour: write it with `rtb pretrain behaviour`")?;
        // What serde says names types of ours.
        let scales: Option<Scales> = serde_json::from_str(header).ok();
        let config = BehaviourNetworkConfig::of(&weights)?;
        let sound = |scales: &Scales| {
            (1..=MOST_STEPS).contains(&scales.steps)
                && scales.states.is_sound(config.states)
                && scales.actions.is_sound(config.actions)
                && (0.0..1.0).contains(&scales.largest)
        };
        let scales = scales.filter(sound).ok_or("its header is damaged")?;
        let network = load_tensors(config.init(&Noise::new(0), device), &weights)?;
        Ok(Self::new(network, scales))
    }

    fn new(network: BehaviourNetwork, scales: Scales) -> Self {
        let process = OrnsteinUhlenbeck {
            steps: scales.steps,
            dimensions: scales.actions.size(),
        };
        Self {
            process,
            network,
            scales,
        }
    }

    /// The file of [`Self::read`].
    async fn file(&self) -> Result<Vec<u8>, String> {
        let mut weights = Weights::of(&self.network).await?;
        let header = serde_json::to_string(&self.scales).expect("numbers");
        weights.metadata.insert(HEADER.to_owned(), header);
        Ok(weights.to_safetensors(false))
    }

    /// Numbers of a state.
    pub fn state_size(&self) -> usize {
        self.scales.states.size()
    }

    /// Numbers of an action.
    pub fn action_size(&self) -> usize {
        self.scales.actions.size()
    }

    /// States as the network takes them, `[n][state_size]`.
    pub fn standardised(&self, states: &[f32]) -> Vec<f32> {
        self.scales.states.standardised(states)
    }

    /// The end points z of actions, `[n][action_size]`.
    pub fn ends(&self, actions: &[f32]) -> Vec<f32> {
        self.scales.ends(actions)
    }

    /// The actions of end points z, `[n][action_size]`, between −1 and 1.
    pub fn actions(&self, ends: &[f32]) -> Vec<f32> {
        squashed(&self.unbounded(ends))
    }

    /// arctanh of the actions of end points z, `[n][action_size]`.
    pub fn unbounded(&self, ends: &[f32]) -> Vec<f32> {
        self.scales.actions.restored(ends)
    }

    /// The same on a device, differentiable: actions of end points z, `[n, action_size]`.
    pub fn actions_of(&self, ends: Tensor<2>) -> Tensor<2> {
        let row = |values: &[f64]| {
            let values = values.iter().map(|value| *value as f32).collect();
            Tensor::<2>::from_numbers(values, self.action_size(), &ends.device())
        };
        let Standard { mean, deviation } = &self.scales.actions;
        (ends.clone() * row(deviation) + row(mean)).tanh()
    }

    /// The kernel of a step of the chain at `x`, `[n·k, action_size]`, k rows in each of n standardised states.
    pub fn kernel(&self, step: usize, states: Tensor<2>, x: Tensor<2>) -> Tensor<2> {
        let moves = self.network.forward(&[self.process.time(step)], states, x);
        OrnsteinUhlenbeck::kernel_of(moves.mul_scalar(self.process.output(step)))
    }

    /// One action in each of these states, `[n][state_size]`; the noise is that of a round of a purpose, whatever n is.
    ///
    /// # Errors
    ///
    /// Where the device fails.
    pub async fn sample(
        &self,
        states: &[f32],
        noise: &Noise,
        round: (Purpose, u64),
        device: &Device,
    ) -> Result<Vec<f32>, String> {
        Ok(self.actions(&self.sample_ends(states, noise, round, device).await?))
    }

    /// The same as end points z.
    ///
    /// # Errors
    ///
    /// Where the device fails.
    pub async fn sample_ends(
        &self,
        states: &[f32],
        noise: &Noise,
        (purpose, round): (Purpose, u64),
        device: &Device,
    ) -> Result<Vec<f32>, String> {
        let (s, a) = (self.state_size(), self.action_size());
        let states = self.standardised(states);
        let groups = parallel::groups(device, states.len() / s, AT_ONCE);
        let mut ends = Vec::new();
        for group in groups {
            let walked = parallel::map(group, |(chunk, rows)| {
                let start = chunk as usize * AT_ONCE;
                let states = Tensor::from_numbers(states[start * s..(start + rows) * s].to_vec(), s, device);
                let mut rng = noise.stream(purpose, round << ROUND_BITS | chunk);
                walk(
                    &self.process,
                    &vec![0; rows],
                    device,
                    |_| Tensor::from_numbers(normals(&mut rng, rows * a), a, device),
                    |step, x| self.kernel(step, states.clone(), x.clone()),
                )
            });
            ends.extend(read(Tensor::cat(walked, 0)).await?);
        }
        Ok(ends)
    }
}

impl Scales {
    fn ends(&self, actions: &[f32]) -> Vec<f32> {
        self.actions.standardised(&unsquashed(actions, self.largest))
    }
}
