//! Posteriors of points: a correction to the prior's kernels.

use super::observed::Observed;
use crate::engine::noise::{Noise, Purpose};
use crate::engine::process::{OrnsteinUhlenbeck, Policy, per_step};
use crate::network::embedding::{FREQUENCIES, time_features};
use crate::network::layer::uniform;
use crate::network::{DriftNetwork, DriftNetworkConfig};
use burn::module::{Module, Param};
use burn::tensor::{Device, Tensor, TensorData, activation};
use std::sync::Arc;

/// Largest |ℓ|: a step's deviation is at most so many e-foldings from the chain's own.
const MOST_SCALE: f64 = 3.0;
/// Units of the layer through which the pull sees observations.
const UNITS: usize = 64;

/// The network of posteriors of points: what depends on the state, and a pull to a centre that only depends on the
/// time and the observation. Without the pull, a posterior far narrower than the prior asks for slopes that a network takes long to find.
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
    /// What observations add to both.
    observed: Option<ObservedPull>,
}

/// h = silu(W·time + V·y + b) and what the pull and its centre are made of besides the time.
#[derive(Module, Debug)]
pub struct ObservedPull {
    /// `[2·FREQUENCIES, UNITS]`.
    time: Param<Tensor<2>>,
    /// `[columns, UNITS]`.
    observation: Param<Tensor<2>>,
    bias: Param<Tensor<1>>,
    /// `[UNITS, d]`, zero at the start.
    pull: Param<Tensor<2>>,
    /// `[UNITS, d]`, zero at the start.
    center: Param<Tensor<2>>,
}

impl ObservedPull {
    fn new(columns: usize, d: usize, noise: &Noise, device: &Device) -> Self {
        // The body has the first numbers of this purpose.
        let mut rng = noise.stream(Purpose::Initialization, 1);
        let mut matrix = |rows: usize| {
            let bound = 1.0 / (rows as f64).sqrt();
            Param::from_tensor(uniform(&mut rng, [rows, UNITS], bound, device))
        };
        let head = || Param::from_tensor(Tensor::zeros([UNITS, d], device));
        Self {
            time: matrix(2 * FREQUENCIES),
            observation: matrix(columns),
            bias: Param::from_tensor(Tensor::zeros([UNITS], device)),
            pull: head(),
            center: head(),
        }
    }

    /// What it adds to pull and centre, `[steps, rows, d]` each.
    fn forward(&self, features: &Tensor<2>, seen: &Tensor<2>) -> [Tensor<3>; 2] {
        let of_time = features.clone().matmul(self.time.val()) + self.bias.val().unsqueeze::<2>();
        let of_rows = seen.clone().matmul(self.observation.val());
        let hidden = of_time.unsqueeze_dim::<3>(1) + of_rows.unsqueeze_dim::<3>(0);
        let hidden = activation::silu(hidden);
        [&self.pull, &self.center].map(|head| hidden.clone().matmul(head.val().unsqueeze::<3>()))
    }
}

/// With c_out from [`OrnsteinUhlenbeck::output`],
/// k_φ = k_θ + c_out·(net_k(z, ẑ_T, y, t) + g(y, t)·(c(y, t) − z)/σ) and
/// ℓ_φ = ℓ_θ + 3·tanh(net_ℓ(z, ẑ_T, y, t)/3).
///
/// y is the standardised observation, where there are any. ẑ_T is the end point that the prior expects. The bracket stands for the posterior's (E\[z_T|z\] − α·z)/σ, less the
/// prior's; a head of 0 makes the policy the prior.
#[derive(Clone, Debug)]
pub struct PointsPolicy {
    process: OrnsteinUhlenbeck,
    /// Whether ẑ_T says more than z: of noise it is α·z.
    sees_expected: bool,
    /// Numbers of an observation.
    columns: usize,
    /// The standardised observations, `[rows][columns]`.
    observations: Arc<[f32]>,
}

impl PointsPolicy {
    /// The policy above the prior of a chain, given these observations.
    pub fn new(process: OrnsteinUhlenbeck, prior_is_noise: bool, observed: &Observed) -> Self {
        Self {
            process,
            sees_expected: !prior_is_noise,
            columns: observed.names().len(),
            observations: observed.standardised().into(),
        }
    }

    /// Its network, of so many units and hidden layers, which makes it the prior.
    pub fn network(&self, width: usize, depth: usize, noise: &Noise, device: &Device) -> PointsNetwork {
        let d = self.process.dimensions;
        let body = DriftNetworkConfig {
            inputs: self.columns + if self.sees_expected { 2 * d } else { d },
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
            observed: (self.columns > 0).then(|| ObservedPull::new(self.columns, d, noise, device)),
        }
    }

    /// The observations of conditions, `[conditions, columns]`; `None` where observations have no numbers.
    fn seen(&self, conditions: &[usize], device: &Device) -> Option<Tensor<2>> {
        if self.columns == 0 {
            return None;
        }
        let rows = conditions
            .iter()
            .flat_map(|condition| &self.observations[condition * self.columns..][..self.columns]);
        let data = TensorData::new(rows.copied().collect(), [conditions.len(), self.columns]);
        Some(Tensor::from_data(data, device))
    }

    /// g(y, t)·(c(y, t) − z)/σ.
    fn pull(
        &self,
        network: &PointsNetwork,
        steps: &[usize],
        x: &Tensor<2>,
        seen: Option<&Tensor<2>>,
    ) -> Tensor<2> {
        let features = time_features(&self.process.times(steps), &x.device());
        let of = |weights: &Param<Tensor<2>>, bias: &Param<Tensor<1>>| {
            (features.clone().matmul(weights.val()) + bias.val().unsqueeze::<2>()).unsqueeze_dim::<3>(1)
        };
        let mut pull = of(&network.pull, &network.pull_bias);
        let mut center = of(&network.center, &network.center_bias);
        if let (Some(observed), Some(seen)) = (&network.observed, seen) {
            let [more_pull, more_center] = observed.forward(&features, seen);
            pull = pull + more_pull;
            center = center + more_center;
        }
        let [all, d] = x.dims();
        let blocks = steps.len();
        let away = center - x.clone().reshape([blocks, all / blocks, d]);
        let pull = (pull * away).reshape([all, d]);
        per_step(steps, pull, |step| self.process.at(step).1.recip())
    }
}

impl Policy<OrnsteinUhlenbeck> for PointsPolicy {
    type Network = PointsNetwork;

    fn kernel(
        &self,
        network: &PointsNetwork,
        steps: &[usize],
        conditions: &[usize],
        x: Tensor<2>,
        _guide: Option<&Tensor<2>>,
        prior: impl FnOnce() -> Tensor<2>,
    ) -> Tensor<2> {
        let prior = prior();
        let d = self.process.dimensions;
        let seen = self.seen(conditions, &x.device());
        let mut inputs = vec![x.clone()];
        if self.sees_expected {
            inputs.push(self.process.expected_ends(steps, &x, &prior));
        }
        inputs.extend(seen.as_ref().map(|seen| seen.clone().repeat_dim(0, steps.len())));
        let inputs = Tensor::cat(inputs, 1);
        let out = network.body.forward(&self.process.times(steps), inputs);
        let moves = out.clone().narrow(1, 0, d) + self.pull(network, steps, &x, seen.as_ref());
        let moves = per_step(steps, moves, |step| self.process.output(step));
        let scales = out
            .narrow(1, d, d)
            .div_scalar(MOST_SCALE)
            .tanh()
            .mul_scalar(MOST_SCALE);
        prior + Tensor::cat(vec![moves, scales], 1)
    }
}
