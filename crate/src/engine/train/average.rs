//! The exponential moving average of a network's weights.

use burn::module::{Module, ModuleMapper, ModuleVisitor, Param};
use burn::optim::GradientsParams;
use burn::store::{ModuleRecord, RecordError};
use burn::tensor::Tensor;

/// ē ← decay·ē + (1 − decay)·w, parameter by parameter.
#[derive(Clone, Debug)]
pub(super) struct Average<N> {
    decay: f64,
    network: N,
}

impl<N: Module> Average<N> {
    /// An average that starts at `network`, which tracks no gradients.
    pub(super) fn new(decay: f64, network: N) -> Self {
        Self { decay, network }
    }

    pub(super) fn network(&self) -> &N {
        &self.network
    }

    pub(super) fn load(&mut self, record: ModuleRecord) -> Result<(), RecordError> {
        self.network = self.network.clone().try_load_record(record)?;
        Ok(())
    }

    /// Takes in the weights of `network`, a module with the same parameter ids.
    pub(super) fn update(&mut self, network: &N) {
        let mut values = Values(GradientsParams::new());
        network.visit(&mut values);
        let mut blend = Blend {
            decay: self.decay,
            values,
        };
        self.network = self.network.clone().map(&mut blend);
    }
}

/// Parameters by id; burn's container of gradients holds tensors of any rank.
struct Values(GradientsParams);

impl ModuleVisitor for Values {
    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        self.0.register(param.id, param.val());
    }
}

struct Blend {
    decay: f64,
    values: Values,
}

impl ModuleMapper for Blend {
    fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
        match self.values.0.remove::<D>(param.id) {
            Some(new) => param.map(|old| old.mul_scalar(self.decay) + new.mul_scalar(1.0 - self.decay)),
            None => param,
        }
    }
}
