//! What is shown and measured of a run of points.

use super::{PointsFit, PointsTask, PointsView, Truth};
use crate::engine::EngineError;
use crate::engine::learner::{Learner, Simulated};
use crate::engine::noise::Purpose;
use crate::engine::rollout::Follow;
use crate::engine::sampler::{Population, effective_share};
use crate::engine::statistics::log_mean_exp;
use crate::message::{Fit, Packed, Report, Scene, Snapshot};
use crate::run::Run;
use crate::task::Role;
use crate::task::opened::{self, Drawn, Measured, Pictures, Reference, ShownTask, population, resampled};
use std::fmt::Write;
use std::sync::Arc;

/// Points of a picture.
const PICTURED: usize = 4000;
/// Samples that a method without populations of its own draws at once.
const BLOCK: usize = 5000;
/// Variance of a coordinate of the standardised prior.
const VARIANCE: f64 = 1.0;

fn narrowed(points: &[f64]) -> Vec<f32> {
    points.iter().map(|value| *value as f32).collect()
}

impl PointsTask {
    /// The figures of weighted points; the classifier is asked only at the end.
    async fn fit(
        &self,
        truth: &Truth,
        points: &[f64],
        log_weights: &[f64],
        classified: bool,
    ) -> Result<PointsFit, EngineError> {
        let d = self.size();
        let count = log_weights.len();
        let mut fit = truth
            .fit(points, log_weights, d, &self.noise)
            .map_err(EngineError::Device)?;
        if classified && truth.is_reference {
            let rows = resampled(&self.noise, log_weights, count);
            let even: Vec<f64> = rows
                .into_iter()
                .flat_map(|at| &points[at * d..(at + 1) * d])
                .copied()
                .collect();
            let accuracy = super::c2st(&truth.points, &even, d, self.run.seed, &self.device).await;
            fit.c2st = Some(accuracy.map_err(EngineError::Device)?);
        }
        fit.evaluations = self.reward.evaluations() as f64;
        Ok(fit)
    }
}

impl ShownTask for PointsTask {
    fn run(&self) -> &Run {
        &self.run
    }

    fn revise(&mut self, run: Run) {
        if run.evaluation.proposals != self.run.evaluation.proposals {
            self.truth = None;
        }
        self.run = run;
    }

    fn shape(&self) -> Vec<usize> {
        vec![self.size()]
    }

    fn text(&self, samples: &[f32]) -> String {
        let mut text = self.space.names().join(",");
        text.push('\n');
        for point in samples.chunks_exact(self.size()) {
            for (at, value) in point.iter().enumerate() {
                let comma = if at > 0 { "," } else { "" };
                // Writing to a string cannot fail.
                let _ = write!(text, "{comma}{value}");
            }
            text.push('\n');
        }
        text
    }

    fn pictures(&self) -> Pictures {
        let names = self.space.names().to_vec();
        Arc::new(move |points| {
            super::corner(
                &names,
                [(Role::Prior, &[]), (Role::Learned, points), (Role::Exact, &[])],
            )
        })
    }

    async fn samples_of(&self, ends: Vec<f32>) -> Result<Vec<f32>, EngineError> {
        Ok(narrowed(&self.space.points(&ends)))
    }

    async fn scene(learner: &mut Learner<Self>) -> Result<Scene, EngineError> {
        let prior_paths = learner.prior_paths().await?;
        let truth = learner.task.truth().await?;
        let task = &learner.task;
        let ends = task.prior_ends(Purpose::Pictures, PICTURED).await?;
        Ok(Scene {
            truth: truth.kind,
            log_z: Some(truth.log_z),
            prior_paths,
            view: Packed::new(&PointsView {
                names: task.space.names().to_vec(),
                prior: narrowed(&task.space.points(&ends)),
                exact: narrowed(&truth.drawn(PICTURED, task.size(), &task.noise)),
            }),
            ..Scene::default()
        })
    }

    async fn snapshot(learner: &mut Learner<Self>, candidates: usize) -> Result<Snapshot, EngineError> {
        let pictured = learner.pictures(candidates, |_, _| None).await?;
        let count = learner.task.run.evaluation.samples_while_training;
        let (report, made) = measure(learner, count, candidates, false).await?;
        Ok(Snapshot {
            iteration: learner.iteration(),
            samples: narrowed(&learner.task.space.points(&made.ends)),
            paths: pictured.paths,
            log_reward: Vec::new(),
            more: Vec::new(),
            report,
        })
    }

    async fn evaluate(
        learner: &mut Learner<Self>,
        samples: usize,
        candidates: usize,
    ) -> Result<Report, EngineError> {
        Ok(measure(learner, samples, candidates, true).await?.0)
    }

    /// With the distance of as many exact samples.
    async fn reference(&mut self) -> Result<Reference, EngineError> {
        let truth = self.truth().await?;
        let (d, noise) = (self.size(), self.noise);
        let exact = narrowed(&truth.drawn(PICTURED, d, &noise));
        let sets = [
            (Role::Prior, &[][..]),
            (Role::Learned, &exact[..]),
            (Role::Exact, &exact),
        ];
        Ok(Reference {
            truth: truth.kind,
            picture: super::corner(self.space.names(), sets),
            error: Box::new(move |samples| truth.floor(samples, d, &noise).ok()),
        })
    }

    async fn draw(&self, samples: usize) -> Result<Drawn, EngineError> {
        opened::draw(&self.run.method, samples, BLOCK, async |rows, counter| {
            let made: Result<Population, String> =
                population(self.run.method, &self.setting(), VARIANCE, rows, counter).await;
            made
        })
        .await
    }

    async fn measure(
        &mut self,
        ends: &[f32],
        log_weights: &[f64],
        _samples: usize,
    ) -> Result<Measured, EngineError> {
        let truth = self.truth().await?;
        let points = self.space.points(ends);
        let log_r = self.reward.of_ends(ends).map_err(EngineError::Device)?;
        let largest = log_weights.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        let (mut sum, mut total) = (0.0, 0.0);
        for (log_weight, log_r) in log_weights.iter().zip(&log_r) {
            let weight = (log_weight - largest).exp();
            sum += weight * log_r;
            total += weight;
        }
        let d = self.size();
        let pictured = resampled(&self.noise, log_weights, PICTURED.min(log_weights.len()));
        Ok(Measured {
            fit: Fit::new(&self.fit(&truth, &points, log_weights, true).await?),
            log_reward: self.run.tempering.beta * sum / total,
            log_z_exact: truth.log_z,
            truth: truth.kind,
            points: pictured
                .into_iter()
                .flat_map(|at| narrowed(&points[at * d..(at + 1) * d]))
                .collect(),
        })
    }

    /// Noise as a prior costs nothing.
    fn kernels(&self) -> u64 {
        if self.prior.is_noise() { 1 } else { 2 }
    }
}

/// The report over `count` policy samples, and these; where they are chosen among several, it tells
/// of both, and the chosen ones are returned.
async fn measure(
    learner: &mut Learner<PointsTask>,
    count: usize,
    candidates: usize,
    classified: bool,
) -> Result<(Report, Simulated), EngineError> {
    let (report, made) = measure_own(learner, count, classified).await?;
    let truth = learner.task.truth().await?;
    let fit = async |taken: &Simulated| {
        let task = &learner.task;
        let points = task.space.points(&taken.ends);
        let even = vec![0.0; points.len() / task.size()];
        Ok(Fit::new(&task.fit(&truth, &points, &even, classified).await?))
    };
    learner.with_choice(report, made, candidates, fit).await
}

/// The report over `count` samples as the policy draws them.
async fn measure_own(
    learner: &mut Learner<PointsTask>,
    count: usize,
    classified: bool,
) -> Result<(Report, Simulated), EngineError> {
    let prior = learner
        .simulate(Follow::Prior, Purpose::PriorEvaluation, count)
        .await?;
    let log_z_prior = log_mean_exp(prior.log_reward.iter().copied());
    let eubo = prior
        .log_reward
        .iter()
        .zip(&prior.log_ratio)
        .map(|(r, q)| (r - log_z_prior).exp() * (r - q))
        .sum::<f64>()
        / count as f64;
    let made = learner.evaluated(count).await?;
    let truth = learner.task.truth().await?;
    let task = &learner.task;
    let points = task.space.points(&made.ends);
    let even = vec![0.0; count];
    let fit = task.fit(&truth, &points, &even, classified).await?;
    let floor = task.run.tempering.beta * task.reward.floor();
    let floored = made.log_reward.iter().filter(|l| **l <= floor).count();
    let report = Report {
        log_z_exact: truth.log_z,
        log_z_prior,
        prior_samples_effective: effective_share(&prior.log_reward) * count as f64,
        eubo: Some(eubo),
        fit: Fit::new(&fit),
        log_reward: made.log_reward.iter().sum::<f64>() / count as f64,
        floored_mass: floored as f64 / count as f64,
        floored_mass_exact: truth.floored_mass,
        truth: truth.kind,
        ..learner.weighed(&made)
    };
    Ok((learner.signed(report), made))
}
