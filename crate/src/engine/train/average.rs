//! The exponential moving average of a network's weights.

use burn::module::{Module, ModuleMapper, ModuleVisitor, Param};
use burn::optim::GradientsParams;
use burn::store::{ModuleRecord, RecordError};
use burn::tensor::Tensor;

/// The decay of update n is at most (1 + n)/(SLOWNESS + n), so the average spans about the last 1/SLOWNESS of
/// the updates so far. In a short training it does not lag behind because of its initial weights.
const SLOWNESS: f64 = 10.0;

/// ē ← d·ē + (1 − d)·w, parameter by parameter, where d rises to `decay`.
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

    /// Takes in the weights of `network`, a module with the same parameter ids, after so many updates.
    pub(super) fn update(&mut self, network: &N, updates: usize) {
        let rising = (1.0 + updates as f64) / (SLOWNESS + updates as f64);
        let mut values = Values(GradientsParams::new());
        network.visit(&mut values);
        let mut blend = Blend {
            decay: self.decay.min(rising),
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

#[cfg(all(test, feature = "cpu"))]
mod tests {
    use super::Average;
    use burn::module::{Module, Param};
    use burn::tensor::{Device, Tensor};

    #[derive(Module, Debug)]
    struct Number {
        value: Param<Tensor<1>>,
    }

    /// A number that moves evenly from 0 to 1: the average is close behind it, however short the way.
    #[test]
    fn a_short_training_is_not_lagged_behind() {
        let device = Device::flex();
        let start = Number {
            value: Param::from_tensor(Tensor::zeros([1], &device)),
        };
        for steps in [20, 200, 2000] {
            let mut average = Average::new(0.999, start.clone());
            for step in 0..steps {
                let moved = Number {
                    value: start
                        .value
                        .clone()
                        .map(|v| v.add_scalar((step + 1) as f64 / steps as f64)),
                };
                average.update(&moved, step);
            }
            let ends = average.network().value.val().into_data();
            let end = ends.try_to_vec::<f32>().expect("a number")[0];
            assert!((0.85..1.0).contains(&end), "{end} after {steps}");
        }
    }
}
