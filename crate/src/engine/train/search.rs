//! Local search: Langevin or Metropolis moves of replayed end points.

use super::Trainer;
use crate::engine::hamiltonian::leapfrog;
use crate::engine::host::read;
use crate::engine::noise::{self, Purpose};
use crate::engine::process::{Policy, Prior, Process};
use crate::engine::reward::on_host;
use crate::engine::settings::ReplayBy;
use rand_chacha::rand_core::Rng;

/// The shortest and the widest angle of a Langevin move, in which noise turns: small moves and large ones, as it is with
/// the depths of others.
const ANGLES: [f64; 2] = [0.01, 1.0];

impl<P: Process, Q: Prior<P>, K: Policy<P>> Trainer<P, Q, K> {
    /// Moves end points of the buffers towards p·r^β and keeps where they come to (arXiv 2402.05098). Where end points of
    /// the prior are standard normal noise and log r has a gradient, a move is a Metropolis-adjusted Langevin one; else it
    /// is proposed by [`redrawn`](crate::engine::rollout::Chains::redrawn), which leaves p as it is, so that the ratio of
    /// r^β alone decides on it.
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
        let size = self.chains.process.state_size();
        let mut changed = vec![false; conditions.len()];
        let mut gradient = match self.chains.prior.ends_are_noise() {
            true => self.log_reward_gradient(beta, conditions, &ends).await?,
            false => None,
        };
        for _ in 0..self.settings.rollout.local_search {
            let proposed = match &gradient {
                Some(gradient) => self.flown((&ends, gradient), beta, conditions, rng).await?,
                None => self.redrawn(conditions, &ends, rng).await?,
            };
            let log_r_proposed = self.log_reward_at(1.0, conditions, &proposed.ends).await?;
            let pairs = log_r_proposed.iter().zip(&log_r).zip(&proposed.cost);
            let accepted = noise::accepted(rng, pairs.map(|((new, old), cost)| beta * (new - old) - cost));
            for row in (0..conditions.len()).filter(|row| accepted[*row]) {
                let of_row = row * size..(row + 1) * size;
                ends[of_row.clone()].copy_from_slice(&proposed.ends[of_row.clone()]);
                if let (Some(into), Some(from)) = (&mut gradient, &proposed.gradient) {
                    into[of_row.clone()].copy_from_slice(&from[of_row]);
                }
                (log_r[row], changed[row]) = (log_r_proposed[row], true);
            }
        }
        Ok(Moved { ends, log_r, changed })
    }

    /// Langevin proposals, from ends where β·log r has this gradient.
    async fn flown(
        &self,
        from: (&[f32], &[f32]),
        beta: f64,
        conditions: &[usize],
        rng: &mut impl Rng,
    ) -> Result<Proposed, String> {
        let [shortest, widest] = ANGLES;
        let angle = widest * (shortest / widest).powf(noise::uniform(rng));
        let mut momentum = noise::normals(rng, from.0.len());
        let ask = async |ends: &[f32]| {
            let gradient = self.log_reward_gradient(beta, conditions, ends).await?;
            Ok((gradient.ok_or("the reward has a gradient no more")?, ()))
        };
        let flown = leapfrog(from, &mut momentum, conditions.len(), (angle, 1), ask).await?;
        Ok(Proposed {
            ends: flown.position,
            cost: flown.cost,
            gradient: Some(flown.gradient),
        })
    }

    /// Ends noised back and drawn again, by small moves and large ones: which are accepted depends on how narrow the
    /// posterior is.
    async fn redrawn(
        &self,
        conditions: &[usize],
        ends: &[f32],
        rng: &mut impl Rng,
    ) -> Result<Proposed, String> {
        let (process, rows) = (&self.chains.process, conditions.len());
        let depth = 1 + (noise::uniform(rng) * (process.steps() / 2) as f64) as usize;
        let numbers = noise::normals(rng, 2 * depth * rows * process.noise_size());
        let redrawn = self.chains.redrawn(conditions, ends.to_vec(), depth, numbers);
        Ok(Proposed {
            ends: read(process.download(&redrawn)).await?,
            cost: vec![0.0; rows],
            gradient: None,
        })
    }

    /// β·∇ log r of end points on the host, `[rows][state_size]`; `None` for a black box.
    async fn log_reward_gradient(
        &self,
        beta: f64,
        conditions: &[usize],
        ends: &[f32],
    ) -> Result<Option<Vec<f32>>, String> {
        let place = (&self.chains.process, &self.chains.device);
        let gradient = on_host(place, conditions, ends, async |ends| {
            self.reward.log_reward_gradient(ends).await
        });
        let Some(gradient) = gradient.await? else {
            return Ok(None);
        };
        let gradient = read(gradient).await?.into_iter();
        Ok(Some(gradient.map(|g| beta as f32 * g).collect()))
    }
}

/// Where a move would lead.
struct Proposed {
    /// `[rows][state_size]`.
    ends: Vec<f32>,
    /// What the move loses in the logarithm of the density of its noise, one a row.
    cost: Vec<f64>,
    /// ∇ log r there, where moves follow it.
    gradient: Option<Vec<f32>>,
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
