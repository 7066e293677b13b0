//! Policies above recorded steps: somebody who acts in states.

use super::judge::Judge;
use super::prior::BehaviourPrior;
use crate::engine::check::whole;
use crate::engine::host::read;
use crate::engine::noise::{self, Noise, Purpose};
use crate::engine::parallel;
use crate::engine::process::{OrnsteinUhlenbeck, Policy, Prior, State, walk};
use crate::engine::{ConfigError, EngineError};
use crate::task::noise_policy::{NoiseNetwork, NoisePolicy};
use burn::tensor::{Device, Tensor};
use std::ops::Range;
use std::sync::Arc;

/// Most rows that are walked, or valued, at once.
const AT_ONCE: usize = 1000;
const VALUED: usize = 10_000;
/// Bits of the number of a chunk among those of a call.
const CHUNK_BITS: u32 = 24;
/// Most candidates of an action.
const MOST_CANDIDATES: usize = 10_000;

/// How an action is chosen.
#[derive(Clone, Debug)]
pub enum Rule {
    /// As the behaviour acts: its own action.
    Behaviour,
    /// Of so many actions of the behaviour the one with the largest Q.
    BestOf(usize),
    /// Of so many actions of the behaviour one in proportion to r: the more there are, the nearer to the posterior
    /// (the policy of implicit Q-learning by IDQL, arXiv 2304.10573).
    Weighted(usize),
    /// As a trained policy acts.
    Learned(Box<Learned>),
}

/// A trained policy.
#[derive(Clone, Debug)]
pub struct Learned {
    /// Its network.
    pub network: NoiseNetwork,
    /// β of its Langevin term, where it has one.
    pub langevin: Option<f64>,
}

/// Somebody who acts in states.
pub struct Actor {
    judge: Arc<Judge>,
    rule: Rule,
    noise: Noise,
    device: Device,
    calls: u64,
}

/// The policy of a network in states `[count][s]`, one a condition.
pub(super) fn policy_in(
    judge: &Arc<Judge>,
    states: &[f32],
    langevin: Option<f64>,
    device: &Device,
) -> NoisePolicy {
    let policy = NoisePolicy::new(judge.behaviour.process, false, judge.told(states));
    let Some(beta) = langevin else {
        return policy;
    };
    let (judge, judged, device) = (judge.clone(), judge.judged(states), device.clone());
    policy.with_langevin(Arc::new(move |ends, conditions| {
        // Where the device fails, numbers are missing, and the training says so.
        let gradient = judge.gradient(&judged, conditions, ends, &device);
        let gradient = gradient.unwrap_or_else(|_| vec![f32::NAN; ends.len()]);
        gradient.into_iter().map(|slope| beta as f32 * slope).collect()
    }))
}

impl Actor {
    /// Somebody who acts by this rule; the same seed is the same actions.
    ///
    /// # Errors
    ///
    /// Where there are no candidates to choose among.
    pub fn new(judge: Arc<Judge>, rule: Rule, seed: u64, device: Device) -> Result<Self, ConfigError> {
        if let Rule::BestOf(count) | Rule::Weighted(count) = rule {
            whole("the number of candidates", count, 1, MOST_CANDIDATES)?;
        }
        Ok(Self {
            judge,
            rule,
            noise: Noise::new(seed),
            device,
            calls: 0,
        })
    }

    /// Numbers of a state.
    pub fn state_size(&self) -> usize {
        self.judge.state_size()
    }

    /// Numbers of an action.
    pub fn action_size(&self) -> usize {
        self.judge.action_size()
    }

    /// An action, −1 to 1, in each of these states as they were recorded: `[n][state_size]` → `[n][action_size]`. Every call
    /// has noise of its own.
    ///
    /// # Errors
    ///
    /// Where states have another size or are no numbers, or the device fails.
    pub async fn actions(&mut self, states: &[f32]) -> Result<Vec<f32>, EngineError> {
        self.check(states)?;
        let call = self.calls;
        self.calls += 1;
        match &self.rule {
            Rule::Behaviour => self.of_behaviour(states, call).await,
            Rule::BestOf(count) | Rule::Weighted(count) => self.chosen(states, *count, call).await,
            Rule::Learned(learned) => self.of_learned(learned, states, call).await,
        }
    }

    fn check(&self, states: &[f32]) -> Result<(), ConfigError> {
        let s = self.state_size();
        if !states.len().is_multiple_of(s) {
            let numbers = format!("{} numbers", states.len());
            return Err(ConfigError::new("the states", numbers, format!("rows of {s}")));
        }
        match states.iter().position(|value| !value.is_finite()) {
            None => Ok(()),
            Some(at) => Err(ConfigError::new(
                format!("the states[{}, {}]", at / s, at % s),
                states[at],
                "a finite number",
            )),
        }
    }

    async fn of_behaviour(&self, states: &[f32], call: u64) -> Result<Vec<f32>, EngineError> {
        let behaviour = &self.judge.behaviour;
        let sampled = behaviour.sample(states, &self.noise, (Purpose::Actions, call), &self.device);
        sampled.await.map_err(EngineError::Device)
    }

    /// One of `count` actions of the behaviour in each state.
    async fn chosen(&self, states: &[f32], count: usize, call: u64) -> Result<Vec<f32>, EngineError> {
        let (s, a) = (self.state_size(), self.action_size());
        let repeated: Vec<f32> = states
            .chunks_exact(s)
            .flat_map(|state| std::iter::repeat_n(state, count).flatten().copied())
            .collect();
        let candidates = self.of_behaviour(&repeated, call).await?;
        let mut values = Vec::with_capacity(candidates.len() / a);
        for (states, actions) in repeated.chunks(VALUED * s).zip(candidates.chunks(VALUED * a)) {
            let valued = self.judge.critic.values(states, actions, &self.device);
            values.extend(valued.await.map_err(EngineError::Device)?);
        }
        let mut rng = self.noise.stream(Purpose::Resampling, call);
        let mut chosen = Vec::with_capacity(states.len() / s * a);
        for (values, actions) in values.chunks_exact(count).zip(candidates.chunks_exact(count * a)) {
            let largest = values.iter().copied().fold(f32::NEG_INFINITY, f32::max);
            let at = match self.rule {
                Rule::Weighted(_) => {
                    let above = |value: &f32| f64::from(value - largest) / self.judge.scale();
                    let running = noise::running_sum(values.iter().map(|value| above(value).exp()));
                    noise::index(&mut rng, &running)
                }
                _ => values.iter().position(|value| *value == largest).unwrap_or(0),
            };
            chosen.extend(&actions[at * a..(at + 1) * a]);
        }
        Ok(chosen)
    }

    async fn of_learned(
        &self,
        learned: &Learned,
        states: &[f32],
        call: u64,
    ) -> Result<Vec<f32>, EngineError> {
        let s = self.state_size();
        let mut actions = Vec::new();
        for group in parallel::ranges(&self.device, states.len() / s, AT_ONCE) {
            let ends = parallel::map(group, |part: Range<usize>| {
                let counter = call << CHUNK_BITS | part.start as u64;
                self.walked(learned, &states[part.start * s..part.end * s], counter)
            });
            let ends = read(Tensor::cat(ends, 0)).await.map_err(EngineError::Device)?;
            actions.extend(self.judge.behaviour.actions(&ends));
        }
        Ok(actions)
    }

    fn walked(&self, learned: &Learned, states: &[f32], counter: u64) -> Tensor<2> {
        let (judge, device) = (&self.judge, &self.device);
        let process: OrnsteinUhlenbeck = judge.behaviour.process;
        let prior = BehaviourPrior {
            behaviour: judge.behaviour.clone(),
            told: judge.told(states),
        };
        let policy = policy_in(judge, states, learned.langevin, device);
        let conditions: Vec<usize> = (0..states.len() / self.state_size()).collect();
        let mut rng = self.noise.stream(Purpose::Actions, counter);
        let (rows, a) = (conditions.len(), process.dimensions);
        let mut kernels = prior.walker(&conditions);
        walk(
            &process,
            &conditions,
            device,
            |_| Tensor::from_numbers(noise::normals(&mut rng, rows * a), a, device),
            |step, x| {
                let guide = policy.guide(step, &conditions, x, &mut None);
                let network = &learned.network;
                policy.kernel(network, &[step], &conditions, x.clone(), guide.as_ref(), || {
                    kernels(step, x)
                })
            },
        )
    }
}
