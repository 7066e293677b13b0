//! The Fréchet distance of two sets of features (FID, arXiv 1706.08500).

/// Mean and covariance of features.
#[derive(Clone, Debug, PartialEq)]
pub struct Moments {
    mean: Vec<f64>,
    /// `[size][size]`.
    covariance: Vec<f64>,
}

impl Moments {
    /// Of features `[rows][size]`; at least two rows.
    pub fn of(features: &[f32], size: usize) -> Self {
        let rows = features.len() / size;
        let mut mean = vec![0.0; size];
        for row in features.chunks_exact(size) {
            for (sum, value) in mean.iter_mut().zip(row) {
                *sum += f64::from(*value) / rows as f64;
            }
        }
        let mut covariance = vec![0.0; size * size];
        for row in features.chunks_exact(size) {
            let centered: Vec<f64> = row.iter().zip(&mean).map(|(v, m)| f64::from(*v) - m).collect();
            for (i, a) in centered.iter().enumerate() {
                for (j, b) in centered.iter().enumerate().take(i + 1) {
                    covariance[i * size + j] += a * b / (rows - 1) as f64;
                }
            }
        }
        for i in 0..size {
            for j in 0..i {
                covariance[j * size + i] = covariance[i * size + j];
            }
        }
        Self { mean, covariance }
    }

    /// |μ_1 − μ_2|² + tr(Σ_1 + Σ_2 − 2·(Σ_1·Σ_2)^½), the squared distance of two Gaussians.
    pub fn frechet(&self, other: &Self) -> f64 {
        let size = self.mean.len();
        let shift: f64 = self
            .mean
            .iter()
            .zip(&other.mean)
            .map(|(a, b)| (a - b).powi(2))
            .sum();
        let trace = |of: &Self| (0..size).map(|i| of.covariance[i * size + i]).sum::<f64>();
        // With Σ_1 = L·Lᵀ, Σ_1·Σ_2 has the eigenvalues of Lᵀ·Σ_2·L, which is symmetric.
        let root = cholesky(&self.covariance, size);
        let half = product(&other.covariance, &root, size);
        let inner = product(&transposed(&root, size), &half, size);
        let cross: f64 = eigenvalues(inner, size)
            .into_iter()
            .map(|v| v.max(0.0).sqrt())
            .sum();
        (shift + trace(self) + trace(other) - 2.0 * cross).max(0.0)
    }
}

fn transposed(a: &[f64], size: usize) -> Vec<f64> {
    (0..size * size)
        .map(|at| a[(at % size) * size + at / size])
        .collect()
}

fn product(a: &[f64], b: &[f64], size: usize) -> Vec<f64> {
    let mut c = vec![0.0; size * size];
    for (row, into) in a.chunks_exact(size).zip(c.chunks_exact_mut(size)) {
        for (factor, from) in row.iter().zip(b.chunks_exact(size)) {
            for (sum, value) in into.iter_mut().zip(from) {
                *sum += factor * value;
            }
        }
    }
    c
}

/// L, lower triangular, of a positive semidefinite matrix L·Lᵀ; directions without variance are 0.
fn cholesky(a: &[f64], size: usize) -> Vec<f64> {
    let scale = (0..size).map(|i| a[i * size + i]).fold(0.0, f64::max);
    let mut l = vec![0.0f64; size * size];
    for j in 0..size {
        let left = a[j * size + j] - (0..j).map(|k| l[j * size + k].powi(2)).sum::<f64>();
        if left <= 1e-12 * scale {
            continue;
        }
        let pivot = left.sqrt();
        l[j * size + j] = pivot;
        for i in j + 1..size {
            let dot: f64 = (0..j).map(|k| l[i * size + k] * l[j * size + k]).sum();
            l[i * size + j] = (a[i * size + j] - dot) / pivot;
        }
    }
    l
}

/// The eigenvalues of a symmetric matrix by Jacobi's rotations.
fn eigenvalues(mut a: Vec<f64>, size: usize) -> Vec<f64> {
    const SWEEPS: usize = 30;
    let total: f64 = a.iter().map(|v| v * v).sum();
    for _ in 0..SWEEPS {
        let off: f64 = (0..size * size)
            .filter(|at| at / size != at % size)
            .map(|at| a[at] * a[at])
            .sum();
        if off <= 1e-20 * total {
            break;
        }
        for p in 0..size {
            for q in p + 1..size {
                let entry = a[p * size + q];
                if entry == 0.0 {
                    continue;
                }
                let theta = (a[q * size + q] - a[p * size + p]) / (2.0 * entry);
                let t = theta.signum() / (theta.abs() + (theta * theta + 1.0).sqrt());
                let cos = 1.0 / (t * t + 1.0).sqrt();
                let sin = t * cos;
                for k in 0..size {
                    let (x, y) = (a[k * size + p], a[k * size + q]);
                    a[k * size + p] = cos * x - sin * y;
                    a[k * size + q] = sin * x + cos * y;
                }
                for k in 0..size {
                    let (x, y) = (a[p * size + k], a[q * size + k]);
                    a[p * size + k] = cos * x - sin * y;
                    a[q * size + k] = sin * x + cos * y;
                }
            }
        }
    }
    (0..size).map(|i| a[i * size + i]).collect()
}

#[cfg(test)]
mod tests {
    use super::{Moments, eigenvalues};

    #[test]
    fn the_distance_of_two_gaussians_with_equal_axes() {
        // Diagonal covariances: Σ (μ − ν)² + Σ (√s − √t)².
        let one = Moments {
            mean: vec![0.0, 1.0],
            covariance: vec![4.0, 0.0, 0.0, 9.0],
        };
        let two = Moments {
            mean: vec![2.0, 1.0],
            covariance: vec![1.0, 0.0, 0.0, 16.0],
        };
        assert!((one.frechet(&two) - (4.0 + 1.0 + 1.0)).abs() < 1e-9);
        assert!(one.frechet(&one).abs() < 1e-9);
    }

    #[test]
    fn the_distance_of_two_gaussians_with_other_axes() {
        // Both are turned by the same angle in the plane, so that they still commute; the third
        // direction has no variance in one of them.
        let (sin, cos) = 0.7f64.sin_cos();
        let turned = |a: f64, b: f64, c: f64| {
            let xy = (a - b) * sin * cos;
            let (xx, yy) = (a * cos * cos + b * sin * sin, a * sin * sin + b * cos * cos);
            Moments {
                mean: vec![0.0; 3],
                covariance: vec![xx, xy, 0.0, xy, yy, 0.0, 0.0, 0.0, c],
            }
        };
        let distance = turned(4.0, 1.0, 0.0).frechet(&turned(9.0, 16.0, 2.0));
        assert!((distance - (1.0 + 9.0 + 2.0)).abs() < 1e-9, "{distance}");
    }

    #[test]
    fn eigenvalues_of_a_full_matrix() {
        // Second differences: 2 − 2·cos(kπ/(n + 1)).
        let size = 9usize;
        let matrix = (0..size * size)
            .map(|at| match (at / size).abs_diff(at % size) {
                0 => 2.0,
                1 => -1.0,
                _ => 0.0,
            })
            .collect();
        let mut found = eigenvalues(matrix, size);
        found.sort_by(f64::total_cmp);
        for (k, value) in found.into_iter().enumerate() {
            let angle = (k + 1) as f64 * std::f64::consts::PI / (size + 1) as f64;
            assert!((value - (2.0 - 2.0 * angle.cos())).abs() < 1e-12);
        }
    }

    #[test]
    fn moments_are_those_of_the_rows() {
        let moments = Moments::of(&[1.0, 2.0, 3.0, 6.0, 5.0, 1.0], 2);
        assert_eq!(moments.mean, [3.0, 3.0]);
        assert_eq!(moments.covariance, [4.0, -1.0, -1.0, 7.0]);
    }
}
