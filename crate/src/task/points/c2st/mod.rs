//! The classifier two-sample test: how well a classifier tells samples from a reference, 0.5 where it cannot.
//!
//! It is the test of the benchmark of simulation-based inference (arXiv 2101.04653, `sbibm.metrics.c2st`) with
//! the classifier of scikit-learn, so that figures compare.

mod classifier;
mod fold;

use crate::engine::host::read;
use crate::engine::noise::{Noise, Purpose};
use crate::engine::parallel;
use burn::tensor::{Device, Tensor, TensorData};
use fold::{Fold, shuffled};

const FOLDS: usize = 5;
/// Fewest rows of a set.
const FEWEST: usize = 10;
/// Most epochs of a classifier. The benchmark allows 10,000; the loss has long stood still before this.
const EPOCHS: usize = 1000;

/// The mean accuracy of the classifier on rows held out, over five folds. Both sets are `[rows][size]`; of the
/// longer one the first rows count. On the processor the folds train on threads of their own.
///
/// # Errors
///
/// Where a set is too small or not of this size, where a coordinate of the reference has a single value, where
/// a number is not finite, or where the device fails.
pub async fn c2st(
    reference: &[f64],
    samples: &[f64],
    size: usize,
    seed: u64,
    device: &Device,
) -> Result<f64, String> {
    let data = Data::scaled(reference, samples, size)?;
    let mut folds = folds(&data, &Noise::new(seed), device);
    let mut accuracy = 0.0;
    for epoch in 1..=EPOCHS {
        let mut unfinished = Vec::new();
        let rounds = folds.len().div_ceil(parallel::at_once(device));
        for group in parallel::split(folds, rounds) {
            for (mut fold, loss) in parallel::map(group, Fold::epoch) {
                let loss = f64::from(read(loss).await?[0]);
                if !loss.is_finite() {
                    return Err(format!(
                        "the classifier's loss is {loss}: the samples lie too far from the reference"
                    ));
                }
                if fold.is_finished(loss) || epoch == EPOCHS {
                    accuracy += fold.accuracy().await?;
                } else {
                    unfinished.push(fold);
                }
            }
        }
        folds = unfinished;
        if folds.is_empty() {
            break;
        }
    }
    Ok(accuracy / FOLDS as f64)
}

/// Whether samples, `[rows][size]`, can be a reference.
///
/// # Errors
///
/// As [`c2st`].
pub(super) fn check_reference(reference: &[f64], size: usize) -> Result<(), String> {
    check("reference", reference, size)?;
    (0..size).try_for_each(|coordinate| scale(reference, size, coordinate).map(drop))
}

/// The folds of shuffled rows, as even as they can be.
fn folds(data: &Data, noise: &Noise, device: &Device) -> Vec<Fold> {
    let order = shuffled(data.labels.len(), &mut noise.stream(Purpose::Evaluation, 0));
    let edge = |fold: usize| order.len() * fold / FOLDS;
    let fold = |fold: usize| {
        let (start, end) = (edge(fold), edge(fold + 1));
        let others = [&order[..start], &order[end..]].concat();
        let rng = noise.stream(Purpose::Evaluation, 1 + fold as u64);
        Fold::new(
            data.tensors(&others, device),
            data.tensors(&order[start..end], device),
            rng,
        )
    };
    (0..FOLDS).map(fold).collect()
}

/// Rows with their labels, 0 the reference and 1 the samples.
struct Data {
    size: usize,
    /// `[rows of both][size]`.
    rows: Vec<f32>,
    labels: Vec<f32>,
}

impl Data {
    /// Both sets in units of the reference's deviations, cut to the same number of rows.
    fn scaled(reference: &[f64], samples: &[f64], size: usize) -> Result<Self, String> {
        for (name, set) in [("reference", reference), ("samples", samples)] {
            check(name, set, size)?;
        }
        let rows = reference.len().min(samples.len()) / size;
        let (reference, samples) = (&reference[..rows * size], &samples[..rows * size]);
        let scales = (0..size).map(|coordinate| scale(reference, size, coordinate));
        let scales = scales.collect::<Result<Vec<_>, _>>()?;
        let both = reference.iter().chain(samples).zip(scales.iter().cycle());
        Ok(Self {
            size,
            rows: both
                .map(|(x, (mean, deviation))| ((x - mean) / deviation) as f32)
                .collect(),
            labels: [vec![0.0; rows], vec![1.0; rows]].concat(),
        })
    }

    /// These rows and their labels, `[of, size]` and `[of, 1]`.
    fn tensors(&self, of: &[usize], device: &Device) -> [Tensor<2>; 2] {
        let rows = of
            .iter()
            .flat_map(|row| &self.rows[row * self.size..][..self.size]);
        let labels = of.iter().map(|row| self.labels[*row]);
        let tensor = |values: Vec<f32>, width: usize| {
            Tensor::from_data(TensorData::new(values, [of.len(), width]), device)
        };
        [
            tensor(rows.copied().collect(), self.size),
            tensor(labels.collect(), 1),
        ]
    }
}

fn check(name: &str, set: &[f64], size: usize) -> Result<(), String> {
    if size == 0 {
        return Err("points of 0 coordinates in a two-sample test; use at least 1".to_owned());
    }
    let numbers = set.len();
    if !numbers.is_multiple_of(size) || numbers / size < FEWEST {
        return Err(format!(
            "the {name} of a two-sample test: {numbers} numbers; give at least {FEWEST} whole rows of {size}"
        ));
    }
    match set.iter().position(|x| !x.is_finite()) {
        None => Ok(()),
        Some(at) => Err(format!(
            "the {name} of a two-sample test: row {}, coordinate {} is {}; give finite numbers",
            at / size + 1,
            at % size + 1,
            set[at]
        )),
    }
}

/// Mean and deviation of a coordinate, that of a sample: n − 1 below the sum.
fn scale(rows: &[f64], size: usize, coordinate: usize) -> Result<(f64, f64), String> {
    let values = || rows.iter().skip(coordinate).step_by(size);
    let count = values().count() as f64;
    let mean = values().sum::<f64>() / count;
    let deviation = (values().map(|x| (x - mean).powi(2)).sum::<f64>() / (count - 1.0)).sqrt();
    if deviation > 0.0 && deviation.is_finite() {
        return Ok((mean, deviation));
    }
    Err(format!(
        "coordinate {} of the reference of a two-sample test has the deviation {deviation}; leave it out",
        coordinate + 1
    ))
}

#[cfg(all(test, feature = "cpu"))]
mod tests;
