//! Policies from recorded steps alone: the files, the behaviour and the critics.

mod behaviour;
mod critic;
mod hdf5;
mod robot;
mod run;
mod score;
mod transitions;

use rtb::engine::train::examples::Recipe;
use rtb::task::control::offline::Recorded;

/// A recipe of a few iterations.
fn recipe(iterations: usize, batch: usize, learning_rate: f64, ema: f64) -> Recipe {
    Recipe {
        iterations,
        batch,
        learning_rate,
        ema,
        seed: 1,
    }
}

/// Steps of one number each, without an end: states 0, 1, …, and these rewards.
fn line(rewards: &[f32]) -> Recorded {
    let n = rewards.len();
    Recorded {
        state_size: 1,
        action_size: 1,
        states: (0..n).map(|row| row as f32).collect(),
        actions: vec![0.5; n],
        rewards: rewards.to_vec(),
        next_states: None,
        terminals: vec![false; n],
        timeouts: vec![false; n],
    }
}
