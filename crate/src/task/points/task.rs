//! A task of points: prior, reward and chain of a run, and the exact posterior.

use super::policy::{PointsNetwork, PointsPolicy};
use super::prior::{LearnedPrior, MixturePrior, PointsPrior};
use super::problem::{self, PointsProblem};
use super::reward::table;
use super::space::Space;
use super::{PointsReward, Truth, pretrain};
use crate::engine::learner::Task;
use crate::engine::noise::{Noise, Purpose};
use crate::engine::process::OrnsteinUhlenbeck;
use crate::engine::reward::Reward;
use crate::engine::rollout::{Chains, Replay};
use crate::engine::sampler::{Setting, prior_samples};
use crate::engine::{ConfigError, EngineError};
use crate::run::{Files, Run};
use crate::task::opened::prior_network;
use crate::task::planar::Component;
use burn::tensor::Device;
use std::sync::Arc;

/// Trajectories that are simulated at once.
const CHUNK: usize = 1000;
/// Samples of the prior among which given end points are drawn.
const GIVEN: usize = 1 << 17;

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
    /// log r.
    pub reward: Arc<PointsReward>,
    /// The noise of the run.
    pub noise: Noise,
    /// What it is computed on.
    pub device: Device,
    /// The user's samples of the posterior, `[count][d]`.
    reference: Option<Vec<f64>>,
    /// Computed when first asked for.
    pub(super) truth: Option<Arc<Truth>>,
}

impl PointsTask {
    /// The task of a run on a device.
    ///
    /// # Errors
    ///
    /// Where the run, a formula in it, a file or a black box is refused.
    pub fn open(run: Run, device: Device, files: &Files) -> Result<Self, EngineError> {
        run.validate()?;
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
                let mixture = MixturePrior::new(components, &space, process, &device);
                (space, PointsPrior::Mixture(Arc::new(mixture)), process)
            }
            problem::Prior::Learned { .. } => {
                let (space, network) = prior_network(&run, files, |file| pretrain::read(file, &device))?;
                let process = process(space.size());
                let prior = LearnedPrior { process, network };
                (space, PointsPrior::Learned(prior), process)
            }
        };
        let space = Arc::new(space);
        let reward = PointsReward::new(&problem.reward, space.clone(), run.tempering.floor, files)?;
        let reference = problem.reference.as_ref().map(|reference| {
            let refused = |why| {
                let allowed = format!("a table with a column for each coordinate ({why})");
                ConfigError::new("reference.samples", format!("`{}`", reference.samples), allowed)
            };
            let table = table(files, "reference", "reference.samples", &reference.samples)?;
            table.pick(space.names()).map_err(refused)
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
            device,
            truth: None,
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

    /// The exact posterior: log Z by quadrature of formulas in at most two dimensions, else from samples of the
    /// prior; the points of the user's reference where there is one.
    ///
    /// # Errors
    ///
    /// Where the device or a black box fails.
    pub async fn truth(&mut self) -> Result<Arc<Truth>, EngineError> {
        if let Some(truth) = &self.truth {
            return Ok(truth.clone());
        }
        let beta = self.run.tempering.beta;
        let reward = &self.reward;
        let truth = match self.plane() {
            Some(components) if reward.is_formula() => {
                Truth::quadrature(&components, &self.space, reward, beta).map_err(EngineError::Device)?
            }
            _ => {
                let count = self.run.evaluation.proposals;
                let ends = self.prior_ends(Purpose::PriorEvaluation, count).await?;
                let points = self.space.points(&ends);
                let log_r = reward.of_points(&points).map_err(EngineError::Device)?;
                Truth::weighted(points, &log_r, reward.floor(), beta)
            }
        };
        let truth = Arc::new(match &self.reference {
            Some(points) => truth.with_reference(points.clone(), self.size()),
            None => truth,
        });
        self.truth = Some(truth.clone());
        Ok(truth)
    }

    /// The prior in the chain's space as a mixture in the plane; `None` of more dimensions, or of a network. Of one
    /// dimension the second is noise.
    fn plane(&self) -> Option<Vec<Component>> {
        let d = self.size();
        if d > 2 {
            return None;
        }
        match &self.problem.prior {
            problem::Prior::Marginals { .. } => Some(vec![Component::isotropic(1.0, [0.0; 2], 1.0)]),
            problem::Prior::Mixture { components, .. } => {
                let component = |component: &problem::Component| {
                    let (mean, covariance) = self.space.standardised(component);
                    match d {
                        1 => Component {
                            weight: component.weight,
                            mean: [mean[0], 0.0],
                            covariance: [covariance[0], 0.0, 1.0],
                        },
                        _ => Component {
                            weight: component.weight,
                            mean: [mean[0], mean[1]],
                            covariance: [covariance[0], covariance[1], covariance[3]],
                        },
                    }
                };
                Some(components.iter().map(component).collect())
            }
            problem::Prior::Learned { .. } => None,
        }
    }

    /// `count` end points of the prior's chain, `[count][d]`.
    pub(super) async fn prior_ends(&self, purpose: Purpose, count: usize) -> Result<Vec<f32>, EngineError> {
        if self.prior.is_noise() {
            return Ok(self.noise.normal(purpose, 0, count * self.size()));
        }
        let mut ends = Vec::with_capacity(count * self.size());
        for chunk in 0..count.div_ceil(CHUNK) {
            let rows = CHUNK.min(count - chunk * CHUNK);
            let made = prior_samples(&self.setting(), purpose, rows, chunk as u64).await;
            ends.extend(made.map_err(EngineError::Device)?);
        }
        Ok(ends)
    }
}

impl Task for PointsTask {
    type Process = OrnsteinUhlenbeck;
    type Prior = PointsPrior;
    type Policy = PointsPolicy;

    const CHUNK: usize = CHUNK;
    const PICTURED: usize = 192;

    fn device(&self) -> &Device {
        &self.device
    }

    fn chains(&self) -> Chains<OrnsteinUhlenbeck, PointsPrior, PointsPolicy> {
        Chains {
            process: self.process,
            prior: self.prior.clone(),
            policy: PointsPolicy::new(self.process, self.prior.is_noise()),
            device: self.device.clone(),
        }
    }

    fn network(&self, noise: &Noise) -> PointsNetwork {
        let policy = PointsPolicy::new(self.process, self.prior.is_noise());
        let network = self.run.network;
        policy.network(network.width, network.depth, noise, &self.device)
    }

    fn reward(&self) -> Box<dyn Reward<OrnsteinUhlenbeck>> {
        Box::new(self.reward.clone())
    }

    /// Samples of the prior, weighted by r^β. No part of the exact posterior is made of them.
    async fn give(
        &mut self,
        _iteration: usize,
        _conditions: &[usize],
        given: &mut [Replay],
    ) -> Result<(), EngineError> {
        let given = &mut given[0];
        if !given.is_empty() {
            return Ok(());
        }
        let ends = self.prior_ends(Purpose::GivenPriorSamples, GIVEN).await?;
        let log_r = self.reward.of_ends(&ends).map_err(EngineError::Device)?;
        let beta = self.run.tempering.beta;
        for (end, log_r) in ends.chunks_exact(self.size()).zip(log_r) {
            given.push(end, beta * log_r);
        }
        Ok(())
    }
}
