//! The reward of many states: log r of a judge, with a floor.

use super::judge::Judge;
use crate::engine::host::{read, read_now};
use crate::engine::parallel;
use crate::engine::process::{OrnsteinUhlenbeck, Rows, State};
use crate::engine::reward::{Answer, Ends, Reward};
use crate::task::noise_policy::Told;
use burn::tensor::{Device, Tensor};
use std::sync::Arc;

/// Most rows that are judged at once.
const AT_ONCE: usize = 5000;

/// log r(a|s) of states, one a condition.
#[derive(Clone, Debug)]
pub struct OfflineReward {
    judge: Arc<Judge>,
    /// The states, as the critic is told of them.
    judged: Told,
    floor: f64,
}

impl OfflineReward {
    /// That of states `[count][s]`; log r is at least `floor`.
    pub fn new(judge: Arc<Judge>, states: &[f32], floor: f64) -> Self {
        Self {
            judged: judge.judged(states),
            judge,
            floor,
        }
    }

    /// What is said of states and end points, `[rows]`.
    fn each(
        &self,
        (states, conditions): (&Tensor<2>, &[usize]),
        of: impl Fn(Tensor<2>, Tensor<2>) -> Tensor<1> + Sync,
    ) -> Tensor<1> {
        let device = states.device();
        let groups = parallel::ranges(&device, conditions.len(), AT_ONCE).into_iter();
        let parts = groups.flat_map(|group| {
            parallel::map(group, |part| {
                let judged = self.judged.of(&conditions[part.clone()], &device);
                let judged = judged.expect("states have numbers");
                of(judged, states.some_rows(part.start, part.len()))
            })
        });
        Tensor::cat(parts.collect(), 0)
    }

    /// log r of the chain's end points, without the floor.
    fn log_rewards(&self, ends: (&Tensor<2>, &[usize])) -> Tensor<1> {
        self.each(ends, |states, ends| self.judge.log_reward_of(states, ends))
    }

    fn floored(&self, log_r: Vec<f32>) -> Vec<f64> {
        log_r
            .into_iter()
            .map(|log_r| f64::from(log_r).max(self.floor))
            .collect()
    }

    /// Q of end points `[rows][a]` under their conditions, in the units of the data's rewards, and log r with its floor.
    ///
    /// # Errors
    ///
    /// Where the device fails.
    pub async fn values(
        &self,
        ends: &[f32],
        conditions: &[usize],
        device: &Device,
    ) -> Result<[Vec<f64>; 2], String> {
        let ends = Tensor::<2>::from_numbers(ends.to_vec(), self.judge.action_size(), device);
        let values = self.each((&ends, conditions), |states, ends| {
            self.judge.value_of(states, ends)
        });
        let values = read(values).await?.into_iter().map(f64::from).collect();
        let log_r = read(self.log_rewards((&ends, conditions))).await?;
        Ok([values, self.floored(log_r)])
    }

    /// log r of end points, `[rows][a]`, at once: not from the GPU of a browser.
    ///
    /// # Errors
    ///
    /// Where the device fails.
    pub fn log_reward_now(
        &self,
        ends: &[f32],
        conditions: &[usize],
        device: &Device,
    ) -> Result<Vec<f64>, String> {
        let ends = Tensor::<2>::from_numbers(ends.to_vec(), self.judge.action_size(), device);
        Ok(self.floored(read_now(self.log_rewards((&ends, conditions)))?))
    }
}

impl Reward<OrnsteinUhlenbeck> for OfflineReward {
    fn log_reward<'a>(&'a self, ends: Ends<'a, OrnsteinUhlenbeck>) -> Answer<'a, Vec<f64>> {
        Box::pin(async move { Ok(self.floored(self.unfloored(ends).await?)) })
    }

    fn log_reward_unfloored<'a>(&'a self, ends: Ends<'a, OrnsteinUhlenbeck>) -> Answer<'a, Vec<f64>> {
        Box::pin(async move { Ok(self.unfloored(ends).await?.into_iter().map(f64::from).collect()) })
    }

    fn log_reward_gradient<'a>(&'a self, ends: Ends<'a, OrnsteinUhlenbeck>) -> Answer<'a, Option<Tensor<2>>> {
        Box::pin(async move {
            let numbers = ends.numbers().await?;
            let gradient = self
                .judge
                .gradient(&self.judged, ends.conditions, &numbers, ends.device);
            let gradient = gradient.map_err(|error| error.to_string())?;
            Ok(Some(Tensor::from_numbers(
                gradient,
                self.judge.action_size(),
                ends.device,
            )))
        })
    }
}

impl OfflineReward {
    async fn unfloored(&self, ends: Ends<'_, OrnsteinUhlenbeck>) -> Result<Vec<f32>, String> {
        match ends.conditions.is_empty() {
            true => Ok(Vec::new()),
            false => read(self.log_rewards((ends.states, ends.conditions))).await,
        }
    }
}
