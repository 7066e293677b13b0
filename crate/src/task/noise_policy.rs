//! Posteriors in the space of standard normal noise: a correction to the prior's kernels.

use crate::engine::noise::{Noise, Purpose};
use crate::engine::process::{OrnsteinUhlenbeck, Policy, per_step};
use crate::network::layer::uniform;
use crate::network::{DriftNetwork, DriftNetworkConfig};
use burn::module::{Module, Param};
use burn::tensor::{Device, Tensor, TensorData, activation};
use std::sync::Arc;

/// Largest |ℓ| that the network adds: a step's deviation is at most so many e-foldings from the Gaussian's.
const MOST_SCALE: f64 = 2.0;
/// How much faster the Gaussian's centre and the logarithm of its variance move than a weight of the network: they have
/// far to go.
const HASTE: f64 = 5.0;
/// Units of the layer through which the Gaussian sees observations.
const UNITS: usize = 64;

/// The network of a posterior in the space of noise: a Gaussian, and what depends on the state.
#[derive(Module, Debug)]
pub struct NoiseNetwork {
    /// `[rows, inputs]` → `[rows, 2·d]`: corrections to moves and scales.
    body: DriftNetwork,
    /// The Gaussian's centre over [`HASTE`], `[1, d]`.
    center: Param<Tensor<2>>,
    /// The logarithm of its variance over [`HASTE`], `[1, d]`.
    spread: Param<Tensor<2>>,
    /// What observations add to both.
    observed: Option<ObservedGaussian>,
}

/// h = silu(V·y + b), and W·h for the Gaussian's centre and for the logarithm of its variance.
#[derive(Module, Debug)]
pub struct ObservedGaussian {
    /// `[columns, UNITS]`.
    layer: Param<Tensor<2>>,
    bias: Param<Tensor<1>>,
    /// `[UNITS, d]`, zero at the start.
    center: Param<Tensor<2>>,
    /// `[UNITS, d]`, zero at the start.
    spread: Param<Tensor<2>>,
}

impl ObservedGaussian {
    fn new(columns: usize, d: usize, noise: &Noise, device: &Device) -> Self {
        // The body has the first numbers of this purpose.
        let mut rng = noise.stream(Purpose::Initialization, 1);
        let bound = 1.0 / (columns as f64).sqrt();
        let head = || Param::from_tensor(Tensor::zeros([UNITS, d], device));
        Self {
            layer: Param::from_tensor(uniform(&mut rng, [columns, UNITS], bound, device)),
            bias: Param::from_tensor(uniform(&mut rng, [UNITS], 1.0, device)),
            center: head(),
            spread: head(),
        }
    }

    /// What it adds to the centre and to the logarithm of the variance, `[rows, d]` each.
    fn forward(&self, seen: &Tensor<2>) -> [Tensor<2>; 2] {
        let hidden = seen.clone().matmul(self.layer.val()) + self.bias.val().unsqueeze::<2>();
        let hidden = activation::silu(hidden);
        [&self.center, &self.spread].map(|head| hidden.clone().matmul(head.val()))
    }
}

/// What networks are told of every condition.
#[derive(Clone, Debug, PartialEq)]
pub struct Told {
    columns: usize,
    /// `[conditions][columns]`.
    numbers: Arc<[f32]>,
}

impl Told {
    /// These numbers, `[conditions][columns]`; a single posterior has none.
    pub fn new(columns: usize, numbers: Vec<f32>) -> Self {
        Self {
            columns,
            numbers: numbers.into(),
        }
    }

    /// The wanted one of several conditions: 1 at its place, 0 elsewhere.
    pub fn one_of(conditions: usize) -> Self {
        let columns = if conditions > 1 { conditions } else { 0 };
        let wanted = |at: usize| f32::from(u8::from(at / conditions == at % conditions));
        Self::new(columns, (0..columns * columns).map(wanted).collect())
    }

    /// Numbers of a condition.
    pub fn columns(&self) -> usize {
        self.columns
    }

    /// Those of conditions, `[conditions, columns]`; `None` where conditions have no numbers.
    pub fn of(&self, conditions: &[usize], device: &Device) -> Option<Tensor<2>> {
        if self.columns == 0 {
            return None;
        }
        let rows = conditions
            .iter()
            .flat_map(|condition| &self.numbers[condition * self.columns..][..self.columns]);
        let data = TensorData::new(rows.copied().collect(), [conditions.len(), self.columns]);
        Some(Tensor::from_data(data, device))
    }
}

/// k_φ = k_θ + k_G + c_out·net_k and ℓ_φ = ℓ_θ + ℓ_G + 2·tanh(net_ℓ/2), with c_out from
/// [`OrnsteinUhlenbeck::output`].
///
/// k_G and ℓ_G are the kernels of the chain to a Gaussian N(m, s²) of independent coordinates, in closed form: with
/// V_i = α_i²·s² + σ_i², z_{i+1} given z_i is N(α_{i+1}·m + √(1 − b_i)·(V_{i+1}/V_i)·(z_i − α_i·m), b_i·V_{i+1}/V_i).
/// Its m and s² are trained with the network, and depend on the standardised observation where there are any. The network
/// sees the observation too, and the state in the Gaussian's units: a posterior far narrower than the
/// prior would otherwise ask for slopes that a network takes long to find. With m = 0, s² = 1 and a head of 0 the policy
/// is the prior.
#[derive(Clone, Debug)]
pub struct NoisePolicy {
    process: OrnsteinUhlenbeck,
    /// Whether the end point that the prior expects says more than z: of noise it is α·z.
    sees_expected: bool,
    /// What the network is told of every condition.
    told: Told,
}

impl NoisePolicy {
    /// The policy above the prior of a chain.
    pub fn new(process: OrnsteinUhlenbeck, prior_is_noise: bool, told: Told) -> Self {
        Self {
            process,
            sees_expected: !prior_is_noise,
            told,
        }
    }

    /// Its network, of so many units and hidden layers, which makes it the prior.
    pub fn network(&self, width: usize, depth: usize, noise: &Noise, device: &Device) -> NoiseNetwork {
        let d = self.process.dimensions;
        let body = DriftNetworkConfig {
            inputs: self.told.columns + if self.sees_expected { 3 * d } else { 2 * d },
            outputs: 2 * d,
            width,
            depth,
        };
        let zero = || Param::from_tensor(Tensor::zeros([1, d], device));
        NoiseNetwork {
            body: body.init(noise, device),
            center: zero(),
            spread: zero(),
            observed: (self.told.columns > 0)
                .then(|| ObservedGaussian::new(self.told.columns, d, noise, device)),
        }
    }

    /// k_G, ℓ_G and the states in the Gaussian's units, of rows in `steps.len()` equal blocks.
    fn gaussian(
        &self,
        network: &NoiseNetwork,
        steps: &[usize],
        x: &Tensor<2>,
        seen: Option<&Tensor<2>>,
    ) -> [Tensor<2>; 3] {
        let [all, d] = x.dims();
        let blocks = steps.len();
        let of = |number: &dyn Fn(usize) -> f64| {
            let numbers: Vec<f32> = steps.iter().map(|step| number(*step) as f32).collect();
            Tensor::<3>::from_data(TensorData::new(numbers, [blocks, 1, 1]), &x.device())
        };
        let mut center = network.center.val().mul_scalar(HASTE);
        let mut spread = network.spread.val().mul_scalar(HASTE);
        if let (Some(observed), Some(seen)) = (&network.observed, seen) {
            let [more_center, more_spread] = observed.forward(seen);
            center = center + more_center;
            spread = spread + more_spread;
        }
        let center = center.unsqueeze_dim::<3>(0);
        let variance = spread.exp().unsqueeze_dim::<3>(0);
        let marginal = |ahead: usize| {
            let level = |step: usize| self.process.at(step + ahead);
            variance.clone() * of(&|step| level(step).0.powi(2)) + of(&|step| level(step).1.powi(2))
        };
        let mean = |ahead: usize| center.clone() * of(&|step| self.process.at(step + ahead).0);
        let (now, next) = (marginal(0), marginal(1));
        let share = next.clone() / now.clone();
        // All of these are `[blocks, rows, d]`, or `[blocks, 1, d]` where the rows share theirs.
        let rows = |each: Tensor<3>| each.expand([blocks, all / blocks, d]).reshape([all, d]);
        let away = x.clone() - rows(mean(0));
        let to = mean(1) - mean(0) * of(&|step| self.process.mix(step).0);
        let moves = rows(to * of(&|step| self.process.mix(step).1.recip()))
            + away.clone()
                * rows(
                    share.clone().sub_scalar(1.0)
                        * of(&|step| {
                            let (kept, gained) = self.process.mix(step);
                            kept / gained
                        }),
                );
        let scales = rows(share.log().mul_scalar(0.5));
        [moves, scales, away * rows(now.sqrt().recip())]
    }
}

impl Policy<OrnsteinUhlenbeck> for NoisePolicy {
    type Network = NoiseNetwork;

    fn kernel(
        &self,
        network: &NoiseNetwork,
        steps: &[usize],
        conditions: &[usize],
        x: Tensor<2>,
        _guide: Option<&Tensor<2>>,
        prior: impl FnOnce() -> Tensor<2>,
    ) -> Tensor<2> {
        let prior = prior();
        let d = self.process.dimensions;
        let seen = self.told.of(conditions, &x.device());
        let [moves, scales, standard] = self.gaussian(network, steps, &x, seen.as_ref());
        let mut inputs = vec![x.clone(), standard];
        if self.sees_expected {
            inputs.push(self.process.expected_ends(steps, &x, &prior));
        }
        inputs.extend(seen.map(|seen| seen.repeat_dim(0, steps.len())));
        let out = network
            .body
            .forward(&self.process.times(steps), Tensor::cat(inputs, 1));
        let moved = per_step(steps, out.clone().narrow(1, 0, d), |step| {
            self.process.output(step)
        });
        let scaled = out
            .narrow(1, d, d)
            .div_scalar(MOST_SCALE)
            .tanh()
            .mul_scalar(MOST_SCALE);
        prior + Tensor::cat(vec![moves + moved, scales + scaled], 1)
    }
}
