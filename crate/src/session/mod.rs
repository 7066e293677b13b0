//! A run that is open: what the page's workers and the native program drive.

mod learner;

pub use learner::{Learner, Network, Simulated, Task, WeightedSamples};

use crate::config::{ConfigError, Run};
use crate::host::read;
use crate::message::{Iteration, Paths, Report, Scene, Snapshot};
use crate::metric::{self, PICTURE_SIDE, PolicySamples, PriorSamples};
use crate::noise::Purpose;
use crate::plane::{Plane, device_name};
use crate::rollout::Follow;
use burn::tensor::{Device, Tensor};
use learner::CheckpointRecord;

/// Trajectories in a picture.
const PICTURED: usize = 192;
/// Most points of a pictured trajectory.
const PICTURED_STEPS: usize = 51;
/// Why a run cannot open or go on.
#[derive(Debug, thiserror::Error)]
pub enum SessionError {
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// A weights file that does not fit; the text names the tensor and the shapes.
    #[error("weights: {0}")]
    Weights(String),
    /// A checkpoint that is damaged or of another run.
    #[error("checkpoint: {0}")]
    Checkpoint(String),
    /// The loss is no longer a number. The session can still be measured and saved.
    #[error("{0}")]
    Diverged(String),
    /// A training-free method cannot be used on the run, or its device failed.
    #[error("{0}")]
    Method(String),
    /// The device failed: lost, out of memory.
    #[error("device: {0}")]
    Device(String),
}

/// The processor.
#[cfg(feature = "cpu")]
pub fn cpu_device() -> Device {
    Device::flex()
}

/// The GPU through wgpu: WebGPU in a browser; Vulkan, Metal or DX12 elsewhere.
///
/// # Errors
///
/// Where there is no adapter.
#[cfg(feature = "gpu")]
pub async fn gpu_device() -> Result<Device, SessionError> {
    Device::wgpu_options()
        .init_async()
        .await
        .map_err(|e| SessionError::Device(format!("no GPU for wgpu: {e}")))
}

/// The first CUDA device.
///
/// # Errors
///
/// Where there is none.
#[cfg(feature = "cuda")]
pub fn cuda_device() -> Result<Device, SessionError> {
    let device = Device::cuda(0usize);
    match device.sync() {
        Ok(()) => Ok(device),
        Err(e) => Err(SessionError::Device(format!("no CUDA device: {e:?}"))),
    }
}

/// An open run.
pub struct Session {
    learner: Learner<Plane>,
}

impl Session {
    /// Opens a run on a device; `prior_weights` are those of a learned prior, `weights` those of
    /// a posterior to go on from, both safetensors.
    ///
    /// # Errors
    ///
    /// Where the run, a formula in it or a file of weights is refused.
    pub async fn open(
        run: Run,
        device: Device,
        prior_weights: Option<&[u8]>,
        weights: Option<&[u8]>,
    ) -> Result<Self, SessionError> {
        let plane = Plane::open(run, device, prior_weights)?;
        Ok(Self {
            learner: Learner::new(plane, weights)?,
        })
    }

    /// Reopens a run exactly where [`Session::checkpoint`] was taken.
    ///
    /// # Errors
    ///
    /// Where the checkpoint is damaged or does not fit.
    pub async fn resume(
        checkpoint: &[u8],
        device: Device,
        prior_weights: Option<&[u8]>,
    ) -> Result<Self, SessionError> {
        let record: CheckpointRecord =
            rmp_serde::from_slice(checkpoint).map_err(|e| SessionError::Checkpoint(e.to_string()))?;
        let mut session = Self::open(record.run.clone(), device, prior_weights, None).await?;
        session.learner.restore(record)?;
        Ok(session)
    }

    /// The task in training.
    pub fn learner(&self) -> &Learner<Plane> {
        &self.learner
    }

    /// The run as it was opened.
    pub fn run(&self) -> &Run {
        &self.learner.task.run
    }

    /// Iterations done.
    pub fn iteration(&self) -> usize {
        self.learner.iteration()
    }

    /// Whether all iterations of the run are done.
    pub fn finished(&self) -> bool {
        self.learner.finished()
    }

    /// The run's fixed pictures.
    ///
    /// # Errors
    ///
    /// Where the device fails.
    pub async fn scene(&mut self) -> Result<Scene, SessionError> {
        let prior_paths = self.pictured(Follow::Prior).await?;
        let truth = self.learner.task.truth().await?;
        Ok(Scene {
            side: PICTURE_SIDE,
            prior: truth.prior.clone(),
            log_reward: truth.log_reward.clone(),
            exact: truth.posterior.clone(),
            truth: truth.kind,
            log_z: truth.log_z,
            prior_paths,
        })
    }

    /// One training iteration.
    ///
    /// # Errors
    ///
    /// Where the device fails or the loss is no longer a number.
    pub async fn step(&mut self) -> Result<Iteration, SessionError> {
        self.learner.step().await
    }

    /// Paths and samples with the fixed noise, and the figures over the samples
    /// (`evaluation.samples_while_training`).
    ///
    /// # Errors
    ///
    /// Where the device fails.
    pub async fn snapshot(&mut self) -> Result<Snapshot, SessionError> {
        let paths = self.pictured(Follow::Policy { exploration: 0.0 }).await?;
        let (report, samples) = self.measure(self.run().evaluation.samples_while_training).await?;
        Ok(Snapshot {
            iteration: self.iteration(),
            samples,
            paths,
            report,
        })
    }

    /// The figures over `samples` policy samples.
    ///
    /// # Errors
    ///
    /// Where the device fails.
    pub async fn evaluate(&mut self, samples: usize) -> Result<Report, SessionError> {
        Ok(self.measure(samples).await?.0)
    }

    /// Posterior samples, x and y in turn.
    ///
    /// # Errors
    ///
    /// Where the device fails.
    pub async fn samples(&self, count: usize) -> Result<Vec<f32>, SessionError> {
        self.learner.samples(count).await
    }

    /// The task, whose truth is computed when first asked for.
    pub fn plane_mut(&mut self) -> &mut Plane {
        &mut self.learner.task
    }

    /// The posterior as safetensors; its header holds the run, the iteration, log Z
    /// and the seconds so far.
    ///
    /// # Errors
    ///
    /// Where the device fails.
    pub async fn weights(&self) -> Result<Vec<u8>, SessionError> {
        self.learner.weights().await
    }

    /// Everything needed to go on exactly: run, weights, optimiser, replay buffer, counters.
    ///
    /// # Errors
    ///
    /// Where the device fails.
    pub fn checkpoint(&self) -> Result<Vec<u8>, SessionError> {
        self.learner.checkpoint()
    }

    /// The report over `count` policy samples, and their end points.
    async fn measure(&mut self, count: usize) -> Result<(Report, Vec<f32>), SessionError> {
        let learner = &self.learner;
        let made = learner
            .simulate(Follow::Prior, Purpose::PriorEvaluation, count)
            .await?;
        let prior = PriorSamples {
            log_reward: made.log_reward,
            log_ratio: made.log_ratio,
        };
        let follow = Follow::Policy { exploration: 0.0 };
        let made = learner.simulate(follow, Purpose::Evaluation, count).await?;
        let reward = &learner.task.reward;
        let floored = made.ends.chunks_exact(2);
        let policy = PolicySamples {
            floored: floored
                .map(|p| reward.is_floored([p[0].into(), p[1].into()]))
                .collect(),
            ends: made.ends,
            log_ratio: made.log_ratio,
            log_reward: made.log_reward,
        };
        let truth = self.learner.task.truth().await?;
        let (learner, plane) = (&self.learner, &self.learner.task);
        let iterations = learner.iteration();
        let report = Report {
            iterations,
            seconds: learner.seconds(),
            seconds_per_iteration: learner.seconds() / iterations.max(1) as f64,
            seed: plane.run.seed,
            device: device_name(&plane.device),
            ..metric::report(&policy, &prior, &truth, &plane.mixture, learner.log_z())
        };
        Ok((report, policy.ends))
    }

    /// Trajectories for a picture, with the same noise each time.
    async fn pictured(&self, follow: Follow) -> Result<Paths, SessionError> {
        let made = self.learner.pictured(follow, PICTURED);
        let last = self.run().process.steps;
        let stride = last.div_ceil(PICTURED_STEPS - 1);
        let mut steps: Vec<usize> = (0..last).step_by(stride).collect();
        steps.push(last);
        let shown: Vec<Tensor<2>> = steps.iter().map(|s| made.states[*s].clone()).collect();
        // [rows, shown steps, 2]
        let points = Tensor::stack::<3>(shown, 1);
        let points = read(points).await.map_err(SessionError::Device)?;
        Ok(Paths { steps, points })
    }
}
