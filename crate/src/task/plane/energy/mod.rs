//! An energy-based model of a diffusion prior: denoising score matching, regularised by the
//! Radon–Nikodym estimator (RNE, arXiv 2506.05668, §4).
//!
//! Score matching learns −∇E and is blind to the relative weight of modes that are far apart, and
//! to a constant at every time. On paths of the prior the estimator knows
//! log p_j(x_j) − log p_i(x_i) from the prior's kernels; asking the energies for the same fixes both,
//! down to the first marginal, which is a known Gaussian.

mod network;

pub use network::{EnergyModel, EnergyNetwork};

use super::picture;
use super::{Energy, KL_SIDE, PlaneTask, Truth, WeightedPoint};
use crate::engine::EngineError;
use crate::engine::host::{read, read_all};
use crate::engine::noise::{self, Purpose};
use crate::engine::process::{Prior, Process};
use crate::engine::statistics::kl;
use crate::engine::train::Descent;
use burn::tensor::{Tensor, TensorData, Transaction};

/// Blocks of rows that share a time, and rows of a block.
const BLOCKS: usize = 16;
const ROWS: usize = 32;
/// Paths on which the estimator is evaluated.
const PATHS: usize = 2000;
/// Points along a side of a cell of the grid that the density is summed on.
const POINTS_A_CELL: usize = 3;

/// How an energy is trained.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct EnergyConfig {
    /// Iterations of training, at least 1.
    pub iterations: usize,
    /// Units of each hidden layer.
    pub width: usize,
    /// Highest learning rate of the schedule, above 0, at most 1.
    pub learning_rate: f64,
    /// Weight of the estimator's consistency; 0 is denoising score matching alone.
    pub consistency: f64,
}

impl Default for EnergyConfig {
    fn default() -> Self {
        Self {
            iterations: 3000,
            width: 64,
            learning_rate: 3e-3,
            consistency: 0.3,
        }
    }
}

/// An energy in training.
pub struct EnergyTraining {
    lesson: Lesson,
    descent: Descent<EnergyNetwork>,
}

/// What an energy learns from.
struct Lesson {
    plane: PlaneTask,
    config: EnergyConfig,
    model: EnergyModel,
    paths: Paths,
}

/// Noised prior samples, and the estimator's log density along each.
struct Paths {
    /// `[PATHS][steps + 1][2]`.
    states: Vec<f32>,
    /// `[PATHS][steps + 1]`; the start has no density.
    log_prob: Vec<f64>,
}

impl EnergyTraining {
    /// Sets up the training for the prior of an open task.
    ///
    /// # Errors
    ///
    /// Where the device fails.
    pub async fn new(plane: PlaneTask, config: EnergyConfig) -> Result<Self, EngineError> {
        let network = EnergyNetwork::new(config.width, &plane.noise, &plane.device);
        let device = plane.device.clone();
        Ok(Self {
            // The energy itself is measured, not an average of energies.
            descent: Descent::new(network, config.learning_rate, 0.0, config.iterations, &device)?
                .with_remedy("a smaller weight of the consistency (--consistency)"),
            lesson: Lesson {
                model: EnergyModel {
                    process: plane.process,
                    data_variance: plane.mixture.variance(),
                },
                paths: paths(&plane).await?,
                plane,
                config,
            },
        })
    }

    /// Iterations done.
    pub fn iteration(&self) -> usize {
        self.descent.iteration()
    }

    /// Whether all iterations are done.
    pub fn finished(&self) -> bool {
        self.descent.finished()
    }

    /// One iteration; the loss.
    ///
    /// # Errors
    ///
    /// Where the device fails or the loss is no longer a number.
    pub async fn step(&mut self) -> Result<f64, EngineError> {
        let lesson = &self.lesson;
        let at = self.descent.iteration() as u64;
        self.descent
            .step(vec![()], |network, ()| {
                let mut rng = lesson.plane.noise.stream(Purpose::Pretraining, at);
                let loss = lesson.score_matching(network, &mut rng);
                match lesson.config.consistency {
                    0.0 => loss,
                    weight => loss + lesson.consistency(network, &mut rng).mul_scalar(weight),
                }
            })
            .await
    }

    /// exp(−E) at the end of the chain against the mixture.
    ///
    /// # Errors
    ///
    /// Where the device fails.
    pub async fn figures(&self) -> Result<Energy, EngineError> {
        let side = KL_SIDE * POINTS_A_CELL;
        let centers: Vec<[f64; 2]> = (0..side * side)
            .map(|cell| picture::center_of(cell, side))
            .collect();
        let at = centers.iter().flatten().map(|v| *v as f32).collect();
        let lesson = &self.lesson;
        let network = self.descent.network();
        let (log_prob, _) = lesson
            .model
            .log_prob_and_score(network, &[1.0], lesson.upload(at));
        let log_prob = read(log_prob).await.map_err(EngineError::Device)?;
        let area = picture::cell_area(side);
        // Relative to the largest: an energy without the consistency may be far off.
        let largest = log_prob.iter().copied().fold(f32::NEG_INFINITY, f32::max);
        let mass = |l: f32| f64::from(l - largest).exp() * area;
        let total: f64 = log_prob.iter().map(|l| mass(*l)).sum();
        let points = || {
            centers.iter().zip(&log_prob).map(|(x, l)| WeightedPoint {
                x: *x,
                weight: mass(*l) / total,
            })
        };
        let mixture = &lesson.plane.mixture;
        let exact = || super::quadrature(mixture);
        let cells = super::cell_masses(points());
        let per_area = picture::cell_area(KL_SIDE).recip();
        Ok(Energy {
            regularized: lesson.config.consistency > 0.0,
            iterations: self.iteration(),
            progress: self.iteration() as f64 / lesson.config.iterations as f64,
            log_normalizer: f64::from(largest) + total.ln(),
            mode_total_variation: super::total_variation(
                &Truth::modes_of(points(), mixture),
                &Truth::modes_of(exact(), mixture),
            ),
            kl_grid: kl(&cells, &super::cell_masses(exact())),
            side: KL_SIDE,
            density: cells[..KL_SIDE * KL_SIDE]
                .iter()
                .map(|c| (c * per_area) as f32)
                .collect(),
        })
    }
}

impl Lesson {
    /// Mean square of the coordinates of σ_t·s(x_t) + ε, over stratified times.
    fn score_matching(&self, network: &EnergyNetwork, rng: &mut rand_chacha::ChaCha8Rng) -> Tensor<1> {
        let offset = noise::uniform(rng);
        let times: Vec<f64> = (0..BLOCKS)
            .map(|b| ((b as f64 + offset) / BLOCKS as f64).clamp(1e-3, 1.0 - 1e-3))
            .collect();
        let (mut at, mut target, mut deviations) = (Vec::new(), Vec::new(), Vec::new());
        for t in &times {
            let deviation = (self.plane.process.variance * t * (1.0 - t)).sqrt();
            for _ in 0..ROWS {
                for end in self.plane.mixture.sample(rng) {
                    let epsilon = noise::normal(rng);
                    at.push((t * end + deviation * epsilon) as f32);
                    target.push(epsilon as f32);
                    deviations.push(deviation as f32);
                }
            }
        }
        let (_, score) = self.model.log_prob_and_score(network, &times, self.upload(at));
        (score * self.upload(deviations) + self.upload(target))
            .square()
            .mean()
    }

    /// Mean squared difference of log p̂_j(x_j) − log p̂_i(x_i) from the estimator's, i < j on a path.
    /// For i = 0, where there is no density, log p̂_j(x_j) itself is held against it.
    fn consistency(&self, network: &EnergyNetwork, rng: &mut rand_chacha::ChaCha8Rng) -> Tensor<1> {
        let steps = self.plane.process.steps;
        let pick =
            |rng: &mut _, from: usize, to: usize| from + (noise::uniform(rng) * (to - from) as f64) as usize;
        let (mut early, mut late) = (Vec::new(), Vec::new());
        let (mut early_at, mut late_at) = (Vec::new(), Vec::new());
        let (mut anchored, mut wanted) = (Vec::new(), Vec::new());
        for block in 0..BLOCKS {
            // Half of the blocks are anchored at the start.
            let i = if block % 2 == 0 { 0 } else { pick(rng, 1, steps) };
            let j = pick(rng, i + 1, steps + 1);
            early.push(self.plane.process.time(i.max(1)));
            late.push(self.plane.process.time(j));
            for _ in 0..ROWS {
                let path = pick(rng, 0, PATHS) * (steps + 1);
                let point = |step: usize| &self.paths.states[2 * (path + step)..2 * (path + step) + 2];
                early_at.extend(point(i.max(1)));
                late_at.extend(point(j));
                anchored.push(if i == 0 { 0.0 } else { 1.0 });
                let before = if i == 0 {
                    0.0
                } else {
                    self.paths.log_prob[path + i]
                };
                wanted.push((self.paths.log_prob[path + j] - before) as f32);
            }
        }
        let vector = |values: Vec<f32>| Tensor::<1>::from_floats(values.as_slice(), &self.plane.device);
        let log_prob = |times: &[f64], at| self.model.log_prob_and_score(network, times, self.upload(at)).0;
        let change = log_prob(&late, late_at) - log_prob(&early, early_at) * vector(anchored);
        (change - vector(wanted)).square().mean()
    }

    fn upload(&self, values: Vec<f32>) -> Tensor<2> {
        let rows = values.len() / 2;
        Tensor::from_data(TensorData::new(values, [rows, 2]), &self.plane.device)
    }
}

/// Samples of the mixture noised back to the start, with the estimator's log density on the way.
async fn paths(plane: &PlaneTask) -> Result<Paths, EngineError> {
    let (process, device) = (&plane.process, &plane.device);
    let steps = process.steps;
    let mut rng = plane.noise.stream(Purpose::Paths, 0);
    let ends = (0..PATHS)
        .flat_map(|_| plane.mixture.sample(&mut rng))
        .map(|v| v as f32)
        .collect();
    let mut states = vec![process.upload(ends, device)];
    for step in (0..steps).rev() {
        let noise = process.upload(noise::normals(&mut rng, 2 * PATHS), device);
        let back = process.noise_back(step, &states[states.len() - 1], noise);
        states.push(back);
    }
    states.reverse();
    let ratios = (0..steps).map(|step| {
        let (x, next) = (&states[step], &states[step + 1]);
        let kernel = plane.prior.kernel(step, x);
        process.log_prob(&[step], x, next, &kernel) - process.log_noise(step, x, next)
    });
    let ratios = Tensor::stack::<2>(ratios.collect(), 1);
    let points = Tensor::stack::<3>(states, 1);
    let both = Transaction::default().register(points).register(ratios);
    let mut numbers = read_all(both).await.map_err(EngineError::Device)?;
    let ratios = numbers.remove(1);
    let log_prob = ratios
        .chunks_exact(steps)
        .flat_map(|of_path| {
            let mut sum = 0.0;
            std::iter::once(f64::NAN).chain(of_path.iter().map(move |r| {
                sum += f64::from(*r);
                sum
            }))
        })
        .collect();
    Ok(Paths {
        states: numbers.remove(0),
        log_prob,
    })
}
