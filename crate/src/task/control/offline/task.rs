//! A run above recorded steps: behaviour, critic and the states that are learned.

use super::hdf5::Source;
use super::known::Known;
use super::policy::{Actor, Learned, Rule, policy_in};
use super::prior::BehaviourPrior;
use super::reward::OfflineReward;
use super::{Behaviour, Critic, Judge, Transitions};
use crate::engine::check::whole;
use crate::engine::learner::Task;
use crate::engine::noise::{Noise, Purpose};
use crate::engine::process::OrnsteinUhlenbeck;
use crate::engine::reward::Reward as Rewards;
use crate::engine::rollout::{Chains, Replay};
use crate::engine::weights::{load_tensors, read_tensors};
use crate::engine::{Conditions, ConfigError, EngineError};
use crate::run::{Files, Problem, Run};
use crate::task::control::description::{Environment, Prior, Reward};
use crate::task::control::problem::{CRITIC, ControlProblem, STEPS};
use crate::task::noise_policy::{NoiseNetwork, NoisePolicy, check_host};
use crate::task::opened::prior_network;
use burn::tensor::Device;
use rand_chacha::rand_core::Rng;
use std::sync::Arc;

/// Trajectories that are simulated at once.
const CHUNK: usize = 1000;

/// What every method of a run shares.
pub struct OfflineTask {
    /// The run it was opened for.
    pub run: Run,
    /// What it is about.
    pub problem: ControlProblem,
    /// Behaviour and critic.
    pub judge: Arc<Judge>,
    /// The states that are learned, and after them those that are looked at, as they were recorded, `[count][s]`.
    pub states: Vec<f32>,
    /// What was done in them, as end points of the chain, `[count][a]`.
    pub ends: Vec<f32>,
    /// How many are learned.
    pub learned: usize,
    /// log r of what was done.
    log_r: Vec<f64>,
    /// The behaviour's kernels in these states.
    pub prior: BehaviourPrior,
    /// log r in these states.
    pub reward: OfflineReward,
    /// The noise of the run.
    pub noise: Noise,
    /// What it is computed on.
    pub device: Device,
    /// What the behaviour does in the states that are looked at, once it was asked for.
    pub(super) known: Option<Arc<Known>>,
}

/// The steps in a file that a run names.
fn steps_of(files: &Files, data: &str) -> Result<Transitions, ConfigError> {
    const FIELD: &str = "environment.data";
    let refused = |why: String| {
        let allowed = format!("steps in D4RL's layout ({why})");
        ConfigError::new(FIELD, format!("`{data}`"), allowed)
    };
    let file = files.large_file(STEPS, FIELD, data)?;
    let source = Source::open(file.reader().map_err(refused)?);
    let read = source.and_then(|source| source.transitions(None));
    read.map_err(|error| refused(error.to_string()))
}

fn critic_of(files: &Files, weights: &str, device: &Device) -> Result<Critic, ConfigError> {
    let file = files.get(CRITIC).ok_or_else(|| "its file is missing".to_owned());
    file.and_then(|file| Critic::read(file, device)).map_err(|why| {
        let allowed = format!("the weights of a critic ({why})");
        ConfigError::new("reward.weights", format!("`{weights}`"), allowed)
    })
}

/// `count` of these rows of `[n][size]` numbers.
fn picked(numbers: &[f32], rows: &[usize], size: usize) -> Vec<f32> {
    let row = |row: &usize| numbers[row * size..(row + 1) * size].iter().copied();
    rows.iter().flat_map(row).collect()
}

impl OfflineTask {
    /// The task of a run on a device, with its files.
    ///
    /// # Errors
    ///
    /// Where the run or a file is refused, or files do not go with each other.
    pub fn open(run: Run, device: Device, files: &Files) -> Result<Self, EngineError> {
        run.validate()?;
        check_host(&run, &device)?;
        let problem = ControlProblem::of(&run)?.clone();
        let (Environment::Recorded { data }, Prior::Learned { .. }, Reward::Learned { weights, alpha }) =
            (&problem.environment, &problem.prior, &problem.reward)
        else {
            return Err(ConfigError::new("environment.kind", "one that is known", "`recorded`").into());
        };
        let mut behaviour = prior_network(&run, files, |file| Behaviour::read(file, &device))?;
        behaviour.process.steps = run.process.steps;
        let judge = Arc::new(Judge::new(
            behaviour,
            critic_of(files, weights, &device)?,
            *alpha,
        )?);
        let steps = steps_of(files, data)?;
        let (s, a) = (judge.state_size(), judge.action_size());
        whole(
            "the numbers of a state in environment.data",
            steps.state_size(),
            s,
            s,
        )?;
        whole(
            "the numbers of an action in environment.data",
            steps.action_size(),
            a,
            a,
        )?;
        whole(
            "the number of steps in environment.data",
            steps.len(),
            2,
            usize::MAX,
        )?;
        let noise = Noise::new(run.seed);
        let mut order: Vec<usize> = (0..steps.len()).collect();
        let mut rng = noise.stream(Purpose::Episodes, 0);
        order.sort_by_cached_key(|_| rng.next_u64());
        let looked_at = problem.episodes.looked_at.min(steps.len() / 2);
        let learned = problem.episodes.states.min(steps.len() - looked_at);
        let rows = &order[..learned + looked_at];
        let states = picked(steps.states(), rows, s);
        let ends = judge.behaviour.ends(&picked(steps.actions(), rows, a));
        let reward = OfflineReward::new(judge.clone(), &states, run.tempering.floor);
        let conditions: Vec<usize> = (0..rows.len()).collect();
        let log_r = reward.log_reward_now(&ends, &conditions, &device);
        let log_r = log_r.map_err(EngineError::Device)?;
        if log_r.iter().any(|log_r| !log_r.is_finite()) {
            let allowed = "a critic whose Q and V are finite where actions were recorded";
            return Err(ConfigError::new("reward.weights", format!("`{weights}`"), allowed).into());
        }
        Ok(Self {
            prior: BehaviourPrior {
                told: judge.told(&states),
                behaviour: judge.behaviour.clone(),
            },
            known: None,
            learned,
            log_r,
            reward,
            noise,
            run,
            problem,
            judge,
            states,
            ends,
            device,
        })
    }

    /// The conditions of the states that are looked at.
    pub fn looked_at(&self) -> std::ops::Range<usize> {
        self.learned..self.log_r.len()
    }

    /// The chain of prior and posterior, in the standardised space of arctanh of actions.
    pub fn process(&self) -> OrnsteinUhlenbeck {
        self.judge.behaviour.process
    }

    /// β of the Langevin term, where there is one.
    fn langevin(&self) -> Option<f64> {
        self.run.network.langevin.then_some(self.run.tempering.beta)
    }

    fn policy(&self) -> NoisePolicy {
        policy_in(&self.judge, &self.states, self.langevin(), &self.device)
    }

    /// Somebody who acts by a rule above the same behaviour and critic.
    ///
    /// # Errors
    ///
    /// As [`Actor::new`].
    pub fn actor(&self, rule: Rule) -> Result<Actor, ConfigError> {
        Actor::new(self.judge.clone(), rule, self.run.seed, self.device.clone())
    }

    /// Somebody who acts as a trained network of this run does.
    ///
    /// # Errors
    ///
    /// As [`Actor::new`].
    pub fn acting(&self, network: NoiseNetwork) -> Result<Actor, ConfigError> {
        self.actor(Rule::Learned(Box::new(Learned {
            network,
            langevin: self.langevin(),
        })))
    }

    /// Somebody who acts as the trained weights of this run do: those of `weights.safetensors` in its folder.
    ///
    /// # Errors
    ///
    /// Where the weights are refused.
    pub fn acting_by(&self, weights: &[u8]) -> Result<Actor, EngineError> {
        let network = self.network(&self.noise);
        let network = read_tensors(weights).and_then(|weights| load_tensors(network, &weights));
        Ok(self.acting(network.map_err(EngineError::Weights)?)?)
    }
}

impl Task for OfflineTask {
    type Process = OrnsteinUhlenbeck;
    type Prior = BehaviourPrior;
    type Policy = NoisePolicy;

    const CHUNK: usize = CHUNK;

    fn device(&self) -> &Device {
        &self.device
    }

    fn chains(&self) -> Chains<OrnsteinUhlenbeck, BehaviourPrior, NoisePolicy> {
        Chains {
            process: self.process(),
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

    fn reward(&self) -> Box<dyn Rewards<OrnsteinUhlenbeck>> {
        Box::new(self.reward.clone())
    }

    fn conditions(&self) -> Conditions {
        let at_once = self.problem.conditions_at_once(self.run.rollout.batch);
        Conditions {
            count: self.learned,
            at_once: at_once.min(self.learned),
        }
    }

    /// What was done in the states that take part.
    async fn give(
        &mut self,
        _iteration: usize,
        conditions: &[usize],
        given: &mut [Replay],
    ) -> Result<(), EngineError> {
        let a = self.judge.action_size();
        for condition in conditions.iter().copied() {
            if given[condition].is_empty() {
                given[condition].push(
                    &self.ends[condition * a..(condition + 1) * a],
                    self.log_r[condition],
                );
            }
        }
        Ok(())
    }
}
