//! The policy that recorded a set, where its file has it: a network of soft actor-critic (arXiv 1801.01290).

use crate::engine::ConfigError;
use crate::engine::noise::normal;
use rand_chacha::rand_core::Rng;

/// Bounds of the logarithm of a deviation, those of the code that recorded D4RL.
const LOG_DEVIATION: [f32; 2] = [-20.0, 2.0];

/// W·x + b.
#[derive(Clone, Debug, PartialEq)]
pub struct Layer {
    /// W, `[outputs][inputs]`.
    pub weight: Vec<f32>,
    /// b, `[outputs]`.
    pub bias: Vec<f32>,
}

/// An action is tanh of a Gaussian, whose mean and deviation a network gives in a state.
#[derive(Clone, Debug, PartialEq)]
pub struct Recorder {
    /// Layers with max(0, x) behind them.
    hidden: Vec<Layer>,
    mean: Layer,
    log_deviation: Layer,
}

impl Recorder {
    /// # Errors
    ///
    /// Where a layer does not fit the one before it.
    pub fn new(hidden: Vec<Layer>, mean: Layer, log_deviation: Layer) -> Result<Self, ConfigError> {
        let first = hidden.first().unwrap_or(&mean);
        let inputs = first.weight.len() / first.bias.len().max(1);
        let fits = |layer: &Layer, inputs: usize| {
            inputs > 0 && !layer.bias.is_empty() && layer.weight.len() == layer.bias.len() * inputs
        };
        let chained = hidden.iter().try_fold(inputs, |inputs, layer| {
            fits(layer, inputs).then_some(layer.bias.len())
        });
        let sound = chained.is_some_and(|inputs| fits(&mean, inputs) && fits(&log_deviation, inputs))
            && mean.bias.len() == log_deviation.bias.len();
        let recorder = Self {
            hidden,
            mean,
            log_deviation,
        };
        let refused = || ConfigError::new("metadata/policy", "its shapes", "layers that fit each other");
        sound.then_some(recorder).ok_or_else(refused)
    }

    /// Numbers of a state.
    pub fn state_size(&self) -> usize {
        let first = self.hidden.first().unwrap_or(&self.mean);
        first.weight.len() / first.bias.len()
    }

    /// Numbers of an action.
    pub fn action_size(&self) -> usize {
        self.mean.bias.len()
    }

    /// Means of arctanh of the action in a state, and logarithms of its deviations, `[action_size]` each.
    pub fn law(&self, state: &[f32]) -> [Vec<f32>; 2] {
        let rectified = |x: Vec<f32>, layer: &Layer| {
            let x = layer.of(&x).into_iter();
            x.map(|value| value.max(0.0)).collect()
        };
        let x = self.hidden.iter().fold(state.to_vec(), rectified);
        let [low, high] = LOG_DEVIATION;
        let log_deviation = self.log_deviation.of(&x).into_iter();
        [
            self.mean.of(&x),
            log_deviation.map(|value| value.clamp(low, high)).collect(),
        ]
    }

    /// An action in a state.
    pub fn action(&self, state: &[f32], rng: &mut impl Rng) -> Vec<f32> {
        let [mean, log_deviation] = self.law(state);
        let both = mean.iter().zip(&log_deviation);
        both.map(|(mean, log_deviation)| (mean + log_deviation.exp() * normal(rng) as f32).tanh())
            .collect()
    }
}

impl Layer {
    fn of(&self, x: &[f32]) -> Vec<f32> {
        let rows = self.weight.chunks_exact(x.len()).zip(&self.bias);
        let product = |row: &[f32]| row.iter().zip(x).map(|(w, x)| w * x).sum::<f32>();
        rows.map(|(row, bias)| product(row) + bias).collect()
    }
}
