//! A task that is open on a device: what a session and a comparison drive, whatever it is about.
//!
//! A room implements [`ShownTask`] for the type that holds its prior, reward and truth. What is generic
//! over that type is written once, here: an [`OpenTask`] is any of them, an [`OpenRun`] one in training.

use super::Picture;
use crate::engine::learner::{Choice, LEARNED, Learner, Simulated, Start, Task, WeightedSamples};
use crate::engine::noise::{Noise, Purpose};
use crate::engine::process::{Diffusion, Prior, Process};
use crate::engine::sampler::{
    AroundTheEnd, Blind, Guidance, Guided, Importance, LookAhead, Population, Rejection, Sampler, Setting,
    Smc, Tilted,
};
use crate::engine::statistics::{Weighed, systematic};
use crate::engine::train::Timing;
use crate::engine::weights::read_tensors;
use crate::engine::{EngineError, Iteration, Method};
use crate::message::{Chosen, ConditionReport, Fit, Packed, Report, SampledTruth, Scene, Snapshot, Truth};
use crate::run::Run;
use burn::tensor::Device;
use std::any::Any;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

/// What comes once the device has answered.
///
/// A trait object cannot have async functions, so the futures are boxed: one a call, next to nothing
/// beside what a call computes.
pub type Later<'a, T> = Pin<Box<dyn Future<Output = Result<T, EngineError>> + 'a>>;

/// How samples of a task look.
pub type Pictures = Arc<dyn Fn(&[f32]) -> Picture + Send + Sync>;

/// What a task keeps for a later one above the same prior.
pub type Kept = Box<dyn Any + Send>;

/// Samples of a method, and what they cost.
#[derive(Default)]
pub struct Drawn {
    /// End points, `[samples][state_size]`.
    pub ends: Vec<f32>,
    /// One a sample, or of all candidates that it was chosen among, one after the other.
    pub log_weights: Vec<f64>,
    /// Whether the weights estimate log Z.
    pub weighs: bool,
    /// Evaluations of a kernel for one state, prior and policy alike; a backward pass counts as two.
    pub evaluations: u64,
    /// Seconds that drawing them took; 0 where nobody has timed it.
    pub seconds: f64,
}

/// What samples come to, held against the truth of their task.
pub struct Measured {
    /// The task's own figures.
    pub fit: Fit,
    /// Mean tempered log r of the samples.
    pub log_reward: f64,
    /// log Z of the exact posterior.
    pub log_z_exact: f64,
    /// What "exact" means here.
    pub truth: Truth,
    /// Samples to draw.
    pub points: Vec<f32>,
}

/// The exact posterior, as outcomes of methods are held against it.
pub struct Reference {
    /// What "exact" means here.
    pub truth: Truth,
    /// What there is to see of it.
    pub picture: Picture,
    /// The error that so many samples of the exact posterior would have on average, where it is known.
    pub error: Box<dyn Fn(usize) -> Option<f64> + Send>,
}

/// A task as sessions and comparisons need it.
pub trait ShownTask: Task + Sized + 'static {
    /// The run it was opened for.
    fn run(&self) -> &Run;

    /// The shape of a sample.
    fn shape(&self) -> Vec<usize>;

    /// What speed is counted in, and how many of these a sample has.
    fn unit(&self) -> (&'static str, usize) {
        ("samples", 1)
    }

    /// Samples as text, one a line.
    fn text(&self, samples: &[f32]) -> String;

    /// How samples look.
    fn pictures(&self) -> Pictures;

    /// Samples of end points, `[count]` of [`ShownTask::shape`].
    fn samples_of(&self, ends: Vec<f32>) -> impl Future<Output = Result<Vec<f32>, EngineError>> {
        async { Ok(ends) }
    }

    /// What is fixed for the run, to draw it.
    fn scene(learner: &mut Learner<Self>) -> impl Future<Output = Result<Scene, EngineError>>;

    /// What there is to see by now, with every sample chosen among so many.
    fn snapshot(
        learner: &mut Learner<Self>,
        candidates: usize,
    ) -> impl Future<Output = Result<Snapshot, EngineError>>;

    /// The figures over so many samples, and over as many that are each chosen among `candidates`.
    fn evaluate(
        learner: &mut Learner<Self>,
        samples: usize,
        candidates: usize,
    ) -> impl Future<Output = Result<Report, EngineError>>;

    /// Makes more samples of the prior for the exact posterior. Whether there are more to make.
    fn grow_truth(&mut self, _samples: usize) -> impl Future<Output = Result<bool, EngineError>> {
        async { Ok(false) }
    }

    /// The exact posterior as far as samples of the prior tell it; nothing where they do not.
    fn truth(&mut self) -> impl Future<Output = Result<Option<SampledTruth>, EngineError>> {
        async { Ok(None) }
    }

    /// The exact posterior of a comparison.
    fn reference(&mut self) -> impl Future<Output = Result<Reference, EngineError>>;

    /// Makes what a method needs of the prior's samples and does not pay for.
    fn prepare(&mut self) -> impl Future<Output = Result<(), EngineError>> {
        async { Ok(()) }
    }

    /// Samples of the run's training-free method.
    fn draw(&self, samples: usize) -> impl Future<Output = Result<Drawn, EngineError>>;

    /// Holds weighted end points of `samples` samples against the truth.
    fn measure(
        &mut self,
        ends: &[f32],
        log_weights: &[f64],
        samples: usize,
    ) -> impl Future<Output = Result<Measured, EngineError>>;

    /// Kernels that a step of the trained policy asks: it stands above the prior, as a rule.
    fn kernels(&self) -> u64 {
        2 + self.backward()
    }

    /// What a step of the policy asks besides.
    fn backward(&self) -> u64 {
        0
    }

    /// Goes on with what a task before this one has made, if it is of use.
    fn adopt(&mut self, _kept: &mut Vec<Kept>) {}

    /// What a later task can go on with.
    fn into_kept(self) -> Option<Kept> {
        None
    }
}

/// Any task that is open.
pub trait OpenTask {
    /// The run it was opened for.
    fn run(&self) -> &Run;

    /// What it is computed on.
    fn device(&self) -> &Device;

    /// As [`ShownTask::pictures`].
    fn pictures(&self) -> Pictures;

    /// As [`ShownTask::grow_truth`].
    fn grow_truth(&mut self, samples: usize) -> Later<'_, bool>;

    /// As [`ShownTask::reference`].
    fn reference(&mut self) -> Later<'_, Reference>;

    /// As [`ShownTask::prepare`].
    fn prepare(&mut self) -> Later<'_, ()>;

    /// As [`ShownTask::draw`].
    fn draw(&self, samples: usize) -> Later<'_, Drawn>;

    /// As [`ShownTask::measure`].
    fn measure<'a>(
        &'a mut self,
        ends: &'a [f32],
        log_weights: &'a [f64],
        samples: usize,
    ) -> Later<'a, Measured>;

    /// As [`ShownTask::kernels`].
    fn kernels(&self) -> u64;

    /// As [`ShownTask::backward`].
    fn backward(&self) -> u64;

    /// As [`ShownTask::adopt`].
    fn adopt(&mut self, kept: &mut Vec<Kept>);

    /// As [`ShownTask::into_kept`].
    fn into_kept(self: Box<Self>) -> Option<Kept>;

    /// The task itself, for whoever knows its type.
    fn as_any(&mut self) -> &mut dyn Any;
}

impl<T: ShownTask> OpenTask for T {
    fn run(&self) -> &Run {
        ShownTask::run(self)
    }

    fn device(&self) -> &Device {
        Task::device(self)
    }

    fn pictures(&self) -> Pictures {
        ShownTask::pictures(self)
    }

    fn grow_truth(&mut self, samples: usize) -> Later<'_, bool> {
        Box::pin(ShownTask::grow_truth(self, samples))
    }

    fn reference(&mut self) -> Later<'_, Reference> {
        Box::pin(ShownTask::reference(self))
    }

    fn prepare(&mut self) -> Later<'_, ()> {
        Box::pin(ShownTask::prepare(self))
    }

    fn draw(&self, samples: usize) -> Later<'_, Drawn> {
        Box::pin(ShownTask::draw(self, samples))
    }

    fn measure<'a>(
        &'a mut self,
        ends: &'a [f32],
        log_weights: &'a [f64],
        samples: usize,
    ) -> Later<'a, Measured> {
        Box::pin(ShownTask::measure(self, ends, log_weights, samples))
    }

    fn kernels(&self) -> u64 {
        ShownTask::kernels(self)
    }

    fn backward(&self) -> u64 {
        ShownTask::backward(self)
    }

    fn adopt(&mut self, kept: &mut Vec<Kept>) {
        ShownTask::adopt(self, kept);
    }

    fn into_kept(self: Box<Self>) -> Option<Kept> {
        ShownTask::into_kept(*self)
    }

    fn as_any(&mut self) -> &mut dyn Any {
        self
    }
}

/// Any task in training.
pub trait OpenRun {
    /// What is trained on.
    fn task(&self) -> &dyn OpenTask;

    /// The same to change.
    fn task_mut(&mut self) -> &mut dyn OpenTask;

    /// What is trained on, training over.
    fn into_task(self: Box<Self>) -> Box<dyn OpenTask>;

    /// As [`ShownTask::shape`].
    fn shape(&self) -> Vec<usize>;

    /// As [`ShownTask::unit`].
    fn unit(&self) -> (&'static str, usize);

    /// As [`ShownTask::text`].
    fn text(&self, samples: &[f32]) -> String;

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

    /// Samples, `[count]` of the task's shape, each chosen among so many candidates.
    fn samples(&self, count: usize, candidates: usize) -> Later<'_, Vec<f32>>;

    /// As [`Learner::weighted_samples`].
    fn weighted_samples(&self, count: usize, candidates: usize) -> Later<'_, WeightedSamples>;

    /// As [`ShownTask::truth`].
    fn truth(&mut self) -> Later<'_, Option<SampledTruth>>;

    /// The posterior as safetensors, with the run in its header.
    fn weights(&self) -> Later<'_, Vec<u8>>;

    /// As [`Learner::checkpoint`].
    ///
    /// # Errors
    ///
    /// Where the device fails.
    fn checkpoint(&self) -> Result<Vec<u8>, EngineError>;

    /// As [`Learner::restore`].
    ///
    /// # Errors
    ///
    /// Where the checkpoint is damaged or does not fit.
    fn restore(&mut self, checkpoint: &[u8]) -> Result<(), EngineError>;
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

    fn shape(&self) -> Vec<usize> {
        self.task.shape()
    }

    fn unit(&self) -> (&'static str, usize) {
        self.task.unit()
    }

    fn text(&self, samples: &[f32]) -> String {
        self.task.text(samples)
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
        Box::pin(T::snapshot(self, candidates))
    }

    fn evaluate(&mut self, samples: usize, candidates: usize) -> Later<'_, Report> {
        Box::pin(T::evaluate(self, samples, candidates))
    }

    fn samples(&self, count: usize, candidates: usize) -> Later<'_, Vec<f32>> {
        Box::pin(async move {
            let ends = Learner::samples(self, count, candidates).await?;
            self.task.samples_of(ends).await
        })
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

    fn checkpoint(&self) -> Result<Vec<u8>, EngineError> {
        Learner::checkpoint(self)
    }

    fn restore(&mut self, checkpoint: &[u8]) -> Result<(), EngineError> {
        Learner::restore(self, checkpoint)
    }
}

/// A task in training, from its prior or from a posterior's file. Where the file's header says that it
/// was trained towards the same target, training goes on where it ended.
///
/// # Errors
///
/// Where the run's method is not trained, or the file is refused.
pub(super) fn open<T: ShownTask>(task: T, weights: Option<&[u8]>) -> Result<Box<dyn OpenRun>, EngineError> {
    let run = task.run();
    let settings = run.settings();
    let file = weights
        .map(read_tensors)
        .transpose()
        .map_err(EngineError::Weights)?;
    let start = file.as_ref().map(|weights| {
        let trained_on = weights.metadata.get("run");
        let trained_on = trained_on.and_then(|toml| Run::from_toml(toml).ok());
        Start {
            weights,
            same: trained_on.is_some_and(|other| {
                other.problem == run.problem
                    && other.method == run.method
                    && other.tempering == run.tempering
                    && other.process == run.process
            }),
        }
    });
    Ok(Box::new(Learner::new(task, settings, start)?))
}

impl<T: ShownTask> Learner<T> {
    /// A report over policy samples, and these. Where each is to be chosen among several, the report tells
    /// of the chosen ones too, as they `fit`, and they are returned.
    ///
    /// # Errors
    ///
    /// Where the device fails.
    pub(super) async fn with_choice(
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

    /// The report with what is known of its training.
    pub(super) fn signed(&self, report: Report) -> Report {
        let iterations = self.iteration();
        Report {
            iterations,
            seconds: self.seconds(),
            seconds_per_iteration: self.seconds() / iterations.max(1) as f64,
            seed: self.settings().seed,
            device: crate::engine::device::device_name(Task::device(&self.task)),
            ..report
        }
    }

    /// What policy samples say by their weights.
    pub(super) fn weighed(&self, made: &Simulated) -> Report {
        Weighed::of(&made.log_weights(), &made.conditions, self.log_z()).into()
    }

    /// Samples as the policy draws them for an evaluation.
    ///
    /// # Errors
    ///
    /// Where the device fails.
    pub(super) async fn evaluated(&self, count: usize) -> Result<Simulated, EngineError> {
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

/// The network of a prior's file; what is wrong with the file is said of the field that names it.
pub(super) fn prior_network<N>(
    run: &Run,
    files: &crate::run::Files,
    read: impl FnOnce(&[u8]) -> Result<N, String>,
) -> Result<N, EngineError> {
    let file = files.get("prior").ok_or_else(|| "its file is needed".to_owned());
    file.and_then(read).map_err(|why| {
        let name = run.file("prior").unwrap_or_default();
        let allowed = format!(
            "the weights of a prior of {} are expected ({why})",
            run.problem.task()
        );
        crate::engine::ConfigError::new("prior.weights", format!("`{name}`"), allowed).into()
    })
}

/// `count` indices in proportion to weights, to draw or to count each as one.
pub(super) fn resampled(noise: &Noise, log_weights: &[f64], count: usize) -> Vec<usize> {
    // The last counter: others belong to populations.
    let mut rng = noise.stream(Purpose::Resampling, (1 << 48) - 1);
    systematic(log_weights, count, &mut rng)
}

/// Populations of a training-free method until there are `samples`, pooled by their weights;
/// `block` rows at once where the method has no populations of its own.
pub(super) async fn draw(
    method: &Method,
    samples: usize,
    block: usize,
    population: impl AsyncFn(usize, u64) -> Result<Population, String>,
) -> Result<Drawn, EngineError> {
    let mut drawn = Drawn::default();
    let mut counter = 0;
    while drawn.log_weights.len() < samples {
        let rows = match *method {
            // A population of particles is whole, but no more particles than samples: a larger
            // population would be a better one.
            Method::Smc { particles, .. } => particles.min(samples),
            _ => block.min(samples - drawn.log_weights.len()),
        };
        let population = match population(rows, counter).await {
            Ok(population) => population,
            // What there is stands for itself.
            Err(_) if !drawn.log_weights.is_empty() => break,
            Err(why) => return Err(EngineError::Method(why)),
        };
        counter += 1;
        let short = population.log_weights.len() < rows;
        drawn.evaluations += population.evaluations;
        drawn.weighs = population.weighs;
        drawn.ends.extend(population.ends);
        drawn.log_weights.extend(population.log_weights);
        if short {
            break;
        }
    }
    Ok(drawn)
}

/// One population of a training-free method on any diffusion whose data has this variance.
pub(super) async fn population<P: Diffusion, Q: Prior<P>>(
    method: Method,
    setting: &Setting<'_, P, Q>,
    data_variance: f64,
    rows: usize,
    counter: u64,
) -> Result<Population, String> {
    let guided = async |guidance, scale| {
        let sampler = Guided { guidance, scale };
        sampler.population(setting, rows, counter).await
    };
    match method {
        Method::Guidance { scale } => guided(Guidance::Classifier, scale).await,
        Method::Dps { scale, normalized } => guided(Guidance::Dps { normalized }, scale).await,
        Method::LgdMc { scale, points } => {
            let guidance = Guidance::LgdMc {
                points,
                data_variance,
            };
            guided(guidance, scale).await
        }
        Method::Smc {
            resample_below,
            points,
            guidance,
            ..
        } if points > 0 => {
            let ahead = AroundTheEnd {
                points,
                guidance,
                data_variance,
            };
            tilted(ahead, setting, resample_below, rows, counter).await
        }
        other => unguided(other, setting, rows, counter).await,
    }
}

/// One population of a training-free method that asks nothing of a chain but what every one has.
pub(super) async fn unguided<P: Process, Q: Prior<P>>(
    method: Method,
    setting: &Setting<'_, P, Q>,
    rows: usize,
    counter: u64,
) -> Result<Population, String> {
    match method {
        Method::Importance {} => Importance.population(setting, rows, counter).await,
        Method::Rejection { proposals } => Rejection { proposals }.population(setting, rows, counter).await,
        Method::Smc {
            resample_below,
            points: 0,
            ..
        } => tilted(Blind, setting, resample_below, rows, counter).await,
        other => Err(format!("`{}` cannot be used here", other.info().name)),
    }
}

/// A population of SMC towards the run's posterior.
async fn tilted<P: Process, Q: Prior<P>, A: LookAhead<P, Q>>(
    ahead: A,
    setting: &Setting<'_, P, Q>,
    resample_below: f64,
    rows: usize,
    counter: u64,
) -> Result<Population, String> {
    let smc = Smc {
        target: Tilted { ahead },
        resample_below,
    };
    smc.population(setting, rows, counter).await
}

/// A lesson under way: something to watch that is not about the open run.
pub trait Lesson {
    /// Goes on by one iteration; what there is to tell.
    fn advance<'a>(&'a mut self, device: &'a Device) -> Later<'a, Progress>;
}

/// What a lesson has to tell.
pub enum Progress {
    /// Nothing yet.
    Nothing,
    /// What there is to see by now.
    Told(Packed),
    /// That it is over.
    Ended,
}
