//! A prior that is a mixture of Gaussians, in the space of the chain that ends in noise: in closed form.

use super::linear;
use crate::engine::process::{OrnsteinUhlenbeck, Prior, Rows};
use burn::tensor::{Device, Tensor, TensorData, activation};

/// A Gaussian of a mixture under one condition: the logarithm of its weight, and its mean, `[d]`.
pub type Placed = (f64, Vec<f64>);

/// z_i given component k is N(α·μ_k, α²·Σ_k + σ²·I). Weights and means may differ by condition, covariances do not.
#[derive(Clone, Debug)]
pub struct MixturePrior {
    process: OrnsteinUhlenbeck,
    steps: Vec<Step>,
    /// Whether there is more than one condition.
    several: bool,
}

/// The tables of a step, for d dimensions and K components.
#[derive(Clone, Debug)]
struct Step {
    /// The inverses W of the Cholesky factors, transposed and side by side, `[d, K·d]`.
    whiten: Tensor<2>,
    /// W·α·μ, `[conditions, K·d]`.
    shift: Tensor<2>,
    /// The same matrices, below each other, `[K·d, d]`.
    back: Tensor<2>,
    /// log weight − log det L, `[conditions, K]`.
    level: Tensor<2>,
}

impl MixturePrior {
    /// The mixture with these covariances, `[K][d·d]`, and these weights and means, `[conditions][K]`.
    pub fn new(
        process: OrnsteinUhlenbeck,
        covariances: &[Vec<f64>],
        conditions: &[Vec<Placed>],
        device: &Device,
    ) -> Self {
        let (d, count) = (process.dimensions, covariances.len());
        let step = |step: usize| {
            let (alpha, sigma) = process.at(step);
            let mut whiten = vec![0f32; d * count * d];
            let mut back = vec![0f32; count * d * d];
            let mut factors = Vec::with_capacity(count);
            for (k, covariance) in covariances.iter().enumerate() {
                let noised: Vec<f64> = covariance
                    .iter()
                    .enumerate()
                    .map(|(at, c)| alpha.powi(2) * c + if at / d == at % d { sigma.powi(2) } else { 0.0 })
                    .collect();
                let lower = linear::cholesky(&noised, d).expect("a covariance and noise");
                let inverse = linear::inverse(&lower, d);
                for row in 0..d {
                    for column in 0..d {
                        let value = inverse[row * d + column] as f32;
                        whiten[column * count * d + k * d + row] = value;
                        back[(k * d + row) * d + column] = value;
                    }
                }
                let log_det: f64 = (0..d).map(|at| lower[at * d + at].ln()).sum();
                factors.push((lower, log_det));
            }
            let (mut shift, mut level) = (Vec::new(), Vec::new());
            for ((log_weight, mean), (lower, log_det)) in
                conditions.iter().flat_map(|placed| placed.iter().zip(&factors))
            {
                let mean: Vec<f64> = mean.iter().map(|m| alpha * m).collect();
                shift.extend(linear::solved(lower, d, &mean).into_iter().map(|v| v as f32));
                level.push((log_weight - log_det) as f32);
            }
            let tensor =
                |values, shape: [usize; 2]| Tensor::from_data(TensorData::new(values, shape), device);
            Step {
                whiten: tensor(whiten, [d, count * d]),
                shift: tensor(shift, [conditions.len(), count * d]),
                back: tensor(back, [count * d, d]),
                level: tensor(level, [conditions.len(), count]),
            }
        };
        Self {
            process,
            steps: (0..process.steps).map(step).collect(),
            several: conditions.len() > 1,
        }
    }

    /// k of states under these conditions; of a single one nobody need name them.
    fn moves(&self, step: usize, conditions: &[usize], x: &Tensor<2>) -> Tensor<2> {
        let table = &self.steps[step];
        let (shift, level) = match self.several {
            true => (
                table.shift.select_rows(conditions),
                table.level.select_rows(conditions),
            ),
            false => (table.shift.clone(), table.level.clone()),
        };
        let [rows, d] = x.dims();
        let count = level.dims()[1];
        let white = x.clone().matmul(table.whiten.clone()) - shift;
        let white = white.reshape([rows, count, d]);
        let squares = white.clone().square().sum_dim(2).reshape([rows, count]);
        let shares = activation::softmax(level - squares.mul_scalar(0.5), 1);
        let pull = (white * shares.reshape([rows, count, 1])).reshape([rows, count * d]);
        // The score of N(0, I) is −z.
        let gradient = x.clone() - pull.matmul(table.back.clone());
        gradient.mul_scalar(self.process.gradient_factor(step))
    }
}

impl Prior<OrnsteinUhlenbeck> for MixturePrior {
    fn kernel(&self, step: usize, x: &Tensor<2>) -> Tensor<2> {
        self.kernel_given(step, &vec![0; x.dims()[0]], x)
    }

    fn kernel_given(&self, step: usize, conditions: &[usize], x: &Tensor<2>) -> Tensor<2> {
        OrnsteinUhlenbeck::kernel_of(self.moves(step, conditions, x))
    }
}
