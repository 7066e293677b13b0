//! Whole batches on a GPU: the policy above an exact prior goes through all steps in one launch.

mod kernel;

use super::{ExactPrior, Preconditioning};
use crate::engine::process::{BrownianBridge, Drawing, Walks};
use crate::network::embedding::time_features;
use crate::network::{DriftNetwork, DriftNetworkConfig};
use burn::backend::{Dispatch, DispatchTensorKind};
use burn::tensor::{Device, Tensor, TensorData};
use kernel::{INPUTS, MOST_UNITS_OF_LAYER, OF_STEP, OUTPUTS, Sizes, TABLE, WalkOps};

/// Most rows of a launch: as many groups of four as WebGPU launches.
const MOST_ROWS: usize = 4 * 65_535;

/// What a walk needs besides the network and the noise.
#[derive(Clone, Debug)]
pub(super) struct Walker {
    process: BrownianBridge,
    scales: Preconditioning,
    components: usize,
    /// [`OF_STEP`] numbers and [`TABLE`] numbers a component of every step.
    tables: Tensor<1>,
    /// Of the times of the steps.
    features: Tensor<2>,
}

impl Walker {
    /// That of a prior's chain; None where the device is no GPU, or the mixture has too many components for it.
    pub fn new(
        prior: &ExactPrior,
        process: BrownianBridge,
        scales: Preconditioning,
        device: &Device,
    ) -> Option<Self> {
        let zeros = Tensor::<1>::zeros([1], device).into_dispatch();
        if !matches!(zeros.kind, DispatchTensorKind::Cube(_)) || process.dimensions != OUTPUTS {
            return None;
        }
        let mut numbers = Vec::new();
        let mut components = 0;
        for (step, [log_weights, ends]) in prior.tables().enumerate() {
            let t = process.time(step);
            let [share, deviation] = process.noising(step);
            components = ends.len() / 6;
            let of_step = [
                1.0 / (1.0 - t),
                1.0 - t,
                scales.input(t),
                scales.output(t),
                share,
                deviation,
                process.dt(step),
                process.dt(step).sqrt(),
            ];
            numbers.extend(of_step.map(|number| number as f32));
            numbers.extend(log_weights);
            numbers.extend(ends);
        }
        let times: Vec<f64> = (0..process.steps).map(|step| process.time(step)).collect();
        (components <= MOST_UNITS_OF_LAYER).then(|| Self {
            process,
            scales,
            components,
            tables: Tensor::from_data(
                TensorData::new(numbers, [process.steps * (OF_STEP + TABLE * components)]),
                device,
            ),
            features: time_features(&times, device),
        })
    }

    /// The trajectories of a batch; None where the network has another shape than the kernel, or tracks gradients.
    pub fn walk(&self, network: &DriftNetwork, drawing: Drawing) -> Option<Walks<BrownianBridge>> {
        let DriftNetworkConfig {
            inputs,
            outputs,
            width,
            depth,
        } = network.config();
        let steps = self.process.steps;
        let rows = drawing.fresh + drawing.given.len() / OUTPUTS;
        let fits = (inputs, outputs) == (INPUTS, OUTPUTS)
            && width <= MOST_UNITS_OF_LAYER
            && (1..=MOST_ROWS).contains(&rows);
        let network = fits.then(|| network.flat(self.features.clone()))?;
        if network.is_autodiff() {
            return None;
        }
        let numbers = [drawing.noise, drawing.given_noise, drawing.given].concat();
        let numbers = Tensor::<1>::from_floats(numbers.as_slice(), &self.tables.device());
        let sizes = Sizes {
            rows,
            fresh: drawing.fresh,
            steps,
            components: self.components,
            width,
            depth,
            deviation: (self.process.variance + drawing.extra).sqrt() as f32,
            data_scale: self.scales.data_scale() as f32,
        };
        let (states, prior, posterior) = Dispatch::walk(
            self.tables.clone().into_dispatch(),
            network.into_dispatch(),
            numbers.into_dispatch(),
            sizes,
        );
        Some(Walks {
            states: Tensor::from_dispatch(states),
            prior: Tensor::from_dispatch(prior),
            posterior: Tensor::from_dispatch(posterior),
        })
    }
}
