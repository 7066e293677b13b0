//! What is shown and measured of a run in the plane.

use super::{LEARNED, Learner, SessionError, Simulated, device_name};
use crate::message::{Fit, PlaneView, Report, Scene, Snapshot, View};
use crate::metric::{self, PICTURE_SIDE, PolicySamples, PriorSamples, equally_weighted};
use crate::noise::Purpose;
use crate::plane::Plane;
use crate::rollout::Follow;

impl Learner<Plane> {
    pub(super) async fn scene(&mut self) -> Result<Scene, SessionError> {
        let prior_paths = self.prior_paths().await?;
        let truth = self.task.truth().await?;
        Ok(Scene {
            truth: truth.kind,
            log_z: Some(truth.log_z),
            prior_paths,
            view: View::Plane(PlaneView {
                side: PICTURE_SIDE,
                prior: truth.prior.clone(),
                log_reward: truth.log_reward.clone(),
                exact: truth.posterior.clone(),
            }),
        })
    }

    pub(super) async fn snapshot(&mut self, candidates: usize) -> Result<Snapshot, SessionError> {
        let pictured = self.pictures(candidates, |_, _| None).await?;
        let count = self.task.run.evaluation.samples_while_training;
        let (report, made) = self.measure(count, candidates).await?;
        Ok(Snapshot {
            iteration: self.iteration(),
            samples: made.ends,
            paths: pictured.paths,
            log_reward: Vec::new(),
            moved: Vec::new(),
            report,
        })
    }

    pub(super) async fn evaluate(
        &mut self,
        samples: usize,
        candidates: usize,
    ) -> Result<Report, SessionError> {
        Ok(self.measure(samples, candidates).await?.0)
    }

    /// The report over `count` policy samples, and these; where they are chosen among several, it tells
    /// of both, and the chosen ones are returned.
    async fn measure(
        &mut self,
        count: usize,
        candidates: usize,
    ) -> Result<(Report, Simulated), SessionError> {
        let (report, made) = self.measure_own(count).await?;
        let truth = self.task.truth().await?;
        let fit = async |taken: &Simulated| {
            let points = || equally_weighted(&taken.ends);
            Ok(Fit::Plane(metric::fit(points, &truth, &self.task.mixture)))
        };
        self.with_choice(report, made, candidates, fit).await
    }

    /// The report over `count` samples as the policy draws them.
    async fn measure_own(&mut self, count: usize) -> Result<(Report, Simulated), SessionError> {
        let prior = self
            .simulate(Follow::Prior, Purpose::PriorEvaluation, count)
            .await?;
        let prior = PriorSamples {
            log_reward: prior.log_reward,
            log_ratio: prior.log_ratio,
        };
        let made = self.simulate(LEARNED, Purpose::Evaluation, count).await?;
        let reward = &self.task.reward;
        let floored = made.ends.chunks_exact(2);
        let policy = PolicySamples {
            floored: floored
                .map(|p| reward.is_floored([p[0].into(), p[1].into()]))
                .collect(),
            ends: made.ends.clone(),
            log_ratio: made.log_ratio.clone(),
            log_reward: made.log_reward.clone(),
        };
        let truth = self.task.truth().await?;
        let plane = &self.task;
        let report = metric::report(&policy, &prior, &truth, &plane.mixture, self.log_z());
        let report = self.signed(report, device_name(&plane.device));
        Ok((report, made))
    }
}
