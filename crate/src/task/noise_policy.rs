//! Posteriors in the space of standard normal noise: a correction to the prior's kernels.

use crate::engine::ConfigError;
use crate::engine::device::reads_at_once;
use crate::engine::host::read_now;
use crate::engine::noise::{Noise, Purpose};
use crate::engine::process::{OrnsteinUhlenbeck, Policy, per_step};
use crate::network::layer::uniform;
use crate::network::{DriftNetwork, DriftNetworkConfig, HATS, hats};
use crate::run::Run;
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
/// Times at which the functions of single coordinates have heights.
const NODES: usize = 9;
/// Where the gradient of log r saturates, in deviations of what is still unknown of the end point.
const LONGEST_PULL: f64 = 2.0;
/// Beyond it a square is no number in f32.
const LARGEST: f32 = 1e9;

/// The gradient of β·log r in end points, `[rows][d]`, each under its condition.
pub type Gradient = dyn Fn(&[f32], &[usize]) -> Vec<f32> + Send + Sync;

/// Refuses a Langevin term that the host computes on a device that it cannot read within a step.
pub(super) fn check_host(run: &Run, device: &Device) -> Result<(), ConfigError> {
    if !run.asks_host() || reads_at_once(device) {
        return Ok(());
    }
    let allowed = "false on the GPU of a browser, where the gradient of log r cannot be waited for";
    Err(ConfigError::new("network.langevin", true, allowed))
}

/// The network of a posterior in the space of noise: a Gaussian, functions of single coordinates, and what depends on the
/// whole state.
#[derive(Module, Debug)]
pub struct NoiseNetwork {
    /// `[rows, inputs]` → `[rows, 2·d]`: corrections to moves and scales; with a Langevin term `[rows, 3·d]`, the last
    /// of them its weights.
    body: DriftNetwork,
    /// The Gaussian's centre over [`HASTE`], `[1, d]`.
    center: Param<Tensor<2>>,
    /// The logarithm of its variance over [`HASTE`], `[1, d]`.
    spread: Param<Tensor<2>>,
    /// What observations add to both.
    observed: Option<ObservedGaussian>,
    /// Heights of the functions of single coordinates over [`HASTE`]: of moves, then of scales, at every node of time,
    /// `[NODES, 2·d·HATS]`, zero at the start.
    alone: Param<Tensor<2>>,
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

/// k_φ = k_θ + k_G + c_out·(net_k + f_k) and ℓ_φ = ℓ_θ + ℓ_G + 2·tanh((net_ℓ + f_ℓ)/2), with c_out from
/// [`OrnsteinUhlenbeck::output`].
///
/// k_G and ℓ_G are the kernels of the chain to a Gaussian N(m, s²) of independent coordinates, in closed form: with
/// V_i = α_i²·s² + σ_i², z_{i+1} given z_i is N(α_{i+1}·m + √(1 − b_i)·(V_{i+1}/V_i)·(z_i − α_i·m), b_i·V_{i+1}/V_i).
/// Its m and s² are trained with the network, and depend on the standardised observation where there are any. The network
/// sees the observation too, and the state in the Gaussian's units: a posterior far narrower than the
/// prior would otherwise ask for slopes that a network takes long to find.
///
/// f_k and f_ℓ give each coordinate a function of itself and of the time, linear between their nodes: of many separate
/// coordinates a network of usual width learns the curves only slowly. With m = 0, s² = 1, f = 0 and a head of 0 the policy is
/// the prior.
///
/// With a Langevin term (arXiv 2111.15141, 2402.05098) k_φ also has c_out·w·p by coordinate, where w is the
/// network's and p = v/√(1 + ¼v²) of v = σ_i·∇ log r at α_i·z_i; the network sees p too.
#[derive(Clone)]
pub struct NoisePolicy {
    process: OrnsteinUhlenbeck,
    /// Whether the end point that the prior expects says more than z: of noise it is α·z.
    sees_expected: bool,
    /// What the network is told of every condition.
    told: Told,
    /// That of the Langevin term.
    gradient: Option<Arc<Gradient>>,
}

impl NoisePolicy {
    /// The policy above the prior of a chain.
    pub fn new(process: OrnsteinUhlenbeck, prior_is_noise: bool, told: Told) -> Self {
        Self {
            process,
            sees_expected: !prior_is_noise,
            told,
            gradient: None,
        }
    }

    /// The same with the Langevin term of a reward.
    pub fn with_langevin(self, gradient: Arc<Gradient>) -> Self {
        Self {
            gradient: Some(gradient),
            ..self
        }
    }

    /// Its network, of so many units and hidden layers, which makes it the prior.
    pub fn network(&self, width: usize, depth: usize, noise: &Noise, device: &Device) -> NoiseNetwork {
        let d = self.process.dimensions;
        let (more, langevin) = (
            usize::from(self.sees_expected),
            usize::from(self.gradient.is_some()),
        );
        let body = DriftNetworkConfig {
            inputs: self.told.columns + (2 + more + langevin) * d,
            outputs: (2 + langevin) * d,
            width,
            depth,
        };
        let zero = || Param::from_tensor(Tensor::zeros([1, d], device));
        NoiseNetwork {
            body: body.init(noise, device),
            center: zero(),
            spread: zero(),
            alone: Param::from_tensor(Tensor::zeros([NODES, 2 * d * HATS], device)),
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

impl NoisePolicy {
    /// f_k and f_ℓ, `[rows, d]` each, of states in the Gaussian's units.
    fn alone(&self, network: &NoiseNetwork, steps: &[usize], standard: &Tensor<2>) -> [Tensor<2>; 2] {
        let ([all, d], blocks) = (standard.dims(), steps.len());
        let node = |time: f64| {
            let at = time * (NODES - 1) as f64;
            (0..NODES).map(move |node| (1.0 - (at - node as f64).abs()).max(0.0) as f32)
        };
        let nodes: Vec<f32> = self.process.times(steps).into_iter().flat_map(node).collect();
        let nodes = Tensor::<2>::from_data(TensorData::new(nodes, [blocks, NODES]), &standard.device());
        let weights = nodes.matmul(network.alone.val()).mul_scalar(HASTE);
        let hats = hats(standard.clone()).reshape([blocks, all / blocks, d * HATS]);
        [0, 1].map(|part| {
            let weights = weights
                .clone()
                .narrow(1, part * d * HATS, d * HATS)
                .unsqueeze_dim::<3>(1);
            (hats.clone() * weights)
                .reshape([all, d, HATS])
                .sum_dim(2)
                .squeeze_dim::<2>(2)
        })
    }
}

impl Policy<OrnsteinUhlenbeck> for NoisePolicy {
    type Network = NoiseNetwork;

    fn rows_at_once(&self, network: &NoiseNetwork) -> usize {
        network.body.rows_at_once()
    }

    /// p of a step, `[rows, d]`; no numbers where the device cannot be read.
    fn guide(
        &self,
        step: usize,
        conditions: &[usize],
        x: &Tensor<2>,
        _prior: &mut Option<Tensor<2>>,
    ) -> Option<Tensor<2>> {
        let gradient = self.gradient.as_ref()?;
        let (alpha, sigma) = self.process.at(step);
        let shape = x.dims();
        // Nothing of the data is in the first state.
        if step == 0 {
            return Some(Tensor::zeros(shape, &x.device()));
        }
        let ends = read_now(x.clone().mul_scalar(alpha));
        let slopes = ends.map_or_else(
            |_| vec![f32::NAN; shape[0] * shape[1]],
            |ends| gradient(&ends, conditions),
        );
        let slopes = slopes.into_iter().map(|slope| slope.clamp(-LARGEST, LARGEST));
        let slopes = Tensor::from_data(TensorData::new(slopes.collect(), shape), &x.device());
        let pull: Tensor<2> = slopes.mul_scalar(sigma);
        let short = pull
            .clone()
            .div_scalar(LONGEST_PULL)
            .square()
            .add_scalar(1.0)
            .sqrt();
        Some(pull / short)
    }

    fn kernel(
        &self,
        network: &NoiseNetwork,
        steps: &[usize],
        conditions: &[usize],
        x: Tensor<2>,
        guide: Option<&Tensor<2>>,
        prior: impl FnOnce() -> Tensor<2>,
    ) -> Tensor<2> {
        let prior = prior();
        let d = self.process.dimensions;
        let seen = self.told.of(conditions, &x.device());
        let [moves, scales, standard] = self.gaussian(network, steps, &x, seen.as_ref());
        let [moved_alone, scaled_alone] = self.alone(network, steps, &standard);
        let mut inputs = vec![x.clone(), standard];
        if self.sees_expected {
            inputs.push(self.process.expected_ends(steps, &x, &prior));
        }
        inputs.extend(seen.map(|seen| seen.repeat_dim(0, steps.len())));
        inputs.extend(guide.cloned());
        let out = network
            .body
            .forward(&self.process.times(steps), Tensor::cat(inputs, 1));
        let mut moved = out.clone().narrow(1, 0, d) + moved_alone;
        if let Some(guide) = guide {
            moved = moved + out.clone().narrow(1, 2 * d, d) * guide.clone();
        }
        let moved = per_step(steps, moved, |step| self.process.output(step));
        let scaled = (out.narrow(1, d, d) + scaled_alone)
            .div_scalar(MOST_SCALE)
            .tanh()
            .mul_scalar(MOST_SCALE);
        prior + Tensor::cat(vec![moves + moved, scales + scaled], 1)
    }
}
