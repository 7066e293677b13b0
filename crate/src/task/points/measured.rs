//! The figures of samples of points, beside those of the exact posteriors.

use super::{ObservationFit, PointsFit, PointsTask, Truth};
use crate::engine::EngineError;
use crate::engine::learner::{LEARNED, Learner, Simulated};
use crate::engine::noise::Purpose;
use crate::engine::rollout::Follow;
use crate::engine::sampler::effective_share;
use crate::engine::statistics::log_mean_exp;
use crate::message::{self, ConditionReport, Fit, Report};
use crate::task::opened::resampled;

/// Fewest effective samples of the prior that an upper bound of log Z is measured by.
const FEWEST_EFFECTIVE: f64 = 50.0;

/// Points `[rows][d]`, the logarithms of their weights, and their conditions.
type Weighted<'a> = (&'a [f64], &'a [f64], &'a [usize]);

/// The mean of a figure of the exact posteriors.
pub(super) fn mean(truths: &[Truth], of: impl Fn(&Truth) -> f64) -> f64 {
    truths.iter().map(of).sum::<f64>() / truths.len() as f64
}

/// The means of the figures that each of several posteriors has.
fn mean_fit(fits: &[PointsFit]) -> PointsFit {
    let mean = |figure: fn(&PointsFit) -> f64| fits.iter().map(figure).sum::<f64>() / fits.len() as f64;
    PointsFit {
        marginal_error: mean(|fit| fit.marginal_error),
        marginal_error_exact: mean(|fit| fit.marginal_error_exact),
        correlation_error: mean(|fit| fit.correlation_error),
        log_z_error: mean(|fit| fit.log_z_error),
        effective: mean(|fit| fit.effective),
        ..PointsFit::default()
    }
}

impl PointsTask {
    /// The figures of weighted points, means over the observations, and those of every observation that has
    /// points; the classifier is asked only at the end.
    pub(super) async fn fit(
        &self,
        truths: &[Truth],
        (points, log_weights, conditions): Weighted<'_>,
        classified: bool,
    ) -> Result<(PointsFit, Vec<PointsFit>), EngineError> {
        let d = self.size();
        let mut parts = vec![(Vec::new(), Vec::new()); truths.len()];
        let rows = points.chunks_exact(d).zip(log_weights).zip(conditions);
        for ((point, log_weight), condition) in rows {
            if let Some((points, log_weights)) = parts.get_mut(*condition) {
                points.extend_from_slice(point);
                log_weights.push(*log_weight);
            }
        }
        let parts = truths.iter().zip(&parts).filter(|(_, part)| !part.0.is_empty());
        let each = parts.map(|(truth, (points, log_weights))| truth.fit(points, log_weights, d, &self.noise));
        let each = each.collect::<Result<Vec<_>, _>>().map_err(EngineError::Device)?;
        let mut fit = mean_fit(&each);
        // Only a single posterior has a reference.
        if classified && truths[0].is_reference {
            let count = log_weights.len().min(truths[0].points.len() / d);
            let rows = resampled(&self.noise, log_weights, count);
            let even = rows.into_iter().flat_map(|at| &points[at * d..(at + 1) * d]);
            let even: Vec<f64> = even.copied().collect();
            let accuracy = super::c2st(&truths[0].points, &even, d, self.run.seed, &self.device).await;
            fit.c2st = Some(accuracy.map_err(EngineError::Device)?);
        }
        fit.evaluations = self.reward.evaluations() as f64;
        fit.log_z_known = truths[0].log_z_known;
        Ok((fit, each))
    }
}

/// The report over `count` policy samples, and these; where they are chosen among several, it tells
/// of both, and the chosen ones are returned.
pub(super) async fn measure(
    learner: &mut Learner<PointsTask>,
    count: usize,
    candidates: usize,
    classified: bool,
) -> Result<(Report, Simulated), EngineError> {
    let (report, made) = measure_own(learner, count, classified).await?;
    let truths = learner.task.truths().await?;
    let fit = async |taken: &Simulated| {
        let task = &learner.task;
        let points = task.space.points(&taken.ends);
        let even = vec![0.0; taken.conditions.len()];
        let weighted = (&points[..], &even[..], &taken.conditions[..]);
        Ok(Fit::new(&task.fit(&truths, weighted, classified).await?.0))
    };
    learner.with_choice(report, made, candidates, fit).await
}

/// The report over `count` samples as the policy draws them, in turn given all observations that are looked at.
async fn measure_own(
    learner: &mut Learner<PointsTask>,
    count: usize,
    classified: bool,
) -> Result<(Report, Simulated), EngineError> {
    let truths = learner.task.truths().await?;
    let of_prior = of_prior(learner, &truths, count).await?;
    let conditions: Vec<usize> = (0..count).map(|row| row % truths.len()).collect();
    let made = learner
        .simulate_round(LEARNED, Purpose::Evaluation, 0, &conditions)
        .await?;
    let task = &learner.task;
    let points = task.space.points(&made.ends);
    let even = vec![0.0; count];
    let (fit, each) = task
        .fit(&truths, (&points, &even, &conditions), classified)
        .await?;
    let floor = |condition: usize| task.run.tempering.beta * task.reward.floor(condition);
    let pairs = made.log_reward.iter().zip(&conditions);
    let floored = pairs.filter(|(l, condition)| **l <= floor(**condition)).count();
    let weighed = learner.weighed(&made);
    let report = Report {
        log_z_exact: mean(&truths, |truth| truth.log_z),
        fit: Fit::new(&fit),
        log_reward: made.log_reward.iter().sum::<f64>() / count as f64,
        floored_mass: floored as f64 / count as f64,
        floored_mass_exact: mean(&truths, |truth| truth.floored_mass),
        truth: truths[0].kind,
        conditions: of_observations(&weighed.conditions, &truths, &each, &made),
        log_z_prior: of_prior.log_z_prior,
        prior_samples_effective: of_prior.prior_samples_effective,
        eubo: of_prior.eubo,
        ..weighed
    };
    Ok((learner.signed(report), made))
}

/// The figures of a report that the prior's own trajectories tell. For several posteriors, samples of the prior
/// that the exact ones are known from stand for them, and there is no upper bound of log Z.
async fn of_prior(
    learner: &Learner<PointsTask>,
    truths: &[Truth],
    count: usize,
) -> Result<Report, EngineError> {
    if learner.task.problem.observations.is_some() {
        return Ok(Report {
            log_z_prior: mean(truths, |truth| truth.log_z),
            prior_samples_effective: mean(truths, |truth| truth.effective),
            ..Report::default()
        });
    }
    let prior = learner
        .simulate(Follow::Prior, Purpose::PriorEvaluation, count)
        .await?;
    let log_z_prior = log_mean_exp(prior.log_reward.iter().copied());
    let pairs = prior.log_reward.iter().zip(&prior.log_ratio);
    let eubo = pairs.map(|(r, q)| (r - log_z_prior).exp() * (r - q)).sum::<f64>() / count as f64;
    let effective = effective_share(&prior.log_reward) * count as f64;
    Ok(Report {
        log_z_prior,
        prior_samples_effective: match truths[0].kind {
            message::Truth::Quadrature => effective,
            _ => truths[0].effective,
        },
        // Of few samples the weighted mean is far below what it would be of many, and no bound.
        eubo: (effective >= FEWEST_EFFECTIVE).then_some(eubo),
        ..Report::default()
    })
}

/// The figures of every observation that is looked at, where there are several.
fn of_observations(
    known: &[ConditionReport],
    truths: &[Truth],
    fits: &[PointsFit],
    made: &Simulated,
) -> Vec<ConditionReport> {
    let log_reward = |condition: usize| {
        let of_condition = made.log_reward.iter().skip(condition).step_by(truths.len());
        of_condition.clone().sum::<f64>() / of_condition.len() as f64
    };
    let each = known.iter().zip(truths).zip(fits).enumerate();
    each.map(|(at, ((known, truth), fit))| ConditionReport {
        log_z_exact: truth.log_z,
        log_reward: log_reward(at),
        fit: Fit::new(&ObservationFit {
            observation: at + 1,
            marginal_error: fit.marginal_error,
        }),
        ..known.clone()
    })
    .collect()
}
