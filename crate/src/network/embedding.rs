//! How networks see the time of a step.

use burn::tensor::{Device, Tensor, TensorData};

/// Frequencies of the time embedding; each gives a sine and a cosine.
pub(super) const FREQUENCIES: usize = 16;

/// sin and cos of π·t times frequencies spaced evenly in the logarithm from 1/2 to 32,
/// `[times, 2·FREQUENCIES]`.
pub(super) fn time_features(times: &[f64], device: &Device) -> Tensor<2> {
    let features: Vec<f32> = times
        .iter()
        .flat_map(|t| {
            (0..FREQUENCIES).flat_map(move |k| {
                let frequency = 0.5 * 64f64.powf(k as f64 / (FREQUENCIES - 1) as f64);
                let (sin, cos) = (std::f64::consts::PI * frequency * t).sin_cos();
                [sin as f32, cos as f32]
            })
        })
        .collect();
    Tensor::from_data(TensorData::new(features, [times.len(), 2 * FREQUENCIES]), device)
}
