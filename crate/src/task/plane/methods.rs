//! Methods in the plane.

use super::{ExactPrior, Mixture, PlaneTask, PriorKind, Reward, fit, weighted};
use crate::engine::sampler::{Composed, Population, Sampler, Smc};
use crate::engine::{EngineError, Method};
use crate::message::Fit;
use crate::task::opened::{self, Drawn, Measured, population, resampled};

/// Samples of a picture.
const PICTURED: usize = 4000;
/// Samples that a method without populations of its own draws at once.
const BLOCK: usize = 5000;

/// Samples of the run's training-free method.
pub(super) async fn draw(plane: &PlaneTask, samples: usize) -> Result<Drawn, EngineError> {
    opened::draw(&plane.run.method, samples, BLOCK, async |rows, counter| {
        of_method(plane, rows, counter).await
    })
    .await
}

async fn of_method(plane: &PlaneTask, rows: usize, counter: u64) -> Result<Population, String> {
    let setting = plane.setting();
    // A reward made of priors needs no density of theirs: their kernels' ratios do. Above a
    // learned prior the run's reward is still the mixture's density, so there it is a tilt.
    let exact = plane.problem.prior.kind == PriorKind::Exact;
    let beta = plane.run.tempering.beta;
    match (plane.run.method, &plane.problem.reward) {
        (Method::Smc { resample_below, .. }, Reward::Annealed { power }) if exact => {
            let target = Composed {
                power: 1.0 + beta * (power - 1.0),
                others: Vec::<(f64, ExactPrior)>::new(),
            };
            let smc = Smc {
                target,
                resample_below,
            };
            smc.population(&setting, rows, counter).await
        }
        (Method::Smc { resample_below, .. }, Reward::Product { components }) if exact => {
            let other = ExactPrior::new(&Mixture::new(components), &plane.process, &plane.device);
            let target = Composed {
                power: 1.0,
                others: vec![(beta, other)],
            };
            let smc = Smc {
                target,
                resample_below,
            };
            smc.population(&setting, rows, counter).await
        }
        (method, _) => population(method, &setting, plane.mixture.variance(), rows, counter).await,
    }
}

/// Holds weighted end points against the truth.
pub(super) async fn measure(
    plane: &mut PlaneTask,
    ends: &[f32],
    log_weights: &[f64],
) -> Result<Measured, EngineError> {
    let truth = plane.truth().await?;
    let points = || weighted(ends, log_weights);
    let log_reward: f64 = points().map(|p| p.weight * plane.reward.0.log_r(p.x)).sum();
    let pictured = PICTURED.min(log_weights.len());
    Ok(Measured {
        fit: Fit::new(&fit(points, &truth, &plane.mixture)),
        log_reward: plane.run.tempering.beta * log_reward,
        log_z_exact: truth.log_z,
        truth: truth.kind,
        points: resampled(&plane.noise, log_weights, pictured)
            .into_iter()
            .flat_map(|i| [ends[2 * i], ends[2 * i + 1]])
            .collect(),
    })
}
