//! Whether trained weights are numbers. A loss says so only of the weights before its update.

use crate::engine::EngineError;
use crate::engine::host::{read, read_now};
use burn::module::{Module, ModuleVisitor, Param};
use burn::tensor::Tensor;

/// The error of a training whose loss or weights are no longer numbers; `remedy` completes "try …".
pub(super) fn diverged(what: &str, iteration: usize, remedy: &str) -> EngineError {
    EngineError::Diverged(format!(
        "training diverged: {what} at iteration {iteration}; try {remedy}"
    ))
}

/// What [`diverged`] says of weights.
pub(super) const BROKEN: &str = "the weights are no longer numbers";

/// Whether all weights of a module are numbers.
pub(super) async fn is_sound(module: &impl Module) -> Result<bool, EngineError> {
    let sums = read(sums(module)).await.map_err(EngineError::Device)?;
    Ok(sums.iter().all(|sum| sum.is_finite()))
}

/// The same, where it may be waited for.
pub(super) fn is_sound_now(module: &impl Module) -> Result<bool, EngineError> {
    let sums = read_now(sums(module)).map_err(EngineError::Device)?;
    Ok(sums.iter().all(|sum| sum.is_finite()))
}

/// The sum of the weights of each parameter: no number as soon as one of them is none.
fn sums(module: &impl Module) -> Tensor<1> {
    let mut sums = Sums(Vec::new());
    module.visit(&mut sums);
    Tensor::cat(sums.0, 0)
}

struct Sums(Vec<Tensor<1>>);

impl ModuleVisitor for Sums {
    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        self.0.push(param.val().without_autodiff().sum());
    }
}
