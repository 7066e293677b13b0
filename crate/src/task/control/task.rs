//! A task of control: behaviour, critic and chain of a run, and the policies of any states.

use super::behaviour::Behaviour;
use super::critic::Critic;
use super::exact::Exact;
use super::others::{OfPrior, Others};
use super::problem::ControlProblem;
use super::reward::{ControlReward, Judge};
use super::space::Space;
use super::world::World;
use crate::engine::host::read;
use crate::engine::learner::Task;
use crate::engine::noise::{Noise, Purpose};
use crate::engine::parallel;
use crate::engine::process::{OrnsteinUhlenbeck, Policy, Prior, walk};
use crate::engine::reward::{HostReward, OnHost, Reward};
use crate::engine::rollout::{Chains, Replay};
use crate::engine::{Conditions, EngineError};
use crate::run::{Problem, Run};
use crate::task::noise_mixture::MixturePrior;
use crate::task::noise_policy::{NoiseNetwork, NoisePolicy, Told, check_host};
use burn::tensor::{Device, Tensor, TensorData};
use std::ops::Range;
use std::sync::Arc;

/// Trajectories that are simulated at once.
const CHUNK: usize = 1000;
/// Actions of the behaviour that trajectories of a state are noised back from.
const GIVEN: usize = 64;
/// Steps of wandering before a state is one that the behaviour meets.
const MET_WITHIN: usize = 30;

/// What every method of a run shares.
pub struct ControlTask {
    /// The run it was opened for.
    pub run: Run,
    /// What it is about.
    pub problem: ControlProblem,
    /// The environment.
    pub world: World,
    /// Behaviour, critic and the space of actions.
    pub judge: Arc<Judge>,
    /// The states that are learned, `[count][n]`.
    pub states: Arc<[f64]>,
    /// The chain of prior and posterior, in the standardised space of actions.
    pub process: OrnsteinUhlenbeck,
    /// The behaviour's kernels in these states.
    pub prior: MixturePrior,
    /// What the network is told of these states.
    told: Told,
    /// log r in these states.
    pub reward: OnHost<ControlReward>,
    /// The noise of the run.
    pub noise: Noise,
    /// What it is computed on.
    pub device: Device,
    /// Computed when first asked for.
    pub(super) exact: Option<Arc<Vec<Exact>>>,
    pub(super) others: Option<Arc<Others>>,
    pub(super) of_prior: Option<OfPrior>,
}

/// A state that the behaviour meets: some steps after the start of an episode, or, in a maze, anywhere.
fn met(world: &World, behaviour: &Behaviour, noise: &Noise, episode: usize) -> Vec<f64> {
    let mut rng = noise.stream(Purpose::Episodes, episode as u64);
    if let World::Maze(maze) = world {
        return maze.somewhere(&mut rng, false).to_vec();
    }
    let mut state = world.start(&mut rng);
    let steps = crate::engine::noise::uniform(&mut rng) * MET_WITHIN as f64;
    for _ in 0..steps as usize {
        let action = behaviour.draw(&behaviour.at(&state), &mut rng);
        state = world.step(&state, &action, &mut rng).next;
    }
    state
}

/// The behaviour's kernels in states `[count][n]`.
fn prior_of(judge: &Judge, process: OrnsteinUhlenbeck, states: &[f64], device: &Device) -> MixturePrior {
    let (n, space) = (judge.space.state(), &judge.space);
    let d = space.size();
    let placed = |state: &[f64]| {
        let gaussians = judge.behaviour.at(state).into_iter();
        gaussians
            .map(|gaussian| (gaussian.log_weight, space.end(&gaussian.mean)))
            .collect::<Vec<_>>()
    };
    let conditions = match n {
        0 => vec![placed(&[])],
        n => states.chunks_exact(n).map(placed).collect(),
    };
    let covariance = |variances: &Vec<f64>| {
        let scales = space.scales();
        let entry = |at: usize| match at / d == at % d {
            true => variances[at / d] / scales[at / d].powi(2),
            false => 0.0,
        };
        (0..d * d).map(entry).collect()
    };
    let covariances: Vec<Vec<f64>> = judge.behaviour.variances().iter().map(covariance).collect();
    MixturePrior::new(process, &covariances, &conditions, device)
}

impl ControlTask {
    /// The task of a run on a device.
    ///
    /// # Errors
    ///
    /// Where the run is refused.
    pub fn open(run: Run, device: Device) -> Result<Self, EngineError> {
        run.validate()?;
        check_host(&run, &device)?;
        let problem = ControlProblem::of(&run)?.clone();
        let world = World::of(&problem.environment)?;
        let behaviour = Behaviour::of(&problem.prior, &world)?;
        let critic = Critic::solve(&problem.reward, &world, &behaviour, &problem.episodes)?;
        let noise = Noise::new(run.seed);
        let states = (0..problem.states()).flat_map(|episode| met(&world, &behaviour, &noise, episode));
        let states: Arc<[f64]> = states.collect();
        let judge = Arc::new(Judge {
            space: Space::of(&behaviour, &states, world.state()),
            alpha: problem.reward.alpha(),
            behaviour,
            critic,
        });
        let process = OrnsteinUhlenbeck {
            steps: run.process.steps,
            dimensions: world.action(),
        };
        let reward = ControlReward::new(judge.clone(), states.clone(), run.tempering.floor);
        reward.check()?;
        Ok(Self {
            reward: OnHost(reward),
            prior: prior_of(&judge, process, &states, &device),
            told: judge.told(&states, run.tempering.beta),
            exact: None,
            others: None,
            of_prior: None,
            noise,
            run,
            problem,
            world,
            judge,
            states,
            process,
            device,
        })
    }

    /// The states at which the policy is held against the exact one: the first ones.
    pub fn looked_at(&self) -> usize {
        self.problem.episodes.looked_at.min(self.problem.states())
    }

    /// α of the policy that is learned: with β it is α/β.
    pub(super) fn alpha(&self) -> f64 {
        self.judge.alpha / self.run.tempering.beta
    }

    /// The exact policies in the states that are looked at.
    pub fn exact(&mut self) -> Arc<Vec<Exact>> {
        if let Some(exact) = &self.exact {
            return exact.clone();
        }
        let (judge, alpha) = (&self.judge, self.alpha());
        let of = |at: usize| Exact::of(&judge.behaviour, &judge.critic, alpha, self.reward.0.state(at));
        let exact = Arc::new(parallel::map((0..self.looked_at()).collect(), of));
        self.exact = Some(exact.clone());
        exact
    }

    /// The policy in states `[count][n]`, one a condition, of which the network is told this.
    fn policy_in(&self, states: Arc<[f64]>, told: Told) -> NoisePolicy {
        let (judge, n) = (self.judge.clone(), self.world.state());
        let policy = NoisePolicy::new(self.process, false, told);
        if !self.run.network.langevin {
            return policy;
        }
        let beta = self.run.tempering.beta as f32;
        policy.with_langevin(Arc::new(move |ends, conditions| {
            let of = conditions.iter().map(|condition| &states[condition * n..][..n]);
            let gradient = judge.gradient(ends, of);
            gradient.into_iter().map(|slope| beta * slope).collect()
        }))
    }

    /// One action of the trained policy in each of these states, `[rows][n]`; the same `counter` draws the same again.
    ///
    /// # Errors
    ///
    /// Where the device fails.
    pub async fn act(
        &self,
        network: &NoiseNetwork,
        states: &[f64],
        rows: usize,
        counter: u64,
    ) -> Result<Vec<f64>, EngineError> {
        let n = self.world.state();
        let mut actions = Vec::with_capacity(rows * self.process.dimensions);
        for group in parallel::ranges(&self.device, rows, CHUNK) {
            let ends = parallel::map(group, |part: Range<usize>| {
                let states = &states[part.start * n..part.end * n];
                self.walk_in(network, states, part.len(), counter << 16 | part.start as u64)
            });
            let ends = read(Tensor::cat(ends, 0)).await.map_err(EngineError::Device)?;
            let ends = ends.chunks_exact(self.process.dimensions);
            actions.extend(ends.flat_map(|end| self.judge.space.action(end)));
        }
        Ok(actions)
    }

    fn walk_in(&self, network: &NoiseNetwork, states: &[f64], rows: usize, counter: u64) -> Tensor<2> {
        let prior = prior_of(&self.judge, self.process, states, &self.device);
        let told = self.judge.told(states, self.run.tempering.beta);
        let policy = self.policy_in(states.into(), told);
        // States without numbers are one.
        let conditions: Vec<usize> = match self.world.state() {
            0 => vec![0; rows],
            _ => (0..rows).collect(),
        };
        let d = self.process.dimensions;
        let numbers = self
            .noise
            .normal(Purpose::Actions, counter, rows * d * self.process.steps);
        walk(
            &self.process,
            &conditions,
            &self.device,
            |step| {
                let numbers = numbers[step * rows * d..(step + 1) * rows * d].to_vec();
                Tensor::from_data(TensorData::new(numbers, [rows, d]), &self.device)
            },
            |step, x| {
                let mut known = None;
                let guide = policy.guide(step, &conditions, x, &mut known);
                policy.kernel(network, &[step], &conditions, x.clone(), guide.as_ref(), || {
                    prior.kernel_given(step, &conditions, x)
                })
            },
        )
    }
}

impl Task for ControlTask {
    type Process = OrnsteinUhlenbeck;
    type Prior = MixturePrior;
    type Policy = NoisePolicy;

    const CHUNK: usize = CHUNK;

    fn device(&self) -> &Device {
        &self.device
    }

    fn chains(&self) -> Chains<OrnsteinUhlenbeck, MixturePrior, NoisePolicy> {
        Chains {
            process: self.process,
            prior: self.prior.clone(),
            policy: self.policy_in(self.states.clone(), self.told.clone()),
            device: self.device.clone(),
        }
    }

    fn network(&self, noise: &Noise) -> NoiseNetwork {
        let network = self.run.network;
        self.policy_in(self.states.clone(), self.told.clone()).network(
            network.width,
            network.depth,
            noise,
            &self.device,
        )
    }

    fn reward(&self) -> Box<dyn Reward<OrnsteinUhlenbeck>> {
        Box::new(self.reward.clone())
    }

    fn conditions(&self) -> Conditions {
        Conditions {
            count: self.problem.states(),
            at_once: self.problem.conditions_at_once(self.run.rollout.batch),
        }
    }

    /// Actions of the behaviour, weighted by r^β, in states that take part for the first time.
    async fn give(
        &mut self,
        _iteration: usize,
        conditions: &[usize],
        given: &mut [Replay],
    ) -> Result<(), EngineError> {
        for condition in conditions.iter().copied() {
            if !given[condition].is_empty() {
                continue;
            }
            let mut rng = self.noise.stream(Purpose::GivenPriorSamples, condition as u64);
            let behaviour = &self.judge.behaviour;
            let gaussians = behaviour.at(self.reward.0.state(condition));
            let drawn = (0..GIVEN).flat_map(|_| {
                let action = behaviour.draw(&gaussians, &mut rng);
                self.judge.space.end(&action)
            });
            let ends: Vec<f32> = drawn.map(|value| value as f32).collect();
            let log_r = self.reward.0.log_reward(&ends, &vec![condition; GIVEN]);
            for (end, log_r) in ends.chunks_exact(self.process.dimensions).zip(log_r) {
                given[condition].push(end, log_r);
            }
        }
        Ok(())
    }
}
