//! The exact posteriors of a task of points.

use super::component;
use super::problem::Prior;
use super::{PointsTask, Truth};
use crate::engine::EngineError;
use crate::engine::noise::Purpose;
use crate::task::planar::Component;
use std::sync::Arc;

/// Most observations that figures are about: the first ones.
const LOOKED_AT: usize = 100;
/// Most points at which a script or a model is asked for the exact posteriors of all of them, and how few observations
/// this may leave.
const ASKED: usize = 200_000;
const LEAST_LOOKED_AT: usize = 10;
/// Points that stand for the exact posterior of each of several observations.
const TRUE_POINTS: usize = 2000;

impl PointsTask {
    /// The exact posteriors, one for each observation that figures are about.
    ///
    /// # Errors
    ///
    /// Where the device or a black box fails.
    pub async fn truths(&mut self) -> Result<Arc<Vec<Truth>>, EngineError> {
        if let Some(truths) = &self.truths {
            return Ok(truths.clone());
        }
        let truths = Arc::new(match self.problem.observations {
            Some(_) => self.amortised_truths().await?,
            None => vec![self.single_truth().await?],
        });
        self.truths = Some(truths.clone());
        Ok(truths)
    }

    /// log Z by quadrature of formulas in at most two dimensions, or along each coordinate; else from samples of the prior; log Z and the points of
    /// the user's reference where there are any.
    async fn single_truth(&self) -> Result<Truth, EngineError> {
        let beta = self.run.tempering.beta;
        let reward = &self.reward;
        let truth = match self.plane() {
            Some(components) if reward.is_formula() => {
                Truth::quadrature(&components, &self.space, reward, beta).map_err(EngineError::Device)?
            }
            _ => match self.separate_truth().map_err(EngineError::Device)? {
                Some(truth) => truth,
                None => self.weighted_truth(self.proposals(self.run.evaluation.proposals).await?, 0)?,
            },
        };
        let truth = match self.problem.reference.as_ref().and_then(|known| known.log_z) {
            Some(log_z) if beta == 1.0 => truth.with_log_z(log_z),
            _ => truth,
        };
        Ok(match &self.reference {
            Some(points) => truth.with_reference(points.clone(), self.size()),
            None => truth,
        })
    }

    /// From samples of the prior that all observations share, with weights of their own.
    async fn amortised_truths(&self) -> Result<Vec<Truth>, EngineError> {
        let (rows, proposals) = self.looked_at();
        let points = self.proposals(proposals).await?;
        let of = |condition| {
            let truth = self.weighted_truth(points.clone(), condition)?;
            Ok(truth.thinned(TRUE_POINTS, self.size(), &self.noise))
        };
        (0..rows).map(of).collect()
    }

    /// How many observations figures are about, and samples of the prior for each.
    fn looked_at(&self) -> (usize, usize) {
        let (all, proposals) = (self.observed.rows(), self.run.evaluation.proposals);
        if self.reward.is_formula() {
            return (all.min(LOOKED_AT), proposals);
        }
        let rows = (ASKED / proposals).clamp(LEAST_LOOKED_AT, LOOKED_AT).min(all);
        (rows, proposals.min(ASKED / rows))
    }

    /// Samples of the prior, `[count][d]`.
    async fn proposals(&self, count: usize) -> Result<Vec<f64>, EngineError> {
        let ends = self.prior_ends(Purpose::PriorEvaluation, count).await?;
        Ok(self.space.points(&ends))
    }

    fn weighted_truth(&self, points: Vec<f64>, condition: usize) -> Result<Truth, EngineError> {
        let conditions = vec![condition; points.len() / self.size()];
        let log_r = self
            .reward
            .of_points(&points, &conditions)
            .map_err(EngineError::Device)?;
        let beta = self.run.tempering.beta;
        Ok(Truth::weighted(
            points,
            &log_r,
            self.reward.floor(condition),
            beta,
        ))
    }

    /// The prior in the chain's space as a mixture in the plane; `None` of more dimensions, or of a network. Of one
    /// dimension the second is noise.
    fn plane(&self) -> Option<Vec<Component>> {
        let d = self.size();
        if d > 2 {
            return None;
        }
        match &self.problem.prior {
            Prior::Marginals { .. } | Prior::Flow { .. } => {
                Some(vec![Component::isotropic(1.0, [0.0; 2], 1.0)])
            }
            Prior::Mixture { components, .. } => {
                let component = |component: &component::Component| {
                    let (mean, covariance) = self.space.standardised(component);
                    match d {
                        1 => Component {
                            weight: component.weight,
                            mean: [mean[0], 0.0],
                            covariance: [covariance[0], 0.0, 1.0],
                        },
                        _ => Component {
                            weight: component.weight,
                            mean: [mean[0], mean[1]],
                            covariance: [covariance[0], covariance[1], covariance[3]],
                        },
                    }
                };
                Some(components.iter().map(component).collect())
            }
            Prior::Learned { .. } | Prior::Onnx(_) => None,
        }
    }
}
