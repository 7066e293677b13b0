//! Posteriors above models of others: the model with adapters, or a network that is added to one that the host computes.

use crate::engine::process::{At, Policy, Prior, Scheduled, per_step, whole_gradient};
use crate::network::diffusers::{Adapters, Model};
use crate::task::images::{OutsidePrior, UNet};
use burn::module::Module;
use burn::optim::GradientsParams;
use burn::tensor::Tensor;

/// What is trained above a model of others.
#[derive(Module, Debug)]
#[allow(
    clippy::large_enum_variant,
    reason = "there are few, and they are moved seldom"
)]
pub enum Change {
    /// Low-rank changes of its layers.
    Adapters(Adapters),
    /// A network beside it, whose output is 0 at the start.
    Beside(UNet),
}

/// The kernels of a posterior above a model of others.
#[derive(Clone, Debug)]
pub enum ChangedModel {
    /// The model with adapters.
    Adapted(Box<Model>),
    /// m_φ = m_θ + √v·net(x, t), where v is the step's variance.
    Beside(OutsidePrior),
}

const MISMATCH: &str = "the network was made for this policy";

impl Policy<Scheduled> for ChangedModel {
    type Network = Change;

    fn kernel(
        &self,
        change: &Change,
        steps: &[usize],
        conditions: &[usize],
        x: Tensor<2>,
        guide: Option<&Tensor<2>>,
        prior: impl FnOnce() -> Tensor<2>,
    ) -> Tensor<2> {
        match (self, change) {
            (Self::Adapted(model), Change::Adapters(adapters)) => {
                Policy::kernel(&**model, adapters, steps, conditions, x, guide, prior)
            }
            (Self::Beside(above), Change::Beside(network)) => {
                let times: Vec<f64> = steps.iter().map(|step| above.time(*step)).collect();
                let added = network.forward(&times, conditions, x);
                prior() + per_step(steps, added, |step| above.process().variance(step).sqrt())
            }
            _ => unreachable!("{MISMATCH}"),
        }
    }

    fn gradient(
        &self,
        change: &Change,
        at: At<Scheduled>,
        prior: impl FnOnce() -> Tensor<2>,
        value: impl FnOnce(Tensor<2>) -> Tensor<1>,
    ) -> GradientsParams {
        match (self, change) {
            (Self::Adapted(model), Change::Adapters(adapters)) => model.gradient(adapters, at, prior, value),
            _ => whole_gradient(self, change, at, prior, value),
        }
    }
}

impl Prior<Scheduled> for ChangedModel {
    fn kernel(&self, step: usize, x: &Tensor<2>) -> Tensor<2> {
        match self {
            Self::Adapted(model) => Prior::kernel(&**model, step, x),
            Self::Beside(prior) => prior.kernel(step, x),
        }
    }

    fn kernel_given(&self, step: usize, conditions: &[usize], x: &Tensor<2>) -> Tensor<2> {
        match self {
            Self::Adapted(model) => model.kernel_given(step, conditions, x),
            Self::Beside(prior) => prior.kernel(step, x),
        }
    }
}
