//! Methods on images.

use super::metric::picked;
use super::{ImagePrior, TaskOf};
use crate::engine::EngineError;
use crate::engine::learner::Task;
use crate::message::Fit;
use crate::task::opened::{self, Drawn, Measured, resampled};

/// Images that a method without populations of its own draws at once.
const BLOCK: usize = 250;
/// Images of the prior whose variance stands for the data's.
pub(super) const VARIANCE_IMAGES: usize = 100;

/// Samples of the run's training-free method.
pub(super) async fn draw<Q: ImagePrior>(images: &TaskOf<Q>, samples: usize) -> Result<Drawn, EngineError> {
    let (method, variance) = (images.run.method, images.data_variance);
    opened::draw_of_diffusion(method, &images.setting(), variance, samples, BLOCK).await
}

/// Holds weighted end points against the exact ones: as many of them, drawn by their weights.
pub(super) async fn measure<Q: ImagePrior>(
    images: &mut TaskOf<Q>,
    ends: &[f32],
    log_weights: &[f64],
    samples: usize,
) -> Result<Measured, EngineError> {
    let exact = images.exact(samples.max(images.run.evaluation.proposals)).await?;
    let (noise, size) = (images.noise(), images.size());
    let drawn = picked(ends, size, resampled(&noise, log_weights, log_weights.len()));
    let log_reward = images.log_reward(&drawn).await?;
    let (fit, _) = images
        .fit(&exact, &drawn, &images.in_turn(log_reward.len()))
        .await?;
    let pictured = resampled(&noise, log_weights, TaskOf::<Q>::PICTURED.min(log_weights.len()));
    let conditions = images.in_turn(pictured.len());
    let points = images
        .images_of(&picked(ends, size, pictured), &conditions)
        .await?;
    let fit = exact.placed(Fit::new(&fit), &drawn, &images.in_turn(log_reward.len()));
    Ok(Measured {
        fit,
        log_reward: log_reward.iter().sum::<f64>() / log_reward.len() as f64,
        log_z_exact: exact.log_z,
        truth: exact.truth(),
        points,
    })
}
