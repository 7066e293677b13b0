//! What policies above recorded steps are made of: a behaviour, and the Q of a critic.

use super::{Behaviour, Critic};
use crate::engine::check::{range, whole};
use crate::engine::host::read_now;
use crate::engine::process::State;
use crate::engine::{ConfigError, EngineError};
use crate::task::noise_policy::Told;
use burn::tensor::{Device, Tensor};

/// What the returns of the data span in the units of α: the code of arXiv 2405.20971 divides rewards so
/// (`offline_RL/IQL_PyTorch/main.py`).
const SPAN: f64 = 1000.0;

/// A behaviour μ(a|s) and log r(a|s) = (Q(s, a) − V(s))/α of the same states and actions. V moves nothing but the log Z
/// of a state.
///
/// α counts in units in which the returns of the data's complete episodes span 1000, as published; where no episode is
/// complete, in those of the data's rewards.
#[derive(Clone, Debug)]
pub struct Judge {
    /// The prior.
    pub behaviour: Behaviour,
    /// Q and V.
    pub critic: Critic,
    /// α in the units of the data's rewards.
    scale: f64,
}

impl Judge {
    /// These two together.
    ///
    /// # Errors
    ///
    /// Where they are of other states or actions, or α is out of range.
    pub fn new(behaviour: Behaviour, critic: Critic, alpha: f64) -> Result<Self, ConfigError> {
        let (s, a) = (behaviour.state_size(), behaviour.action_size());
        whole(
            "the numbers of a state in reward.weights",
            critic.state_size(),
            s,
            s,
        )?;
        whole(
            "the numbers of an action in reward.weights",
            critic.action_size(),
            a,
            a,
        )?;
        range("reward.alpha", alpha, 1e-4, 1e6)?;
        let span = critic.returns().map_or(0.0, |[low, high]| high - low);
        let unit = if span > 0.0 { span / SPAN } else { 1.0 };
        Ok(Self {
            behaviour,
            critic,
            scale: alpha * unit,
        })
    }

    /// Numbers of a state.
    pub fn state_size(&self) -> usize {
        self.behaviour.state_size()
    }

    /// Numbers of an action.
    pub fn action_size(&self) -> usize {
        self.behaviour.action_size()
    }

    /// α in the units of the data's rewards.
    pub fn scale(&self) -> f64 {
        self.scale
    }

    /// States `[n][s]` as the behaviour is told of them, one a condition.
    pub fn told(&self, states: &[f32]) -> Told {
        Told::new(self.state_size(), self.behaviour.standardised(states))
    }

    /// The same as the critic is.
    pub fn judged(&self, states: &[f32]) -> Told {
        Told::new(self.state_size(), self.critic.standardised(states))
    }

    /// Q of the chain's end points, `[rows, a]`, in states that [`Self::judged`] gave, `[rows, s]`; in the units of the data's
    /// rewards, `[rows]`.
    pub fn value_of(&self, judged: Tensor<2>, ends: Tensor<2>) -> Tensor<1> {
        self.critic.value_of(judged, self.behaviour.actions_of(ends))
    }

    /// log r of the same, without a floor.
    pub fn log_reward_of(&self, judged: Tensor<2>, ends: Tensor<2>) -> Tensor<1> {
        let value = self.value_of(judged.clone(), ends);
        (value - self.critic.state_value_of(judged)).div_scalar(self.scale)
    }

    /// The gradient of log r in end points, `[rows][a]`, under these conditions; 0 where it is no number.
    ///
    /// # Errors
    ///
    /// Where the device fails.
    pub fn gradient(
        &self,
        judged: &Told,
        conditions: &[usize],
        ends: &[f32],
        device: &Device,
    ) -> Result<Vec<f32>, EngineError> {
        let device = device.clone().autodiff();
        let Some(states) = judged.of(conditions, &device) else {
            return Ok(vec![0.0; ends.len()]);
        };
        let ends = Tensor::<2>::from_numbers(ends.to_vec(), self.action_size(), &device).require_grad();
        let values = self.value_of(states, ends.clone()).div_scalar(self.scale);
        let gradients = values.sum().backward();
        let gradient = ends.grad(&gradients);
        let gradient = gradient.unwrap_or_else(|| ends.without_autodiff().zeros_like());
        let slopes = read_now(gradient).map_err(EngineError::Device)?.into_iter();
        Ok(slopes
            .map(|slope| if slope.is_finite() { slope } else { 0.0 })
            .collect())
    }
}
