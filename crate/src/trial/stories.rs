//! Methods on stories.

use super::{Drawn, Measured, draw, resampled, unguided};
use crate::config::Method;
use crate::message::{Fit, Truth};
use crate::session::{SessionError, Task};
use crate::stories::Stories;

/// Stories that a method without populations of its own draws at once.
const BLOCK: usize = 64;

impl Stories {
    /// Samples of the run's training-free method.
    pub(super) async fn draw(&self, samples: usize) -> Result<Drawn, SessionError> {
        let unusable = match self.run.method {
            Method::Guidance { .. } | Method::Dps { .. } | Method::LgdMc { .. } => {
                Some("words have no gradient to be guided by")
            }
            Method::Smc { points: 1.., .. } => {
                Some("words have no expected end to look ahead to; points = 0 weighs at the end only")
            }
            _ => None,
        };
        if let Some(why) = unusable {
            return Err(SessionError::Method(why.to_owned()));
        }
        draw(&self.run.method, samples, BLOCK, async |rows, counter| {
            unguided(self.run.method, &self.setting(), rows, counter).await
        })
        .await
    }

    /// Holds weighted stories against the exact ones: as many of them, drawn by their weights.
    pub(super) async fn measure(
        &mut self,
        stories: &[f32],
        log_weights: &[f64],
        samples: usize,
    ) -> Result<Measured, SessionError> {
        self.grow(samples.max(self.run.evaluation.proposals)).await?;
        let length = self.reader().layout.length();
        let picked = |count: usize| -> Vec<f32> {
            let places = resampled(&self.noise(), log_weights, count).into_iter();
            let story = |at: usize| &stories[at * length..(at + 1) * length];
            places.flat_map(story).copied().collect()
        };
        let drawn = picked(log_weights.len());
        let fit = self.measured(&drawn).await?;
        Ok(Measured {
            fit: Fit::Stories(fit),
            log_reward: fit.log_reward_stories,
            log_z_exact: self.exact().log_z.value,
            truth: Truth::ImportanceWeighted,
            points: picked(Self::PICTURED.min(log_weights.len())),
        })
    }
}
