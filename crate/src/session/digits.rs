//! What is shown and measured of a run on images.

use super::{LEARNED, Learner, SessionError, Simulated, Task, device_name};
use crate::config::Reward;
use crate::digits::{Digits, Exact};
use crate::image::PIXELS;
use crate::message::{ConditionReport, DigitsView, Fit, Paths, Report, Scene, Snapshot, Truth, View};
use crate::metric;
use crate::noise::Purpose;

/// Samples of a snapshot that are sent along.
const SENT: usize = 100;

impl Learner<Digits> {
    pub(super) async fn scene(&mut self) -> Result<Scene, SessionError> {
        let ends = self.prior_paths().await?;
        let log_reward = self.log_reward_of_ends(&ends).await?;
        let prior_paths = self.seen(ends).await?;
        let exact = self.task.truth().await?;
        Ok(Scene {
            truth: Truth::Rejection,
            log_z: exact.as_ref().map(|exact| exact.log_z),
            view: View::Digits(DigitsView { log_reward, exact }),
            prior_paths,
        })
    }

    pub(super) async fn snapshot(&mut self, candidates: usize) -> Result<Snapshot, SessionError> {
        let pictured = self.pictures(candidates, |_, _| None).await?;
        let exact = self.task.exact(self.task.proposals()).await?;
        let count = self.task.run.evaluation.samples_while_training;
        let (report, made) = self.measure(&exact, count, candidates).await?;
        let mut ends = made.ends;
        ends.truncate(SENT * self.task.size());
        let samples = self.task.images_of(&ends).await?;
        Ok(Snapshot {
            iteration: self.iteration(),
            samples,
            paths: self.seen(pictured.paths).await?,
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
        let exact = self.task.exact(proposals).await?;
        Ok(self.measure(&exact, samples, candidates).await?.0)
    }

    /// Trajectories as images.
    async fn seen(&self, paths: Paths) -> Result<Paths, SessionError> {
        Ok(Paths {
            size: PIXELS,
            points: self.task.images_of(&paths.points).await?,
            ..paths
        })
    }

    /// The report over `count` policy samples, and these; where they are chosen among several, it tells
    /// of both, and the chosen ones are returned.
    async fn measure(
        &self,
        exact: &Exact,
        count: usize,
        candidates: usize,
    ) -> Result<(Report, Simulated), SessionError> {
        let (report, made) = self.measure_own(exact, count).await?;
        let fit = async |taken: &Simulated| {
            let (fit, _) = self.task.fit(exact, &taken.ends, &taken.conditions).await?;
            Ok(Fit::Images(Box::new(fit)))
        };
        self.with_choice(report, made, candidates, fit).await
    }

    /// The report over `count` samples as the policy draws them.
    async fn measure_own(&self, exact: &Exact, count: usize) -> Result<(Report, Simulated), SessionError> {
        let made = self.simulate(LEARNED, Purpose::Evaluation, count).await?;
        let task = &self.task;
        let tempering = task.run().tempering;
        let floor = tempering.beta * tempering.floor;
        let floored = made.log_reward.iter().filter(|l| **l <= floor).count();
        let (fit, classes) = task.fit(exact, &made.ends, &made.conditions).await?;
        let weighed = metric::weighed(&made.log_weights(), &made.conditions, self.log_z());
        let share = |condition: usize, of: &dyn Fn(usize) -> f64| {
            let rows = (0..made.conditions.len()).filter(|row| made.conditions[*row] == condition);
            let values: Vec<f64> = rows.map(of).collect();
            values.iter().sum::<f64>() / values.len() as f64
        };
        let wanted: &[usize] = match &task.run.reward {
            Reward::EachClass { classes } => classes,
            _ => &[],
        };
        let each = weighed.conditions.iter().zip(wanted).enumerate();
        let conditions = each.map(|(condition, (known, class))| ConditionReport {
            class: *class,
            log_z_exact: exact.log_zs[condition],
            log_reward: share(condition, &|row| made.log_reward[row]),
            accuracy: share(condition, &|row| f64::from(u8::from(classes[row] == *class))),
            ..known.clone()
        });
        let conditions = conditions.collect();
        let report = Report {
            log_z_exact: exact.log_z,
            log_z_prior: exact.log_z,
            prior_samples_effective: exact.effective,
            fit: Fit::Images(Box::new(fit)),
            log_reward: made.log_reward.iter().sum::<f64>() / count as f64,
            floored_mass: floored as f64 / count as f64,
            floored_mass_exact: exact.floored_mass,
            truth: Truth::Rejection,
            conditions,
            ..weighed
        };
        Ok((self.signed(report, device_name(&task.device)), made))
    }
}
