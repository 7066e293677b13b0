//! A run that is open: what the page's workers and the native program drive.

mod trial;

pub use crate::engine::learner::WeightedSamples;
pub use trial::Trial;

use crate::engine::EngineError;
use crate::engine::train::Timing;
use crate::message::{Iteration, Report, SampledTruth, Scene, Snapshot};
use crate::run::{Files, Run};
use crate::task::Picture;
use crate::task::opened::{Kept, OpenRun};
use burn::tensor::Device;
use serde::{Deserialize, Serialize};
use std::any::Any;

/// The form of checkpoints, which grows with every change of what they hold.
const FORM: u32 = 2;

/// A checkpoint's content.
#[derive(Serialize, Deserialize)]
struct Checkpoint {
    form: u32,
    run: Run,
    #[serde(with = "serde_bytes")]
    learner: Vec<u8>,
}

impl Checkpoint {
    fn read(bytes: &[u8]) -> Result<Self, EngineError> {
        let refused = |e: rmp_serde::decode::Error| EngineError::Checkpoint(e.to_string());
        let Form { form } = rmp_serde::from_slice(bytes).map_err(refused)?;
        if form != FORM {
            return Err(EngineError::Checkpoint(format!(
                "another version of rtb wrote it (format {form}, but this version reads {FORM}); continue with that \
                 version, or start the run again"
            )));
        }
        rmp_serde::from_slice(bytes).map_err(refused)
    }
}

/// What is read of a checkpoint first.
#[derive(Deserialize)]
struct Form {
    /// The first version wrote none.
    #[serde(default)]
    form: u32,
}

/// An open run.
pub struct Session(Box<dyn OpenRun>);

impl Session {
    /// Opens a run on a device; `files` are those it needs ([`Run::files`]), `weights` those of a
    /// posterior to go on from (safetensors).
    ///
    /// # Errors
    ///
    /// Where the run, a formula in it or a file of weights is refused.
    pub async fn open(
        run: Run,
        device: Device,
        files: &Files,
        weights: Option<&[u8]>,
    ) -> Result<Self, EngineError> {
        let room = run.task().room();
        Ok(Self(room.open(run, device, files, weights)?))
    }

    /// Reopens a run exactly where [`Session::checkpoint`] was taken.
    ///
    /// # Errors
    ///
    /// Where the checkpoint is damaged, of another version of the program, or does not fit.
    pub async fn resume(checkpoint: &[u8], device: Device, files: &Files) -> Result<Self, EngineError> {
        let checkpoint = Checkpoint::read(checkpoint)?;
        let mut session = Self::open(checkpoint.run, device, files, None).await?;
        session.0.restore(&checkpoint.learner)?;
        Ok(session)
    }

    /// The run that a checkpoint was taken of.
    ///
    /// # Errors
    ///
    /// Where the checkpoint is damaged, or of another version of the program.
    pub fn run_of(checkpoint: &[u8]) -> Result<Run, EngineError> {
        Ok(Checkpoint::read(checkpoint)?.run)
    }

    /// The task in training, if it is of this type.
    pub fn task<T: Any>(&mut self) -> Option<&mut T> {
        self.0.task_mut().as_any().downcast_mut()
    }

    /// The run as it was opened.
    pub fn run(&self) -> &Run {
        self.0.task().run()
    }

    /// What it is computed on.
    pub fn device(&self) -> &Device {
        self.0.task().device()
    }

    /// The shape of a sample.
    pub fn shape(&self) -> Vec<usize> {
        self.0.shape()
    }

    /// What speed is counted in, and how many of these a sample has.
    pub fn unit(&self) -> (&'static str, usize) {
        self.0.unit()
    }

    /// Samples as text, one a line.
    pub fn text(&self, samples: &[f32]) -> String {
        self.0.text(samples)
    }

    /// How samples look.
    pub fn picture(&self, samples: &[f32]) -> Picture {
        self.0.task().pictures()(samples)
    }

    /// T, the transitions of its chain.
    pub fn steps(&self) -> usize {
        self.0.steps()
    }

    /// Iterations done.
    pub fn iteration(&self) -> usize {
        self.0.iteration()
    }

    /// Whether all iterations of the run are done.
    pub fn finished(&self) -> bool {
        self.0.finished()
    }

    /// Seconds of training so far.
    pub fn seconds(&self) -> f64 {
        self.0.seconds()
    }

    /// Where the time of the last iteration went.
    pub fn timing(&self) -> Timing {
        self.0.timing()
    }

    /// What is fixed for the run, to draw it.
    ///
    /// # Errors
    ///
    /// Where the device fails.
    pub async fn scene(&mut self) -> Result<Scene, EngineError> {
        self.0.scene().await
    }

    /// One training iteration.
    ///
    /// # Errors
    ///
    /// Where the device fails or the loss is no longer a number.
    pub async fn step(&mut self) -> Result<Iteration, EngineError> {
        self.0.step().await
    }

    /// Paths and samples with the fixed noise, each chosen among so many candidates, and the figures
    /// over the samples (`evaluation.samples_while_training`), against what is known of the truth by now.
    ///
    /// # Errors
    ///
    /// Where the device fails.
    pub async fn snapshot(&mut self, candidates: usize) -> Result<Snapshot, EngineError> {
        self.0.snapshot(candidates).await
    }

    /// The figures over `samples` policy samples, and over as many that are each chosen among
    /// `candidates`, where that is more than one. Where samples of the prior tell the exact posterior, it is
    /// computed from as many of them, at least `evaluation.proposals`.
    ///
    /// # Errors
    ///
    /// Where the device fails.
    pub async fn evaluate(&mut self, samples: usize, candidates: usize) -> Result<Report, EngineError> {
        self.0.evaluate(samples, candidates).await
    }

    /// Posterior samples, `[count]` of [`Session::shape`], each chosen among so many candidates in
    /// proportion to the weight r·p_θ(τ)/p_φ(τ) of its trajectory: one is the policy's own, many are
    /// the exact posterior's.
    ///
    /// # Errors
    ///
    /// Where the device fails.
    pub async fn samples(&self, count: usize, candidates: usize) -> Result<Vec<f32>, EngineError> {
        self.0.samples(count, candidates).await
    }

    /// The end points of as many trajectories with the log weights r·p_θ(τ)/p_φ(τ) of all of them.
    ///
    /// # Errors
    ///
    /// Where the device fails.
    pub async fn weighted_samples(
        &self,
        count: usize,
        candidates: usize,
    ) -> Result<WeightedSamples, EngineError> {
        self.0.weighted_samples(count, candidates).await
    }

    /// The posterior as safetensors; its header holds the run, the iteration and log Z so far.
    ///
    /// # Errors
    ///
    /// Where the device fails.
    pub async fn weights(&self) -> Result<Vec<u8>, EngineError> {
        self.0.weights().await
    }

    /// Everything needed to go on exactly: run, weights, optimiser, replay buffer, counters.
    ///
    /// # Errors
    ///
    /// Where the device fails.
    pub fn checkpoint(&self) -> Result<Vec<u8>, EngineError> {
        let checkpoint = Checkpoint {
            form: FORM,
            run: self.run().clone(),
            learner: self.0.checkpoint()?,
        };
        rmp_serde::to_vec_named(&checkpoint).map_err(|e| EngineError::Checkpoint(e.to_string()))
    }

    /// Goes on with what a session before this one has made above the same prior, if there is anything
    /// among these.
    pub fn adopt(&mut self, kept: &mut Vec<Kept>) {
        self.0.task_mut().adopt(kept);
    }

    /// What a later session can go on with.
    pub fn into_kept(self) -> Vec<Kept> {
        self.0.into_task().into_kept()
    }

    /// Makes `samples` more samples of the prior, up to `evaluation.proposals`, where they tell the exact
    /// posterior. Whether there are more to make.
    ///
    /// # Errors
    ///
    /// Where the device fails.
    pub async fn grow_truth(&mut self, samples: usize) -> Result<bool, EngineError> {
        self.0.task_mut().grow_truth(samples).await
    }

    /// The exact posterior as far as samples of the prior tell it; nothing while that is next to nothing, and
    /// where the scene has it all.
    ///
    /// # Errors
    ///
    /// Where the device fails.
    pub async fn truth(&mut self) -> Result<Option<SampledTruth>, EngineError> {
        self.0.truth().await
    }
}
