//! Local search: Metropolis moves of replayed end points.

use super::Trainer;
use crate::engine::host::read;
use crate::engine::noise::{self, Purpose};
use crate::engine::process::{Policy, Prior, Process};
use crate::engine::settings::ReplayBy;
use rand_chacha::rand_core::Rng;

impl<P: Process, Q: Prior<P>, K: Policy<P>> Trainer<P, Q, K> {
    /// Moves end points of the buffers towards p·r^β and keeps where they come to. A move is proposed by
    /// [`redrawn`](crate::engine::rollout::Chains::redrawn), which leaves p as it is, so the ratio of r^β alone decides
    /// on it; arXiv 2402.05098 moves by Langevin steps, which need a gradient.
    ///
    /// # Errors
    ///
    /// Where the device or the reward fails.
    pub(super) async fn search(&mut self, beta: f64) -> Result<(), String> {
        let rollout = self.settings.rollout;
        if rollout.local_search == 0 || !P::NOISES_BACK || self.settings.method.is_on_policy() {
            return Ok(());
        }
        let taking_part = self.taking_part();
        let rows = (rollout.replay_share * rollout.batch as f64) as usize / taking_part.len();
        let mut rng = self.noise.stream(Purpose::LocalSearch, self.iteration as u64);
        let (mut ends, mut weights, mut conditions) = (Vec::new(), Vec::new(), Vec::new());
        for condition in taking_part {
            let buffer = &self.replay[condition];
            // Before the first iteration there is nothing to move.
            if buffer.is_empty() {
                continue;
            }
            for place in buffer.places(rows, rollout.replay_priority, &mut rng) {
                let (end, weight) = buffer.at(place);
                ends.extend_from_slice(end);
                weights.push(weight);
                conditions.push(condition);
            }
        }
        if conditions.is_empty() {
            return Ok(());
        }
        let log_r = match rollout.replay_by {
            ReplayBy::Reward => weights.clone(),
            ReplayBy::Weight => self.log_reward_at(1.0, &conditions, &ends).await?,
        };
        let moved = self.moved((ends, log_r), beta, &conditions, &mut rng).await?;
        for (row, condition) in conditions.iter().enumerate() {
            let Some((end, log_r)) = moved.of(row) else {
                continue;
            };
            let by = match rollout.replay_by {
                ReplayBy::Reward => log_r,
                // The policy's density there is not known: what is near a point that it finds too seldom counts as much.
                ReplayBy::Weight => weights[row],
            };
            self.replay[*condition].push(end, by);
        }
        Ok(())
    }

    /// Where the moves of an iteration lead.
    async fn moved(
        &self,
        (mut ends, mut log_r): (Vec<f32>, Vec<f64>),
        beta: f64,
        conditions: &[usize],
        rng: &mut impl Rng,
    ) -> Result<Moved, String> {
        let (process, size) = (&self.chains.process, self.chains.process.state_size());
        let mut changed = vec![false; conditions.len()];
        for _ in 0..self.settings.rollout.local_search {
            // Small moves and large ones: which are accepted depends on how narrow the posterior is.
            let depth = 1 + (noise::uniform(rng) * (process.steps() / 2) as f64) as usize;
            let numbers = 2 * depth * conditions.len() * process.noise_size();
            let proposed = self
                .chains
                .redrawn(ends.clone(), depth, noise::normals(rng, numbers));
            let proposed = read(process.download(&proposed)).await?;
            let log_r_proposed = self.log_reward_at(1.0, conditions, &proposed).await?;
            let pairs = log_r_proposed.iter().zip(&log_r);
            let accepted = noise::accepted(rng, pairs.map(|(new, old)| beta * (new - old)));
            for row in (0..conditions.len()).filter(|row| accepted[*row]) {
                let of_row = row * size..(row + 1) * size;
                ends[of_row.clone()].copy_from_slice(&proposed[of_row]);
                (log_r[row], changed[row]) = (log_r_proposed[row], true);
            }
        }
        Ok(Moved { ends, log_r, changed })
    }
}

/// End points after some moves.
struct Moved {
    /// `[rows][state_size]`.
    ends: Vec<f32>,
    /// log r, not tempered.
    log_r: Vec<f64>,
    /// Whether a move was accepted.
    changed: Vec<bool>,
}

impl Moved {
    /// The end point of a row and its log r, if it moved.
    fn of(&self, row: usize) -> Option<(&[f32], f64)> {
        let size = self.ends.len() / self.log_r.len();
        let end = &self.ends[row * size..(row + 1) * size];
        self.changed[row].then_some((end, self.log_r[row]))
    }
}
