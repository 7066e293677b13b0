//! Behaviours: mixtures of Gaussians whose weights and means follow the state.

use super::description::{Feedback, Prior};
use super::world::{Maze, World};
use crate::engine::ConfigError;
use crate::engine::check::{Checked, positive, range, whole};
#[cfg(feature = "engine")]
use crate::engine::noise;
#[cfg(feature = "engine")]
use rand_chacha::rand_core::Rng;
use std::f64::consts::TAU;

/// Most Gaussians.
const MOST: usize = 32;
/// Directions of somebody who wanders.
const DIRECTIONS: usize = 8;
/// The length of their mean steps, in units of the environment's longest.
const LENGTH: f64 = 0.7;
/// How far they look ahead, in cells, and the weight of a direction in which there is a wall at once.
const AHEAD: f64 = 1.0;
const LEAST: f64 = 0.05;

/// A behaviour that has been checked.
#[derive(Clone, Debug)]
pub struct Behaviour {
    /// Variances of every Gaussian, `[K][d]`.
    variances: Vec<Vec<f64>>,
    /// The logarithms of the Gaussians' normalisations, `[K]`.
    #[cfg(feature = "engine")]
    log_factors: Vec<f64>,
    kind: Kind,
}

#[derive(Clone, Debug)]
enum Kind {
    Feedback(Vec<Feedback>),
    Wandering { maze: Maze, means: Vec<[f64; 2]> },
}

/// A Gaussian of a behaviour in a state.
#[derive(Clone, Debug, PartialEq)]
pub struct Gaussian {
    /// The logarithm of its weight; the weights' sum is 1.
    pub log_weight: f64,
    /// `[d]`.
    pub mean: Vec<f64>,
}

impl Behaviour {
    /// The described one in an environment.
    ///
    /// # Errors
    ///
    /// Names the first field that is wrong, its value and what is allowed.
    pub fn of(described: &Prior, world: &World) -> Result<Self, ConfigError> {
        match described {
            Prior::Feedback { components } => {
                whole("the number of prior.components", components.len(), 1, MOST)?;
                for (at, component) in components.iter().enumerate() {
                    check(&format!("prior.components[{at}]"), component, world)?;
                }
                Ok(Self::new(
                    components.iter().map(|c| c.variances.clone()).collect(),
                    Kind::Feedback(components.clone()),
                ))
            }
            Prior::Wandering { deviation } => {
                range("prior.deviation", *deviation, 0.02, 2.0)?;
                let World::Maze(maze) = world else {
                    return Err(ConfigError::new(
                        "prior.kind",
                        "`wandering`",
                        "`feedback`: one wanders through a maze",
                    ));
                };
                let mean = |direction: usize| {
                    let (sin, cos) = (TAU * direction as f64 / DIRECTIONS as f64).sin_cos();
                    [cos, sin].map(|along| LENGTH * maze.speed() * along)
                };
                Ok(Self::new(
                    vec![vec![(deviation * maze.speed()).powi(2); 2]; DIRECTIONS],
                    Kind::Wandering {
                        maze: maze.clone(),
                        means: (0..DIRECTIONS).map(mean).collect(),
                    },
                ))
            }
            Prior::Learned { .. } => Err(ConfigError::new(
                "prior.kind",
                "`learned`",
                "`feedback` or `wandering`, unless environment.kind is `recorded`",
            )),
        }
    }

    fn new(variances: Vec<Vec<f64>>, kind: Kind) -> Self {
        Self {
            #[cfg(feature = "engine")]
            log_factors: variances
                .iter()
                .map(|all| -0.5 * all.iter().map(|variance| (TAU * variance).ln()).sum::<f64>())
                .collect(),
            variances,
            kind,
        }
    }

    /// Variances of every Gaussian, `[K][d]`, the same in all states.
    pub fn variances(&self) -> &[Vec<f64>] {
        &self.variances
    }

    /// The linear feedbacks, where the behaviour is made of them.
    pub(super) fn feedbacks(&self) -> Option<&[Feedback]> {
        match &self.kind {
            Kind::Feedback(components) => Some(components),
            Kind::Wandering { .. } => None,
        }
    }

    /// Its Gaussians in a state, `[K]`.
    pub fn at(&self, state: &[f64]) -> Vec<Gaussian> {
        let (weights, means): (Vec<f64>, Vec<Vec<f64>>) = match &self.kind {
            Kind::Feedback(components) => components
                .iter()
                .map(|component| {
                    let mean = component.mean.iter().enumerate();
                    let mean = mean.map(|(at, shift)| {
                        let gain = component.gain.get(at).into_iter().flatten();
                        shift + gain.zip(state).map(|(gain, value)| gain * value).sum::<f64>()
                    });
                    (component.weight, mean.collect())
                })
                .unzip(),
            Kind::Wandering { maze, means } => means
                .iter()
                .map(|mean| {
                    let long = mean[0].hypot(mean[1]);
                    let along = mean.map(|along| along / long);
                    let free = maze.clearance([state[0], state[1]], along, AHEAD);
                    (LEAST + free, mean.to_vec())
                })
                .unzip(),
        };
        let all: f64 = weights.iter().sum();
        let gaussian = |(weight, mean): (f64, Vec<f64>)| Gaussian {
            log_weight: (weight / all).ln(),
            mean,
        };
        weights.into_iter().zip(means).map(gaussian).collect()
    }

    /// An action in a state where its Gaussians are these.
    #[cfg(feature = "engine")]
    pub fn draw(&self, gaussians: &[Gaussian], rng: &mut impl Rng) -> Vec<f64> {
        let running = noise::running_sum(gaussians.iter().map(|gaussian| gaussian.log_weight.exp()));
        let at = noise::index(rng, &running);
        let numbers = gaussians[at].mean.iter().zip(&self.variances[at]);
        numbers
            .map(|(mean, variance)| mean + variance.sqrt() * noise::normal(rng))
            .collect()
    }

    /// The factor of a coordinate's value in the density of each of its Gaussians, which are these.
    #[cfg(feature = "engine")]
    pub(super) fn factors(&self, gaussians: &[Gaussian], coordinate: usize, value: f64) -> Vec<f64> {
        let factor = |(gaussian, variances): (&Gaussian, &Vec<f64>)| {
            let variance = variances[coordinate];
            let off = value - gaussian.mean[coordinate];
            (-0.5 * off * off / variance).exp() / (TAU * variance).sqrt()
        };
        gaussians.iter().zip(&self.variances).map(factor).collect()
    }

    /// log μ of an action in a state where its Gaussians are these.
    #[cfg(feature = "engine")]
    pub fn log_prob(&self, gaussians: &[Gaussian], action: &[f64]) -> f64 {
        let known = self.variances.iter().zip(&self.log_factors);
        let log_probs = gaussians
            .iter()
            .zip(known)
            .map(|(gaussian, (variances, log_factor))| {
                let numbers = gaussian.mean.iter().zip(variances).zip(action);
                let squares = numbers.map(|((mean, variance), value)| (value - mean).powi(2) / variance);
                gaussian.log_weight + log_factor - 0.5 * squares.sum::<f64>()
            });
        crate::engine::statistics::log_mean_exp(log_probs) + (gaussians.len() as f64).ln()
    }
}

fn check(field: &str, component: &Feedback, world: &World) -> Checked {
    let (n, d) = (world.state(), world.action());
    positive(&format!("{field}.weight"), component.weight, 1e6)?;
    for value in &component.mean {
        range(&format!("{field}.mean"), *value, -1e3, 1e3)?;
    }
    for variance in &component.variances {
        range(&format!("{field}.variances"), *variance, 1e-6, 1e6)?;
    }
    for (name, count) in [
        ("mean", component.mean.len()),
        ("variances", component.variances.len()),
    ] {
        whole(&format!("the number of {field}.{name}"), count, d, d)?;
    }
    let rows = component.gain.len();
    if rows > 0 {
        whole(&format!("the number of {field}.gain"), rows, d, d)?;
    }
    for (at, row) in component.gain.iter().enumerate() {
        whole(&format!("the length of {field}.gain[{at}]"), row.len(), n, n)?;
        for value in row {
            range(&format!("{field}.gain[{at}]"), *value, -1e3, 1e3)?;
        }
    }
    Ok(())
}
