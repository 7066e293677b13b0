//! Posteriors in the plane: what the network's output means for the bridge's drift.

#[cfg(feature = "cube")]
use super::walk::Walker;
use super::{HALF_WIDTH, LogReward, PlanePrior, Preconditioning};
use crate::engine::process::{BrownianBridge, Drawing, Policy, Walks};
use crate::network::{DriftNetwork, DriftNetworkConfig};
use burn::tensor::{Device, Int, Tensor, TensorData};

/// Cells along a side of the table of ∇ log r.
const GUIDE_SIDE: usize = 256;
/// Longest ∇ log r; hard masks have walls.
const LONGEST_GUIDE: f64 = 10.0;

/// The posterior's drift.
///
/// Above an exact prior: u_θ + c_out·net(c_in·x, x̂_1, t), where x̂_1 = x + (1 − t)·u_θ is the end
/// point that the prior expects; a head of 0 makes it the prior. In place of a learned prior: the
/// same network as the prior's, which starts as its copy. With the Langevin term, a further
/// output of the network times ∇ log r(x) is added (arXiv 2405.20971, appendix).
#[derive(Clone, Debug)]
pub struct PlanePolicy {
    process: BrownianBridge,
    preconditioning: Preconditioning,
    above_prior: bool,
    /// ∇ log r, `[GUIDE_SIDE², 2]`.
    guide: Option<Tensor<2>>,
    /// On a GPU, all steps in one launch.
    #[cfg(feature = "cube")]
    walker: Option<Walker>,
}

/// What a policy is made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PolicyShape {
    /// Whether the network's output is added to the prior's drift, or is the drift itself.
    pub above_prior: bool,
    /// Whether it has the Langevin term.
    pub langevin: bool,
    /// Units of each hidden layer above an exact prior.
    pub width: usize,
    /// Hidden layers above an exact prior.
    pub depth: usize,
}

impl PolicyShape {
    /// The network's shape above an exact prior.
    pub fn network(self) -> DriftNetworkConfig {
        DriftNetworkConfig {
            inputs: 4,
            outputs: if self.langevin { 3 } else { 2 },
            width: self.width,
            depth: self.depth,
        }
    }
}

impl PlanePolicy {
    /// The policy in place of a learned prior, without the Langevin term: its network is one like the
    /// prior's.
    pub fn in_place_of_prior(process: BrownianBridge) -> Self {
        Self {
            process,
            preconditioning: Preconditioning::new(process),
            above_prior: false,
            guide: None,
            #[cfg(feature = "cube")]
            walker: None,
        }
    }

    /// The policy of this shape above the prior of a chain.
    pub fn new(shape: PolicyShape, process: BrownianBridge, reward: &LogReward, device: &Device) -> Self {
        let guide = shape.langevin.then(|| {
            let table = reward.gradient_table(GUIDE_SIDE, LONGEST_GUIDE);
            Tensor::from_data(TensorData::new(table, [GUIDE_SIDE * GUIDE_SIDE, 2]), device)
        });
        Self {
            process,
            preconditioning: Preconditioning::new(process),
            above_prior: shape.above_prior,
            guide,
            #[cfg(feature = "cube")]
            walker: None,
        }
    }

    /// The same, which goes through all steps at once where the device and this prior, that of its chains, let it.
    pub fn at_once(self, prior: &PlanePrior, device: &Device) -> Self {
        // Not in a browser: there the next read of the device met a buffer that was still mapped.
        #[cfg(feature = "cube")]
        if cfg!(not(target_family = "wasm"))
            && let PlanePrior::Exact(prior) = prior
            && self.above_prior
            && self.guide.is_none()
        {
            return Self {
                walker: Walker::new(prior, self.process, self.preconditioning, device),
                ..self
            };
        }
        let _ = (prior, device);
        self
    }

    /// ∇ log r at the cells of x, `[rows, 2]`.
    fn guidance(table: &Tensor<2>, x: &Tensor<2>) -> Tensor<2> {
        let rows = x.dims()[0];
        let scale = GUIDE_SIDE as f64 / (2.0 * HALF_WIDTH);
        let last = (GUIDE_SIDE - 1) as f64;
        let cell = |axis: usize, sign: f64| {
            x.clone()
                .narrow(1, axis, 1)
                .mul_scalar(sign)
                .add_scalar(HALF_WIDTH)
                .mul_scalar(scale)
                .clamp(0.0, last)
                .floor()
        };
        let index = cell(0, 1.0) + cell(1, -1.0).mul_scalar(GUIDE_SIDE as f64);
        let index: Tensor<1, Int> = index.reshape([rows]).int();
        table.clone().select(0, index)
    }
}

impl Policy<BrownianBridge> for PlanePolicy {
    type Network = DriftNetwork;

    fn walk(&self, network: &DriftNetwork, drawing: Drawing) -> Option<Walks<BrownianBridge>> {
        #[cfg(feature = "cube")]
        return self.walker.as_ref()?.walk(network, drawing);
        #[cfg(not(feature = "cube"))]
        return {
            let _ = (network, drawing);
            None
        };
    }

    fn rows_at_once(&self, network: &DriftNetwork) -> usize {
        network.rows_at_once()
    }

    fn guide(
        &self,
        _step: usize,
        _conditions: &[usize],
        x: &Tensor<2>,
        _prior: &mut Option<Tensor<2>>,
    ) -> Option<Tensor<2>> {
        self.guide.as_ref().map(|table| Self::guidance(table, x))
    }

    fn kernel(
        &self,
        network: &DriftNetwork,
        steps: &[usize],
        _conditions: &[usize],
        x: Tensor<2>,
        guide: Option<&Tensor<2>>,
        prior: impl FnOnce() -> Tensor<2>,
    ) -> Tensor<2> {
        let scales = &self.preconditioning;
        if !self.above_prior {
            return scales.learned_drift(network, steps, x);
        }
        let prior = prior();
        let expected = x.clone() + self.process.per_step(steps, prior.clone(), |t| 1.0 - t);
        let inputs = Tensor::cat(
            vec![
                self.process.per_step(steps, x.clone(), |t| scales.input(t)),
                expected.mul_scalar(scales.data_scale()),
            ],
            1,
        );
        let out = network.forward(&self.process.times(steps), inputs);
        let out = self.process.per_step(steps, out, |t| scales.output(t));
        match guide {
            None => prior + out,
            Some(gradient) => prior + out.clone().narrow(1, 0, 2) + out.narrow(1, 2, 1) * gradient.clone(),
        }
    }
}
