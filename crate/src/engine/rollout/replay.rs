//! The replay buffer: earlier end points that are noised back into new trajectories.

use crate::engine::noise;
use rand_chacha::rand_core::Rng;
use serde::{Deserialize, Serialize};
use std::borrow::Cow;
use std::sync::OnceLock;

/// A ring buffer of end points with their log r, or the logarithms of other weights.
#[derive(Clone, Debug)]
pub struct Replay {
    capacity: usize,
    state_size: usize,
    record: ReplayRecord,
    /// A priority and the running sums of r^priority, until a point is added: a buffer of given end points is
    /// drawn from in every iteration and hardly ever changes.
    running: OnceLock<(f64, Vec<f64>)>,
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
            running: OnceLock::new(),
        }
    }

    /// Restores a buffer from a checkpoint.
    pub(crate) fn restore(&mut self, record: ReplayRecord) {
        self.record = record;
        self.running = OnceLock::new();
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
        self.running = OnceLock::new();
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

    /// The end point of a place, `[state_size]`, and the log r or the weight that it has.
    pub fn at(&self, place: usize) -> (&[f32], f64) {
        let state = &self.record.states[place * self.state_size..(place + 1) * self.state_size];
        (state, self.record.log_rewards[place])
    }

    /// `count` end points with replacement, in proportion to r^priority, `[count][state_size]`.
    pub fn draw(&self, count: usize, priority: f64, rng: &mut impl Rng) -> Vec<f32> {
        let places = self.places(count, priority, rng).into_iter();
        places.flat_map(|place| self.at(place).0).copied().collect()
    }

    /// The places of `count` end points that are drawn so.
    pub fn places(&self, count: usize, priority: f64, rng: &mut impl Rng) -> Vec<usize> {
        let running = match self.running.get_or_init(|| (priority, self.sums(priority))) {
            (of, sums) if *of == priority => Cow::Borrowed(sums),
            _ => Cow::Owned(self.sums(priority)),
        };
        (0..count).map(|_| noise::index(rng, &running)).collect()
    }

    /// Running sums of r^priority, relative to the largest.
    fn sums(&self, priority: f64) -> Vec<f64> {
        let rewards = &self.record.log_rewards;
        let largest = rewards.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        noise::running_sum(rewards.iter().map(|l| (priority * (l - largest)).exp()))
    }
}

#[cfg(test)]
mod tests {
    use super::Replay;
    use crate::engine::noise::{Noise, Purpose};

    #[test]
    fn a_point_counts_from_when_it_is_added() {
        let mut buffer = Replay::new(2, 1);
        let mut rng = Noise::new(0).stream(Purpose::Replay, 0);
        buffer.push(&[1.0], 0.0);
        assert_eq!(buffer.draw(3, 1.0, &mut rng), [1.0; 3]);
        buffer.push(&[2.0], 100.0);
        assert_eq!(buffer.draw(3, 1.0, &mut rng), [2.0; 3]);
        // The oldest makes room.
        buffer.push(&[3.0], 200.0);
        assert_eq!(buffer.draw(3, 1.0, &mut rng), [3.0; 3]);
        // Another priority: both are as likely.
        let drawn = buffer.draw(200, 0.0, &mut rng);
        assert!(drawn.contains(&2.0) && drawn.contains(&3.0));
    }
}
