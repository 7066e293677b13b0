//! Guidance: every step of the prior's chain is moved along the gradient of an estimate of
//! log E[r(x_T) | x_i]. Biased, each in its own way.

use super::{Population, Sampler, Setting, Weighs};
use crate::engine::host::read;
use crate::engine::noise::{self, Purpose};
use crate::engine::process::{Diffusion, Prior, Process};
use crate::engine::statistics::log_mean_exp;
use burn::tensor::{Tensor, TensorData};
use rand_chacha::rand_core::Rng;

/// Longest gradient at an end point in the plane; longer ones, as at the walls of a reward, are shortened. In d
/// dimensions the limit is √(d/2) times as long, so it is the same per coordinate.
const LONGEST: f32 = 20.0;
/// Smallest residual's norm that [`Guidance::Dps`] divides by.
const SMALLEST_RESIDUAL: f64 = 0.1;

/// Approximations of log E[r(x_T) | x_i].
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Guidance {
    /// log r(x_i) (arXiv 2105.05233, with a classifier that does not know the noise).
    Classifier,
    /// log r(E[x_T | x_i]) (DPS, arXiv 2209.14687); normalised, each sample's gradient is divided
    /// by its √(2·(log max r − log r)).
    Dps {
        /// Whether each sample's gradient is divided.
        normalized: bool,
    },
    /// log mean_k r(E[x_T | x_i] + s_i·ε_k) (LGD-MC, ICML 2023).
    LgdMc {
        /// Offsets ε_k that the average is taken over.
        points: usize,
        /// Variance of a coordinate of the prior's samples, from which s_i follows.
        data_variance: f64,
    },
}

/// Guidance as a sampler.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Guided {
    /// The approximation whose gradient is taken.
    pub guidance: Guidance,
    /// Factor of the gradient that is added to the score.
    pub scale: f64,
}

impl<P: Diffusion, Q: Prior<P>> Sampler<P, Q> for Guided {
    async fn population(
        &self,
        setting: &Setting<'_, P, Q>,
        rows: usize,
        counter: u64,
    ) -> Result<Population, String> {
        let process = setting.process;
        let size = process.noise_size();
        let mut rng = setting.noise.stream(Purpose::Proposal, counter);
        let mut x = process.start(&vec![0; rows], setting.device);
        for step in 0..process.steps() {
            let (prior, gradient) = match self.guidance {
                Guidance::Classifier => {
                    let gradient = setting.gradient(&read(x.clone()).await?).await?;
                    (
                        setting.kernel(step, &x, rows),
                        upload(clipped(gradient, size), &x),
                    )
                }
                Guidance::Dps { normalized } => {
                    let cotangent = async |ends: &[f32]| dps_cotangent(setting, ends, normalized).await;
                    through_the_end(setting, step, &x, cotangent).await?
                }
                Guidance::LgdMc {
                    points,
                    data_variance,
                } => {
                    let offsets = offsets(
                        &mut rng,
                        rows * points,
                        size,
                        process.end_deviation(step, data_variance),
                    );
                    through_the_end(setting, step, &x, async |ends: &[f32]| {
                        let (_, cotangent) = averaged_with_gradient(setting, ends, &offsets, points).await?;
                        Ok(cotangent)
                    })
                    .await?
                }
            };
            let kernel = process.guide(step, &prior, gradient.mul_scalar(self.scale));
            let drawn = setting.draw(&mut rng, rows);
            x = process.transition(step, &x, &kernel, drawn, 0.0);
        }
        let forward = rows as u64 * process.steps() as u64;
        Ok(Population {
            ends: read(x).await?,
            log_weights: vec![0.0; rows],
            weighs: Weighs::Nothing,
            evaluations: match self.guidance {
                Guidance::Classifier => forward,
                _ => 3 * forward,
            },
        })
    }
}

/// The prior's kernel at x, and the gradient in x of a function of E[x_T | x_i = x]; `cotangent`
/// gives the function's gradient at the end points.
pub(super) async fn through_the_end<P: Diffusion, Q: Prior<P>>(
    setting: &Setting<'_, P, Q>,
    step: usize,
    x: &Tensor<2>,
    cotangent: impl AsyncFnOnce(&[f32]) -> Result<Vec<f32>, String>,
) -> Result<(Tensor<2>, Tensor<2>), String> {
    let leaf = x.clone().autodiff().require_grad();
    let prior = setting.prior.kernel(step, &leaf);
    let end = setting.process.expected_end(step, &leaf, &prior);
    let ends = read(end.clone()).await?;
    // The chain rule by hand: the reward's gradient is a number here, so that it needs no graph.
    let pulled = (end * upload(cotangent(&ends).await?, x)).sum();
    let gradient = leaf
        .grad(&pulled.backward())
        .ok_or("the prior has no gradient with respect to its state")?;
    Ok((prior.without_autodiff(), gradient))
}

/// `points` standard normal offsets times a deviation, `[points][size]`.
pub(super) fn offsets(rng: &mut impl Rng, points: usize, size: usize, deviation: f64) -> Vec<f32> {
    let mut offsets = noise::normals(rng, points * size);
    offsets.iter_mut().for_each(|o| *o *= deviation as f32);
    offsets
}

/// The end points with `points` offsets added to each, `[rows][points][size]`; offsets of one row
/// serve all.
fn around(ends: &[f32], offsets: &[f32], points: usize, size: usize) -> Vec<f32> {
    ends.chunks_exact(size)
        .zip(offsets.chunks_exact(points * size).cycle())
        .flat_map(|(end, offsets)| {
            offsets
                .chunks_exact(size)
                .flat_map(move |offset| end.iter().zip(offset).map(|(e, o)| e + o))
        })
        .collect()
}

/// Tempered log mean_k r(end + offset_k) of every end point.
pub(super) async fn averaged<P: Process, Q: Prior<P>>(
    setting: &Setting<'_, P, Q>,
    ends: &[f32],
    offsets: &[f32],
    points: usize,
) -> Result<Vec<f64>, String> {
    let around = around(ends, offsets, points, setting.process.state_size());
    let log_r = setting.log_reward(&around).await?;
    let means = log_r.chunks_exact(points);
    Ok(means.map(|logs| log_mean_exp(logs.iter().copied())).collect())
}

/// The same, and its gradient in the end point.
pub(super) async fn averaged_with_gradient<P: Process, Q: Prior<P>>(
    setting: &Setting<'_, P, Q>,
    ends: &[f32],
    offsets: &[f32],
    points: usize,
) -> Result<(Vec<f64>, Vec<f32>), String> {
    let size = setting.process.state_size();
    let around = around(ends, offsets, points, size);
    let log_r = setting.log_reward(&around).await?;
    let gradients = setting.gradient(&around).await?;
    let mut values = Vec::with_capacity(ends.len() / size);
    let mut mean = vec![0.0f32; ends.len()];
    let rows = log_r
        .chunks_exact(points)
        .zip(gradients.chunks_exact(points * size));
    for ((logs, gradients), mean) in rows.zip(mean.chunks_exact_mut(size)) {
        let value = log_mean_exp(logs.iter().copied());
        values.push(value);
        for (log, gradient) in logs.iter().zip(gradients.chunks_exact(size)) {
            let weight = ((log - value).exp() / points as f64) as f32;
            mean.iter_mut().zip(gradient).for_each(|(m, g)| *m += weight * g);
        }
    }
    Ok((values, clipped(mean, size)))
}

async fn dps_cotangent<P: Diffusion, Q: Prior<P>>(
    setting: &Setting<'_, P, Q>,
    ends: &[f32],
    normalized: bool,
) -> Result<Vec<f32>, String> {
    let size = setting.process.state_size();
    let mut gradient = setting.gradient(ends).await?;
    if normalized {
        let bound = setting
            .reward
            .log_bound()
            .ok_or("this reward has no upper bound")?;
        let log_r = setting.log_reward(ends).await?;
        for (row, log_r) in gradient.chunks_exact_mut(size).zip(log_r) {
            // A bound that was only searched for may be exceeded.
            let residual = (2.0 * (setting.beta * bound - log_r)).max(0.0).sqrt();
            let scale = 1.0 / residual.max(SMALLEST_RESIDUAL) as f32;
            row.iter_mut().for_each(|g| *g *= scale);
        }
    }
    Ok(clipped(gradient, size))
}

/// Rows no longer than [`LONGEST`] says.
fn clipped(mut gradient: Vec<f32>, size: usize) -> Vec<f32> {
    let longest = LONGEST * (size as f32 / 2.0).sqrt();
    for row in gradient.chunks_exact_mut(size) {
        let length = row.iter().map(|g| g * g).sum::<f32>().sqrt();
        if length > longest {
            row.iter_mut().for_each(|g| *g *= longest / length);
        }
    }
    gradient
}

fn upload(numbers: Vec<f32>, like: &Tensor<2>) -> Tensor<2> {
    Tensor::from_data(TensorData::new(numbers, like.dims()), &like.device())
}
