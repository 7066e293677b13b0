//! What is shown and measured of a run on images.

use super::calibrate::calibrate;
use super::methods::{self, VARIANCE_IMAGES};
use super::sheet::SHEET;
use super::{ClassFit, Exact, ImageView, PromptFit, Reward};
use super::{DescribedPrior, ImagePrior, TaskOf};
use crate::engine::EngineError;
use crate::engine::Paths;
use crate::engine::learner::{Learner, Simulated};
use crate::message::{ConditionReport, Fit, Packed, Report, SampledTruth, Scene, Snapshot, Truth};
use crate::run::Run;
use crate::task::calibration::Calibration;
use crate::task::noise_policy::Told;
use crate::task::opened::{Drawn, Kept, Measured, Pictures, Reference, ShownTask, floor_of};
use crate::task::samples::csv;
use std::iter;
use std::sync::Arc;

/// Samples on the plane of two latents, over those that other figures are about.
const ON_PLANE: usize = 40;
/// Samples of a snapshot that are sent along.
const SENT: usize = 100;

impl<Q: ImagePrior> ShownTask for TaskOf<Q> {
    fn run(&self) -> &Run {
        &self.run
    }

    fn revise(&mut self, run: Run) {
        self.run = run;
    }

    fn shape(&self) -> Vec<usize> {
        let [channels, height, width] = self.learned.shape.sizes();
        match channels {
            1 => vec![height, width],
            _ => vec![channels, height, width],
        }
    }

    /// One image a line.
    fn text(&self, samples: &[f32]) -> String {
        let pixels = self.learned.shape.pixels();
        let names: Vec<String> = (0..pixels).map(|at| format!("p{at}")).collect();
        csv(&names, samples)
    }

    fn pictures(&self) -> Pictures {
        let view = self.view();
        Arc::new(move |pixels| view.picture(pixels))
    }

    async fn samples_of(&self, ends: Vec<f32>, conditions: &[usize]) -> Result<Vec<f32>, EngineError> {
        self.images_of(&ends, conditions).await
    }

    fn told(&self) -> Option<(usize, Told)> {
        Q::OF_NOISE.then(|| (self.size(), Told::one_of(self.count())))
    }

    async fn scene(learner: &mut Learner<Self>) -> Result<Scene, EngineError> {
        let ends = learner.prior_paths().await?;
        let log_reward = learner.log_reward_of_ends(&ends).await?;
        let mut view = learner.task.view();
        view.plane = learner.task.plane_view(&ends).await?;
        let prior_paths = seen(learner, ends).await?;
        let exact = learner.task.known().await?;
        let (truth, log_z) = match learner.task.plane().await? {
            Some(plane) => (Truth::Quadrature, Some(plane.mean_log_z())),
            None => (Truth::Rejection, exact.as_ref().map(|exact| exact.log_z)),
        };
        Ok(Scene {
            truth,
            log_z,
            log_reward,
            exact,
            prior_paths,
            view: Packed::new(&view),
        })
    }

    async fn snapshot(learner: &mut Learner<Self>, candidates: usize) -> Result<Snapshot, EngineError> {
        let pictured = learner.pictures(candidates, |_, _| None).await?;
        let exact = learner.task.exact(learner.task.proposals()).await?;
        let count = learner.task.run.evaluation.samples_while_training;
        let (mut report, made) = measure(learner, &exact, count, candidates).await?;
        report.fit = exact.placed(report.fit, &made.ends, &made.conditions);
        let mut more = pictured.more;
        if exact.plane.is_some() {
            more = [&pictured.paths.points[..], &made.ends].concat();
        }
        let mut ends = made.ends;
        ends.truncate(SENT * learner.task.size());
        let conditions = &made.conditions[..SENT.min(made.conditions.len())];
        let samples = learner.task.images_of(&ends, conditions).await?;
        Ok(Snapshot {
            iteration: learner.iteration(),
            samples,
            paths: seen(learner, pictured.paths).await?,
            log_reward: pictured.log_reward,
            more,
            report,
        })
    }

    async fn evaluate(
        learner: &mut Learner<Self>,
        samples: usize,
        candidates: usize,
    ) -> Result<Report, EngineError> {
        let proposals = samples.max(learner.task.run.evaluation.proposals);
        let exact = learner.task.exact(proposals).await?;
        let (mut report, _) = measure(learner, &exact, samples, candidates).await?;
        // Samples cost little there, and cells want many.
        if exact.plane.is_some() {
            let count = ON_PLANE * samples;
            let ends = learner.samples(count, 1).await?;
            report.fit = exact.placed(report.fit, &ends, &learner.task.in_turn(count));
        }
        Ok(report)
    }

    async fn calibration(learner: &mut Learner<Self>) -> Result<Option<Calibration>, EngineError> {
        calibrate(learner).await
    }

    async fn grow_truth(&mut self, samples: usize) -> Result<bool, EngineError> {
        self.grow_by(samples).await
    }

    async fn truth(&mut self) -> Result<Option<SampledTruth>, EngineError> {
        self.known().await
    }

    /// With the distance of as many perfect images to the exact ones.
    async fn reference(&mut self) -> Result<Reference, EngineError> {
        let exact = self.exact(self.run.evaluation.proposals).await?;
        let known = self.known().await?;
        Ok(Reference {
            truth: exact.truth(),
            picture: self
                .view()
                .picture(&known.map(|truth| truth.samples).unwrap_or_default()),
            floor: floor_of(SHEET.error, move |samples| exact.fid_floor(samples)),
        })
    }

    async fn prepare(&mut self) -> Result<(), EngineError> {
        self.data_variance = self.variance(VARIANCE_IMAGES).await?;
        Ok(())
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

    /// The Langevin term goes back through the prior's network.
    fn backward(&self) -> u64 {
        if self.run.network.langevin { 2 } else { 0 }
    }

    fn adopt(&mut self, kept: &mut Vec<Kept>) {
        for pool in [&mut self.pool, &mut self.given] {
            pool.adopt(kept);
        }
    }

    fn into_kept(self) -> Vec<Kept> {
        let pools = [self.pool, self.given].into_iter();
        let made = pools.filter(|pool| !pool.ends.is_empty());
        made.map(|pool| Box::new(pool) as Kept).collect()
    }
}

impl<Q: ImagePrior> TaskOf<Q> {
    /// How its images are drawn.
    fn view(&self) -> ImageView {
        ImageView {
            shape: self.learned.shape,
            ink: self.learned.ink,
            classes: self.learned.classes.clone(),
            prompts: self.problem.prior.prompts().unwrap_or_default().to_vec(),
            plane: None,
        }
    }
}

/// Trajectories of a picture as images.
async fn seen<Q: ImagePrior>(learner: &Learner<TaskOf<Q>>, paths: Paths) -> Result<Paths, EngineError> {
    let conditions: Vec<usize> = learner
        .pictured()
        .into_iter()
        .flat_map(|condition| iter::repeat_n(condition, paths.steps.len()))
        .collect();
    Ok(Paths {
        size: learner.task.learned.shape.pixels(),
        points: learner.task.images_of(&paths.points, &conditions).await?,
        ..paths
    })
}

/// The report over `count` policy samples, and these; where they are chosen among several, it tells
/// of both, and the chosen ones are returned.
async fn measure<Q: ImagePrior>(
    learner: &Learner<TaskOf<Q>>,
    exact: &Exact,
    count: usize,
    candidates: usize,
) -> Result<(Report, Simulated), EngineError> {
    let (report, made) = measure_own(learner, exact, count).await?;
    let fit = async |taken: &Simulated| {
        let (fit, _) = learner.task.fit(exact, &taken.ends, &taken.conditions).await?;
        Ok(Fit::new(&fit))
    };
    learner.with_choice(report, made, candidates, fit).await
}

/// The report over `count` samples as the policy draws them.
async fn measure_own<Q: ImagePrior>(
    learner: &Learner<TaskOf<Q>>,
    exact: &Exact,
    count: usize,
) -> Result<(Report, Simulated), EngineError> {
    let made = learner.evaluated(count).await?;
    let task = &learner.task;
    let tempering = task.run.tempering;
    let floor = tempering.beta * tempering.floor;
    let floored = made.log_reward.iter().filter(|l| **l <= floor).count();
    let (fit, classes) = task.fit(exact, &made.ends, &made.conditions).await?;
    let weighed = learner.weighed(&made);
    let share = |condition: usize, of: &dyn Fn(usize) -> f64| {
        let rows = (0..made.conditions.len()).filter(|row| made.conditions[*row] == condition);
        let values: Vec<f64> = rows.map(of).collect();
        values.iter().sum::<f64>() / values.len() as f64
    };
    let log_weights = made.log_weights();
    let of_class = |condition: usize, class: usize| {
        Fit::new(&ClassFit {
            class,
            accuracy: share(condition, &|row| f64::from(u8::from(classes[row] == class))),
        })
    };
    let fit_of = |condition: usize| match &task.problem.reward {
        Reward::EachClass { classes, .. } => Some(of_class(condition, classes[condition].number()?)),
        _ => Some(Fit::new(&PromptFit {
            elbo: share(condition, &|row| log_weights[row]),
        })),
    };
    let conditions = weighed.conditions.iter().enumerate();
    let conditions = conditions.filter_map(|(condition, known)| {
        Some(ConditionReport {
            log_z_exact: exact.log_zs[condition],
            log_reward: share(condition, &|row| made.log_reward[row]),
            fit: fit_of(condition)?,
            ..known.clone()
        })
    });
    let report = Report {
        // One image that weighs as much as all others tells nothing.
        log_z_exact: if exact.effective < 2.0 {
            f64::NAN
        } else {
            exact.log_z
        },
        log_z_prior: exact.log_z,
        // Figures of the posterior rest on those that were kept.
        prior_samples_effective: exact.effective.min(exact.kept.len() as f64),
        fit: Fit::new(&fit),
        log_reward: made.log_reward.iter().sum::<f64>() / count as f64,
        floored_mass: floored as f64 / count as f64,
        floored_mass_exact: exact.floored_mass,
        truth: exact.truth(),
        conditions: conditions.collect(),
        ..weighed
    };
    Ok((learner.signed(report), made))
}
