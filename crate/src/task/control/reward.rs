//! log r(a|s) = (Q(s, a) − peak(s))/α.

use super::behaviour::Behaviour;
use super::critic::Critic;
use super::exact;
use super::space::Space;
use crate::engine::ConfigError;
use crate::engine::parallel;
use crate::engine::reward::HostReward;
use std::sync::Arc;

/// Nodes a side of the grid on which the largest Q of a state is looked for.
const NODES: usize = 16;

/// What policies of all states share.
#[derive(Debug)]
pub struct Judge {
    /// Q.
    pub critic: Critic,
    /// μ.
    pub behaviour: Behaviour,
    /// Between the chain's end points and actions.
    pub space: Space,
    /// α.
    pub alpha: f64,
}

/// The reward of many states, one a condition.
#[derive(Clone, Debug)]
pub struct ControlReward {
    judge: Arc<Judge>,
    /// `[states][n]`.
    states: Arc<[f64]>,
    /// The largest Q of each, which log r is counted from: a constant of a state moves log Z alone, and keeps the floor off.
    peaks: Arc<[f64]>,
    floor: f64,
}

impl ControlReward {
    pub(super) fn new(judge: Arc<Judge>, states: Arc<[f64]>, floor: f64) -> Self {
        let n = judge.space.state();
        let peak = |state: &[f64]| {
            let extent = exact::extent(&judge.behaviour, &judge.behaviour.at(state));
            exact::peak(&judge.critic, state, &extent, NODES)
        };
        let peaks = match n {
            0 => vec![peak(&[])],
            n => parallel::over_rows(&states, n, peak),
        };
        Self {
            judge,
            states,
            peaks: peaks.into(),
            floor,
        }
    }

    /// Refuses a Q that has no largest value in some state.
    pub(super) fn check(&self) -> Result<(), ConfigError> {
        let Some(at) = self.peaks.iter().position(|peak| !peak.is_finite()) else {
            return Ok(());
        };
        let allowed = format!(
            "one whose Q(s, a) is finite where the behaviour acts: in the state {:?} its largest is {}",
            self.state(at),
            self.peaks[at]
        );
        Err(ConfigError::new(
            "environment",
            "a reward without bounds",
            allowed,
        ))
    }

    /// The state of a condition.
    pub fn state(&self, condition: usize) -> &[f64] {
        let n = self.judge.space.state();
        &self.states[condition * n..][..n]
    }

    /// The Q that a state's log r is counted from.
    pub fn peak(&self, condition: usize) -> f64 {
        self.peaks[condition]
    }

    /// log r of actions, floored unless that is not wanted.
    fn of(&self, ends: &[f32], conditions: &[usize], floor: f64) -> Vec<f64> {
        let of = |(end, condition): (&[f32], &usize)| {
            let action = self.judge.space.action(end);
            let q = self.judge.critic.value(self.state(*condition), &action);
            ((q - self.peaks[*condition]) / self.judge.alpha).max(floor)
        };
        let rows = ends.chunks_exact(self.judge.space.size()).zip(conditions);
        rows.map(of).collect()
    }
}

impl Judge {
    /// The gradient of log r in end points, `[rows][d]`, in states `[rows][n]`.
    pub fn gradient<'a>(&self, ends: &[f32], states: impl Iterator<Item = &'a [f64]>) -> Vec<f32> {
        let rows = ends.chunks_exact(self.space.size()).zip(states);
        rows.flat_map(|(end, state)| {
            let slopes = self.critic.gradient(state, &self.space.action(end));
            let slopes = slopes.into_iter().zip(self.space.scales());
            // Beside a place where Q is no number there is no slope.
            let known = slopes
                .map(|(slope, scale)| Some((slope * scale / self.alpha) as f32).filter(|s| s.is_finite()));
            known.map(Option::unwrap_or_default)
        })
        .collect()
    }
}

impl HostReward for ControlReward {
    fn log_reward(&self, ends: &[f32], conditions: &[usize]) -> Vec<f64> {
        self.of(ends, conditions, self.floor)
    }

    fn log_reward_unfloored(&self, ends: &[f32], conditions: &[usize]) -> Vec<f64> {
        self.of(ends, conditions, f64::NEG_INFINITY)
    }

    fn log_reward_gradient(&self, ends: &[f32], conditions: &[usize]) -> Option<Vec<f32>> {
        let states = conditions.iter().map(|condition| self.state(*condition));
        Some(self.judge.gradient(ends, states))
    }
}
