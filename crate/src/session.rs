//! A run that is open: what the page's workers and the native program drive.

use crate::config::{Component, ConfigError, HALF_WIDTH, PriorKind, Reward, Run};
use crate::message::{Iteration, Paths, Report, Scene, Snapshot};
use crate::metric::{self, PICTURE_SIDE, PolicySamples, PriorSamples, Truth};
use crate::mixture::Mixture;
use crate::network::{
    DriftNetwork, DriftNetworkConfig, Preconditioning, Weights, load_tensors, read_tensors,
};
use crate::noise::{Noise, Purpose};
use crate::parallel;
use crate::policy::PlanePolicy;
use crate::prior::{ExactPrior, LearnedPrior, PlanePrior};
use crate::process::BrownianBridge;
use crate::reward::LogReward;
use crate::rollout::{Batch, Chains, Follow, Replay};
use crate::train::{EndReward, Timing, TrainError, Trainer, TrainerRecord};
use burn::tensor::{Device, Tensor, Transaction};
use serde::{Deserialize, Serialize};

/// Trajectories that are simulated at once.
const CHUNK: usize = 1000;
/// Trajectories in a picture.
const PICTURED: usize = 192;
/// Most points of a pictured trajectory.
const PICTURED_STEPS: usize = 51;
/// Prior samples among which given end points are drawn.
const GIVEN: usize = 20_000;

/// Largest share of a mixture outside the drawn square.
const MOST_OUTSIDE: f64 = 0.02;

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
    run: Run,
    trainer: Trainer<BrownianBridge, PlanePrior, PlanePolicy>,
    reward: LogReward,
    mixture: Mixture,
    noise: Noise,
    /// Computed when first asked for.
    truth: Option<Truth>,
    /// Training time so far.
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
        run.validate()?;
        check_inside("prior.components", &run.prior.components)?;
        if let Reward::Ratio { numerator, .. } = &run.reward {
            check_inside("reward.numerator", numerator)?;
        }
        let reward = LogReward::new(&run)?;
        let process = BrownianBridge {
            steps: run.process.steps,
            variance: run.process.variance,
            dimensions: 2,
        };
        let noise = Noise::new(run.seed);
        let (prior, network) = match run.prior.kind {
            PriorKind::Exact => {
                let network = PlanePolicy::network(&run).init(&noise, &device);
                (PlanePrior::Exact(ExactPrior::new(&run, &device)), network)
            }
            PriorKind::Learned => {
                let file = prior_weights
                    .ok_or_else(|| SessionError::Weights("a learned prior needs its weights".into()))?;
                let network = learned_network(file, &device)?;
                let prior = LearnedPrior::new(network.clone(), Preconditioning::new(process));
                (PlanePrior::Learned(Box::new(prior)), network)
            }
        };
        let policy = PlanePolicy::new(&run, process, &reward, &device);
        let chains = Chains {
            process,
            prior,
            policy,
            device,
        };
        let mixture = Mixture::new(&run.prior.components);
        let given = given_end_points(&run, &noise, &mixture, &reward);
        let (network, progress) = match weights {
            None => (network, None),
            Some(file) => posterior_network(&run, network, file)?,
        };
        let mut trainer = Trainer::new(run.clone(), chains, Box::new(reward.clone()), network, given);
        let seconds = progress.as_ref().map_or(0.0, |p| p.seconds);
        if let Some(Progress { iteration, log_z, .. }) = progress {
            trainer.set_progress(iteration, log_z);
        }
        Ok(Self {
            run,
            trainer,
            reward,
            mixture,
            noise,
            truth: None,
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
        &self.run
    }

    /// Iterations done.
    pub fn iteration(&self) -> usize {
        self.trainer.iteration()
    }

    /// Whether all iterations of the run are done.
    pub fn finished(&self) -> bool {
        self.iteration() >= self.run.training.iterations
    }

    /// The run's fixed pictures.
    ///
    /// # Errors
    ///
    /// Where the device fails.
    pub async fn scene(&mut self) -> Result<Scene, SessionError> {
        let prior_paths = self.pictured(Follow::Prior).await?;
        let truth = self.truth().await?;
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
        let (report, samples) = self.measure(self.run.evaluation.samples_while_training).await?;
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
        Ok(self
            .simulate(Follow::Policy { exploration: 0.0 }, Purpose::Samples, count)
            .await?
            .0)
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
        weights.metadata.insert("run".into(), self.run.to_toml());
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
            run: self.run.clone(),
            seconds: self.seconds,
            trainer,
        };
        rmp_serde::to_vec_named(&record).map_err(|e| SessionError::Checkpoint(e.to_string()))
    }

    async fn truth(&mut self) -> Result<&Truth, SessionError> {
        if self.truth.is_none() {
            let beta = self.run.tempering.beta;
            let truth = match self.run.prior.kind {
                PriorKind::Exact => Truth::quadrature(&self.mixture, &self.reward, beta),
                PriorKind::Learned => {
                    let samples = self.run.evaluation.samples;
                    let (ends, _) = self
                        .simulate(Follow::Prior, Purpose::PriorEvaluation, samples)
                        .await?;
                    Truth::importance_weighted(&ends, &self.mixture, &self.reward, beta)
                }
            };
            self.truth = Some(truth);
        }
        Ok(self.truth.as_ref().expect("it was just computed"))
    }

    /// The report over `count` policy samples, and their end points.
    async fn measure(&mut self, count: usize) -> Result<(Report, Vec<f32>), SessionError> {
        let beta = self.run.tempering.beta;
        let tempered = |ends: &[f32]| {
            self.reward
                .log_reward(ends)
                .into_iter()
                .map(|l| beta * l)
                .collect::<Vec<_>>()
        };
        let (prior_ends, log_ratio) = self
            .simulate(Follow::Prior, Purpose::PriorEvaluation, count)
            .await?;
        let prior = PriorSamples {
            log_ratio,
            log_reward: tempered(&prior_ends),
        };
        let follow = Follow::Policy { exploration: 0.0 };
        let (ends, log_ratio) = self.simulate(follow, Purpose::Evaluation, count).await?;
        let log_reward = tempered(&ends);
        let floored = ends
            .chunks_exact(2)
            .map(|p| self.reward.is_floored([p[0].into(), p[1].into()]))
            .collect();
        let policy = PolicySamples {
            ends,
            log_ratio,
            log_reward,
            floored,
        };
        self.truth().await?;
        let truth = self.truth.as_ref().expect("it was just computed");
        let iterations = self.iteration();
        let report = Report {
            iterations,
            seconds: self.seconds,
            seconds_per_iteration: self.seconds / iterations.max(1) as f64,
            seed: self.run.seed,
            device: device_name(&self.trainer.chains.device),
            ..metric::report(&policy, &prior, truth, &self.mixture, self.trainer.log_z())
        };
        Ok((report, policy.ends))
    }

    /// End points `[count][2]` and log ratios of trajectories whose noise depends on the purpose
    /// only.
    async fn simulate(
        &self,
        follow: Follow,
        purpose: Purpose,
        count: usize,
    ) -> Result<(Vec<f32>, Vec<f64>), SessionError> {
        let chains = &self.trainer.chains;
        let network = self.trainer.network();
        let sizes: Vec<(u64, usize)> = (0..count.div_ceil(CHUNK))
            .map(|c| (c as u64, CHUNK.min(count - c * CHUNK)))
            .collect();
        let (mut ends, mut log_ratio) = (Vec::with_capacity(2 * count), Vec::with_capacity(count));
        for group in sizes.chunks(parallel::parts(&chains.device, CHUNK)) {
            let made = parallel::map(group.to_vec(), |(counter, rows)| {
                let batch = self.batch(purpose, counter, rows);
                let made = chains.roll_out(&network, batch, follow);
                (made.states[chains.process.steps].clone(), made.log_ratio)
            });
            let mut transaction = Transaction::default();
            for (end, ratio) in made {
                transaction = transaction.register(end).register(ratio);
            }
            for (i, numbers) in read(transaction).await?.into_iter().enumerate() {
                if i % 2 == 0 {
                    ends.extend(numbers);
                } else {
                    log_ratio.extend(numbers.into_iter().map(f64::from));
                }
            }
        }
        Ok((ends, log_ratio))
    }

    fn batch(&self, purpose: Purpose, counter: u64, rows: usize) -> Batch {
        let numbers = rows * 2 * self.run.process.steps;
        Batch {
            fresh: rows,
            noise: self.noise.normal(purpose, counter, numbers),
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
        let points = read(Transaction::default().register(points)).await?.remove(0);
        Ok(Paths { steps, points })
    }
}

async fn read(transaction: Transaction) -> Result<Vec<Vec<f32>>, SessionError> {
    let data = transaction
        .execute_async()
        .await
        .map_err(|e| SessionError::Device(e.to_string()))?;
    data.into_iter()
        .map(|d| {
            d.try_to_vec::<f32>()
                .map_err(|e| SessionError::Device(format!("{e:?}")))
        })
        .collect()
}

/// The network of a learned prior's file; its shape is read off the tensors.
fn learned_network(file: &[u8], device: &Device) -> Result<DriftNetwork, SessionError> {
    let weights = read_tensors(file).map_err(SessionError::Weights)?;
    let config = DriftNetworkConfig::of(&weights).map_err(SessionError::Weights)?;
    if (config.inputs, config.outputs) != (2, 2) {
        return Err(SessionError::Weights(format!(
            "a network from {} to {} numbers; a learned prior goes from 2 to 2",
            config.inputs, config.outputs
        )));
    }
    load_tensors(config.init(&Noise::new(0), device), &weights).map_err(SessionError::Weights)
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
fn given_end_points(run: &Run, noise: &Noise, mixture: &Mixture, reward: &LogReward) -> Replay {
    let mut given = Replay::new(GIVEN, 2);
    if run.rollout.noised_share > 0.0 {
        let mut rng = noise.stream(Purpose::GivenEndPoints, (1 << 48) - 1);
        for sample in 0..GIVEN {
            let component = sample % mixture.len();
            let x = mixture.sample_component(component, &mut rng);
            let priority = reward.log_r(x) + mixture.weight(component).ln();
            given.push(&x.map(|v| v as f32), priority);
        }
    }
    given
}

/// Refuses mixtures that reach far out of the square in which everything exact is computed.
fn check_inside(field: &str, components: &[Component]) -> Result<(), ConfigError> {
    let outside = 1.0 - Mixture::new(components).mass_inside();
    if outside > MOST_OUTSIDE {
        return Err(ConfigError::new(
            field,
            format!("{:.0} % of the mass outside the square", 100.0 * outside),
            format!(
                "at most {:.0} % outside [−{HALF_WIDTH}, {HALF_WIDTH}]²",
                100.0 * MOST_OUTSIDE
            ),
        ));
    }
    Ok(())
}

/// What people call the device.
fn device_name(device: &Device) -> String {
    #[cfg(feature = "cpu")]
    if *device == Device::flex() {
        return match parallel::parts(device, usize::MAX) {
            1 => "CPU, 1 thread".to_owned(),
            threads => format!("CPU, {threads} threads"),
        };
    }
    #[cfg(any(feature = "gpu", feature = "cuda"))]
    if let Some(identity) = device.identity() {
        return identity.name;
    }
    format!("{device:?}")
}
