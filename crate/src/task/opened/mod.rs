//! A task that is open on a device, as sessions and comparisons use it.
//!
//! A room implements [`ShownTask`] for the type that holds its prior, reward and truth. What is generic
//! over that type is written once, here: an [`OpenTask`] is any of them, an [`OpenRun`] one in training.

mod training;
mod untrained;

pub use training::OpenRun;
pub(super) use training::open;
pub(super) use untrained::{draw, draw_of_diffusion, population, resampled, unguided};

use super::Picture;
use super::calibration::Calibration;
use super::noise_policy::Told;
use crate::engine::learner::{Learner, Task};
use crate::engine::sampler::Weighs;
use crate::engine::{Conditions, ConfigError, EngineError};
use crate::message::{Fit, Packed, Report, SampledTruth, Scene, Snapshot, Truth};
use crate::run::{Files, Run};
use burn::tensor::Device;
use std::any::Any;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

/// A result that is available once the device has computed it.
///
/// A trait object cannot have async functions, so the futures are boxed: one a call, next to nothing
/// beside what a call computes.
pub type Later<'a, T> = Pin<Box<dyn Future<Output = Result<T, EngineError>> + 'a>>;

/// Draws a picture of samples of a task.
pub type Pictures = Arc<dyn Fn(&[f32]) -> Picture + Send + Sync>;

/// Prior samples that a task keeps for a later one with the same prior.
pub type Kept = Box<dyn Any + Send>;

/// Samples of a method, and their cost.
#[derive(Default)]
pub struct Drawn {
    /// End points, `[samples][state_size]`.
    pub ends: Vec<f32>,
    /// Log weights, one per sample; if samples are chosen, those of all candidates.
    pub log_weights: Vec<f64>,
    /// What the weights say.
    pub weighs: Weighs,
    /// Evaluations of a kernel for one state, prior and policy alike; a backward pass counts as two.
    pub evaluations: u64,
    /// Seconds to draw them; 0 if not timed.
    pub seconds: f64,
}

/// Samples compared with the truth of their task.
pub struct Measured {
    /// The task's own figures.
    pub fit: Fit,
    /// Mean tempered log r of the samples.
    pub log_reward: f64,
    /// log Z of the exact posterior.
    pub log_z_exact: f64,
    /// The source of the exact values.
    pub truth: Truth,
    /// Samples to draw.
    pub points: Vec<f32>,
}

/// A figure's name and a number of samples to the figure that as many perfect samples have on average.
pub type Floor = dyn Fn(&str, usize) -> Option<f64> + Send;

/// The floor of a task that knows only that of its sheet's error.
pub fn floor_of(error: &'static str, floor: impl Fn(usize) -> Option<f64> + Send + 'static) -> Box<Floor> {
    Box::new(move |figure, samples| if figure == error { floor(samples) } else { None })
}

/// The exact posterior, with which the outcomes of methods are compared.
pub struct Reference {
    /// The source of the exact values.
    pub truth: Truth,
    /// Its picture.
    pub picture: Picture,
    /// What the task's figure of this name is on average of so many samples of the exact posterior, if it is known.
    pub floor: Box<Floor>,
}

/// A task as sessions and comparisons need it.
pub trait ShownTask: Task + Sized + 'static {
    /// The run it was opened for.
    fn run(&self) -> &Run;

    /// Takes the same run with another length and other measurements.
    fn revise(&mut self, run: Run);

    /// The shape of a sample.
    fn shape(&self) -> Vec<usize>;

    /// The unit that speed is counted in, and how many of these units make a sample.
    fn unit(&self) -> (&'static str, usize) {
        ("samples", 1)
    }

    /// Samples as text, one per line.
    fn text(&self, samples: &[f32]) -> String;

    /// The numbers that a condition stands for, with their names; none where its place among the conditions says it all.
    fn numbers(&self, _condition: usize) -> Vec<(String, f64)> {
        Vec::new()
    }

    /// Draws a picture of samples.
    fn pictures(&self) -> Pictures;

    /// The first thing of its run that the models take for something else, as they do not know it.
    fn misread(&self) -> Option<ConfigError> {
        None
    }

    /// Samples of end points, each under its condition, `[count]` of [`ShownTask::shape`].
    fn samples_of(
        &self,
        ends: Vec<f32>,
        _conditions: &[usize],
    ) -> impl Future<Output = Result<Vec<f32>, EngineError>> {
        async { Ok(ends) }
    }

    /// Numbers of an end point, and what a map from noise to end points is told of every condition; `None` where end
    /// points do not live in a space of noise.
    fn told(&self) -> Option<(usize, Told)> {
        None
    }

    /// Everything fixed for the run, for drawing.
    fn scene(learner: &mut Learner<Self>) -> impl Future<Output = Result<Scene, EngineError>>;

    /// The present state of training, with each sample chosen among `candidates`.
    fn snapshot(
        learner: &mut Learner<Self>,
        candidates: usize,
    ) -> impl Future<Output = Result<Snapshot, EngineError>>;

    /// The figures of `samples` samples, and of equally many that are each chosen among `candidates`.
    fn evaluate(
        learner: &mut Learner<Self>,
        samples: usize,
        candidates: usize,
    ) -> impl Future<Output = Result<Report, EngineError>>;

    /// The calibration of posteriors that are amortised over conditions; `None` where there is a single one, or
    /// samples of the exact posteriors are not to be had.
    fn calibration(
        _learner: &mut Learner<Self>,
    ) -> impl Future<Output = Result<Option<Calibration>, EngineError>> {
        async { Ok(None) }
    }

    /// Draws more samples of the prior for the exact posterior. Returns whether more are to come.
    fn grow_truth(&mut self, _samples: usize) -> impl Future<Output = Result<bool, EngineError>> {
        async { Ok(false) }
    }

    /// The exact posterior as estimated from samples of the prior so far; `None` if it does not come from them.
    fn truth(&mut self) -> impl Future<Output = Result<Option<SampledTruth>, EngineError>> {
        async { Ok(None) }
    }

    /// The exact posterior of a comparison.
    fn reference(&mut self) -> impl Future<Output = Result<Reference, EngineError>>;

    /// Computes the statistics of prior samples that a method needs but that do not count as its cost.
    fn prepare(&mut self) -> impl Future<Output = Result<(), EngineError>> {
        async { Ok(()) }
    }

    /// Samples of the run's training-free method.
    fn draw(&self, samples: usize) -> impl Future<Output = Result<Drawn, EngineError>>;

    /// Compares the weighted end points of `samples` samples with the truth.
    fn measure(
        &mut self,
        ends: &[f32],
        log_weights: &[f64],
        samples: usize,
    ) -> impl Future<Output = Result<Measured, EngineError>>;

    /// Kernel evaluations per step of the trained policy: usually two, the policy's and the prior's.
    fn kernels(&self) -> u64 {
        2 + self.backward()
    }

    /// Further evaluations per step of the policy.
    fn backward(&self) -> u64 {
        0
    }

    /// Takes over prior samples that an earlier task kept, if they fit.
    fn adopt(&mut self, _kept: &mut Vec<Kept>) {}

    /// Prior samples that a later task can take over.
    fn into_kept(self) -> Vec<Kept> {
        Vec::new()
    }
}

/// Any open task.
pub trait OpenTask {
    /// The run it was opened for.
    fn run(&self) -> &Run;

    /// Its device.
    fn device(&self) -> &Device;

    /// As [`Task::conditions`].
    fn conditions(&self) -> Conditions;

    /// As [`ShownTask::pictures`].
    fn pictures(&self) -> Pictures;

    /// As [`ShownTask::misread`].
    fn misread(&self) -> Option<ConfigError>;

    /// As [`ShownTask::samples_of`].
    fn samples_of<'a>(&'a self, ends: Vec<f32>, conditions: &'a [usize]) -> Later<'a, Vec<f32>>;

    /// As [`ShownTask::told`].
    fn told(&self) -> Option<(usize, Told)>;

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
    fn into_kept(self: Box<Self>) -> Vec<Kept>;

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

    fn conditions(&self) -> Conditions {
        Task::conditions(self)
    }

    fn pictures(&self) -> Pictures {
        ShownTask::pictures(self)
    }

    fn misread(&self) -> Option<ConfigError> {
        ShownTask::misread(self)
    }

    fn samples_of<'a>(&'a self, ends: Vec<f32>, conditions: &'a [usize]) -> Later<'a, Vec<f32>> {
        Box::pin(ShownTask::samples_of(self, ends, conditions))
    }

    fn told(&self) -> Option<(usize, Told)> {
        ShownTask::told(self)
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

    fn into_kept(self: Box<Self>) -> Vec<Kept> {
        ShownTask::into_kept(*self)
    }

    fn as_any(&mut self) -> &mut dyn Any {
        self
    }
}

/// The network in a prior's file; errors name the field that names the file.
pub(super) fn prior_network<N>(
    run: &Run,
    files: &Files,
    read: impl FnOnce(&[u8]) -> Result<N, String>,
) -> Result<N, EngineError> {
    let file = files.get("prior").ok_or_else(|| "its file is missing".to_owned());
    file.and_then(read).map_err(|why| {
        let name = run.file("prior").unwrap_or_default();
        let allowed = format!(
            "the weights of a prior for the task {} ({why})",
            run.problem.task()
        );
        ConfigError::new("prior.weights", format!("`{name}`"), allowed).into()
    })
}

/// A running lesson: a demonstration that is independent of the open run.
pub trait Lesson {
    /// Runs one iteration and returns its news.
    fn advance<'a>(&'a mut self, device: &'a Device) -> Later<'a, Progress>;
}

/// The news of a lesson.
pub enum Progress {
    /// Nothing yet.
    Nothing,
    /// Its present state.
    Told(Packed),
    /// The lesson is over.
    Ended,
}
