//! What is shown and measured of a run on stories.

use super::calibrate::calibrate;
use super::methods;
use super::task::TextTask;
use super::{StoriesView, lines};
use crate::engine::learner::{Learner, Simulated};
use crate::engine::process::TokenChain;
use crate::engine::rollout;
use crate::engine::{ConfigError, EngineError};
use crate::message::{Fit, Packed, Report, SampledTruth, Scene, Snapshot, Truth};
use crate::run::Run;
use crate::task::Picture;
use crate::task::calibration::Calibration;
use crate::task::opened::{Drawn, Measured, Pictures, Reference, ShownTask};
use std::sync::Arc;

/// Samples of a snapshot that are sent along.
const SENT: usize = 100;

impl ShownTask for TextTask {
    fn run(&self) -> &Run {
        &self.run
    }

    fn revise(&mut self, run: Run) {
        self.run = run;
    }

    fn shape(&self) -> Vec<usize> {
        vec![self.reader().layout.length()]
    }

    fn unit(&self) -> (&'static str, usize) {
        ("tokens", self.reader().layout.gap)
    }

    fn text(&self, samples: &[f32]) -> String {
        lines(&self.run, self.reader(), samples).join("\n") + "\n"
    }

    fn pictures(&self) -> Pictures {
        let reader = self.reader().clone();
        Arc::new(move |stories| Picture::Texts(reader.middles(stories)))
    }

    fn misread(&self) -> Option<ConfigError> {
        TextTask::misread(self)
    }

    async fn scene(learner: &mut Learner<Self>) -> Result<Scene, EngineError> {
        let prior_paths = learner.prior_paths().await?;
        let exact = learner.task.known();
        Ok(Scene {
            truth: Truth::ImportanceWeighted,
            log_z: exact.as_ref().map(|exact| exact.log_z),
            log_reward: learner.log_reward_of_ends(&prior_paths).await?,
            exact,
            view: Packed::new(&StoriesView {
                words: learner.task.reader().vocabulary.file(),
                layout: learner.task.reader().layout,
                unknown: learner.task.unknown().to_vec(),
            }),
            prior_paths,
        })
    }

    async fn snapshot(learner: &mut Learner<Self>, candidates: usize) -> Result<Snapshot, EngineError> {
        let moved = |task: &TextTask, drawn: &rollout::Drawn<TokenChain>| Some(task.moved(drawn));
        let pictured = learner.pictures(candidates, moved).await?;
        let count = learner.task.run.evaluation.samples_while_training;
        let (report, made) = measure(learner, count, candidates).await?;
        let mut samples = made.ends;
        samples.truncate(SENT * learner.task.reader().layout.length());
        Ok(Snapshot {
            iteration: learner.iteration(),
            samples,
            paths: pictured.paths,
            log_reward: pictured.log_reward,
            more: pictured.more,
            report,
        })
    }

    async fn evaluate(
        learner: &mut Learner<Self>,
        samples: usize,
        candidates: usize,
    ) -> Result<Report, EngineError> {
        let proposals = samples.max(learner.task.run.evaluation.proposals);
        learner.task.grow(proposals).await?;
        Ok(measure(learner, samples, candidates).await?.0)
    }

    async fn calibration(learner: &mut Learner<Self>) -> Result<Option<Calibration>, EngineError> {
        calibrate(learner).await
    }

    async fn grow_truth(&mut self, samples: usize) -> Result<bool, EngineError> {
        self.grow_by(samples).await
    }

    async fn truth(&mut self) -> Result<Option<SampledTruth>, EngineError> {
        Ok(self.known())
    }

    async fn reference(&mut self) -> Result<Reference, EngineError> {
        self.grow(self.run.evaluation.proposals).await?;
        let stories = self.known().map(|truth| truth.samples).unwrap_or_default();
        Ok(Reference {
            truth: Truth::ImportanceWeighted,
            picture: Picture::Texts(self.reader().middles(&stories)),
            floor: Box::new(|_, _| None),
        })
    }

    async fn draw(&self, samples: usize) -> Result<Drawn, EngineError> {
        methods::draw(self, samples).await
    }

    async fn measure(
        &mut self,
        ends: &[f32],
        log_weights: &[f64],
        samples: usize,
    ) -> Result<Measured, EngineError> {
        methods::measure(self, ends, log_weights, samples).await
    }
}

/// The report over `count` policy samples, and these; where they are chosen among several, it tells
/// of both, and the chosen ones are returned.
async fn measure(
    learner: &Learner<TextTask>,
    count: usize,
    candidates: usize,
) -> Result<(Report, Simulated), EngineError> {
    let (report, made) = measure_own(learner, count).await?;
    let task = &learner.task;
    let fit = async |taken: &Simulated| {
        let fit = task.fit(&task.exact(), &taken.ends, &taken.log_reward);
        Ok(Fit::new(&fit))
    };
    learner.with_choice(report, made, candidates, fit).await
}

/// The report over `count` samples as the policy draws them.
async fn measure_own(learner: &Learner<TextTask>, count: usize) -> Result<(Report, Simulated), EngineError> {
    let made = learner.evaluated(count).await?;
    let task = &learner.task;
    let exact = task.exact();
    let tempering = task.run.tempering;
    let floor = tempering.beta * tempering.floor;
    let floored = made.log_reward.iter().filter(|l| **l <= floor).count();
    let fit = task.fit(&exact, &made.ends, &made.log_reward);
    let log_z = if exact.known { exact.log_z.value } else { f64::NAN };
    let report = Report {
        log_z_exact: log_z,
        log_z_prior: log_z,
        prior_samples_effective: exact.log_z.effective,
        log_reward: fit.log_reward_stories,
        fit: Fit::new(&fit),
        floored_mass: floored as f64 / count as f64,
        floored_mass_exact: exact.floored_mass,
        truth: Truth::ImportanceWeighted,
        // One a story would be many.
        conditions: Vec::new(),
        ..learner.weighed(&made)
    };
    // VarGrad has an estimate only of those stories that took part in training.
    let of_many = |value| match task.problem.corpus {
        Some(_) => f64::NAN,
        None => value,
    };
    let report = Report {
        log_z_learned: of_many(report.log_z_learned),
        residual_mean: of_many(report.residual_mean),
        ..report
    };
    Ok((learner.signed(report), made))
}
