//! Posteriors of points: a correction to the prior's kernels.

use crate::engine::process::{OrnsteinUhlenbeck, Policy, per_step};
use crate::network::{DriftNetwork, DriftNetworkConfig};
use burn::tensor::Tensor;

/// k_φ = k_θ + c_out·net(z, ẑ_T, t), where ẑ_T is the end point that the prior expects, and c_out makes the network's
/// output the posterior's (E\[z_T|z\] − α·z)/σ, less the prior's: a head of 0 makes it the prior.
#[derive(Clone, Debug)]
pub struct PointsPolicy {
    process: OrnsteinUhlenbeck,
    /// Whether ẑ_T says more than z: of noise it is α·z.
    sees_expected: bool,
}

impl PointsPolicy {
    /// The policy above the prior of a chain.
    pub fn new(process: OrnsteinUhlenbeck, prior_is_noise: bool) -> Self {
        Self {
            process,
            sees_expected: !prior_is_noise,
        }
    }

    /// The shape of its network.
    pub fn network(&self, width: usize, depth: usize) -> DriftNetworkConfig {
        let d = self.process.dimensions;
        DriftNetworkConfig {
            inputs: if self.sees_expected { 2 * d } else { d },
            outputs: d,
            width,
            depth,
        }
    }
}

impl Policy<OrnsteinUhlenbeck> for PointsPolicy {
    type Network = DriftNetwork;

    fn kernel(
        &self,
        network: &DriftNetwork,
        steps: &[usize],
        _conditions: &[usize],
        x: Tensor<2>,
        _guide: Option<&Tensor<2>>,
        prior: impl FnOnce() -> Tensor<2>,
    ) -> Tensor<2> {
        let prior = prior();
        let inputs = if self.sees_expected {
            let expected = self.process.expected_ends(steps, &x, &prior);
            Tensor::cat(vec![x, expected], 1)
        } else {
            x
        };
        let out = network.forward(&self.process.times(steps), inputs);
        prior + per_step(steps, out, |step| self.process.output(step))
    }
}
