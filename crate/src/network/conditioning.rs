//! Further inputs of denoising networks: the time, the condition, and the scale of the Langevin term.

use super::embedding::time_features;
use super::layer::Dense;
use crate::engine::process::Rows;
use burn::module::Param;
use burn::tensor::{Device, Tensor, activation};

/// An embedding of times, `[times, units]`, or with what conditions add to it, `[times·conditions, units]`:
/// one a row of every block.
pub(crate) fn embedding(
    time: &Dense,
    table: Option<&Param<Tensor<2>>>,
    times: &[f64],
    conditions: &[usize],
    device: &Device,
) -> Tensor<2> {
    let time = time.forward(time_features(times, device));
    let Some(table) = table else {
        return activation::hard_swish(time);
    };
    let ([blocks, units], rows) = (time.dims(), conditions.len());
    let condition = table.val().select_rows(conditions).reshape([1, rows, units]);
    activation::hard_swish((time.reshape([blocks, 1, units]) + condition).reshape([blocks * rows, units]))
}

/// An embedding table for `conditions` conditions, 0 at the start.
pub(crate) fn table(conditions: usize, units: usize, device: &Device) -> Option<Param<Tensor<2>>> {
    Some(Param::from_tensor(Tensor::zeros([conditions, units], device)))
}

/// 1 + what a head says of an embedding, `[rows, 1]`, the embedding's rows repeated evenly.
pub(crate) fn scale(head: &Dense, embedding: Tensor<2>, rows: usize) -> Tensor<2> {
    let more = head.forward(embedding);
    let [known, _] = more.dims();
    let each = more.reshape([known, 1]).expand([known, rows / known]);
    each.reshape([rows, 1]).add_scalar(1.0)
}
