//! An open run, as the page's workers and the native program use it.

mod one_step;
mod trial;

pub use crate::engine::learner::{Sampled, WeightedSamples};
pub use trial::Trial;

use crate::engine::team::Team;
use crate::engine::train::Timing;
use crate::engine::{Conditions, ConfigError, EngineError, frame};
use crate::message::{Iteration, Report, SampledTruth, Scene, Snapshot};
use crate::run::{Files, Run};
use crate::task::Picture;
use crate::task::opened::{Kept, OpenRun};
use burn::tensor::Device;
use serde::{Deserialize, Serialize};
use std::any::Any;

/// Version of the checkpoint format; it increases with every change of the content.
const FORM: u32 = 2;

/// What [`Session::checkpoint`] holds.
#[derive(Serialize, Deserialize)]
pub struct Checkpoint {
    form: u32,
    /// The run that it belongs to.
    pub run: Run,
    #[serde(with = "serde_bytes")]
    learner: Vec<u8>,
}

impl Checkpoint {
    /// Reads the bytes of a checkpoint.
    ///
    /// # Errors
    ///
    /// Where it is damaged, or of another version of the program.
    pub fn read(bytes: &[u8]) -> Result<Self, EngineError> {
        let refused = |_| EngineError::Checkpoint("it is not that of a run".to_owned());
        let bytes = frame::decode(bytes)?;
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

/// The part of a checkpoint that is read first.
#[derive(Deserialize)]
struct Form {
    /// 0 if absent: the first version did not write it.
    #[serde(default)]
    form: u32,
}

/// An open run.
pub struct Session(Box<dyn OpenRun>);

impl Session {
    /// Opens a run on a device with the files that it needs ([`Run::files`]). `weights` (safetensors) hold a
    /// posterior to start from.
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
        Self::resume_as(checkpoint.run.clone(), &checkpoint, device, files).await
    }

    /// The same as another run, which may differ from the checkpoint's in its length, its schedule and its
    /// evaluation.
    ///
    /// # Errors
    ///
    /// As [`Session::resume`], and where another field has changed or the run is shorter than what has been
    /// trained.
    pub async fn resume_as(
        run: Run,
        checkpoint: &Checkpoint,
        device: Device,
        files: &Files,
    ) -> Result<Self, EngineError> {
        checkpoint.run.same_training(&run)?;
        let mut session = Self::open(run, device, files, None).await?;
        session.0.restore(&checkpoint.learner)?;
        let (done, wanted) = (session.iteration(), session.run().training.iterations);
        if wanted < done {
            let allowed =
                format!("a whole number from {done}: this run has already been trained for so many");
            return Err(ConfigError::new("training.iterations", wanted, allowed).into());
        }
        Ok(session)
    }

    /// Goes on under another description of the same training ([`Run::same_training`]): weights, optimiser
    /// and the samples of the prior stay.
    ///
    /// # Errors
    ///
    /// Where a value is not allowed, or a field differs for which training has to start again.
    pub fn revise(&mut self, run: Run) -> Result<(), ConfigError> {
        run.validate()?;
        self.run().same_training(&run)?;
        self.0.revise(run);
        Ok(())
    }

    /// Goes on as a member of a team: several sessions of the same run that have come to the same iteration.
    ///
    /// # Errors
    ///
    /// Where the batch is too small for so many.
    pub fn join(&mut self, team: Box<dyn Team>) -> Result<(), ConfigError> {
        self.0.join(team)
    }

    /// The open task, if it is of this type.
    pub fn task<T: Any>(&mut self) -> Option<&mut T> {
        self.0.task_mut().as_any().downcast_mut()
    }

    /// The run as it was opened.
    pub fn run(&self) -> &Run {
        self.0.task().run()
    }

    /// Its conditions: one, or those that its posteriors are amortised over.
    pub fn conditions(&self) -> Conditions {
        self.0.task().conditions()
    }

    /// Name of the device.
    pub fn device(&self) -> &Device {
        self.0.task().device()
    }

    /// The shape of a sample.
    pub fn shape(&self) -> Vec<usize> {
        self.0.shape()
    }

    /// The unit that speed is counted in, and how many of these units make a sample.
    pub fn unit(&self) -> (&'static str, usize) {
        self.0.unit()
    }

    /// Samples as text, one per line.
    pub fn text(&self, samples: &[f32]) -> String {
        self.0.text(samples)
    }

    /// The numbers that a condition stands for, with their names: the state that a policy acts in. None where a place
    /// says it all.
    pub fn numbers(&self, condition: usize) -> Vec<(String, f64)> {
        self.0.numbers(condition)
    }

    /// A picture of samples.
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

    /// Everything fixed for the run, for drawing: prior, reward and exact posterior.
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

    /// Paths and samples with fixed noise, each chosen among `candidates`, and the figures of
    /// `evaluation.samples_while_training` samples, compared with the truth as far as it is known.
    ///
    /// # Errors
    ///
    /// Where the device fails.
    pub async fn snapshot(&mut self, candidates: usize) -> Result<Snapshot, EngineError> {
        self.0.snapshot(candidates).await
    }

    /// The figures of `samples` policy samples and, if `candidates` > 1, of equally many samples that are each
    /// chosen among `candidates`. If the exact posterior comes from samples of the prior, it uses the larger of
    /// `samples` and `evaluation.proposals` of them.
    ///
    /// # Errors
    ///
    /// Where the device fails.
    pub async fn evaluate(&mut self, samples: usize, candidates: usize) -> Result<Report, EngineError> {
        self.0.evaluate(samples, candidates).await
    }

    /// Adds the calibration ([`Calibration`](crate::task::calibration::Calibration)) of posteriors that are amortised
    /// over conditions to a report, where samples of the exact posteriors are to be had. Nothing in it depends on
    /// the report.
    ///
    /// # Errors
    ///
    /// Where the device fails.
    pub async fn calibrate(&mut self, mut report: Report) -> Result<Report, EngineError> {
        if let Some(calibration) = self.0.calibration().await? {
            report.fit = report.fit.with(&calibration);
        }
        Ok(report)
    }

    /// Posterior samples, `[count]` of [`Session::shape`]. Each is chosen among `candidates` in proportion to
    /// the weight r·p_θ(τ)/p_φ(τ) of its trajectory: with one candidate they follow the policy, with many
    /// they approach the exact posterior.
    ///
    /// # Errors
    ///
    /// Where the device fails.
    pub async fn samples(&self, count: usize, candidates: usize) -> Result<Vec<f32>, EngineError> {
        self.0.samples(count, candidates).await
    }

    /// The same under these conditions, one per sample, with the log of their weights if they are wanted.
    ///
    /// # Errors
    ///
    /// Where the device fails.
    pub async fn sampled(
        &self,
        conditions: &[usize],
        candidates: usize,
        weighted: bool,
    ) -> Result<Sampled, EngineError> {
        self.0.sampled(conditions, candidates, weighted).await
    }

    /// The first thing of its run that the models take for something else, as they do not know it.
    pub fn misread(&self) -> Option<ConfigError> {
        self.0.task().misread()
    }

    /// The end points of `count` trajectories, with the log of their weights r·p_θ(τ)/p_φ(τ).
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

    /// A checkpoint from which training continues exactly: run, weights, optimiser, replay buffer, counters.
    ///
    /// # Errors
    ///
    /// Where the device fails.
    pub fn checkpoint(&self) -> Result<Vec<u8>, EngineError> {
        let checkpoint = Checkpoint {
            form: FORM,
            run: self.run().clone(),
            learner: self.0.record()?,
        };
        let bytes = rmp_serde::to_vec_named(&checkpoint);
        let bytes = bytes.map_err(|e| EngineError::Checkpoint(e.to_string()))?;
        Ok(frame::encode(&bytes))
    }

    /// Takes over the prior samples that an earlier session drew from the same prior, if `kept` holds
    /// any.
    pub fn adopt(&mut self, kept: &mut Vec<Kept>) {
        self.0.task_mut().adopt(kept);
    }

    /// Prior samples that a later session can take over.
    pub fn into_kept(self) -> Vec<Kept> {
        self.0.into_task().into_kept()
    }

    /// Draws `samples` more samples of the prior, up to `evaluation.proposals`, if the exact posterior comes
    /// from them. Returns whether more are to come.
    ///
    /// # Errors
    ///
    /// Where the device fails.
    pub async fn grow_truth(&mut self, samples: usize) -> Result<bool, EngineError> {
        self.0.task_mut().grow_truth(samples).await
    }

    /// The exact posterior as estimated from samples of the prior so far; `None` while there are too few, or
    /// if the scene already holds it.
    ///
    /// # Errors
    ///
    /// Where the device fails.
    pub async fn truth(&mut self) -> Result<Option<SampledTruth>, EngineError> {
        self.0.truth().await
    }
}
