//! Posteriors of points: a correction to the prior's kernels.

use crate::engine::noise::Noise;
use crate::engine::process::{OrnsteinUhlenbeck, Policy, per_step};
use crate::network::embedding::{FREQUENCIES, time_features};
use crate::network::{DriftNetwork, DriftNetworkConfig};
use burn::module::{Module, Param};
use burn::tensor::{Device, Tensor};

/// Largest |ℓ|: a step's deviation is at most so many e-foldings from the chain's own.
const MOST_SCALE: f64 = 3.0;

/// The network of a posterior of points: what depends on the state, and a pull to a centre that only depends on the
/// time. Without the pull, a posterior far narrower than the prior asks for slopes that a network takes long to find.
#[derive(Module, Debug)]
pub struct PointsNetwork {
    /// `[rows, inputs]` → `[rows, 2·d]`: corrections to moves and scales.
    body: DriftNetwork,
    /// `[2·FREQUENCIES, d]`: the strength of the pull, zero at the start.
    pull: Param<Tensor<2>>,
    pull_bias: Param<Tensor<1>>,
    /// `[2·FREQUENCIES, d]`: its centre.
    center: Param<Tensor<2>>,
    center_bias: Param<Tensor<1>>,
}

/// With c_out from [`OrnsteinUhlenbeck::output`],
/// k_φ = k_θ + c_out·(net_k(z, ẑ_T, t) + g(t)·(c(t) − z)/σ) and ℓ_φ = ℓ_θ + 3·tanh(net_ℓ(z, ẑ_T, t)/3).
///
/// ẑ_T is the end point that the prior expects. The bracket stands for the posterior's (E\[z_T|z\] − α·z)/σ, less the
/// prior's; a head of 0 makes the policy the prior.
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

    /// Its network, of so many units and hidden layers, which makes it the prior.
    pub fn network(&self, width: usize, depth: usize, noise: &Noise, device: &Device) -> PointsNetwork {
        let d = self.process.dimensions;
        let body = DriftNetworkConfig {
            inputs: if self.sees_expected { 2 * d } else { d },
            outputs: 2 * d,
            width,
            depth,
        };
        let matrix = || Param::from_tensor(Tensor::zeros([2 * FREQUENCIES, d], device));
        let bias = || Param::from_tensor(Tensor::zeros([d], device));
        PointsNetwork {
            body: body.init(noise, device),
            pull: matrix(),
            pull_bias: bias(),
            center: matrix(),
            center_bias: bias(),
        }
    }

    /// g(t)·(c(t) − z)/σ.
    fn pull(&self, network: &PointsNetwork, steps: &[usize], x: &Tensor<2>) -> Tensor<2> {
        let features = time_features(&self.process.times(steps), &x.device());
        let of = |weights: &Param<Tensor<2>>, bias: &Param<Tensor<1>>| {
            (features.clone().matmul(weights.val()) + bias.val().unsqueeze::<2>()).unsqueeze_dim::<3>(1)
        };
        let [all, d] = x.dims();
        let blocks = steps.len();
        let away = of(&network.center, &network.center_bias) - x.clone().reshape([blocks, all / blocks, d]);
        let pull = (of(&network.pull, &network.pull_bias) * away).reshape([all, d]);
        per_step(steps, pull, |step| self.process.at(step).1.recip())
    }
}

impl Policy<OrnsteinUhlenbeck> for PointsPolicy {
    type Network = PointsNetwork;

    fn kernel(
        &self,
        network: &PointsNetwork,
        steps: &[usize],
        _conditions: &[usize],
        x: Tensor<2>,
        _guide: Option<&Tensor<2>>,
        prior: impl FnOnce() -> Tensor<2>,
    ) -> Tensor<2> {
        let prior = prior();
        let d = self.process.dimensions;
        let inputs = if self.sees_expected {
            let expected = self.process.expected_ends(steps, &x, &prior);
            Tensor::cat(vec![x.clone(), expected], 1)
        } else {
            x.clone()
        };
        let out = network.body.forward(&self.process.times(steps), inputs);
        let moves = out.clone().narrow(1, 0, d) + self.pull(network, steps, &x);
        let moves = per_step(steps, moves, |step| self.process.output(step));
        let scales = out
            .narrow(1, d, d)
            .div_scalar(MOST_SCALE)
            .tanh()
            .mul_scalar(MOST_SCALE);
        prior + Tensor::cat(vec![moves, scales], 1)
    }
}
