//! Priors: the drift of a mixture in closed form, or a network trained on its samples.

use super::{Mixture, Preconditioning};
use crate::engine::noise::Noise;
use crate::engine::process::{BrownianBridge, Prior};
use crate::engine::weights::{load_tensors, read_tensors};
#[cfg(feature = "cpu")]
use crate::engine::{device::cpu_device, host::read_now};
use crate::network::{DriftNetwork, DriftNetworkConfig};
use burn::tensor::{Device, Tensor, TensorData, activation};

/// The bridge's prior in the plane.
#[derive(Clone, Debug)]
pub enum PlanePrior {
    /// The drift of the mixture in closed form.
    Exact(ExactPrior),
    /// The drift of a network trained on samples of the mixture.
    Learned(Box<LearnedPrior>),
}

impl Prior<BrownianBridge> for PlanePrior {
    fn kernel(&self, step: usize, x: &Tensor<2>) -> Tensor<2> {
        match self {
            PlanePrior::Exact(prior) => prior.drift(step, x),
            PlanePrior::Learned(prior) => prior.drift(step, x),
        }
    }
}

/// u(x, t) = (E[x_1 | x_t = x] − x)/(1 − t) of a mixture, tabulated for every step.
#[derive(Clone, Debug)]
pub struct ExactPrior {
    steps: Vec<StepTable>,
}

#[derive(Clone, Debug)]
struct StepTable {
    /// [6, components]: features to log responsibilities.
    log_weights: Tensor<2>,
    /// [components, 6]: responsibilities to the affine map of E[x_1 | x_t].
    ends: Tensor<2>,
    /// 1/(1 − t).
    rate: f64,
    /// Both tables on the host.
    #[cfg(any(feature = "cpu", feature = "cube"))]
    numbers: [Vec<f32>; 2],
}

/// A component with less than e to this of the largest weight changes no sum in f32.
#[cfg(feature = "cpu")]
const LEAST_LOG_SHARE: f32 = -20.0;

#[cfg(feature = "cpu")]
impl StepTable {
    /// The drifts of rows, `[rows][2]`, one row at a time: a dozen operations over so few numbers would take longer.
    fn drifts(&self, x: &[f32]) -> Vec<f32> {
        let [log_weights, ends] = &self.numbers;
        let mut logs = vec![0.0; ends.len() / 6];
        let mut drifts = Vec::with_capacity(x.len());
        for row in x.chunks_exact(2) {
            let (x, y) = (row[0], row[1]);
            logs.fill(0.0);
            let features = [x * x, y * y, x * y, x, y, 1.0];
            for (feature, weights) in features.iter().zip(log_weights.chunks_exact(logs.len())) {
                for (log, weight) in logs.iter_mut().zip(weights) {
                    *log += feature * weight;
                }
            }
            let largest = logs.iter().copied().fold(f32::NEG_INFINITY, f32::max);
            let (mut total, mut map) = (0.0, [0.0; 6]);
            for (log, ends) in logs.iter().zip(ends.chunks_exact(6)) {
                if log - largest > LEAST_LOG_SHARE {
                    let share = (log - largest).exp();
                    total += share;
                    for (sum, end) in map.iter_mut().zip(ends) {
                        *sum += share * end;
                    }
                }
            }
            for (at, map) in row.iter().zip(map.chunks_exact(3)) {
                let end = (map[0] * x + map[1] * y + map[2]) / total;
                drifts.push((end - at) * self.rate as f32);
            }
        }
        drifts
    }
}

impl ExactPrior {
    /// The tables of a mixture's bridge on a device.
    pub fn new(mixture: &Mixture, process: &BrownianBridge, device: &Device) -> Self {
        let table = |step: usize| {
            let t = process.time(step);
            let parts = mixture.bridge(t, process.variance);
            let log_weights: Vec<f32> = (0..6)
                .flat_map(|row| parts.iter().map(move |p| p.log_weight[row] as f32))
                .collect();
            let ends: Vec<f32> = parts
                .iter()
                .flat_map(|p| p.end_x.into_iter().chain(p.end_y).map(|v| v as f32))
                .collect();
            StepTable {
                #[cfg(any(feature = "cpu", feature = "cube"))]
                numbers: [log_weights.clone(), ends.clone()],
                log_weights: Tensor::from_data(TensorData::new(log_weights, [6, parts.len()]), device),
                ends: Tensor::from_data(TensorData::new(ends, [parts.len(), 6]), device),
                rate: 1.0 / (1.0 - t),
            }
        };
        Self {
            steps: (0..process.steps).map(table).collect(),
        }
    }

    /// Of every step what the features of a point weigh in the logarithm of each component's responsibility,
    /// `[6, components]`, and the affine map of E[x_1 | x_t] of each component, `[components, 6]`.
    #[cfg(feature = "cube")]
    pub(super) fn tables(&self) -> impl ExactSizeIterator<Item = [&[f32]; 2]> {
        self.steps
            .iter()
            .map(|table| [&table.numbers[0][..], &table.numbers[1][..]])
    }

    /// The drift at a step, `[rows, 2]`.
    fn drift(&self, step: usize, x: &Tensor<2>) -> Tensor<2> {
        let table = &self.steps[step];
        let [rows, _] = x.dims();
        #[cfg(feature = "cpu")]
        if !x.is_autodiff()
            && x.device() == cpu_device()
            && let Ok(numbers) = read_now(x.clone())
        {
            return Tensor::from_data(TensorData::new(table.drifts(&numbers), [rows, 2]), &x.device());
        }
        let (first, second) = (x.clone().narrow(1, 0, 1), x.clone().narrow(1, 1, 1));
        let linear = Tensor::cat(vec![x.clone(), Tensor::ones([rows, 1], &x.device())], 1);
        let features = Tensor::cat(vec![x.clone().square(), first * second, linear.clone()], 1);
        let responsibilities = activation::softmax(features.matmul(table.log_weights.clone()), 1);
        let maps = responsibilities.matmul(table.ends.clone()).reshape([rows, 2, 3]);
        let end = (maps * linear.reshape([rows, 1, 3]))
            .sum_dim(2)
            .reshape([rows, 2]);
        (end - x.clone()).mul_scalar(table.rate)
    }
}

impl Prior<BrownianBridge> for ExactPrior {
    fn kernel(&self, step: usize, x: &Tensor<2>) -> Tensor<2> {
        self.drift(step, x)
    }
}

impl Prior<BrownianBridge> for LearnedPrior {
    fn kernel(&self, step: usize, x: &Tensor<2>) -> Tensor<2> {
        self.drift(step, x)
    }
}

/// A prior whose drift a network gives.
#[derive(Clone, Debug)]
pub struct LearnedPrior {
    network: DriftNetwork,
    preconditioning: Preconditioning,
}

impl LearnedPrior {
    /// The prior of a network.
    pub fn new(network: DriftNetwork, preconditioning: Preconditioning) -> Self {
        Self {
            network,
            preconditioning,
        }
    }

    /// The prior in a file of weights (safetensors); the network's shape is read off the tensors.
    ///
    /// # Errors
    ///
    /// Where they are no such network's.
    pub fn open(file: &[u8], process: BrownianBridge, device: &Device) -> Result<Self, String> {
        let weights = read_tensors(file)?;
        let config = DriftNetworkConfig::of(&weights)?;
        if (config.inputs, config.outputs) != (2, 2) {
            return Err(format!(
                "the network maps {} numbers to {}, but a learned prior of mixtures maps 2 to 2",
                config.inputs, config.outputs
            ));
        }
        let network = load_tensors(config.init(&Noise::new(0), device), &weights)?;
        Ok(Self::new(network, Preconditioning::new(process)))
    }

    /// The network, to start a posterior from.
    pub fn network(&self) -> &DriftNetwork {
        &self.network
    }

    fn drift(&self, step: usize, x: &Tensor<2>) -> Tensor<2> {
        self.preconditioning
            .learned_drift(&self.network, &[step], x.clone())
    }
}
