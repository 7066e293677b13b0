//! A run that is open: what the page's workers and the native program drive.

use crate::config::{ConfigError, Method, Run};
use crate::host::read;
use crate::message::{Iteration, Paths, Report, Scene, Snapshot};
use crate::metric::{self, PICTURE_SIDE, PolicySamples, PriorSamples};
use crate::network::{DriftNetwork, Weights, load_tensors, read_tensors};
use crate::noise::Purpose;
use crate::objective;
use crate::parallel;
use crate::plane::{CHUNK, Plane, device_name};
use crate::policy::PlanePolicy;
use crate::prior::PlanePrior;
use crate::process::BrownianBridge;
use crate::rollout::{Batch, Chains, Drawn, Follow, Replay};
use crate::train::{Timing, TrainError, Trainer, TrainerRecord};
use burn::tensor::{Device, Tensor};
use serde::{Deserialize, Serialize};
use web_time::Instant;

/// Trajectories in a picture.
const PICTURED: usize = 192;
/// Most points of a pictured trajectory.
const PICTURED_STEPS: usize = 51;
/// Prior samples among which given end points are drawn.
const GIVEN: usize = 20_000;

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
    plane: Plane,
    trainer: Trainer<BrownianBridge, PlanePrior, PlanePolicy>,
    /// Training time so far.
    seconds: f64,
}

/// Posterior samples of a trained policy.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct WeightedSamples {
    /// End points, x and y in turn.
    pub ends: Vec<f32>,
    /// log of r·p_θ(τ)/p_φ(τ), one a sample.
    pub log_weights: Vec<f64>,
    /// What drawing them took, without the weights.
    pub seconds: f64,
}

/// Trajectories as the host knows them.
#[derive(Default)]
struct Simulated {
    /// End points, x and y in turn.
    ends: Vec<f32>,
    /// Σ_i log p_φ − log p_θ, one a trajectory.
    log_ratio: Vec<f64>,
    /// What drawing them took, without the log ratios.
    seconds: f64,
}

/// A checkpoint's content.
#[derive(Serialize, Deserialize)]
struct CheckpointRecord {
    run: Run,
    seconds: f64,
    trainer: TrainerRecord,
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
        let run = plane.run.clone();
        let objective = objective::objective(&run).ok_or_else(|| {
            let trained = Method::all().into_iter().filter(Method::is_trained);
            let names: Vec<_> = trained.map(|m| m.info().name).collect();
            ConfigError::new(
                "method",
                format!("`{}`, which is not trained", run.method.info().name),
                format!("one of {}; compare runs the others", names.join(", ")),
            )
        })?;
        let network = match &plane.prior {
            PlanePrior::Exact(_) => PlanePolicy::network(&run).init(&plane.noise, &plane.device),
            PlanePrior::Learned(prior) => prior.network().clone(),
        };
        let chains = Chains {
            process: plane.process,
            prior: plane.prior.clone(),
            policy: PlanePolicy::new(&run, plane.process, &plane.reward, &plane.device),
            device: plane.device.clone(),
        };
        let given = given_end_points(&plane);
        let (network, progress) = match weights {
            None => (network, None),
            Some(file) => posterior_network(&plane.run, network, file)?,
        };
        let reward = Box::new(plane.reward.clone());
        let mut trainer = Trainer::new(run, chains, reward, objective, network, given);
        let seconds = progress.as_ref().map_or(0.0, |p| p.seconds);
        if let Some(Progress { iteration, log_z, .. }) = progress {
            trainer.set_progress(iteration, log_z);
        }
        Ok(Self {
            plane,
            trainer,
            seconds,
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
        let mut session = Self::open(record.run, device, prior_weights, None).await?;
        session
            .trainer
            .restore(record.trainer)
            .map_err(SessionError::Checkpoint)?;
        session.seconds = record.seconds;
        Ok(session)
    }

    /// The run as it was opened.
    pub fn run(&self) -> &Run {
        &self.plane.run
    }

    /// Iterations done.
    pub fn iteration(&self) -> usize {
        self.trainer.iteration()
    }

    /// Whether all iterations of the run are done.
    pub fn finished(&self) -> bool {
        self.iteration() >= self.plane.run.training.iterations
    }

    /// The run's fixed pictures.
    ///
    /// # Errors
    ///
    /// Where the device fails.
    pub async fn scene(&mut self) -> Result<Scene, SessionError> {
        let prior_paths = self.pictured(Follow::Prior).await?;
        let truth = self.plane.truth().await?;
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
        let iteration = self.trainer.step().await.map_err(|error| match error {
            TrainError::Device(text) => SessionError::Device(text),
            TrainError::Diverged(text) => SessionError::Diverged(text),
        })?;
        self.seconds += iteration.seconds;
        Ok(iteration)
    }

    /// Where the time of the last iteration went.
    pub fn timing(&self) -> Timing {
        self.trainer.timing()
    }

    /// Paths and samples with the fixed noise, and the figures over the samples
    /// (`evaluation.samples_while_training`).
    ///
    /// # Errors
    ///
    /// Where the device fails.
    pub async fn snapshot(&mut self) -> Result<Snapshot, SessionError> {
        let paths = self.pictured(Follow::Policy { exploration: 0.0 }).await?;
        let (report, samples) = self
            .measure(self.plane.run.evaluation.samples_while_training)
            .await?;
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
        let follow = Follow::Policy { exploration: 0.0 };
        let network = self.trainer.network();
        let mut ends = Vec::with_capacity(2 * count);
        for group in self.groups(count) {
            ends.extend(self.draw(&network, follow, Purpose::Samples, group).await?.1);
        }
        Ok(ends)
    }

    /// Posterior samples with the log weights r·p_θ(τ)/p_φ(τ) of their trajectories.
    ///
    /// # Errors
    ///
    /// Where the device fails.
    pub async fn weighted_samples(&self, count: usize) -> Result<WeightedSamples, SessionError> {
        let follow = Follow::Policy { exploration: 0.0 };
        let made = self.simulate(follow, Purpose::Evaluation, count).await?;
        let log_reward = self.plane.setting().log_reward(&made.ends);
        let pairs = log_reward.iter().zip(&made.log_ratio);
        Ok(WeightedSamples {
            log_weights: pairs.map(|(r, q)| r - q).collect(),
            ends: made.ends,
            seconds: made.seconds,
        })
    }

    /// Seconds of training so far.
    pub fn seconds(&self) -> f64 {
        self.seconds
    }

    /// The task, whose truth is computed when first asked for.
    pub fn plane_mut(&mut self) -> &mut Plane {
        &mut self.plane
    }

    /// The posterior as safetensors; its header holds the run, the iteration, log Z
    /// and the seconds so far.
    ///
    /// # Errors
    ///
    /// Where the device fails.
    pub async fn weights(&self) -> Result<Vec<u8>, SessionError> {
        let mut weights = Weights::of(&self.trainer.network())
            .await
            .map_err(SessionError::Device)?;
        weights.metadata.insert("run".into(), self.plane.run.to_toml());
        weights
            .metadata
            .insert("iteration".into(), self.iteration().to_string());
        weights
            .metadata
            .insert("log_z".into(), self.trainer.log_z().to_string());
        weights
            .metadata
            .insert("seconds".into(), self.seconds.to_string());
        Ok(weights.to_safetensors(false))
    }

    /// Everything needed to go on exactly: run, weights, optimiser, replay buffer, counters.
    ///
    /// # Errors
    ///
    /// Where the device fails.
    pub fn checkpoint(&self) -> Result<Vec<u8>, SessionError> {
        let trainer = self.trainer.record().map_err(SessionError::Checkpoint)?;
        let record = CheckpointRecord {
            run: self.plane.run.clone(),
            seconds: self.seconds,
            trainer,
        };
        rmp_serde::to_vec_named(&record).map_err(|e| SessionError::Checkpoint(e.to_string()))
    }

    /// The report over `count` policy samples, and their end points.
    async fn measure(&mut self, count: usize) -> Result<(Report, Vec<f32>), SessionError> {
        let made = self
            .simulate(Follow::Prior, Purpose::PriorEvaluation, count)
            .await?;
        let prior = PriorSamples {
            log_reward: self.plane.setting().log_reward(&made.ends),
            log_ratio: made.log_ratio,
        };
        let follow = Follow::Policy { exploration: 0.0 };
        let Simulated { ends, log_ratio, .. } = self.simulate(follow, Purpose::Evaluation, count).await?;
        let log_reward = self.plane.setting().log_reward(&ends);
        let floored = ends
            .chunks_exact(2)
            .map(|p| self.plane.reward.is_floored([p[0].into(), p[1].into()]))
            .collect();
        let policy = PolicySamples {
            ends,
            log_ratio,
            log_reward,
            floored,
        };
        let truth = self.plane.truth().await?;
        let iterations = self.iteration();
        let report = Report {
            iterations,
            seconds: self.seconds,
            seconds_per_iteration: self.seconds / iterations.max(1) as f64,
            seed: self.plane.run.seed,
            device: device_name(&self.trainer.chains.device),
            ..metric::report(&policy, &prior, &truth, &self.plane.mixture, self.trainer.log_z())
        };
        Ok((report, policy.ends))
    }

    /// Trajectories whose noise depends on the purpose only.
    async fn simulate(
        &self,
        follow: Follow,
        purpose: Purpose,
        count: usize,
    ) -> Result<Simulated, SessionError> {
        let network = self.trainer.network();
        let mut made = Simulated::default();
        for group in self.groups(count) {
            let started = Instant::now();
            let (drawn, ends) = self.draw(&network, follow, purpose, group).await?;
            made.seconds += started.elapsed().as_secs_f64();
            made.ends.extend(ends);
            let scored = parallel::map(drawn, |drawn| self.trainer.chains.score(drawn).log_ratio);
            let log_ratio = read(Tensor::cat(scored, 0)).await.map_err(SessionError::Device)?;
            made.log_ratio.extend(log_ratio.into_iter().map(f64::from));
        }
        Ok(made)
    }

    /// Counters and sizes of the chunks of `count` trajectories, as many together as there are
    /// threads.
    fn groups(&self, count: usize) -> Vec<Vec<(u64, usize)>> {
        let chunks: Vec<_> = (0..count.div_ceil(CHUNK))
            .map(|c| (c as u64, CHUNK.min(count - c * CHUNK)))
            .collect();
        chunks
            .chunks(parallel::parts(&self.plane.device, CHUNK))
            .map(<[_]>::to_vec)
            .collect()
    }

    /// Trajectories of a group of chunks, and their end points on the host: when those are there,
    /// the device is done drawing.
    async fn draw(
        &self,
        network: &DriftNetwork,
        follow: Follow,
        purpose: Purpose,
        group: Vec<(u64, usize)>,
    ) -> Result<(Vec<Drawn<BrownianBridge>>, Vec<f32>), SessionError> {
        let chains = &self.trainer.chains;
        let drawn = parallel::map(group, |(counter, rows)| {
            chains.draw(network, self.batch(purpose, counter, rows), follow)
        });
        let ends = drawn.iter().map(|d| d.states[chains.process.steps].clone());
        let ends = read(Tensor::cat(ends.collect(), 0))
            .await
            .map_err(SessionError::Device)?;
        Ok((drawn, ends))
    }

    fn batch(&self, purpose: Purpose, counter: u64, rows: usize) -> Batch {
        let numbers = rows * 2 * self.plane.run.process.steps;
        Batch {
            fresh: rows,
            noise: self.plane.noise.normal(purpose, counter, numbers),
            ..Batch::default()
        }
    }

    /// Trajectories for a picture, with the same noise each time.
    async fn pictured(&self, follow: Follow) -> Result<Paths, SessionError> {
        let chains = &self.trainer.chains;
        let made = chains.roll_out(
            &self.trainer.network(),
            self.batch(Purpose::Pictures, 0, PICTURED),
            follow,
        );
        let last = chains.process.steps;
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

/// How far a posterior's file says it was trained.
struct Progress {
    iteration: usize,
    log_z: f64,
    seconds: f64,
}

/// A posterior's network and, where its header says that it was trained on this prior, reward
/// and chain, how far.
fn posterior_network(
    run: &Run,
    network: DriftNetwork,
    file: &[u8],
) -> Result<(DriftNetwork, Option<Progress>), SessionError> {
    let weights = read_tensors(file).map_err(SessionError::Weights)?;
    let network = load_tensors(network, &weights).map_err(SessionError::Weights)?;
    let header = |key: &str| weights.metadata.get(key).map(String::as_str);
    let trained_on = header("run").and_then(|toml| Run::from_toml(toml).ok());
    let same = trained_on.is_some_and(|other| {
        other.prior == run.prior
            && other.method == run.method
            && other.reward == run.reward
            && other.tempering == run.tempering
            && other.process == run.process
    });
    if !same {
        return Ok((network, None));
    }
    let number = |key: &str| {
        header(key)
            .and_then(|text| text.parse::<f64>().ok())
            .filter(|v| v.is_finite())
    };
    match (number("iteration"), number("log_z"), number("seconds")) {
        (Some(iteration), Some(log_z), Some(seconds)) if (0.0..=1e7).contains(&iteration) => {
            let iteration = iteration as usize;
            Ok((
                network,
                Some(Progress {
                    iteration,
                    log_z,
                    seconds,
                }),
            ))
        }
        _ => Err(SessionError::Weights(
            "its header has no sound iteration, log_z and seconds".into(),
        )),
    }
}

/// Samples of the mixture with their rewards, for trajectories noised back from given end points:
/// equally many of every component, however small, weighted back to the mixture.
fn given_end_points(plane: &Plane) -> Replay {
    let mut given = Replay::new(GIVEN, 2);
    if plane.run.rollout.noised_share > 0.0 {
        let mixture = &plane.mixture;
        let mut rng = plane.noise.stream(Purpose::GivenEndPoints, (1 << 48) - 1);
        for sample in 0..GIVEN {
            let component = sample % mixture.len();
            let x = mixture.sample_component(component, &mut rng);
            let priority = plane.reward.log_r(x) + mixture.weight(component).ln();
            given.push(&x.map(|v| v as f32), priority);
        }
    }
    given
}
