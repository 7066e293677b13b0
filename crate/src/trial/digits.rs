//! Methods on images.

use super::{Drawn, Measured, draw, population, resampled};
use crate::digits::{Digits, picked};
use crate::message::{Fit, Truth};
use crate::session::{SessionError, Task};

/// Images that a method without populations of its own draws at once.
const BLOCK: usize = 250;
/// Images of the prior whose variance stands for the data's.
pub(super) const VARIANCE_IMAGES: usize = 100;

impl Digits {
    /// Samples of the run's training-free method.
    pub(super) async fn draw(&self, samples: usize, data_variance: f64) -> Result<Drawn, SessionError> {
        draw(&self.run.method, samples, BLOCK, async |rows, counter| {
            population(self.run.method, &self.setting(), data_variance, rows, counter).await
        })
        .await
    }

    /// Holds weighted end points against the exact ones: as many of them, drawn by their weights.
    pub(super) async fn measure(
        &mut self,
        ends: &[f32],
        log_weights: &[f64],
        samples: usize,
    ) -> Result<Measured, SessionError> {
        let exact = self.exact(samples.max(self.run.evaluation.proposals)).await?;
        let noise = self.noise();
        let drawn = picked(
            ends,
            self.size(),
            resampled(&noise, log_weights, log_weights.len()),
        );
        let log_reward = self.log_reward(&drawn).await?;
        let (fit, _) = self.fit(&exact, &drawn, &self.in_turn(log_reward.len())).await?;
        let pictured = resampled(&noise, log_weights, Self::PICTURED.min(log_weights.len()));
        let points = self.images_of(&picked(ends, self.size(), pictured)).await?;
        Ok(Measured {
            fit: Fit::Images(Box::new(fit)),
            log_reward: log_reward.iter().sum::<f64>() / log_reward.len() as f64,
            log_z_exact: exact.log_z,
            truth: Truth::Rejection,
            points,
        })
    }
}
