//! How networks see the time of a step, or its noise.

use burn::tensor::{Device, Tensor, TensorData};
use std::array;
use std::f64::consts::PI;

/// Frequencies of the time embedding; each gives a sine and a cosine.
pub(crate) const FREQUENCIES: usize = 16;
/// Frequencies of the embedding of σ; each gives a cosine and a sine.
pub(crate) const SIGMA_FREQUENCIES: usize = 128;

/// sin and cos of π·t times frequencies spaced evenly in the logarithm from 1/2 to 32,
/// `[times, 2·FREQUENCIES]`.
pub(crate) fn time_features(times: &[f64], device: &Device) -> Tensor<2> {
    Tensor::from_data(
        TensorData::new(time_numbers(times), [times.len(), 2 * FREQUENCIES]),
        device,
    )
}

/// [`time_features`] on the host, row by row.
pub(super) fn time_numbers(times: &[f64]) -> Vec<f32> {
    let frequency = |k: usize| 0.5 * 64f64.powf(k as f64 / (FREQUENCIES - 1) as f64);
    waves(times, array::from_fn::<_, FREQUENCIES, _>(frequency))
}

/// sin and cos of π·t times each of these frequencies, `[times, 2·N]`.
pub(crate) fn time_waves<const N: usize>(times: &[f64], frequencies: [f64; N], device: &Device) -> Tensor<2> {
    Tensor::from_data(
        TensorData::new(waves(times, frequencies), [times.len(), 2 * N]),
        device,
    )
}

fn waves<const N: usize>(times: &[f64], frequencies: [f64; N]) -> Vec<f32> {
    let wave = |t: f64| {
        frequencies.into_iter().flat_map(move |frequency| {
            let (sin, cos) = (PI * frequency * t).sin_cos();
            [sin as f32, cos as f32]
        })
    };
    times.iter().flat_map(|t| wave(*t)).collect()
}

/// cos of σ times frequencies spaced evenly in the logarithm from 1 to nearly 1/10,000, then sin,
/// `[sigmas, 2·SIGMA_FREQUENCIES]`.
pub(crate) fn sigma_features(sigmas: &[f64], device: &Device) -> Tensor<2> {
    let angle = |sigma: f64, k: usize| sigma * 1e-4f64.powf(k as f64 / SIGMA_FREQUENCIES as f64);
    let features: Vec<f32> = sigmas
        .iter()
        .flat_map(|sigma| {
            [f64::cos, f64::sin]
                .into_iter()
                .flat_map(move |of| (0..SIGMA_FREQUENCIES).map(move |k| of(angle(*sigma, k)) as f32))
        })
        .collect();
    Tensor::from_data(
        TensorData::new(features, [sigmas.len(), 2 * SIGMA_FREQUENCIES]),
        device,
    )
}
