//! What is shown and measured of a run of points.

use super::calibrate::calibrate;
use super::measured::{mean, measure};
use super::sheet::SHEET;
use super::{PointsTask, PointsView, Space};
use crate::engine::EngineError;
use crate::engine::learner::{Learner, Task};
use crate::engine::noise::Purpose;
use crate::engine::process::Prior;
use crate::engine::statistics::Mean;
use crate::message::{Fit, Packed, Paths, Report, Scene, Snapshot};
use crate::run::Run;
use crate::task::calibration::Calibration;
use crate::task::noise_policy::Told;
use crate::task::opened::{self, Drawn, Measured, Pictures, Reference, ShownTask, resampled};
use crate::task::samples::csv;
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

/// Trajectories of the chain's space as those of points.
fn placed(paths: Paths, space: &Space) -> Paths {
    Paths {
        points: narrowed(&space.points(&paths.points)),
        ..paths
    }
}

impl ShownTask for PointsTask {
    fn run(&self) -> &Run {
        &self.run
    }

    fn revise(&mut self, run: Run) {
        if run.evaluation.proposals != self.run.evaluation.proposals {
            self.truths = None;
        }
        self.run = run;
    }

    fn shape(&self) -> Vec<usize> {
        vec![self.size()]
    }

    fn text(&self, samples: &[f32]) -> String {
        csv(self.space.names(), samples)
    }

    fn pictures(&self) -> Pictures {
        let names = self.space.names().to_vec();
        Arc::new(move |points| super::corner(&names, [&[], points, &[]]))
    }

    async fn samples_of(&self, ends: Vec<f32>, _conditions: &[usize]) -> Result<Vec<f32>, EngineError> {
        Ok(narrowed(&self.space.points(&ends)))
    }

    fn told(&self) -> Option<(usize, Told)> {
        Some((self.size(), PointsTask::told(self)))
    }

    async fn scene(learner: &mut Learner<Self>) -> Result<Scene, EngineError> {
        let prior_paths = placed(learner.prior_paths().await?, &learner.task.space);
        let truths = learner.task.truths().await?;
        let task = &learner.task;
        let ends = task.prior_ends(Purpose::Pictures, PICTURED).await?;
        let exact = truths.iter().flat_map(|truth| {
            let drawn = truth.drawn(PICTURED / truths.len(), task.size(), &task.noise);
            narrowed(&drawn)
        });
        Ok(Scene {
            truth: truths[0].kind,
            log_z: Some(mean(&truths, |truth| truth.log_z)),
            prior_paths,
            view: Packed::new(&PointsView {
                names: task.space.names().to_vec(),
                prior: narrowed(&task.space.points(&ends)),
                exact: exact.collect(),
                posteriors: [task.observed.rows(), truths.len()],
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
            paths: placed(pictured.paths, &learner.task.space),
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

    async fn calibration(learner: &mut Learner<Self>) -> Result<Option<Calibration>, EngineError> {
        calibrate(learner).await
    }

    /// With the distance of as many exact samples.
    async fn reference(&mut self) -> Result<Reference, EngineError> {
        let truths = self.truths().await?;
        let (d, noise) = (self.size(), self.noise);
        let exact = truths
            .iter()
            .flat_map(|truth| narrowed(&truth.drawn(PICTURED / truths.len(), d, &noise)));
        let exact: Vec<f32> = exact.collect();
        let sets = [&[][..], &exact[..], &exact];
        Ok(Reference {
            truth: truths[0].kind,
            picture: super::corner(self.space.names(), sets),
            floor: opened::floor_of(SHEET.error, move |samples| {
                let each = (samples / truths.len()).max(1);
                let floors = truths.iter().map(|truth| truth.floor(each, d, &noise));
                let floors: Vec<f64> = floors.collect::<Result<_, _>>().ok()?;
                Some(floors.iter().sum::<f64>() / floors.len() as f64)
            }),
        })
    }

    async fn draw(&self, samples: usize) -> Result<Drawn, EngineError> {
        let method = self.run.method;
        opened::draw_of_diffusion(method, &self.setting(), VARIANCE, samples, BLOCK).await
    }

    async fn measure(
        &mut self,
        ends: &[f32],
        log_weights: &[f64],
        _samples: usize,
    ) -> Result<Measured, EngineError> {
        let truths = self.truths().await?;
        let points = self.space.points(ends);
        let all = self.conditions();
        let conditions: Vec<usize> = (0..log_weights.len()).map(|row| all.in_turn(row)).collect();
        let log_r = self
            .reward
            .of_ends(ends, &conditions)
            .map_err(EngineError::Device)?;
        let log_reward = Mean::weighted(log_weights, log_r.into_iter()).value;
        let d = self.size();
        let pictured = resampled(&self.noise, log_weights, PICTURED.min(log_weights.len()));
        Ok(Measured {
            fit: Fit::new(
                &self
                    .fit(&truths, (&points, log_weights, &conditions), true)
                    .await?
                    .0,
            ),
            log_reward: self.run.tempering.beta * log_reward,
            log_z_exact: mean(&truths, |truth| truth.log_z),
            truth: truths[0].kind,
            points: pictured
                .into_iter()
                .flat_map(|at| narrowed(&points[at * d..(at + 1) * d]))
                .collect(),
        })
    }

    /// Noise as a prior costs nothing.
    fn kernels(&self) -> u64 {
        if self.prior.ends_are_noise() { 1 } else { 2 }
    }
}
