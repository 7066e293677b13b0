//! What is shown and measured of a run in the plane.

use super::methods;
use super::{
    LogReward, PICTURE_SIDE, PlaneTask, PlaneView, PolicySamples, PriorKind, PriorSamples, Truth,
    equally_weighted, fit, picture, report,
};
use crate::engine::EngineError;
use crate::engine::learner::{Learner, Simulated};
use crate::engine::noise::Purpose;
use crate::engine::rollout::Follow;
use crate::message::{Fit, Packed, Report, Scene, Snapshot};
use crate::run::Run;
use crate::task::opened::{Drawn, Measured, Pictures, Reference, ShownTask};
use crate::task::samples::csv;
use crate::task::{Picture, Scale};
use std::sync::Arc;

/// Cells over which samples are smeared in a picture; the exact posterior is treated alike.
const BLUR: f64 = 1.0;

/// A density as it is drawn.
fn cells(cells: Vec<f32>) -> Picture {
    Picture::Cells {
        side: PICTURE_SIDE,
        cells,
        scale: Scale::Like("exact"),
    }
}

impl ShownTask for PlaneTask {
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
        vec![2]
    }

    fn text(&self, samples: &[f32]) -> String {
        csv(&["x", "y"], samples)
    }

    fn pictures(&self) -> Pictures {
        Arc::new(|points| cells(picture::density(points, PICTURE_SIDE, BLUR)))
    }

    async fn scene(learner: &mut Learner<Self>) -> Result<Scene, EngineError> {
        let prior_paths = learner.prior_paths().await?;
        let truth = learner.task.truth().await?;
        Ok(Scene {
            truth: truth.kind,
            log_z: Some(truth.log_z),
            prior_paths,
            view: Packed::new(&PlaneView {
                side: PICTURE_SIDE,
                prior: truth.prior.clone(),
                log_reward: truth.log_reward.clone(),
                exact: truth.posterior.clone(),
            }),
            ..Scene::default()
        })
    }

    async fn snapshot(learner: &mut Learner<Self>, candidates: usize) -> Result<Snapshot, EngineError> {
        let pictured = learner.pictures(candidates, |_, _| None).await?;
        let count = learner.task.run.evaluation.samples_while_training;
        let (report, made) = measure(learner, count, candidates).await?;
        Ok(Snapshot {
            iteration: learner.iteration(),
            samples: made.ends,
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
        Ok(measure(learner, samples, candidates).await?.0)
    }

    async fn reference(&mut self) -> Result<Reference, EngineError> {
        let truth = self.truth().await?;
        let exact = picture::blurred(&truth.posterior, PICTURE_SIDE, BLUR);
        Ok(Reference {
            truth: truth.kind,
            picture: cells(exact),
            floor: Box::new(move |figure, samples| truth.floor(figure, samples)),
        })
    }

    async fn draw(&self, samples: usize) -> Result<Drawn, EngineError> {
        methods::draw(self, samples).await
    }

    async fn measure(
        &mut self,
        ends: &[f32],
        log_weights: &[f64],
        _samples: usize,
    ) -> Result<Measured, EngineError> {
        methods::measure(self, ends, log_weights).await
    }

    /// In place of a learned prior the policy stands alone.
    fn kernels(&self) -> u64 {
        match self.problem.prior.kind {
            PriorKind::Learned => 1,
            PriorKind::Exact => 2,
        }
    }
}

/// The report over `count` policy samples, and these; where they are chosen among several, it tells
/// of both, and the chosen ones are returned.
async fn measure(
    learner: &mut Learner<PlaneTask>,
    count: usize,
    candidates: usize,
) -> Result<(Report, Simulated), EngineError> {
    let (report, made) = measure_own(learner, count).await?;
    let truth = learner.task.truth().await?;
    let fit = async |taken: &Simulated| {
        let points = || equally_weighted(&taken.ends);
        Ok(Fit::new(&fit(points, &truth, &learner.task.mixture)))
    };
    learner.with_choice(report, made, candidates, fit).await
}

/// The report over `count` samples as the policy draws them.
async fn measure_own(
    learner: &mut Learner<PlaneTask>,
    count: usize,
) -> Result<(Report, Simulated), EngineError> {
    let prior = learner
        .simulate(Follow::Prior, Purpose::PriorEvaluation, count)
        .await?;
    let prior = PriorSamples {
        log_reward: prior.log_reward,
        log_ratio: prior.log_ratio,
    };
    let made = learner.evaluated(count).await?;
    let reward: &LogReward = &learner.task.reward.0;
    let floored = made.ends.chunks_exact(2);
    let policy = PolicySamples {
        floored: floored
            .map(|p| reward.is_floored([p[0].into(), p[1].into()]))
            .collect(),
        ends: made.ends.clone(),
        log_ratio: made.log_ratio.clone(),
        log_reward: made.log_reward.clone(),
    };
    let truth: Arc<Truth> = learner.task.truth().await?;
    let report = report(&policy, &prior, &truth, &learner.task.mixture, learner.log_z());
    Ok((learner.signed(report), made))
}
