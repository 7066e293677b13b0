//! Methods on stories.

use super::task::TextTask;
use crate::engine::learner::Task;
use crate::engine::{EngineError, Method};
use crate::message::{Fit, Truth};
use crate::task::opened::{self, Drawn, Measured, resampled, unguided};

/// Stories that a method without populations of its own draws at once.
const BLOCK: usize = 64;

/// Samples of the run's training-free method.
pub(super) async fn draw(text: &TextTask, samples: usize) -> Result<Drawn, EngineError> {
    let method = text.run.method;
    let unusable = match method {
        Method::Guidance { .. } | Method::Dps { .. } | Method::LgdMc { .. } | Method::Hmc { .. } => {
            Some("this method needs a gradient, and words have no gradient")
        }
        Method::Smc { points: 1.., .. } => {
            Some("words have no expected end point; use points = 0, which weighs only at the end")
        }
        _ => None,
    };
    if let Some(why) = unusable {
        return Err(EngineError::Method(why.to_owned()));
    }
    opened::draw(&method, samples, BLOCK, async |rows, counter| {
        unguided(method, &text.setting(), rows, counter).await
    })
    .await
}

/// Holds weighted stories against the exact ones: as many of them, drawn by their weights.
pub(super) async fn measure(
    text: &mut TextTask,
    stories: &[f32],
    log_weights: &[f64],
    samples: usize,
) -> Result<Measured, EngineError> {
    text.grow(samples.max(text.run.evaluation.proposals)).await?;
    let length = text.reader().layout.length();
    let picked = |count: usize| -> Vec<f32> {
        let places = resampled(&text.noise(), log_weights, count).into_iter();
        let story = |at: usize| &stories[at * length..(at + 1) * length];
        places.flat_map(story).copied().collect()
    };
    let drawn = picked(log_weights.len().min(samples));
    let fit = text.measured(&drawn).await?;
    Ok(Measured {
        fit: Fit::new(&fit),
        log_reward: fit.log_reward_stories,
        log_z_exact: text.exact().log_z.value,
        truth: Truth::ImportanceWeighted,
        points: picked(TextTask::PICTURED.min(log_weights.len())),
    })
}
