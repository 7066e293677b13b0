//! The robots of D4RL's data: what is seen of a simulator's state, what is rewarded, and when an episode ends.
//!
//! The rules are those of Gym's environments of version 2, with which D4RL was recorded (arXiv 2004.07219), and which
//! Gymnasium has as `HalfCheetah-v4`, `Hopper-v4` and `Walker2d-v4`. The state of the simulator is a row of positions and
//! velocities; the first position, how far the robot has come, is not seen.

use crate::engine::noise::{normal, uniform};
use rand_chacha::rand_core::Rng;

/// A robot.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Robot {
    /// The name of its environment, with which those of its sets begin.
    pub name: &'static str,
    /// Its description in MuJoCo's format, a file of Gymnasium's.
    pub model: &'static str,
    /// Numbers of a position.
    pub positions: usize,
    /// Numbers of a velocity.
    pub velocities: usize,
    /// Numbers of an action.
    pub actions: usize,
    /// Steps of the simulator in which an action is applied.
    pub frames: usize,
    /// What |a|² costs.
    cost: f64,
    /// Reward of every step.
    alive: f64,
    /// Largest velocity that is seen.
    fastest: f64,
    /// Of a robot that may fall.
    upright: Option<Upright>,
    start: Start,
}

/// Where an episode goes on: heights and angles between these, and no other number of the state beyond a bound.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Upright {
    height: [f64; 2],
    angle: [f64; 2],
    bound: f64,
}

/// How far the first states of episodes are from rest.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Start {
    /// Positions uniformly within this distance, velocities normal with this deviation.
    Normal(f64),
    /// Both uniformly.
    Uniform(f64),
}

/// All of them.
pub const ROBOTS: [Robot; 3] = [
    Robot {
        name: "halfcheetah",
        model: "half_cheetah.xml",
        positions: 9,
        velocities: 9,
        actions: 6,
        frames: 5,
        cost: 0.1,
        alive: 0.0,
        fastest: f64::INFINITY,
        upright: None,
        start: Start::Normal(0.1),
    },
    Robot {
        name: "hopper",
        model: "hopper.xml",
        positions: 6,
        velocities: 6,
        actions: 3,
        frames: 4,
        cost: 1e-3,
        alive: 1.0,
        fastest: 10.0,
        upright: Some(Upright {
            height: [0.7, f64::INFINITY],
            angle: [-0.2, 0.2],
            bound: 100.0,
        }),
        start: Start::Uniform(5e-3),
    },
    Robot {
        name: "walker2d",
        model: "walker2d.xml",
        positions: 9,
        velocities: 9,
        actions: 6,
        frames: 4,
        cost: 1e-3,
        alive: 1.0,
        fastest: 10.0,
        upright: Some(Upright {
            height: [0.8, 2.0],
            angle: [-1.0, 1.0],
            bound: f64::INFINITY,
        }),
        start: Start::Uniform(5e-3),
    },
];

impl Robot {
    /// That of the set, or the environment, of this name: what it begins with counts, in any case of letters.
    pub fn of(name: &str) -> Option<Self> {
        let name = name.to_lowercase();
        ROBOTS.into_iter().find(|robot| name.starts_with(robot.name))
    }

    /// Numbers of what is seen.
    pub fn seen(&self) -> usize {
        self.positions + self.velocities - 1
    }

    /// What is seen of a state, `[positions + velocities]` → `[seen]`.
    pub fn observation(&self, state: &[f64]) -> Vec<f32> {
        let (positions, velocities) = state.split_at(self.positions);
        let velocities = velocities
            .iter()
            .map(|velocity| velocity.clamp(-self.fastest, self.fastest));
        let seen = positions[1..].iter().copied().chain(velocities);
        seen.map(|value| value as f32).collect()
    }

    /// The reward of an action that led from one state to another in so many seconds: the speed forward, and 1 where a robot
    /// may fall, less the cost of the action.
    pub fn reward(&self, before: &[f64], action: &[f32], after: &[f64], seconds: f64) -> f64 {
        let effort: f64 = action.iter().map(|a| f64::from(*a).powi(2)).sum();
        (after[0] - before[0]) / seconds + self.alive - self.cost * effort
    }

    /// Whether an episode ends in a state.
    pub fn has_fallen(&self, state: &[f64]) -> bool {
        let within = |value: f64, [low, high]: [f64; 2]| low < value && value < high;
        self.upright.is_some_and(|upright| {
            let bounded = |value: &f64| within(*value, [-upright.bound, upright.bound]);
            !(within(state[1], upright.height)
                && within(state[2], upright.angle)
                && state[2..].iter().all(bounded))
        })
    }

    /// A first state near rest, of which the positions are given.
    pub fn first(&self, rest: &[f64], rng: &mut impl Rng) -> Vec<f64> {
        let (Start::Normal(spread) | Start::Uniform(spread)) = self.start;
        let mut state: Vec<f64> = rest
            .iter()
            .map(|position| position + spread * (2.0 * uniform(rng) - 1.0))
            .collect();
        state.extend((0..self.velocities).map(|_| match self.start {
            Start::Normal(_) => spread * normal(rng),
            Start::Uniform(_) => spread * (2.0 * uniform(rng) - 1.0),
        }));
        state
    }
}
