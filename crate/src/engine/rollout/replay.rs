//! The replay buffer: earlier end points that are noised back into new trajectories.

use crate::engine::noise;
use rand_chacha::rand_core::Rng;
use serde::{Deserialize, Serialize};

/// A ring buffer of end points with their log r, or the logarithms of other weights.
#[derive(Clone, Debug)]
pub struct Replay {
    capacity: usize,
    state_size: usize,
    record: ReplayRecord,
}

/// What a checkpoint keeps of a buffer.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct ReplayRecord {
    /// `[kept][state_size]`.
    states: Vec<f32>,
    log_rewards: Vec<f64>,
    /// Where the next point goes once the buffer is full.
    next: usize,
}

impl Replay {
    /// An empty buffer for at most `capacity` end points, each of `state_size` numbers.
    pub fn new(capacity: usize, state_size: usize) -> Self {
        Self {
            capacity,
            state_size,
            record: ReplayRecord::default(),
        }
    }

    /// Restores a buffer from a checkpoint.
    pub(crate) fn restore(&mut self, record: ReplayRecord) {
        self.record = record;
    }

    /// Its record for a checkpoint.
    pub(crate) fn record(&self) -> &ReplayRecord {
        &self.record
    }

    /// Number of end points kept.
    pub fn len(&self) -> usize {
        self.record.log_rewards.len()
    }

    /// Whether no end point is kept.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Keeps one end point, in place of the oldest when full.
    pub fn push(&mut self, state: &[f32], log_reward: f64) {
        let ReplayRecord {
            states,
            log_rewards,
            next,
        } = &mut self.record;
        if log_rewards.len() < self.capacity {
            states.extend_from_slice(state);
            log_rewards.push(log_reward);
            return;
        }
        states[*next * self.state_size..(*next + 1) * self.state_size].copy_from_slice(state);
        log_rewards[*next] = log_reward;
        *next = (*next + 1) % self.capacity;
    }

    /// `count` end points with replacement, in proportion to r^priority, `[count][state_size]`.
    pub fn draw(&self, count: usize, priority: f64, rng: &mut impl Rng) -> Vec<f32> {
        let rewards = &self.record.log_rewards;
        let largest = rewards.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        let running = noise::running_sum(rewards.iter().map(|l| (priority * (l - largest)).exp()));
        (0..count)
            .flat_map(|_| {
                let at = noise::index(rng, &running);
                &self.record.states[at * self.state_size..(at + 1) * self.state_size]
            })
            .copied()
            .collect()
    }
}
