//! What is shown and measured of a run on stories.

use super::{LEARNED, Learner, SessionError, Simulated, Task, device_name};
use crate::message::{Fit, Report, Scene, Snapshot, StoriesView, Truth, View};
use crate::metric;
use crate::noise::Purpose;
use crate::process::TokenChain;
use crate::rollout::Drawn;
use crate::stories::Stories;

/// Samples of a snapshot that are sent along.
const SENT: usize = 100;

impl Learner<Stories> {
    pub(super) async fn scene(&mut self) -> Result<Scene, SessionError> {
        let prior_paths = self.prior_paths().await?;
        let exact = self.task.truth();
        Ok(Scene {
            truth: Truth::ImportanceWeighted,
            log_z: exact.as_ref().map(|exact| exact.log_z),
            view: View::Stories(StoriesView {
                words: self.task.reader().vocabulary.file(),
                layout: self.task.reader().layout,
                unknown: self.task.unknown().to_vec(),
                log_reward: self.log_reward_of_ends(&prior_paths).await?,
                exact,
            }),
            prior_paths,
        })
    }

    pub(super) async fn snapshot(&mut self, candidates: usize) -> Result<Snapshot, SessionError> {
        let moved = |task: &Stories, drawn: &Drawn<TokenChain>| Some(task.moved(drawn));
        let pictured = self.pictures(candidates, moved).await?;
        let count = self.task.run.evaluation.samples_while_training;
        let (report, made) = self.measure(count, candidates).await?;
        let mut samples = made.ends;
        samples.truncate(SENT * self.task.reader().layout.length());
        Ok(Snapshot {
            iteration: self.iteration(),
            samples,
            paths: pictured.paths,
            log_reward: pictured.log_reward,
            moved: pictured.more,
            report,
        })
    }

    pub(super) async fn evaluate(
        &mut self,
        samples: usize,
        candidates: usize,
    ) -> Result<Report, SessionError> {
        let proposals = samples.max(self.task.run.evaluation.proposals);
        self.task.grow(proposals).await?;
        Ok(self.measure(samples, candidates).await?.0)
    }

    /// The report over `count` policy samples, and these; where they are chosen among several, it tells
    /// of both, and the chosen ones are returned.
    async fn measure(&self, count: usize, candidates: usize) -> Result<(Report, Simulated), SessionError> {
        let (report, made) = self.measure_own(count).await?;
        let task = &self.task;
        let fit = async |taken: &Simulated| {
            let fit = task.fit(&task.exact(), &taken.ends, &taken.log_reward);
            Ok(Fit::Stories(fit))
        };
        self.with_choice(report, made, candidates, fit).await
    }

    /// The report over `count` samples as the policy draws them.
    async fn measure_own(&self, count: usize) -> Result<(Report, Simulated), SessionError> {
        let made = self.simulate(LEARNED, Purpose::Evaluation, count).await?;
        let task = &self.task;
        let exact = task.exact();
        let tempering = task.run().tempering;
        let floor = tempering.beta * tempering.floor;
        let floored = made.log_reward.iter().filter(|l| **l <= floor).count();
        let fit = task.fit(&exact, &made.ends, &made.log_reward);
        let log_z = if exact.known { exact.log_z.value } else { f64::NAN };
        let report = Report {
            log_z_exact: log_z,
            log_z_prior: log_z,
            prior_samples_effective: exact.log_z.effective,
            log_reward: fit.log_reward_stories,
            fit: Fit::Stories(fit),
            floored_mass: floored as f64 / count as f64,
            floored_mass_exact: exact.floored_mass,
            truth: Truth::ImportanceWeighted,
            // One a story would be many.
            conditions: Vec::new(),
            ..metric::weighed(&made.log_weights(), &made.conditions, self.log_z())
        };
        // VarGrad has an estimate only of those stories that took part in training.
        let of_many = |value| {
            if task.run.corpus.is_some() {
                f64::NAN
            } else {
                value
            }
        };
        let report = Report {
            log_z_learned: of_many(report.log_z_learned),
            residual_mean: of_many(report.residual_mean),
            ..report
        };
        Ok((self.signed(report, device_name(&task.device)), made))
    }
}
