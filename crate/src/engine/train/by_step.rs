//! Weights of single steps, less their baselines.

use super::Trainer;
use super::shared::Layout;
use crate::engine::host::read_all;
use crate::engine::objective::{Baseline, Signal};
use crate::engine::process::{Policy, Prior, Process, Rows};
use crate::engine::reward::on_host;
use crate::engine::rollout::Trajectories;
use crate::engine::team::gathered;
use burn::tensor::{Tensor, Transaction};

impl<P: Process, Q: Prior<P>, K: Policy<P>> Trainer<P, Q, K> {
    /// The weights of all shards' steps, `[T][rows]`, where the run has baselines: those of fresh
    /// trajectories without exploration are less their [`Baseline`].
    pub(super) async fn step_weights(
        &self,
        (shards, layout): (&[Trajectories<P>], &Layout),
        log_reward: &[f64],
        signal: &Signal,
        beta: f64,
    ) -> Result<Option<Vec<Vec<f32>>>, String> {
        let wanted = self.settings.objective.baseline && self.exploration() == 0.0;
        let has_fresh = layout.pieces().iter().all(|(_, fresh)| *fresh > 0);
        let Some(balance) = self.objective.balance().filter(|_| wanted && has_fresh) else {
            return Ok(None);
        };
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
        // In one read, and in the order of registration: a shard's ratios, then its previews.
        let mut numbers = read_all(transaction).await?.into_iter();
        let (mut log_ratios, mut expected) = (vec![Vec::new(); steps], vec![Vec::new(); steps]);
        for shard in shards {
            let (rows, fresh) = (shard.conditions.len(), shard.fresh);
            let conditions = &shard.conditions[..fresh];
            let read = numbers.next().expect("a shard's ratios");
            for (all, ratios) in log_ratios.iter_mut().zip(read.chunks_exact(rows)) {
                all.extend(ratios[..fresh].iter().map(|ratio| f64::from(*ratio)));
            }
            if has_previews {
                let ends = numbers.next().expect("a shard's previews");
                let place = (process, &self.chains.device);
                let conditions = conditions.repeat(steps);
                let log_r = on_host(place, &conditions, &ends, async |ends| {
                    self.reward.log_reward(ends).await
                });
                let log_r = log_r.await?;
                for (all, log_r) in expected.iter_mut().zip(log_r.chunks_exact(fresh)) {
                    all.extend(log_r.iter().map(|log_r| beta * log_r));
                }
            }
        }
        // In one message; members have different numbers of rows.
        let own = log_ratios.iter_mut().chain(&mut expected);
        let own: Vec<f64> = own.flat_map(std::mem::take).collect();
        let per_row = steps * if has_previews { 2 } else { 1 };
        for of_one in gathered(self.team(), own).await? {
            let of_steps = of_one.chunks_exact(of_one.len() / per_row);
            for (all, of_step) in log_ratios.iter_mut().chain(&mut expected).zip(of_steps) {
                all.extend(of_step);
            }
        }
        let (mut condition, mut places) = (Vec::new(), Vec::new());
        let mut start = 0;
        for (conditions, fresh) in layout.pieces() {
            condition.extend_from_slice(&conditions[..*fresh]);
            places.extend(start..start + fresh);
            start += conditions.len();
        }
        let fresh_reward: Vec<f64> = places.iter().map(|row| log_reward[*row]).collect();
        let baseline = Baseline {
            log_ratios: &log_ratios,
            log_reward: &fresh_reward,
            expected: if has_previews { &expected } else { &[] },
            condition: &condition,
        };
        let mut weights = vec![signal.weights.clone(); steps];
        for (weights, residuals) in weights.iter_mut().zip(baseline.residuals()) {
            for (row, residual) in places.iter().zip(residuals) {
                weights[*row] = balance.weigh(residual, log_reward.len());
            }
        }
        Ok(Some(weights))
    }
}
