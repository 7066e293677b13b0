//! Rewards: log r of the end points of a chain.
//!
//! A [`Reward`] gets its end points on the device, so that a network's reward sends only its result to the
//! host. A reward that is computed on the host implements [`HostReward`]; [`OnHost`] turns it into a [`Reward`].

use super::host::read;
use super::process::Process;
use burn::tensor::{Device, Tensor, TensorData};
use std::borrow::Cow;
use std::future::{Future, ready};
use std::pin::Pin;
use std::sync::Arc;

/// The value of a reward, available once its device has computed it; an error comes from the device.
///
/// It is a future because a browser reads from a GPU asynchronously; the native program blocks on it.
pub type Answer<'a, T> = Pin<Box<dyn Future<Output = Result<T, String>> + 'a>>;

/// A value that is available at once.
pub fn at_once<'a, T: 'a>(answer: T) -> Answer<'a, T> {
    Box::pin(ready(Ok(answer)))
}

/// End points that a reward is evaluated at.
pub struct Ends<'a, P: Process> {
    /// The chain that ends there.
    pub process: &'a P,
    /// Where the states are.
    pub device: &'a Device,
    /// On the device, one row a trajectory.
    pub states: &'a P::State,
    /// The condition of every row.
    pub conditions: &'a [usize],
    /// The states on the host, `[rows][state_size]`, where they have been read already.
    pub read: Option<&'a [f32]>,
}

impl<P: Process> Clone for Ends<'_, P> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<P: Process> Copy for Ends<'_, P> {}

impl<'a, P: Process> Ends<'a, P> {
    /// The end points on the host, `[rows][state_size]`; read from the device unless they have been.
    ///
    /// # Errors
    ///
    /// Where the device fails.
    pub async fn numbers(&self) -> Result<Cow<'a, [f32]>, String> {
        match self.read {
            Some(numbers) => Ok(Cow::Borrowed(numbers)),
            None => Ok(Cow::Owned(read(self.process.download(self.states)).await?)),
        }
    }
}

/// log r of the end points of a chain.
pub trait Reward<P: Process>: Send + Sync {
    /// log r of every end point, floored, not tempered.
    fn log_reward<'a>(&'a self, ends: Ends<'a, P>) -> Answer<'a, Vec<f64>>;

    /// log r of every end point without floors and bounds; the default is log r itself.
    fn log_reward_unfloored<'a>(&'a self, ends: Ends<'a, P>) -> Answer<'a, Vec<f64>> {
        self.log_reward(ends)
    }

    /// ∇ log r of every end point, not floored, `[rows, state_size]`; `None` for a black box.
    fn log_reward_gradient<'a>(&'a self, _ends: Ends<'a, P>) -> Answer<'a, Option<Tensor<2>>> {
        at_once(None)
    }

    /// An upper bound of log r, exact or the largest value that a search has found; `None` if it is
    /// unknown.
    fn log_bound(&self) -> Option<f64> {
        None
    }

    /// The log r that a floor of this condition is measured from: the upper bound, or 0 where it is unknown.
    fn floored_from(&self, _condition: usize) -> f64 {
        self.log_bound().unwrap_or(0.0)
    }

    /// Whether the reward is computed on the host; the end points are then read together with the other
    /// figures of an iteration.
    fn looks_on_host(&self) -> bool {
        false
    }
}

/// A reward that several share.
impl<P: Process, R: Reward<P>> Reward<P> for Arc<R> {
    fn log_reward<'a>(&'a self, ends: Ends<'a, P>) -> Answer<'a, Vec<f64>> {
        (**self).log_reward(ends)
    }

    fn log_reward_unfloored<'a>(&'a self, ends: Ends<'a, P>) -> Answer<'a, Vec<f64>> {
        (**self).log_reward_unfloored(ends)
    }

    fn log_reward_gradient<'a>(&'a self, ends: Ends<'a, P>) -> Answer<'a, Option<Tensor<2>>> {
        (**self).log_reward_gradient(ends)
    }

    fn log_bound(&self) -> Option<f64> {
        (**self).log_bound()
    }

    fn floored_from(&self, condition: usize) -> f64 {
        (**self).floored_from(condition)
    }

    fn looks_on_host(&self) -> bool {
        (**self).looks_on_host()
    }
}

/// A reward that is computed on the host, for example a black box or a formula.
pub trait HostReward: Send + Sync {
    /// log r of every end point, floored, not tempered; `ends` is `[rows][state_size]`.
    fn log_reward(&self, ends: &[f32], conditions: &[usize]) -> Vec<f64>;

    /// As [`Reward::log_reward_unfloored`].
    fn log_reward_unfloored(&self, ends: &[f32], conditions: &[usize]) -> Vec<f64> {
        self.log_reward(ends, conditions)
    }

    /// ∇ log r of every end point, not floored, `[rows][state_size]`; `None` for a black box.
    fn log_reward_gradient(&self, _ends: &[f32], _conditions: &[usize]) -> Option<Vec<f32>> {
        None
    }

    /// As [`Reward::log_bound`].
    fn log_bound(&self) -> Option<f64> {
        None
    }
}

/// A reward that somebody else computes, for example a script or a model.
pub trait BlackBox: Send + Sync {
    /// log r of samples, each of this shape, one number a sample; −∞ where r is 0.
    ///
    /// # Errors
    ///
    /// Says in a sentence why there is no answer, or one that is not allowed: of another length, NaN or +∞.
    fn log_reward(&self, samples: &[f64], shape: &[usize]) -> Result<Vec<f64>, String>;

    /// The same of samples that each were made for a text, of which a black box may know nothing.
    ///
    /// # Errors
    ///
    /// As [`BlackBox::log_reward`].
    fn log_reward_told(&self, samples: &[f64], shape: &[usize], _texts: &[&str]) -> Result<Vec<f64>, String> {
        self.log_reward(samples, shape)
    }
}

/// The same of texts.
pub trait TextBlackBox: Send + Sync {
    /// log r of texts, each a JSON value on a line of its own, one number a text; −∞ where r is 0.
    ///
    /// # Errors
    ///
    /// As [`BlackBox::log_reward`].
    fn log_reward(&self, texts: &[String]) -> Result<Vec<f64>, String>;
}

/// log r as a function of one end point, `[state_size]`, the same for all conditions.
#[derive(Clone, Copy, Debug)]
pub struct Each<F>(pub F);

impl<F: Fn(&[f32]) -> f64 + Send + Sync> HostReward for Each<F> {
    fn log_reward(&self, ends: &[f32], conditions: &[usize]) -> Vec<f64> {
        // Of no rows any size would do, but 0.
        let size = (ends.len() / conditions.len().max(1)).max(1);
        ends.chunks_exact(size).map(&self.0).collect()
    }
}

/// Makes a [`HostReward`] a [`Reward`] of any chain.
#[derive(Clone, Copy, Debug)]
pub struct OnHost<R>(pub R);

impl<P: Process, R: HostReward> Reward<P> for OnHost<R> {
    fn log_reward<'a>(&'a self, ends: Ends<'a, P>) -> Answer<'a, Vec<f64>> {
        Box::pin(async move { Ok(self.0.log_reward(&ends.numbers().await?, ends.conditions)) })
    }

    fn log_reward_unfloored<'a>(&'a self, ends: Ends<'a, P>) -> Answer<'a, Vec<f64>> {
        Box::pin(async move {
            Ok(self
                .0
                .log_reward_unfloored(&ends.numbers().await?, ends.conditions))
        })
    }

    fn log_reward_gradient<'a>(&'a self, ends: Ends<'a, P>) -> Answer<'a, Option<Tensor<2>>> {
        Box::pin(async move {
            let gradient = self
                .0
                .log_reward_gradient(&ends.numbers().await?, ends.conditions);
            let shape = [ends.conditions.len(), ends.process.state_size()];
            Ok(gradient.map(|numbers| Tensor::from_data(TensorData::new(numbers, shape), ends.device)))
        })
    }

    fn log_bound(&self) -> Option<f64> {
        self.0.log_bound()
    }

    fn looks_on_host(&self) -> bool {
        true
    }
}

/// β·log r of end points on the host, `[rows][state_size]`, under these conditions.
///
/// # Errors
///
/// Where the reward's device fails.
pub async fn tempered<P: Process>(
    (process, device): (&P, &Device),
    reward: &dyn Reward<P>,
    beta: f64,
    conditions: &[usize],
    ends: &[f32],
) -> Result<Vec<f64>, String> {
    let log_r = on_host((process, device), conditions, ends, async |ends| {
        reward.log_reward(ends).await
    });
    Ok(log_r.await?.into_iter().map(|l| beta * l).collect())
}

/// Evaluates a reward at end points on the host.
pub(crate) async fn on_host<P: Process, T>(
    (process, device): (&P, &Device),
    conditions: &[usize],
    ends: &[f32],
    ask: impl AsyncFnOnce(Ends<'_, P>) -> Result<T, String>,
) -> Result<T, String> {
    let states = process.upload(ends.to_vec(), device);
    ask(Ends {
        process,
        device,
        states: &states,
        conditions,
        read: Some(ends),
    })
    .await
}
