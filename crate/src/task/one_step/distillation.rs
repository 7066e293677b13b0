//! The training of one-step samplers.

use super::{OneStep, OneStepNetwork, Pool};
use crate::engine::noise::{self, Noise};
use crate::engine::parallel;
use crate::engine::train::examples::{Pretraining, Recipe};
use crate::engine::train::{Descent, Pretrain};
use crate::engine::{ConfigError, EngineError};
use crate::task::noise_policy::Told;
use burn::tensor::{Device, Tensor, TensorData};
use rand_chacha::ChaCha8Rng;

/// Most samples that are compared with each other: the loss needs all pairs of a group.
pub const GROUP: usize = 256;
/// Fewest of them where conditions share a batch.
const FEWEST: usize = 16;
/// c of ρ, in standard deviations: what is narrower is not seen.
const SOFTNESS: f64 = 0.01;

/// A one-step sampler in training: it minimises the generalised energy distance (Székely & Rizzo 2013)
///
/// D² = 2·E ρ(x, y) − E ρ(x, x′) − E ρ(y, y′), ρ(x, y) = log(c² + |x − y|²),
///
/// of its samples x and those of the chain y, both standardised, under every condition. D² is the integral over t, by
/// e^(−c²t) dt/t, of the squared MMD of the kernels exp(−t·|x − y|²): all widths down to c count alike, so that D = 0 means
/// equal distributions. The energy distance, with ρ = |x − y|, sees little of what is narrow: on a posterior with edges it
/// leaves twice the total variation. Of more than two coordinates, half of the loss is that of random pairs of them: in many
/// dimensions the distance of two points says little about any one. Sums over pairs are unbiased for groups of any size, of one condition each
/// (arXiv 2307.00835 trains by them as well).
pub struct Distillation {
    training: Pretraining<OneStepNetwork, Pool>,
    told: Told,
    /// Samples that are compared with each other.
    group: usize,
}

impl Distillation {
    /// A network of so many units and hidden layers for the samples of a pool, whose conditions `told` describes.
    ///
    /// # Errors
    ///
    /// Where a value of the recipe is refused.
    pub fn new(
        pool: Pool,
        told: Told,
        recipe: Recipe,
        shape: [usize; 2],
        device: Device,
    ) -> Result<Self, ConfigError> {
        let group = (recipe.batch / pool.conditions()).clamp(FEWEST, GROUP);
        if recipe.batch < group {
            let allowed = format!("a whole number from {FEWEST} to 100000");
            return Err(ConfigError::new("the batch", recipe.batch, allowed));
        }
        let noise = Noise::new(recipe.seed);
        let network = OneStepNetwork::new(pool.moments(), told.columns(), shape, &noise, &device);
        Ok(Self {
            training: Pretraining::new(network, pool, recipe, device)?,
            told,
            group,
        })
    }

    /// The sampler as the average of the weights has it.
    pub fn sampler(&self) -> OneStep {
        OneStep {
            network: self.training.network().clone(),
            told: self.told.clone(),
        }
    }
}

impl Pretrain for Distillation {
    type Network = OneStepNetwork;

    fn descent(&self) -> &Descent<OneStepNetwork> {
        self.training.descent()
    }

    fn descent_mut(&mut self) -> &mut Descent<OneStepNetwork> {
        self.training.descent_mut()
    }

    /// One iteration; D² but for the last term, which does not depend on the network.
    async fn step(&mut self) -> Result<f64, EngineError> {
        let mut rng = self.training.rng();
        let (pool, recipe) = (&self.training.examples, &self.training.recipe);
        let (d, rows) = (pool.size(), self.group);
        let group = |_| {
            let condition = (noise::uniform(&mut rng) * pool.conditions() as f64) as usize;
            Group {
                condition,
                noise: noise::normals(&mut rng, rows * d),
                wanted: pool.draw(condition, rows, &mut rng),
                plane: if d > 2 { plane(d, &mut rng) } else { Vec::new() },
            }
        };
        let groups: Vec<Group> = (0..recipe.batch / rows).map(group).collect();
        let parts = parallel::parts(&self.training.device, recipe.batch).min(groups.len());
        let parts = parallel::split(groups, parts);
        let (device, told) = (&self.training.device, &self.told);
        self.training
            .descent
            .step(parts, |network, part| {
                let count = part.len();
                let (mut conditions, mut noise) = (Vec::new(), Vec::new());
                let (mut wanted, mut planes) = (Vec::new(), Vec::new());
                for group in part {
                    conditions.extend(std::iter::repeat_n(group.condition, rows));
                    noise.extend(group.noise);
                    wanted.extend(group.wanted);
                    planes.extend(group.plane);
                }
                let noise = Tensor::from_data(TensorData::new(noise, [count * rows, d]), device);
                let wanted = Tensor::from_data(TensorData::new(wanted, [count, rows, d]), device);
                let made = network.standardised(noise, told.of(&conditions, device));
                let made = made.reshape([count, rows, d]);
                let whole = energy(made.clone(), wanted.clone());
                if planes.is_empty() {
                    return whole;
                }
                let planes = Tensor::<3>::from_data(TensorData::new(planes, [count, d, 2]), device);
                let flat = energy(made.matmul(planes.clone()), wanted.matmul(planes));
                (whole + flat).mul_scalar(0.5)
            })
            .await
    }
}

/// Samples under a condition that are compared with each other.
struct Group {
    condition: usize,
    /// `[rows][d]`.
    noise: Vec<f32>,
    /// `[rows][d]`.
    wanted: Vec<f32>,
    /// `[d][2]`; empty in at most two dimensions.
    plane: Vec<f32>,
}

/// The projection onto two coordinates of d, `[d][2]`.
fn plane(d: usize, rng: &mut ChaCha8Rng) -> Vec<f32> {
    let one = (noise::uniform(rng) * d as f64) as usize;
    let other = (one + 1 + (noise::uniform(rng) * (d - 1) as f64) as usize) % d;
    let mut plane = vec![0.0; 2 * d];
    plane[2 * one] = 1.0;
    plane[2 * other + 1] = 1.0;
    plane
}

/// 2·E ρ(x, y) − E ρ(x, x′) of groups of rows, `[groups, rows, d]`, the mean over the groups.
fn energy(made: Tensor<3>, wanted: Tensor<3>) -> Tensor<1> {
    let [_, rows, _] = made.dims();
    let across = distances(made.clone(), wanted).mean();
    // A row and itself are no pair.
    let pairs = rows as f64 - 1.0;
    let within = distances(made.clone(), made)
        .mean()
        .mul_scalar(rows as f64 / pairs);
    across.mul_scalar(2.0) - within.sub_scalar((SOFTNESS * SOFTNESS).ln() / pairs)
}

/// ρ of all pairs of rows, `[groups, rows, d]` each → `[groups, rows, rows]`.
fn distances(one: Tensor<3>, other: Tensor<3>) -> Tensor<3> {
    let squares = |rows: &Tensor<3>| rows.clone().square().sum_dim(2);
    let (left, right) = (squares(&one), squares(&other).swap_dims(1, 2));
    let products = one.matmul(other.swap_dims(1, 2));
    // Rounding may put a square below 0.
    let all = (left + right - products.mul_scalar(2.0)).clamp_min(0.0);
    all.add_scalar(SOFTNESS * SOFTNESS).log()
}

#[cfg(test)]
mod tests {
    use super::{SOFTNESS, energy};
    use crate::engine::device::cpu_device;
    use crate::engine::noise::{Noise, Purpose};
    use burn::tensor::{Tensor, TensorData};

    /// Over all pairs, one by one, of two groups of three rows.
    #[test]
    fn the_loss_is_the_sum_over_pairs() {
        let (groups, rows, d) = (2, 3, 2);
        let noise = Noise::new(1);
        let [made, wanted] = [0, 1].map(|at| noise.normal(Purpose::Samples, at, groups * rows * d));
        let row = |of: &[f32], group: usize, row: usize| {
            let from = (group * rows + row) * d;
            [0, 1].map(|at| f64::from(of[from + at]))
        };
        let mut sum = 0.0;
        for group in 0..groups {
            for one in 0..rows {
                for other in 0..rows {
                    let square = |a: [f64; 2], b: [f64; 2]| (a[0] - b[0]).powi(2) + (a[1] - b[1]).powi(2);
                    let rho = |a, b| (square(a, b) + SOFTNESS * SOFTNESS).ln();
                    let (x, y) = (row(&made, group, one), row(&wanted, group, other));
                    sum += 2.0 * rho(x, y) / (rows * rows) as f64;
                    if one != other {
                        sum -= rho(x, row(&made, group, other)) / (rows * (rows - 1)) as f64;
                    }
                }
            }
        }
        let upload = |values: Vec<f32>| {
            Tensor::<3>::from_data(TensorData::new(values, [groups, rows, d]), &cpu_device())
        };
        let loss = energy(upload(made), upload(wanted)).into_scalar::<f32>();
        assert!((f64::from(loss) - sum / groups as f64).abs() < 1e-5, "{loss}");
    }
}
