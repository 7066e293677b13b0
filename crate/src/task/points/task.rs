//! A task of points: prior, reward and chain of a run, and the exact posterior.

use super::c2st::check_reference;
use super::denoised::DenoisedPrior;
use super::file::table;
use super::observed::Observed;
use super::prior::{LearnedPrior, PointsPrior};
use super::problem::{self, PointsProblem};
use super::space::Space;
use super::{PointsReward, Truth, pretrain, pretrain_flow};
use crate::engine::Conditions;
use crate::engine::learner::Task;
use crate::engine::noise::{Noise, Purpose};
use crate::engine::process::{OrnsteinUhlenbeck, Prior};
use crate::engine::reward::Reward;
use crate::engine::rollout::{Chains, Replay};
use crate::engine::sampler::{Setting, prior_samples};
use crate::engine::{ConfigError, EngineError};
use crate::run::{Files, Run};
use crate::task::noise_mixture::MixturePrior;
use crate::task::noise_policy::{NoiseNetwork, NoisePolicy, Told, check_host};
use crate::task::opened::prior_network;
use burn::tensor::Device;
use std::sync::Arc;

/// Trajectories that are simulated at once.
const CHUNK: usize = 1000;
/// Samples of the prior among which given end points are drawn, in turn for all observations, and fewest of each.
const GIVEN: usize = 1 << 17;
const GIVEN_OF_EACH: usize = 128;

/// What every method of a run shares.
pub struct PointsTask {
    /// The run it was opened for.
    pub run: Run,
    /// What it is about.
    pub problem: PointsProblem,
    /// The chain of prior and posterior, in the standardised space.
    pub process: OrnsteinUhlenbeck,
    /// The prior's kernels.
    pub prior: PointsPrior,
    /// The map from the chain's end points to points.
    pub space: Arc<Space>,
    /// The observations, one a condition.
    pub observed: Arc<Observed>,
    /// log r.
    pub reward: Arc<PointsReward>,
    /// The noise of the run.
    pub noise: Noise,
    /// What it is computed on.
    pub device: Device,
    /// The user's samples of the posterior, `[count][d]`.
    pub(super) reference: Option<Vec<f64>>,
    /// Computed when first asked for.
    pub(super) truths: Option<Arc<Vec<Truth>>>,
    /// Samples of the prior that trajectories are noised back from; drawn when first asked for.
    given: Vec<f32>,
}

impl PointsTask {
    /// The task of a run on a device.
    ///
    /// # Errors
    ///
    /// Where the run, a formula in it, a file or a black box is refused.
    pub fn open(run: Run, device: Device, files: &Files) -> Result<Self, EngineError> {
        run.validate()?;
        check_host(&run, &device)?;
        let problem = PointsProblem::of(&run)?.clone();
        let process = |d| OrnsteinUhlenbeck {
            steps: run.process.steps,
            dimensions: d,
        };
        let (space, prior, process) = match &problem.prior {
            problem::Prior::Marginals { coordinates } => {
                let space = Space::of_marginals(coordinates);
                let process = process(space.size());
                (space, PointsPrior::Noise, process)
            }
            problem::Prior::Mixture { components, .. } => {
                let names = problem.prior.names().unwrap_or_default();
                let space = Space::of_mixture(names, components);
                let process = process(space.size());
                let standard = components.iter().map(|c| (c.weight, space.standardised(c)));
                let (placed, covariances) = standard
                    .map(|(weight, (mean, covariance))| ((weight.ln(), mean), covariance))
                    .unzip::<_, _, Vec<_>, Vec<_>>();
                let mixture = MixturePrior::new(process, &covariances, &[placed], &device);
                (space, PointsPrior::Mixture(Arc::new(mixture)), process)
            }
            problem::Prior::Learned { .. } => {
                let (space, network) = prior_network(&run, files, |file| pretrain::read(file, &device))?;
                let process = process(space.size());
                let prior = Box::new(LearnedPrior { process, network });
                (space, PointsPrior::Learned(prior), process)
            }
            problem::Prior::Flow { .. } => {
                let space = prior_network(&run, files, pretrain_flow::read)?;
                let process = process(space.size());
                (space, PointsPrior::Noise, process)
            }
            problem::Prior::Onnx(described) => {
                let space = Space::of_denoiser(described);
                let process = process(space.size());
                let denoiser = files.denoiser(problem::PRIOR, "prior.model", &described.model)?;
                let prior = DenoisedPrior::new(described, denoiser, process);
                (space, PointsPrior::Denoised(Arc::new(prior)), process)
            }
        };
        let space = Arc::new(space);
        let observed = problem.observations.as_ref();
        let observed = observed.map(|observations| Observed::read(observations, space.names(), files));
        let observed = Arc::new(observed.transpose()?.unwrap_or_else(Observed::nothing));
        let reward = PointsReward::new(
            &problem.reward,
            prior.clone(),
            space.clone(),
            observed.clone(),
            run.tempering.floor,
            files,
        )?;
        let samples = problem
            .reference
            .as_ref()
            .and_then(|known| known.samples.as_ref());
        let reference = samples.map(|name| {
            let refused = |why| {
                let allowed = format!("a table with a column for each coordinate ({why})");
                ConfigError::new("reference.samples", format!("`{name}`"), allowed)
            };
            let table = table(files, "reference", "reference.samples", name)?;
            let samples = table.pick(space.names()).map_err(refused)?;
            check_reference(&samples, space.size()).map_err(|why| {
                let allowed = format!("samples that vary ({why})");
                ConfigError::new("reference.samples", format!("`{name}`"), allowed)
            })?;
            Ok::<_, ConfigError>(samples)
        });
        Ok(Self {
            noise: Noise::new(run.seed),
            reference: reference.transpose()?,
            reward: Arc::new(reward),
            run,
            problem,
            process,
            prior,
            space,
            observed,
            device,
            truths: None,
            given: Vec::new(),
        })
    }

    /// The task as training-free methods see it.
    pub fn setting(&self) -> Setting<'_, OrnsteinUhlenbeck, PointsPrior> {
        Setting {
            process: &self.process,
            prior: &self.prior,
            reward: &self.reward,
            beta: self.run.tempering.beta,
            noise: self.noise,
            device: &self.device,
        }
    }

    /// d.
    pub fn size(&self) -> usize {
        self.space.size()
    }

    fn policy(&self) -> NoisePolicy {
        let policy = NoisePolicy::new(self.process, self.prior.ends_are_noise(), self.told());
        if !self.run.network.langevin {
            return policy;
        }
        let (reward, beta) = (self.reward.clone(), self.run.tempering.beta as f32);
        policy.with_langevin(Arc::new(move |ends, conditions| {
            let gradient = reward.gradient_of_ends(ends, conditions);
            let gradient = gradient.expect("the description has been checked");
            gradient.into_iter().map(|slope| beta * slope).collect()
        }))
    }

    /// What networks are told of every condition: its observation, standardised.
    pub(super) fn told(&self) -> Told {
        Told::new(self.observed.names().len(), self.observed.standardised())
    }

    /// `count` end points of the prior's chain, `[count][d]`.
    pub(super) async fn prior_ends(&self, purpose: Purpose, count: usize) -> Result<Vec<f32>, EngineError> {
        if self.prior.ends_are_noise() {
            return Ok(self.noise.normal(purpose, 0, count * self.size()));
        }
        let mut ends = Vec::with_capacity(count * self.size());
        for chunk in 0..count.div_ceil(CHUNK) {
            let rows = CHUNK.min(count - chunk * CHUNK);
            let made = prior_samples(&self.setting(), purpose, rows, chunk as u64).await;
            ends.extend(made.map_err(EngineError::Device)?);
            self.prior.sound().map_err(EngineError::Device)?;
        }
        Ok(ends)
    }
}

impl Task for PointsTask {
    type Process = OrnsteinUhlenbeck;
    type Prior = PointsPrior;
    type Policy = NoisePolicy;

    const CHUNK: usize = CHUNK;
    const PICTURED: usize = 192;
    const PICTURED_STEPS: usize = 26;

    fn device(&self) -> &Device {
        &self.device
    }

    fn chains(&self) -> Chains<OrnsteinUhlenbeck, PointsPrior, NoisePolicy> {
        Chains {
            process: self.process,
            prior: self.prior.clone(),
            policy: self.policy(),
            device: self.device.clone(),
        }
    }

    fn network(&self, noise: &Noise) -> NoiseNetwork {
        let network = self.run.network;
        self.policy()
            .network(network.width, network.depth, noise, &self.device)
    }

    fn reward(&self) -> Box<dyn Reward<OrnsteinUhlenbeck>> {
        Box::new(self.reward.clone())
    }

    fn conditions(&self) -> Conditions {
        self.observed.conditions(self.run.rollout.batch)
    }

    fn evaluations(&self) -> Option<u64> {
        Some(self.reward.evaluations())
    }

    fn count_evaluations_from(&self, evaluations: u64) {
        self.reward.count_from(evaluations);
    }

    /// Samples of the prior, weighted by r^β, to observations that take part for the first time. No part of the
    /// exact posterior is made of them.
    async fn give(
        &mut self,
        _iteration: usize,
        conditions: &[usize],
        given: &mut [Replay],
    ) -> Result<(), EngineError> {
        let count = (GIVEN / self.observed.rows()).max(GIVEN_OF_EACH);
        if self.given.is_empty() {
            self.given = self.prior_ends(Purpose::GivenPriorSamples, count).await?;
        }
        for condition in conditions.iter().copied() {
            if !given[condition].is_empty() {
                continue;
            }
            let log_r = self.reward.of_ends(&self.given, &vec![condition; count]);
            let log_r = log_r.map_err(EngineError::Device)?;
            for (end, log_r) in self.given.chunks_exact(self.size()).zip(log_r) {
                given[condition].push(end, log_r);
            }
        }
        Ok(())
    }
}
