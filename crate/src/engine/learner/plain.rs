//! A task made from its parts, without a run description.

use super::Task;
use crate::engine::noise::Noise;
use crate::engine::process::{Policy, Prior, Process};
use crate::engine::reward::Reward;
use crate::engine::rollout::Chains;
use burn::tensor::Device;

/// A prior, a policy and a reward on a chain, without conditions; enough for a [`super::Learner`].
pub struct Plain<P: Process, Q, K: Policy<P>, R> {
    /// Chain, prior and policy.
    pub chains: Chains<P, Q, K>,
    /// The policy's network before any training.
    pub network: K::Network,
    /// The reward of end points.
    pub reward: R,
}

impl<P: Process, Q, K: Policy<P>, R> Plain<P, Q, K, R> {
    /// The posterior of this reward and the prior of `chains`; training starts at `network`.
    pub fn new(chains: Chains<P, Q, K>, network: K::Network, reward: R) -> Self {
        Self {
            chains,
            network,
            reward,
        }
    }
}

impl<P, Q, K, R> Task for Plain<P, Q, K, R>
where
    P: Process + Clone,
    Q: Prior<P> + Clone,
    K: Policy<P> + Clone,
    R: Reward<P> + Clone + 'static,
{
    type Process = P;
    type Prior = Q;
    type Policy = K;

    fn device(&self) -> &Device {
        &self.chains.device
    }

    fn chains(&self) -> Chains<P, Q, K> {
        self.chains.clone()
    }

    fn network(&self, _noise: &Noise) -> K::Network {
        self.network.clone()
    }

    fn reward(&self) -> Box<dyn Reward<P>> {
        Box::new(self.reward.clone())
    }
}
