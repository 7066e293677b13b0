//! How a critic is learned.

use super::network::{CriticNetwork, CriticNetworkConfig};
use super::{Critic, Meaning, lower_bound};
use crate::engine::EngineError;
use crate::engine::check::{Checked, range, whole};
use crate::engine::host::read;
use crate::engine::noise::Noise;
use crate::engine::parallel;
use crate::engine::process::State;
use crate::engine::train::examples::{Pretraining, Recipe};
use crate::engine::train::{Descent, Pretrain};
use crate::task::control::offline::{Standard, Transitions};
use burn::module::Module;
use burn::tensor::{Device, Tensor, activation};
use serde::{Deserialize, Serialize};

/// Most steps over which figures are taken.
const MOST_MEASURED: usize = 20_000;

/// The shape of a critic, and what it learns.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct CriticShape {
    /// Networks of Q.
    pub networks: usize,
    /// Units of each hidden layer.
    pub width: usize,
    /// Hidden layers.
    pub depth: usize,
    /// γ.
    pub discount: f64,
    /// τ: V is this expectile of Q over the recorded actions; 0.5 is their mean, near 1 the best of them.
    pub expectile: f64,
    /// k of the lower bound mean − k·deviation of the networks.
    pub pessimism: f64,
}

impl CriticShape {
    /// Implicit Q-learning (arXiv 2110.06169) with its published settings for locomotion: the smaller of two.
    pub const IQL: Self = Self {
        networks: 2,
        width: 256,
        depth: 2,
        discount: 0.99,
        expectile: 0.7,
        pessimism: 1.0,
    };

    /// The lower bound of ten networks in place of the smaller of two.
    pub const ENSEMBLE: Self = Self {
        networks: 10,
        ..Self::IQL
    };

    /// Checks every value.
    ///
    /// # Errors
    ///
    /// Names the first that is out of range by its flag.
    pub fn check(&self) -> Checked {
        whole("--networks", self.networks, 1, 64)?;
        whole("--width", self.width, 4, 2048)?;
        whole("--depth", self.depth, 1, 8)?;
        range("--discount", self.discount, 0.0, 0.9999)?;
        range("--expectile", self.expectile, 0.01, 0.999)?;
        range("--pessimism", self.pessimism, 0.0, 100.0)
    }
}

/// Steps as the networks take them.
struct Steps {
    /// `[n][s]`.
    states: Vec<f32>,
    /// `[n][a]`.
    actions: Vec<f32>,
    /// (r − (1 − γ')·offset)/scale, where γ' is γ, or 0 after a terminal step, `[n]`.
    rewards: Vec<f32>,
    /// γ', `[n]`.
    discounts: Vec<f32>,
    /// `[n][s]`.
    next_states: Vec<f32>,
}

/// Figures of a critic, over recorded steps (at most 20,000), in the units of the data's rewards.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct CriticFigures {
    /// Weights of the networks.
    pub parameters: usize,
    /// Steps that it learned from.
    pub steps: usize,
    /// Episodes that came to an end, and the mean of their returns; absent where there is none.
    pub episodes: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    /// Mean return of those.
    pub mean_return: Option<f64>,
    /// Mean of Q.
    pub mean_value: f64,
    /// Mean sum of γᵏ·r that was recorded after the same steps, up to the end of the episode.
    pub mean_discounted: f64,
    /// Correlation of both.
    pub correlation: f64,
    /// Mean |Q − (r + γ·V of the next state)|.
    pub residual: f64,
    /// Mean deviation of the networks of Q from each other.
    pub disagreement: f64,
    /// Largest |Q|, and what it cannot exceed: the largest |r|/(1 − γ).
    pub largest_value: f64,
    /// The latter.
    pub bound: f64,
}

/// A critic in training: the average of its weights is the target network, and the result.
pub struct CriticTraining {
    training: Pretraining<CriticNetwork, Steps>,
    shape: CriticShape,
    meaning: Meaning,
    /// Σ γᵏ·r of every step, `[n]`.
    discounted: Vec<f64>,
    /// Returns of complete episodes.
    returns: Vec<f64>,
}

impl Steps {
    fn new(transitions: &Transitions, rows: &[usize], meaning: &Meaning) -> Self {
        let (s, a) = (transitions.state_size(), transitions.action_size());
        let picked = |numbers: &[f32], size: usize| -> Vec<f32> {
            let row = |row: &usize| numbers[row * size..(row + 1) * size].iter().copied();
            rows.iter().flat_map(row).collect()
        };
        let discount = |row: &usize| match transitions.terminals()[*row] {
            true => 0.0,
            false => meaning.discount,
        };
        let reward = |row: &usize| {
            let reward = f64::from(transitions.rewards()[*row]);
            ((reward - (1.0 - discount(row)) * meaning.offset) / meaning.scale) as f32
        };
        Self {
            states: meaning.states.standardised(&picked(transitions.states(), s)),
            actions: picked(transitions.actions(), a),
            rewards: rows.iter().map(reward).collect(),
            discounts: rows.iter().map(|row| discount(row) as f32).collect(),
            next_states: meaning.states.standardised(&picked(transitions.next_states(), s)),
        }
    }

    fn len(&self) -> usize {
        self.rewards.len()
    }

    /// These rows on a device.
    fn uploaded(&self, rows: &[usize], device: &Device) -> Uploaded {
        let upload = |numbers: &[f32]| {
            let size = numbers.len() / self.len();
            let row = |row: &usize| numbers[row * size..(row + 1) * size].iter().copied();
            Tensor::<2>::from_numbers(rows.iter().flat_map(row).collect(), size, device)
        };
        let column = |numbers: &[f32]| upload(numbers).reshape([1, rows.len()]);
        Uploaded {
            states: upload(&self.states),
            actions: upload(&self.actions),
            rewards: column(&self.rewards),
            discounts: column(&self.discounts),
            next_states: upload(&self.next_states),
        }
    }
}

/// Some steps on a device: `[rows, s]`, `[rows, a]`, and columns as rows, `[1, rows]`.
struct Uploaded {
    states: Tensor<2>,
    actions: Tensor<2>,
    rewards: Tensor<2>,
    discounts: Tensor<2>,
    next_states: Tensor<2>,
}

impl Uploaded {
    fn both(&self) -> Tensor<2> {
        Tensor::cat(vec![self.states.clone(), self.actions.clone()], 1)
    }

    /// r + γ'·V(s'), `[1, rows]`.
    fn backed_up(&self, network: &CriticNetwork) -> Tensor<2> {
        self.rewards.clone() + self.discounts.clone() * network.v.forward(self.next_states.clone())
    }
}

/// The loss of V, |τ − 1(u < 0)|·u² with u = Q of the target less V, and that of Q, its square distance from r + γ'·V(s'),
/// summed over the networks (arXiv 2110.06169, eq. 5 and 6), `[1]`.
fn loss(network: &CriticNetwork, target: &CriticNetwork, steps: &Uploaded, shape: &CriticShape) -> Tensor<1> {
    let known = lower_bound(target.q.forward(steps.both()), shape.pessimism);
    let above = known.unsqueeze::<2>() - network.v.forward(steps.states.clone());
    let squares = activation::relu(above.clone())
        .square()
        .mul_scalar(shape.expectile)
        + activation::relu(above.neg())
            .square()
            .mul_scalar(1.0 - shape.expectile);
    let wanted = steps.backed_up(&network.valid());
    let missed = network.q.forward(steps.both()) - wanted;
    squares.mean() + missed.square().mean().mul_scalar(shape.networks as f64)
}

impl CriticTraining {
    /// Networks for the values of recorded steps. The decay of the average in `recipe` is that of the target network: 1 less
    /// the rate at which it follows, 0.995 as published.
    ///
    /// # Errors
    ///
    /// Where no step has a next state, or a value of `shape` or `recipe` is refused.
    pub fn new(
        transitions: &Transitions,
        shape: CriticShape,
        recipe: Recipe,
        device: Device,
    ) -> Result<Self, EngineError> {
        shape.check()?;
        let rows = transitions.followed();
        whole(
            "the number of steps with a next state in the data",
            rows.len(),
            1,
            usize::MAX,
        )?;
        let discounted = transitions.discounted(shape.discount);
        let numbers: Vec<f32> = discounted.iter().map(|sum| *sum as f32).collect();
        let of_sums = Standard::of(&numbers, 1);
        let returns = transitions.returns();
        let extremes = [f64::min, f64::max].map(|of: fn(f64, f64) -> f64| returns.iter().copied().reduce(of));
        let meaning = Meaning {
            states: Standard::of(transitions.states(), transitions.state_size()),
            offset: of_sums.mean[0],
            scale: of_sums.deviation[0],
            discount: shape.discount,
            pessimism: shape.pessimism,
            returns: extremes[0].zip(extremes[1]).map(<[f64; 2]>::from),
        };
        let config = CriticNetworkConfig {
            states: transitions.state_size(),
            actions: transitions.action_size(),
            networks: shape.networks,
            width: shape.width,
            depth: shape.depth,
        };
        let network = config.init(&Noise::new(recipe.seed), &device);
        let steps = Steps::new(transitions, &rows, &meaning);
        Ok(Self {
            training: Pretraining::new(network, steps, recipe, device)?,
            discounted: rows.iter().map(|row| discounted[*row]).collect(),
            returns,
            shape,
            meaning,
        })
    }

    /// The averaged networks as a critic.
    pub fn critic(&self) -> Critic {
        Critic {
            network: self.training.network().clone(),
            meaning: self.meaning.clone(),
        }
    }

    /// The same as safetensors, with what its numbers mean in the header.
    ///
    /// # Errors
    ///
    /// Where the device fails.
    pub async fn weights(&self) -> Result<Vec<u8>, EngineError> {
        self.critic().file().await.map_err(EngineError::Device)
    }

    /// Figures of the averaged networks.
    ///
    /// # Errors
    ///
    /// Where the device fails.
    pub async fn figures(&self) -> Result<CriticFigures, EngineError> {
        let Self {
            training,
            meaning,
            shape,
            ..
        } = self;
        let (steps, network) = (&training.examples, training.network());
        let measured = steps.len().min(MOST_MEASURED);
        let spread = steps.len() / measured;
        let rows: Vec<usize> = (0..measured).map(|row| row * spread).collect();
        let uploaded = steps.uploaded(&rows, &training.device);
        let all = network.q.forward(uploaded.both());
        let bound = lower_bound(all.clone(), shape.pessimism);
        let residual = (bound.clone().unsqueeze::<2>() - uploaded.backed_up(network)).abs();
        let disagreement = all.clone().sub(all.mean_dim(0)).square().mean_dim(0).sqrt();
        let numbers = async |tensor: Tensor<1>| {
            let numbers = read(tensor).await.map_err(EngineError::Device)?;
            Ok::<Vec<f64>, EngineError>(numbers.into_iter().map(f64::from).collect())
        };
        let values = numbers(bound).await?;
        let values: Vec<f64> = values
            .into_iter()
            .map(|value| meaning.offset + meaning.scale * value)
            .collect();
        let sums: Vec<f64> = rows.iter().map(|row| self.discounted[*row]).collect();
        let mean = |numbers: &[f64]| numbers.iter().sum::<f64>() / numbers.len() as f64;
        // As recorded: (r − (1 − γ')·offset)/scale is what the networks see.
        let reward = |row: usize| {
            let kept = 1.0 - f64::from(steps.discounts[row]);
            meaning.scale * f64::from(steps.rewards[row]) + kept * meaning.offset
        };
        let largest_reward = (0..steps.len()).map(|row| reward(row).abs()).fold(0.0, f64::max);
        Ok(CriticFigures {
            parameters: network.num_params(),
            steps: steps.len(),
            episodes: self.returns.len(),
            mean_return: (!self.returns.is_empty()).then(|| mean(&self.returns)),
            mean_value: mean(&values),
            mean_discounted: mean(&sums),
            correlation: correlation(&values, &sums),
            residual: meaning.scale * mean(&numbers(residual.mean()).await?),
            disagreement: meaning.scale * mean(&numbers(disagreement.mean()).await?),
            largest_value: values.iter().map(|value| value.abs()).fold(0.0, f64::max),
            bound: largest_reward / (1.0 - shape.discount),
        })
    }
}

impl Pretrain for CriticTraining {
    type Network = CriticNetwork;

    fn descent(&self) -> &Descent<CriticNetwork> {
        self.training.descent()
    }

    fn descent_mut(&mut self) -> &mut Descent<CriticNetwork> {
        self.training.descent_mut()
    }

    /// One iteration, of V and Q at once. Returns the loss, in squares of the deviation of the data's discounted sums.
    async fn step(&mut self) -> Result<f64, EngineError> {
        let training = &mut self.training;
        let batch = training.recipe.batch;
        let rows = training.draw(&mut training.rng(), training.examples.len(), batch);
        let parts = parallel::split(rows, parallel::parts(&training.device, batch));
        let (target, shape) = (training.descent.network().clone(), &self.shape);
        let (steps, device) = (&training.examples, &training.device);
        training
            .descent
            .step(parts, |network, rows| {
                loss(network, &target, &steps.uploaded(&rows, device), shape)
            })
            .await
    }
}

/// Pearson's; 0 where one of them does not change.
fn correlation(one: &[f64], other: &[f64]) -> f64 {
    let mean = |numbers: &[f64]| numbers.iter().sum::<f64>() / numbers.len() as f64;
    let (of_one, of_other) = (mean(one), mean(other));
    let (mut both, mut squares) = (0.0, [0.0; 2]);
    for (one, other) in one.iter().zip(other) {
        let (one, other) = (one - of_one, other - of_other);
        both += one * other;
        squares[0] += one * one;
        squares[1] += other * other;
    }
    match squares[0] * squares[1] > 0.0 {
        true => both / (squares[0] * squares[1]).sqrt(),
        false => 0.0,
    }
}
