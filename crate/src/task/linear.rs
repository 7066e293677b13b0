//! Lower triangular factors of covariances, row by row.

/// The lower triangular L with L·Lᵀ = `matrix`, `[n·n]`; `None` where the matrix is not positive definite.
pub(crate) fn cholesky(matrix: &[f64], n: usize) -> Option<Vec<f64>> {
    let mut lower = vec![0.0; n * n];
    for row in 0..n {
        for column in 0..=row {
            let before: f64 = (0..column)
                .map(|k| lower[row * n + k] * lower[column * n + k])
                .sum();
            let left = matrix[row * n + column] - before;
            lower[row * n + column] = if row == column {
                if left.is_nan() || left <= 0.0 {
                    return None;
                }
                left.sqrt()
            } else {
                left / lower[column * n + column]
            };
        }
    }
    Some(lower)
}

/// The inverse of a lower triangular matrix.
pub(crate) fn inverse(lower: &[f64], n: usize) -> Vec<f64> {
    let mut inverse = vec![0.0; n * n];
    for column in 0..n {
        let mut unit = vec![0.0; n];
        unit[column] = 1.0;
        for (row, value) in solved(lower, n, &unit).into_iter().enumerate() {
            inverse[row * n + column] = value;
        }
    }
    inverse
}

/// x with L·x = b.
pub(crate) fn solved(lower: &[f64], n: usize, b: &[f64]) -> Vec<f64> {
    let mut x: Vec<f64> = Vec::with_capacity(n);
    for row in 0..n {
        let before: f64 = x.iter().zip(&lower[row * n..]).map(|(x, l)| x * l).sum();
        x.push((b[row] - before) / lower[row * n + row]);
    }
    x
}

/// A·B·Aᵀ.
pub(crate) fn congruent(a: &[f64], b: &[f64], n: usize) -> Vec<f64> {
    let product = |left: &dyn Fn(usize, usize) -> f64, right: &dyn Fn(usize, usize) -> f64| -> Vec<f64> {
        (0..n * n)
            .map(|at| (0..n).map(|k| left(at / n, k) * right(k, at % n)).sum())
            .collect()
    };
    let ab = product(&|i, k| a[i * n + k], &|k, j| b[k * n + j]);
    product(&|i, k| ab[i * n + k], &|k, j| a[j * n + k])
}

#[cfg(test)]
mod tests {
    use super::{cholesky, congruent, inverse, solved};

    #[test]
    fn a_factor_whitens_its_covariance() {
        let covariance = [4.0, 1.2, -0.6, 1.2, 2.0, 0.3, -0.6, 0.3, 1.0];
        let lower = cholesky(&covariance, 3).expect("positive definite");
        let white = congruent(&inverse(&lower, 3), &covariance, 3);
        for (at, value) in white.iter().enumerate() {
            let wanted = if at % 4 == 0 { 1.0 } else { 0.0 };
            assert!((value - wanted).abs() < 1e-12, "{white:?}");
        }
        let x = solved(&lower, 3, &[2.0, 1.0, 0.5]);
        let back: f64 = (0..3).map(|k| lower[6 + k] * x[k]).sum();
        assert!((back - 0.5).abs() < 1e-12);
        assert!(cholesky(&[1.0, 2.0, 2.0, 1.0], 2).is_none());
    }
}
