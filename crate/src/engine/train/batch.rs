//! The batch of an iteration, in the proportions of its run.

use super::Trainer;
use crate::engine::noise::Purpose;
use crate::engine::process::{Policy, Prior, Process};
use crate::engine::rollout::{Batch, Replay};
use crate::engine::settings::ReplayBy;

impl<P: Process, Q: Prior<P>, K: Policy<P>> Trainer<P, Q, K> {
    /// Exploration variance of this iteration.
    pub fn exploration(&self) -> f64 {
        let rollout = &self.settings.rollout;
        if self.settings.method.is_on_policy() {
            return 0.0;
        }
        if rollout.exploration_iterations == 0 {
            return rollout.exploration;
        }
        rollout.exploration * (1.0 - self.iteration as f64 / rollout.exploration_iterations as f64).max(0.0)
    }

    /// The host's part of this iteration's batch, in the proportions of the run; all conditions that
    /// take part have nearly equal parts of it.
    pub fn batch(&self) -> Batch {
        let rollout = &self.settings.rollout;
        let chosen = self.taking_part();
        let parts = chosen.len();
        let at = self.iteration as u64;
        let mut batch = Batch::default();
        let mut replayed_rng = self.noise.stream(Purpose::Replay, at);
        let mut noised_rng = self.noise.stream(Purpose::GivenEndPoints, at);
        for (part, condition) in chosen.into_iter().enumerate() {
            let [before, after] = [part, part + 1].map(|part| rollout.batch * part / parts);
            let rows = after - before;
            // Rounded over the batch: a few rows of each condition would be far from their share.
            let share = |of: f64| {
                let [before, after] = [before, after].map(|rows| (of * rows as f64).round() as usize);
                after - before
            };
            let drawn = |of: f64, from: &Replay| {
                if from.is_empty() || self.settings.method.is_on_policy() {
                    0
                } else {
                    share(of)
                }
            };
            let (replay, given) = (&self.replay[condition], &self.given[condition]);
            let replayed = drawn(rollout.replay_share, replay);
            let back = drawn(rollout.noised_share, given).min(rows - replayed);
            for place in replay.places(replayed, rollout.replay_priority, &mut replayed_rng) {
                let (end, weight) = replay.at(place);
                batch.given.extend(end);
                let known = rollout.replay_by == ReplayBy::Reward;
                batch.given_log_r.push(known.then_some(weight));
            }
            for place in given.places(back, self.settings.tempering.beta, &mut noised_rng) {
                let (end, log_r) = given.at(place);
                batch.given.extend(end);
                batch.given_log_r.push(Some(log_r));
            }
            let walked = match self.settings.method.is_on_policy() {
                true => 0,
                false => share(rollout.prior_share),
            };
            let walked = walked.min(rows - replayed - back);
            batch.given_conditions.extend(vec![condition; replayed + back]);
            batch.walked.extend(vec![condition; walked]);
            batch
                .fresh
                .extend(vec![condition; rows - replayed - back - walked]);
        }
        let numbers = self.chains.process.steps() * self.chains.process.noise_size();
        let normal = |purpose, rows: usize| self.noise.normal(purpose, at, rows * numbers);
        Batch {
            noise: normal(Purpose::Rollout, batch.fresh.len()),
            given_noise: normal(Purpose::Noising, batch.given_conditions.len()),
            walked_noise: normal(Purpose::PriorRollout, batch.walked.len()),
            ..batch
        }
    }
}
