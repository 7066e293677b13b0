//! A small classifier as scikit-learn's `MLPClassifier` trains it: two hidden layers of rectified units, the
//! logistic loss with a penalty on squared weights, and Adam.

use crate::engine::noise::uniform;
use burn::tensor::activation::{relu, sigmoid};
use burn::tensor::{Device, Tensor, TensorData};
use rand_chacha::rand_core::Rng;

/// Hidden units for each coordinate.
const UNITS_A_COORDINATE: usize = 10;
const LEARNING_RATE: f64 = 1e-3;
/// Decay of the means of gradients and of their squares.
const DECAY: [f64; 2] = [0.9, 0.999];
const EPSILON: f64 = 1e-8;
/// Weight of the penalty; biases have none.
const PENALTY: f64 = 1e-4;

/// A tensor in training, and the means of its gradients and of their squares.
struct Trained {
    value: Tensor<2>,
    mean: Tensor<2>,
    square: Tensor<2>,
}

impl Trained {
    /// Uniform numbers up to `bound` on both sides of 0.
    fn new(shape: [usize; 2], bound: f64, rng: &mut impl Rng, device: &Device) -> Self {
        let mut draw = || (bound * (2.0 * uniform(rng) - 1.0)) as f32;
        let values: Vec<f32> = (0..shape[0] * shape[1]).map(|_| draw()).collect();
        Self {
            value: Tensor::from_data(TensorData::new(values, shape), device),
            mean: Tensor::zeros(shape, device),
            square: Tensor::zeros(shape, device),
        }
    }

    /// A step of Adam, whose corrections of both means are in `rate`.
    fn step(self, gradient: Tensor<2>, rate: f64) -> Self {
        let [decay, of_squares] = DECAY;
        let mean = self.mean * decay + gradient.clone() * (1.0 - decay);
        let square = self.square * of_squares + gradient.clone() * gradient * (1.0 - of_squares);
        Self {
            value: self.value - mean.clone() * rate / (square.clone().sqrt() + EPSILON),
            mean,
            square,
        }
    }
}

/// One layer: weights `[inputs, outputs]` and biases `[1, outputs]`.
struct Layer {
    weight: Trained,
    bias: Trained,
}

impl Layer {
    fn new([inputs, outputs]: [usize; 2], rng: &mut impl Rng, device: &Device) -> Self {
        let bound = (6.0 / (inputs + outputs) as f64).sqrt();
        Self {
            weight: Trained::new([inputs, outputs], bound, rng, device),
            bias: Trained::new([1, outputs], bound, rng, device),
        }
    }

    fn forward(&self, x: Tensor<2>) -> Tensor<2> {
        x.matmul(self.weight.value.clone()) + self.bias.value.clone()
    }

    /// The gradient by `inputs`, which rectified units made, before they did.
    fn backward(&self, delta: &Tensor<2>, inputs: &Tensor<2>) -> Tensor<2> {
        // A rectified value has the sign 1 where its gradient passes, and else 0.
        delta.clone().matmul(self.weight.value.clone().transpose()) * inputs.clone().sign()
    }

    /// What the squares of the weights add to the sum of the losses.
    fn penalty(&self) -> Tensor<1> {
        self.weight.value.clone().square().sum() * (PENALTY / 2.0)
    }

    /// A step down the mean loss of a batch with these inputs, whose gradient by the outputs is `delta`.
    fn step(self, inputs: Tensor<2>, delta: Tensor<2>, rate: f64) -> Self {
        let [rows, _] = inputs.dims();
        let rows = rows as f64;
        let of_weights =
            inputs.transpose().matmul(delta.clone()) + self.weight.value.clone() * (PENALTY / rows);
        Self {
            weight: self.weight.step(of_weights, rate),
            bias: self.bias.step(delta.sum_dim(0), rate),
        }
    }
}

/// The classifier; of a row it tells the logit of label 1.
pub(super) struct Classifier {
    layers: [Layer; 3],
    steps: i32,
}

impl Classifier {
    pub(super) fn new(size: usize, rng: &mut impl Rng, device: &Device) -> Self {
        let units = UNITS_A_COORDINATE * size;
        let shapes = [[size, units], [units, units], [units, 1]];
        Self {
            layers: shapes.map(|shape| Layer::new(shape, rng, device)),
            steps: 0,
        }
    }

    /// `[rows, size]` → `[rows, 1]`.
    pub(super) fn logits(&self, rows: Tensor<2>) -> Tensor<2> {
        let [first, second, last] = &self.layers;
        last.forward(relu(second.forward(relu(first.forward(rows)))))
    }

    /// A step down the loss of a batch, with its sum over the rows, `[1]`. The backward pass is written out: a
    /// graph would take longer to build than these small products.
    pub(super) fn step(self, rows: Tensor<2>, labels: Tensor<2>) -> (Self, Tensor<1>) {
        let steps = self.steps + 1;
        let [of_means, of_squares] = DECAY.map(|decay| 1.0 - decay.powi(steps));
        let rate = LEARNING_RATE * of_squares.sqrt() / of_means;
        let [count, _] = rows.dims();
        let [first, second, last] = self.layers;
        let h1 = relu(first.forward(rows.clone()));
        let h2 = relu(second.forward(h1.clone()));
        let logits = last.forward(h2.clone());
        let penalty = first.penalty() + second.penalty() + last.penalty();
        let loss = logistic(logits.clone(), labels.clone()) + penalty;
        let d3 = (sigmoid(logits) - labels) / count as f64;
        let d2 = last.backward(&d3, &h2);
        let d1 = second.backward(&d2, &h1);
        let layers = [
            first.step(rows, d1, rate),
            second.step(h1, d2, rate),
            last.step(h2, d3, rate),
        ];
        (Self { layers, steps }, loss)
    }
}

/// The sum of the logistic losses of a batch, log(1 + e^z) − y·z, which does not overflow.
fn logistic(logits: Tensor<2>, labels: Tensor<2>) -> Tensor<1> {
    let rest = logits.clone().abs().neg().exp().log1p();
    (relu(logits.clone()) + rest - logits * labels).sum()
}
