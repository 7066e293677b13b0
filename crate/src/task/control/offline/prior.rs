//! The behaviour as the prior of many states.

use super::Behaviour;
use crate::engine::process::{OrnsteinUhlenbeck, Prior, Walker};
use crate::task::noise_policy::Told;
use burn::tensor::Tensor;

/// The behaviour's kernels in states that are told, one a condition.
#[derive(Clone, Debug)]
pub struct BehaviourPrior {
    /// Its network, and the chain.
    pub behaviour: Behaviour,
    /// The states as its network takes them.
    pub told: Told,
}

impl BehaviourPrior {
    fn states(&self, conditions: &[usize], x: &Tensor<2>) -> Tensor<2> {
        self.told
            .of(conditions, &x.device())
            .expect("states have numbers")
    }
}

impl Prior<OrnsteinUhlenbeck> for BehaviourPrior {
    fn kernel(&self, step: usize, x: &Tensor<2>) -> Tensor<2> {
        self.kernel_given(step, &vec![0; x.dims()[0]], x)
    }

    fn kernel_given(&self, step: usize, conditions: &[usize], x: &Tensor<2>) -> Tensor<2> {
        self.behaviour.kernel(step, self.states(conditions, x), x.clone())
    }

    fn walker<'a>(&'a self, conditions: &'a [usize]) -> Walker<'a, OrnsteinUhlenbeck> {
        let mut states = None;
        Box::new(move |step, x| {
            let states = states.get_or_insert_with(|| self.states(conditions, x));
            self.behaviour.kernel(step, states.clone(), x.clone())
        })
    }
}
