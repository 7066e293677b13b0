//! A task in the plane: prior, reward and chain of a run, and the exact posterior.

use super::picture;
use super::policy::PolicyShape;
use super::{
    Component, ExactPrior, HALF_WIDTH, LearnedPrior, LogReward, Mixture, PlanePolicy, PlanePrior,
    PlaneProblem, PriorKind, Reward, Truth, quadrature,
};
use crate::engine::check::percent_above;
use crate::engine::learner::Task;
use crate::engine::noise::{Noise, Purpose};
use crate::engine::process::BrownianBridge;
use crate::engine::reward::OnHost;
use crate::engine::rollout::{Chains, Replay};
use crate::engine::sampler::{Setting, prior_samples};
use crate::engine::{ConfigError, EngineError, reward};
use crate::network::DriftNetwork;
use crate::run::{Files, Run};
use crate::task::opened::prior_network;
use crate::task::planar::MOST_OUTSIDE;
use burn::tensor::Device;
use std::sync::Arc;

/// Trajectories that are simulated at once.
pub const CHUNK: usize = 1000;
/// Samples of an exact prior among which given end points are drawn: enough that they show what holds one in
/// ten thousand of it.
const GIVEN: usize = 1 << 17;
/// Samples of a learned prior's chain that an iteration adds to these, and the most of them.
const GIVEN_AN_ITERATION: usize = 200;
const GIVEN_OF_CHAIN: usize = 20_000;

/// What every method of a run shares.
pub struct PlaneTask {
    /// The run it was opened for.
    pub run: Run,
    /// What it is about.
    pub problem: PlaneProblem,
    /// The chain of prior and posterior.
    pub process: BrownianBridge,
    /// The drift of the prior.
    pub prior: PlanePrior,
    /// log r, computed on the host.
    pub reward: OnHost<LogReward>,
    /// The prior's mixture; a learned prior is trained on its samples.
    pub mixture: Mixture,
    /// The noise of the run.
    pub noise: Noise,
    /// What it is computed on.
    pub device: Device,
    /// Computed when first asked for.
    pub(super) truth: Option<Arc<Truth>>,
}

impl PlaneTask {
    /// The task of a run on a device.
    ///
    /// # Errors
    ///
    /// Where the run, a formula in it or the file of the prior is refused.
    pub fn open(run: Run, device: Device, files: &Files) -> Result<Self, EngineError> {
        run.validate()?;
        let problem = PlaneProblem::of(&run)?.clone();
        check_inside("prior.components", &problem.prior.components)?;
        match &problem.reward {
            Reward::Ratio { numerator, .. } => check_inside("reward.numerator", numerator)?,
            Reward::Product { components } => check_inside("reward.components", components)?,
            _ => {}
        }
        let reward = LogReward::new(&problem, run.tempering.floor)?;
        let mixture = Mixture::new(&problem.prior.components);
        if let Reward::Annealed { power } = problem.reward {
            check_annealed(power, &mixture, &reward, run.tempering.beta)?;
        }
        let process = BrownianBridge {
            steps: run.process.steps,
            variance: run.process.variance,
            dimensions: 2,
            spacing: run.process.spacing,
        };
        let prior = match problem.prior.kind {
            PriorKind::Exact => PlanePrior::Exact(ExactPrior::new(&mixture, &process, &device)),
            PriorKind::Learned => {
                let prior = prior_network(&run, files, |file| LearnedPrior::open(file, process, &device))?;
                PlanePrior::Learned(Box::new(prior))
            }
        };
        Ok(Self {
            noise: Noise::new(run.seed),
            run,
            problem,
            process,
            prior,
            reward: OnHost(reward),
            mixture,
            device,
            truth: None,
        })
    }

    /// The task as training-free methods see it.
    pub fn setting(&self) -> Setting<'_, BrownianBridge, PlanePrior> {
        Setting {
            process: &self.process,
            prior: &self.prior,
            reward: &self.reward,
            beta: self.run.tempering.beta,
            noise: self.noise,
            device: &self.device,
        }
    }

    /// The exact posterior: by quadrature above an exact prior; above a learned one, samples of the
    /// prior's own chain weighted by r.
    ///
    /// # Errors
    ///
    /// Where the device fails.
    pub async fn truth(&mut self) -> Result<Arc<Truth>, EngineError> {
        if let Some(truth) = &self.truth {
            return Ok(truth.clone());
        }
        let beta = self.run.tempering.beta;
        let truth = Arc::new(match self.problem.prior.kind {
            PriorKind::Exact => Truth::quadrature(&self.mixture, &self.reward.0, beta),
            PriorKind::Learned => {
                let ends = self.prior_samples(self.run.evaluation.proposals).await?;
                Truth::importance_weighted(&ends, &self.mixture, &self.reward.0, beta)
            }
        });
        self.truth = Some(truth.clone());
        Ok(truth)
    }

    /// What the policy is made of.
    fn shape(&self) -> PolicyShape {
        PolicyShape {
            above_prior: self.problem.prior.kind == PriorKind::Exact,
            langevin: self.run.network.langevin,
            width: self.run.network.width,
            depth: self.run.network.depth,
        }
    }

    /// `count` samples of the prior's chain, x and y in turn.
    async fn prior_samples(&self, count: usize) -> Result<Vec<f32>, EngineError> {
        let mut ends = Vec::with_capacity(2 * count);
        for chunk in 0..count.div_ceil(CHUNK) {
            let rows = CHUNK.min(count - chunk * CHUNK);
            let made = prior_samples(&self.setting(), Purpose::PriorEvaluation, rows, chunk as u64).await;
            ends.extend(made.map_err(EngineError::Device)?);
        }
        Ok(ends)
    }
}

impl Task for PlaneTask {
    type Process = BrownianBridge;
    type Prior = PlanePrior;
    type Policy = PlanePolicy;

    const CHUNK: usize = CHUNK;
    const PICTURED: usize = 192;
    const PICTURED_STEPS: usize = 51;

    fn device(&self) -> &Device {
        &self.device
    }

    fn chains(&self) -> Chains<BrownianBridge, PlanePrior, PlanePolicy> {
        Chains {
            process: self.process,
            prior: self.prior.clone(),
            policy: PlanePolicy::new(self.shape(), self.process, &self.reward.0, &self.device)
                .at_once(&self.prior, &self.device),
            device: self.device.clone(),
        }
    }

    fn network(&self, noise: &Noise) -> DriftNetwork {
        match &self.prior {
            PlanePrior::Exact(_) => self.shape().network().init(noise, &self.device),
            PlanePrior::Learned(prior) => prior.network().clone(),
        }
    }

    fn reward(&self) -> Box<dyn reward::Reward<BrownianBridge>> {
        Box::new(self.reward.clone())
    }

    /// Samples of the prior, weighted by r^β: of an exact one at once, as the chain's ends are the mixture's; of
    /// a learned one's chain more with every iteration. No part of the exact posterior is made of them.
    async fn give(
        &mut self,
        iteration: usize,
        _conditions: &[usize],
        given: &mut [Replay],
    ) -> Result<(), EngineError> {
        let given = &mut given[0];
        let keep = |given: &mut Replay, x: [f64; 2]| {
            given.push(&x.map(|v| v as f32), self.reward.0.log_r(x));
        };
        if self.problem.prior.kind == PriorKind::Exact {
            if given.is_empty() {
                let mut rng = self.noise.stream(Purpose::GivenPriorSamples, 0);
                (0..GIVEN).for_each(|_| keep(given, self.mixture.sample(&mut rng)));
            }
            return Ok(());
        }
        let wanted = (GIVEN_AN_ITERATION * (iteration + 1)).min(GIVEN_OF_CHAIN);
        for chunk in given.len() / GIVEN_AN_ITERATION..wanted / GIVEN_AN_ITERATION {
            let purpose = Purpose::GivenPriorSamples;
            let made = prior_samples(&self.setting(), purpose, GIVEN_AN_ITERATION, chunk as u64).await;
            let made = made.map_err(EngineError::Device)?;
            made.chunks_exact(2)
                .for_each(|x| keep(given, [x[0].into(), x[1].into()]));
        }
        Ok(())
    }
}

/// Refuses mixtures that reach far out of the square in which everything exact is computed.
fn check_inside(field: &str, components: &[Component]) -> Result<(), ConfigError> {
    let inside: f64 = quadrature(&Mixture::new(components))
        .map(|point| point.weight)
        .sum();
    let outside = 1.0 - inside;
    if outside > MOST_OUTSIDE {
        return Err(ConfigError::new(
            field,
            format!(
                "a mixture with {} of its mass outside the square",
                percent_above(outside, MOST_OUTSIDE)
            ),
            format!(
                "a mixture with at most {:.0} % of its mass outside [−{HALF_WIDTH}, {HALF_WIDTH}]²",
                100.0 * MOST_OUTSIDE
            ),
        ));
    }
    Ok(())
}

/// Refuses a power that spreads the prior's mass over the edge of the square.
fn check_annealed(power: f64, mixture: &Mixture, reward: &LogReward, beta: f64) -> Result<(), ConfigError> {
    // Other powers draw the mass in, and the prior has been checked.
    if power >= 1.0 {
        return Ok(());
    }
    let outside = outside(|x| mixture.log_prob(x) + beta * reward.log_r(x));
    if outside > MOST_OUTSIDE {
        return Err(ConfigError::new(
            "reward.power",
            format!(
                "{power}, which puts {} of the posterior outside the square,",
                percent_above(outside, MOST_OUTSIDE)
            ),
            format!(
                "a power closer to 1, so that at most {:.0} % is outside [−{HALF_WIDTH}, {HALF_WIDTH}]²",
                100.0 * MOST_OUTSIDE
            ),
        ));
    }
    Ok(())
}

/// The share of a density outside the drawn square, of what it has in a square twice as wide.
fn outside(log_density: impl Fn([f64; 2]) -> f64) -> f64 {
    const SIDE: usize = 224;
    let points: Vec<_> = (0..SIDE * SIDE)
        .map(|cell| picture::center_of(cell, SIDE).map(|v| 2.0 * v))
        .map(|x| (x, log_density(x)))
        .collect();
    let largest = points.iter().map(|(_, l)| *l).fold(f64::NEG_INFINITY, f64::max);
    let (mut beyond, mut total) = (0.0, 0.0);
    for (x, log_density) in points {
        let mass = (log_density - largest).exp();
        total += mass;
        if x.iter().any(|v| v.abs() > HALF_WIDTH) {
            beyond += mass;
        }
    }
    beyond / total
}
