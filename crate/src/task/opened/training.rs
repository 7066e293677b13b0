//! A task in training: the parts of a session that are generic over tasks.

use super::{Later, OpenTask, ShownTask};
use crate::engine::learner::{Choice, LEARNED, Learner, Sampled, Simulated, Start, Task, WeightedSamples};
use crate::engine::noise::Purpose;
use crate::engine::settings::LOWEST_FLOOR;
use crate::engine::statistics::Weighed;
use crate::engine::team::Team;
use crate::engine::train::Timing;
use crate::engine::weights::read_tensors;
use crate::engine::{ConfigError, EngineError, Iteration};
use crate::message::{Chosen, ConditionReport, Fit, Report, SampledTruth, Scene, Snapshot};
use crate::run::Run;
use crate::task::calibration::Calibration;

/// A posterior learns little if log r is at its floor for more than this share of its samples.
const MOST_FLOORED: f64 = 0.9;
/// Fewest samples for proposing another floor.
const LOOKED_AT: usize = 100;

/// Any task in training.
pub trait OpenRun {
    /// The task.
    fn task(&self) -> &dyn OpenTask;

    /// The task, mutable.
    fn task_mut(&mut self) -> &mut dyn OpenTask;

    /// The task, at the end of training.
    fn into_task(self: Box<Self>) -> Box<dyn OpenTask>;

    /// As [`Session::revise`](crate::session::Session::revise), of a run that has been checked.
    fn revise(&mut self, run: Run);

    /// As [`ShownTask::shape`].
    fn shape(&self) -> Vec<usize>;

    /// As [`ShownTask::unit`].
    fn unit(&self) -> (&'static str, usize);

    /// As [`ShownTask::text`].
    fn text(&self, samples: &[f32]) -> String;

    /// As [`ShownTask::numbers`].
    fn numbers(&self, condition: usize) -> Vec<(String, f64)>;

    /// As [`Learner::join`].
    ///
    /// # Errors
    ///
    /// Where the batch is too small for so many.
    fn join(&mut self, team: Box<dyn Team>) -> Result<(), ConfigError>;

    /// As [`Learner::steps`].
    fn steps(&self) -> usize;

    /// As [`Learner::iteration`].
    fn iteration(&self) -> usize;

    /// As [`Learner::finished`].
    fn finished(&self) -> bool;

    /// As [`Learner::seconds`].
    fn seconds(&self) -> f64;

    /// As [`Learner::timing`].
    fn timing(&self) -> Timing;

    /// As [`Learner::step`].
    fn step(&mut self) -> Later<'_, Iteration>;

    /// As [`ShownTask::scene`].
    fn scene(&mut self) -> Later<'_, Scene>;

    /// As [`ShownTask::snapshot`].
    fn snapshot(&mut self, candidates: usize) -> Later<'_, Snapshot>;

    /// As [`ShownTask::evaluate`].
    fn evaluate(&mut self, samples: usize, candidates: usize) -> Later<'_, Report>;

    /// As [`ShownTask::calibration`].
    fn calibration(&mut self) -> Later<'_, Option<Calibration>>;

    /// Samples, `[count]` of the task's shape, each chosen among `candidates`.
    fn samples(&self, count: usize, candidates: usize) -> Later<'_, Vec<f32>>;

    /// As [`Learner::sampled`], with samples of the task's shape in place of end points.
    fn sampled<'a>(
        &'a self,
        conditions: &'a [usize],
        candidates: usize,
        weighted: bool,
    ) -> Later<'a, Sampled>;

    /// Samples of the posterior as end points, whatever the task makes of them.
    fn ends<'a>(&'a self, purpose: Purpose, conditions: &'a [usize], weighted: bool) -> Later<'a, Sampled>;

    /// As [`Learner::weighted_samples`].
    fn weighted_samples(&self, count: usize, candidates: usize) -> Later<'_, WeightedSamples>;

    /// As [`ShownTask::truth`].
    fn truth(&mut self) -> Later<'_, Option<SampledTruth>>;

    /// The posterior as safetensors, with the run in its header.
    fn weights(&self) -> Later<'_, Vec<u8>>;

    /// As [`Learner::checkpoint`], without its frame.
    ///
    /// # Errors
    ///
    /// Where the device fails.
    fn record(&self) -> Result<Vec<u8>, EngineError>;

    /// As [`Learner::restore`], of what [`OpenRun::record`] gave.
    ///
    /// # Errors
    ///
    /// Where the record does not fit.
    fn restore(&mut self, record: &[u8]) -> Result<(), EngineError>;
}

impl<T: ShownTask> OpenRun for Learner<T> {
    fn task(&self) -> &dyn OpenTask {
        &self.task
    }

    fn task_mut(&mut self) -> &mut dyn OpenTask {
        &mut self.task
    }

    fn into_task(self: Box<Self>) -> Box<dyn OpenTask> {
        Box::new(self.task)
    }

    fn revise(&mut self, run: Run) {
        Learner::revise(self, run.settings());
        self.task.revise(run);
    }

    fn shape(&self) -> Vec<usize> {
        self.task.shape()
    }

    fn unit(&self) -> (&'static str, usize) {
        self.task.unit()
    }

    fn text(&self, samples: &[f32]) -> String {
        self.task.text(samples)
    }

    fn numbers(&self, condition: usize) -> Vec<(String, f64)> {
        self.task.numbers(condition)
    }

    fn join(&mut self, team: Box<dyn Team>) -> Result<(), ConfigError> {
        Learner::join(self, team)
    }

    fn steps(&self) -> usize {
        Learner::steps(self)
    }

    fn iteration(&self) -> usize {
        Learner::iteration(self)
    }

    fn finished(&self) -> bool {
        Learner::finished(self)
    }

    fn seconds(&self) -> f64 {
        Learner::seconds(self)
    }

    fn timing(&self) -> Timing {
        Learner::timing(self)
    }

    fn step(&mut self) -> Later<'_, Iteration> {
        Box::pin(Learner::step(self))
    }

    fn scene(&mut self) -> Later<'_, Scene> {
        Box::pin(T::scene(self))
    }

    fn snapshot(&mut self, candidates: usize) -> Later<'_, Snapshot> {
        Box::pin(async move {
            let mut snapshot = T::snapshot(self, candidates).await?;
            snapshot.report.floor_wanted = self.floor_wanted(&snapshot.report).await?;
            Ok(snapshot)
        })
    }

    fn evaluate(&mut self, samples: usize, candidates: usize) -> Later<'_, Report> {
        Box::pin(async move {
            let mut report = T::evaluate(self, samples, candidates).await?;
            report.floor_wanted = self.floor_wanted(&report).await?;
            Ok(report)
        })
    }

    fn calibration(&mut self) -> Later<'_, Option<Calibration>> {
        Box::pin(T::calibration(self))
    }

    fn samples(&self, count: usize, candidates: usize) -> Later<'_, Vec<f32>> {
        Box::pin(async move {
            let ends = Learner::samples(self, count, candidates).await?;
            self.task.samples_of(ends, &self.in_turn(count)).await
        })
    }

    fn sampled<'a>(
        &'a self,
        conditions: &'a [usize],
        candidates: usize,
        weighted: bool,
    ) -> Later<'a, Sampled> {
        Box::pin(async move {
            let sampled = Learner::sampled(self, conditions, candidates, weighted).await?;
            Ok(Sampled {
                ends: self.task.samples_of(sampled.ends, conditions).await?,
                ..sampled
            })
        })
    }

    fn ends<'a>(&'a self, purpose: Purpose, conditions: &'a [usize], weighted: bool) -> Later<'a, Sampled> {
        Box::pin(Learner::sampled_for(self, purpose, conditions, 1, weighted))
    }

    fn weighted_samples(&self, count: usize, candidates: usize) -> Later<'_, WeightedSamples> {
        Box::pin(Learner::weighted_samples(self, count, candidates))
    }

    fn truth(&mut self) -> Later<'_, Option<SampledTruth>> {
        Box::pin(self.task.truth())
    }

    fn weights(&self) -> Later<'_, Vec<u8>> {
        Box::pin(async move {
            let mut weights = Learner::weights(self).await?;
            weights
                .metadata
                .insert("run".to_owned(), ShownTask::run(&self.task).to_toml());
            Ok(weights.to_safetensors(false))
        })
    }

    fn record(&self) -> Result<Vec<u8>, EngineError> {
        Learner::record(self)
    }

    fn restore(&mut self, record: &[u8]) -> Result<(), EngineError> {
        self.restore_record(record)
    }
}

/// A task in training, from its prior or from a posterior's file. If the header says that the file was
/// trained on the same target, training continues from its iteration.
///
/// # Errors
///
/// Where the run's method is not trained, or the file is refused.
pub(in crate::task) fn open<T: ShownTask>(
    task: T,
    weights: Option<&[u8]>,
) -> Result<Box<dyn OpenRun>, EngineError> {
    let run = task.run();
    let settings = run.settings();
    let file = weights
        .map(read_tensors)
        .transpose()
        .map_err(EngineError::Weights)?;
    let start = file.as_ref().map(|weights| {
        let trained_on = weights.metadata.get("run");
        let trained_on = trained_on.and_then(|toml| Run::from_written(toml).ok());
        Start {
            weights,
            same: trained_on.is_some_and(|other| {
                let target = |run: &Run| (run.tempering.beta, run.tempering.floor);
                other.problem == run.problem
                    && other.method == run.method
                    && target(&other) == target(run)
                    && other.process == run.process
            }),
        }
    });
    Ok(Box::new(Learner::new(task, settings, start)?))
}

impl<T: ShownTask> Learner<T> {
    /// A report over policy samples, and these samples. With more than one candidate, the report also holds the
    /// figures of the chosen samples, from `fit`, and the chosen samples are returned instead.
    ///
    /// # Errors
    ///
    /// Where the device fails.
    pub(in crate::task) async fn with_choice(
        &self,
        report: Report,
        made: Simulated,
        candidates: usize,
        fit: impl AsyncFnOnce(&Simulated) -> Result<Fit, EngineError>,
    ) -> Result<(Report, Simulated), EngineError> {
        if candidates == 1 {
            return Ok((report, made));
        }
        let choice: Choice = self.choose(made, Purpose::Evaluation, candidates).await?;
        let chosen = Some(Box::new(Chosen {
            candidates: choice.rounds,
            log_z_importance: choice.log_z(),
            fit: fit(&choice.taken).await?,
            log_reward: choice.log_reward(),
        }));
        Ok((Report { chosen, ..report }, choice.taken))
    }

    /// A lower floor of log r to suggest, in two digits: it lies below nine tenths of the policy's samples.
    /// `None` unless log r is at its floor for most samples, or if r is 0 there.
    async fn floor_wanted(&self, report: &Report) -> Result<Option<f64>, EngineError> {
        if report.floored_mass <= MOST_FLOORED {
            return Ok(None);
        }
        let made = self.evaluated(LOOKED_AT).await?;
        let mut depths = self.depths(&made.conditions, &made.ends).await?;
        depths.retain(|depth| depth.is_finite());
        depths.sort_by(f64::total_cmp);
        let depth = depths.get(depths.len() / 10);
        Ok(depth.filter(|d| **d < 0.0).map(|depth| {
            let unit = 10f64.powf((-depth).log10().floor() - 1.0);
            ((depth / unit).floor() * unit).max(LOWEST_FLOOR)
        }))
    }

    /// The report with the figures of its training.
    pub(in crate::task) fn signed(&self, report: Report) -> Report {
        let iterations = self.iteration();
        let device = crate::engine::device::device_name(Task::device(&self.task));
        Report {
            iterations,
            seconds: self.seconds(),
            seconds_per_iteration: self.seconds() / iterations.max(1) as f64,
            seed: self.settings().seed,
            device: match self.members() {
                1 => device,
                members => format!("{members} × {device}"),
            },
            ..report
        }
    }

    /// The figures from the weights of policy samples.
    pub(in crate::task) fn weighed(&self, made: &Simulated) -> Report {
        Weighed::of(&made.log_weights(), &made.conditions, self.log_z()).into()
    }

    /// Samples as the policy draws them for an evaluation.
    ///
    /// # Errors
    ///
    /// Where the device fails.
    pub(in crate::task) async fn evaluated(&self, count: usize) -> Result<Simulated, EngineError> {
        self.simulate(LEARNED, Purpose::Evaluation, count).await
    }
}

impl From<Weighed> for Report {
    fn from(weighed: Weighed) -> Self {
        let condition = |[log_z_learned, log_z_importance]: &[f64; 2]| ConditionReport {
            log_z_learned: *log_z_learned,
            log_z_importance: *log_z_importance,
            ..ConditionReport::default()
        };
        Self {
            log_z_learned: weighed.log_z_learned,
            log_z_importance: weighed.log_z_importance,
            elbo: weighed.elbo,
            ess: weighed.ess,
            residual_mean: weighed.residual_mean,
            residual_std: weighed.residual_std,
            samples: weighed.samples,
            conditions: weighed.conditions.iter().map(condition).collect(),
            ..Self::default()
        }
    }
}
