//! Methods in the plane.

use super::{Drawn, Measured, draw, population, resampled};
use crate::config::{Method, PriorKind, Reward};
use crate::message::Fit;
use crate::metric::{self, weighted};
use crate::mixture::Mixture;
use crate::plane::Plane;
use crate::prior::ExactPrior;
use crate::sampler::{Composed, Population, Sampler, Smc};
use crate::session::SessionError;

/// Samples of a picture.
const PICTURED: usize = 4000;
/// Samples that a method without populations of its own draws at once.
const BLOCK: usize = 5000;

impl Plane {
    /// Samples of the run's training-free method.
    pub(super) async fn draw(&self, samples: usize) -> Result<Drawn, SessionError> {
        draw(&self.run.method, samples, BLOCK, async |rows, counter| {
            self.population(rows, counter).await
        })
        .await
    }

    async fn population(&self, rows: usize, counter: u64) -> Result<Population, String> {
        let setting = self.setting();
        // A reward made of priors needs no density of theirs: their kernels' ratios do. Above a
        // learned prior the run's reward is still the mixture's density, so there it is a tilt.
        let exact = self.run.prior.kind == PriorKind::Exact;
        let beta = self.run.tempering.beta;
        match (self.run.method, &self.run.reward) {
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
                let other = ExactPrior::new(&Mixture::new(components), &self.process, &self.device);
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
            (method, _) => population(method, &setting, self.mixture.variance(), rows, counter).await,
        }
    }

    /// Holds weighted end points against the truth.
    pub(super) async fn measure(
        &mut self,
        ends: &[f32],
        log_weights: &[f64],
    ) -> Result<Measured, SessionError> {
        let truth = self.truth().await?;
        let points = || weighted(ends, log_weights);
        let log_reward: f64 = points().map(|p| p.weight * self.reward.log_r(p.x)).sum();
        let pictured = PICTURED.min(log_weights.len());
        Ok(Measured {
            fit: Fit::Plane(metric::fit(points, &truth, &self.mixture)),
            log_reward: self.run.tempering.beta * log_reward,
            log_z_exact: truth.log_z,
            truth: truth.kind,
            points: resampled(&self.noise, log_weights, pictured)
                .into_iter()
                .flat_map(|i| [ends[2 * i], ends[2 * i + 1]])
                .collect(),
        })
    }
}
