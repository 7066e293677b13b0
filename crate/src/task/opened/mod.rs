//! A task that is open on a device: what a session and a comparison drive, whatever it is about.
//!
//! A room implements [`ShownTask`] for the type that holds its prior, reward and truth. What is generic
//! over that type is written once, here: an [`OpenTask`] is any of them, an [`OpenRun`] one in training.

mod training;
mod untrained;

pub use training::OpenRun;
pub(super) use training::open;
pub(super) use untrained::{draw, population, resampled, unguided};

use super::Picture;
use crate::engine::learner::{Learner, Task};
use crate::engine::{ConfigError, EngineError};
use crate::message::{Fit, Packed, Report, SampledTruth, Scene, Snapshot, Truth};
use crate::run::{Files, Run};
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
    fn into_kept(self) -> Vec<Kept> {
        Vec::new()
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

    fn into_kept(self: Box<Self>) -> Vec<Kept> {
        ShownTask::into_kept(*self)
    }

    fn as_any(&mut self) -> &mut dyn Any {
        self
    }
}

/// The network of a prior's file; what is wrong with the file is said of the field that names it.
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
