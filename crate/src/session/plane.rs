//! What is shown and measured of a run in the plane.

use super::{LEARNED, Learner, SessionError, device_name};
use crate::message::{PlaneView, Report, Scene, Snapshot, View};
use crate::metric::{self, PICTURE_SIDE, PolicySamples, PriorSamples};
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

    pub(super) async fn snapshot(&mut self) -> Result<Snapshot, SessionError> {
        let paths = self.thinned(&self.pictures().states).await?;
        let count = self.task.run.evaluation.samples_while_training;
        let (report, samples) = self.measure(count).await?;
        Ok(Snapshot {
            iteration: self.iteration(),
            samples,
            paths,
            log_reward: Vec::new(),
            moved: Vec::new(),
            report,
        })
    }

    pub(super) async fn evaluate(&mut self, samples: usize) -> Result<Report, SessionError> {
        Ok(self.measure(samples).await?.0)
    }

    /// The report over `count` policy samples, and their end points.
    async fn measure(&mut self, count: usize) -> Result<(Report, Vec<f32>), SessionError> {
        let made = self
            .simulate(Follow::Prior, Purpose::PriorEvaluation, count)
            .await?;
        let prior = PriorSamples {
            log_reward: made.log_reward,
            log_ratio: made.log_ratio,
        };
        let made = self.simulate(LEARNED, Purpose::Evaluation, count).await?;
        let reward = &self.task.reward;
        let floored = made.ends.chunks_exact(2);
        let policy = PolicySamples {
            floored: floored
                .map(|p| reward.is_floored([p[0].into(), p[1].into()]))
                .collect(),
            ends: made.ends,
            log_ratio: made.log_ratio,
            log_reward: made.log_reward,
        };
        let truth = self.task.truth().await?;
        let plane = &self.task;
        let report = metric::report(&policy, &prior, &truth, &plane.mixture, self.log_z());
        let report = self.signed(report, device_name(&plane.device));
        Ok((report, policy.ends))
    }
}
