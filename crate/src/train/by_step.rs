//! Weights of single steps, less their baselines.

use super::{Trainer, log_reward_given};
use crate::host::read_all;
use crate::objective::{Baseline, Signal};
use crate::process::{Policy, Prior, Process, Rows};
use crate::rollout::Trajectories;
use burn::tensor::{Tensor, Transaction};

impl<P: Process, Q: Prior<P>, K: Policy<P>> Trainer<P, Q, K> {
    /// The weights of every shard's steps, `[shards][T][rows]`, where the run has baselines: those of
    /// fresh trajectories without exploration are less their [`Baseline`].
    pub(super) async fn step_weights(
        &self,
        shards: &[Trajectories<P>],
        log_reward: &[f64],
        signal: &Signal,
        beta: f64,
    ) -> Result<Option<Vec<Vec<Vec<f32>>>>, String> {
        let count = log_reward.len();
        let on_policy = self.run.objective.baseline && self.exploration() == 0.0;
        let has_fresh = shards.iter().all(|shard| shard.fresh > 0);
        if !on_policy || !has_fresh || self.objective.weigh(0.0, count).is_none() {
            return Ok(None);
        }
        let process = &self.chains.process;
        let steps = process.steps();
        let mut transaction = Transaction::default();
        let mut has_previews = true;
        for shard in shards {
            transaction = transaction.register(shard.log_ratios.clone());
            let fresh = |step: usize| {
                let (x, prior) = (&shard.states[step], &shard.prior[step]);
                process.preview(
                    step,
                    &x.some_rows(0, shard.fresh),
                    &prior.some_rows(0, shard.fresh),
                )
            };
            match (0..steps).map(fresh).collect::<Option<Vec<_>>>() {
                Some(previews) => transaction = transaction.register(Tensor::cat(previews, 0)),
                None => has_previews = false,
            }
        }
        let mut numbers = read_all(transaction).await?.into_iter();
        let (mut log_ratios, mut expected) = (vec![Vec::new(); steps], vec![Vec::new(); steps]);
        let (mut condition, mut fresh_reward) = (Vec::new(), Vec::new());
        let mut start = 0;
        for shard in shards {
            let (rows, fresh) = (shard.conditions.len(), shard.fresh);
            let conditions = &shard.conditions[..fresh];
            let read = numbers.next().expect("a shard's ratios");
            for (all, ratios) in log_ratios.iter_mut().zip(read.chunks_exact(rows)) {
                all.extend(ratios[..fresh].iter().map(|ratio| f64::from(*ratio)));
            }
            if has_previews {
                let ends = numbers.next().expect("a shard's previews");
                let log_r = log_reward_given(&self.rewards, &conditions.repeat(steps), &ends).await?;
                for (all, log_r) in expected.iter_mut().zip(log_r.chunks_exact(fresh)) {
                    all.extend(log_r.iter().map(|log_r| beta * log_r));
                }
            }
            condition.extend_from_slice(conditions);
            fresh_reward.extend_from_slice(&log_reward[start..start + fresh]);
            start += rows;
        }
        let baseline = Baseline {
            log_ratios: &log_ratios,
            log_reward: &fresh_reward,
            expected: if has_previews { &expected } else { &[] },
            condition: &condition,
        };
        let residuals = baseline.residuals();
        let (mut start, mut first) = (0, 0);
        let weights = shards.iter().map(|shard| {
            let rows = shard.conditions.len();
            let others = &signal.weights[start + shard.fresh..start + rows];
            let of_step = |residuals: &Vec<f64>| {
                let own = residuals[first..first + shard.fresh].iter();
                let own = own.filter_map(|residual| self.objective.weigh(*residual, count));
                own.chain(others.iter().copied()).collect()
            };
            let weights = residuals.iter().map(of_step).collect();
            (start, first) = (start + rows, first + shard.fresh);
            weights
        });
        Ok(Some(weights.collect()))
    }
}
