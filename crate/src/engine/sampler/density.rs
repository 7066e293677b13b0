//! The density of a diffusion prior at given points, from any path that ends there (RNE,
//! arXiv 2506.05668, §3).

use super::Setting;
use crate::engine::host::read;
use crate::engine::noise::{self, Purpose};
use crate::engine::process::{Composable, Prior};
use burn::tensor::{Tensor, TensorData};
use rand_chacha::rand_core::Rng;

/// Estimates of log p(x), one a point.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Density {
    /// Σ log p_θ − log q, with the noising SDE discretised by Euler and Maruyama.
    pub euler: Vec<f64>,
    /// Σ log p_θ − log q, with the noising chain's exact kernels.
    pub exact: Vec<f64>,
    /// log p_ref(x) + Σ log p_θ − log p_ref, for a reference chain whose end density is known and
    /// whose kernels are discretised like the prior's: most of the discretisation cancels.
    pub reference: Vec<f64>,
}

/// The noise of the paths.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PathNoise {
    /// Independent normal noise.
    Normal,
    /// Noise of length √d along the axes of a random orthogonal frame, one after the other. The estimate holds
    /// for any path. On this one the quadratic variation, which approximates a Laplacian, is equal in all
    /// directions, which removes most of the estimate's variance.
    Balanced,
}

/// Log densities of `ends`, `[rows][state_size]`, from one path each.
///
/// `reference` is the chain of a prior whose log density `reference_log_prob` knows.
///
/// # Errors
///
/// Where the device fails.
pub async fn log_densities<P: Composable, Q: Prior<P>, R: Prior<P>>(
    setting: &Setting<'_, P, Q>,
    reference: &R,
    reference_log_prob: impl Fn(&[f32]) -> f64,
    ends: Vec<f32>,
    path: PathNoise,
    counter: u64,
) -> Result<Density, String> {
    let (process, device) = (setting.process, setting.device);
    let size = process.state_size();
    let rows = ends.len() / size;
    let mut rng = setting.noise.stream(Purpose::Paths, counter);
    let frames: Vec<_> = match path {
        PathNoise::Normal => Vec::new(),
        PathNoise::Balanced => (0..rows).map(|_| frame(&mut rng, size)).collect(),
    };
    let mut density = Density {
        reference: ends.chunks_exact(size).map(reference_log_prob).collect(),
        euler: vec![0.0; rows],
        exact: vec![0.0; rows],
    };
    let mut next = process.upload(ends, device);
    for step in (0..process.steps()).rev() {
        let numbers: Vec<f32> = match path {
            PathNoise::Normal => noise::normals(&mut rng, rows * size),
            PathNoise::Balanced => frames
                .iter()
                .flat_map(|frame| {
                    // There and back again, so that the path does not wander off.
                    let sign = if (step / size).is_multiple_of(2) {
                        1.0
                    } else {
                        -1.0
                    };
                    frame[step % size].iter().map(move |a| sign * a)
                })
                .collect(),
        };
        let drawn = Tensor::from_data(TensorData::new(numbers, [rows, size]), device);
        let x = process.noise_back(step, &next, drawn);
        let kernel = setting.kernel(step, &x, rows);
        let forward = process.log_prob(&[step], &x, &next, &kernel);
        let ratio = process.log_ratio(&[step], &x, &next, &kernel, &reference.kernel(step, &x));
        let terms = [
            forward.clone() - process.log_noise_euler(step, &x, &next),
            forward - process.log_noise(step, &x, &next),
            ratio,
        ];
        // Read at every step and summed in f64: in f32 the sums would lose what they cancel to.
        let terms = read(Tensor::stack::<2>(terms.to_vec(), 0)).await?;
        let sums = [&mut density.euler, &mut density.exact, &mut density.reference];
        for (sum, terms) in sums.into_iter().zip(terms.chunks_exact(rows)) {
            sum.iter_mut().zip(terms).for_each(|(s, t)| *s += f64::from(*t));
        }
        next = x;
    }
    Ok(density)
}

/// `size` orthogonal vectors of length √size in a random direction.
fn frame(rng: &mut impl Rng, size: usize) -> Vec<Vec<f32>> {
    let mut axes: Vec<Vec<f32>> = Vec::with_capacity(size);
    while axes.len() < size {
        let mut axis = noise::normals(rng, size);
        for other in &axes {
            let along: f32 = axis.iter().zip(other).map(|(a, o)| a * o).sum::<f32>() / size as f32;
            axis.iter_mut().zip(other).for_each(|(a, o)| *a -= along * o);
        }
        let length = axis.iter().map(|a| a * a).sum::<f32>().sqrt();
        // A draw that is nearly in the span of the others is drawn again.
        if length > 1e-3 {
            let scale = (size as f32).sqrt() / length;
            axis.iter_mut().for_each(|a| *a *= scale);
            axes.push(axis);
        }
    }
    axes
}
