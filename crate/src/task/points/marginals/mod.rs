//! What weighted or equally weighted points say of every coordinate, and how two sets of them differ.

mod distance;

pub use distance::{Compared, correlation_error, marginal_error, wasserstein};

/// The levels of a marginal's quantiles.
pub const LEVELS: [f64; 5] = [0.025, 0.25, 0.5, 0.75, 0.975];

/// Points with weights, checked.
#[derive(Clone, Debug)]
pub struct Weighted<'a> {
    /// `[rows][size]`.
    points: &'a [f64],
    size: usize,
    /// One a row, none negative, of positive sum.
    weights: Vec<f64>,
}

/// One coordinate of a set of points.
#[derive(Clone, Debug, PartialEq)]
pub struct Marginal {
    /// Its mean.
    pub mean: f64,
    /// The standard error of the mean: the deviation over the root of the effective number of points.
    pub error: f64,
    /// Its standard deviation.
    pub deviation: f64,
    /// Its quantiles at [`LEVELS`].
    pub quantiles: [f64; 5],
}

impl<'a> Weighted<'a> {
    /// Points `[rows][size]` with a weight a row, which need no particular sum.
    ///
    /// # Errors
    ///
    /// Where there is no point, a number is missing or not finite, or the weights are no weights.
    pub fn new(points: &'a [f64], size: usize, weights: Vec<f64>) -> Result<Self, String> {
        if size == 0 || points.is_empty() || !points.len().is_multiple_of(size) {
            let count = points.len();
            return Err(format!(
                "points of {size} coordinates: {count} numbers; give at least one whole row"
            ));
        }
        if let Some(at) = points.iter().position(|x| !x.is_finite()) {
            let (row, coordinate) = (at / size + 1, at % size + 1);
            let value = points[at];
            return Err(format!(
                "point {row}, coordinate {coordinate} is {value}; give a finite number"
            ));
        }
        let rows = points.len() / size;
        if weights.len() != rows {
            return Err(format!(
                "{} weights for {rows} points; give one a point",
                weights.len()
            ));
        }
        if let Some(at) = weights.iter().position(|w| !(w.is_finite() && *w >= 0.0)) {
            let weight = weights[at];
            return Err(format!(
                "the weight of point {} is {weight}; give a finite number from 0",
                at + 1
            ));
        }
        let total: f64 = weights.iter().sum();
        if !(total > 0.0 && total.is_finite()) {
            return Err(format!("the weights sum to {total}; give a finite sum above 0"));
        }
        Ok(Self {
            points,
            size,
            weights,
        })
    }

    /// Points of equal weights.
    ///
    /// # Errors
    ///
    /// Where there is no point, or a number is missing or not finite.
    pub fn equally(points: &'a [f64], size: usize) -> Result<Self, String> {
        Self::new(points, size, vec![1.0; points.len() / size.max(1)])
    }

    /// Coordinates of a point.
    pub fn size(&self) -> usize {
        self.size
    }

    /// The effective number of points, (Σw)²/Σw².
    pub fn effective(&self) -> f64 {
        let squares: f64 = self.weights.iter().map(|w| w * w).sum();
        self.total().powi(2) / squares
    }

    /// Every coordinate on its own.
    pub fn marginals(&self) -> Vec<Marginal> {
        (0..self.size)
            .map(|coordinate| self.marginal(coordinate))
            .collect()
    }

    fn marginal(&self, coordinate: usize) -> Marginal {
        let mean = self.mean(coordinate);
        let deviation = self.covariance((coordinate, mean), (coordinate, mean)).sqrt();
        let sorted = self.sorted(coordinate);
        Marginal {
            mean,
            error: deviation / self.effective().sqrt(),
            deviation,
            quantiles: LEVELS.map(|level| quantile(&sorted, level * self.total())),
        }
    }

    fn total(&self) -> f64 {
        self.weights.iter().sum()
    }

    /// The values of a coordinate with their weights.
    fn values(&self, coordinate: usize) -> impl Iterator<Item = (f64, f64)> {
        let values = self.points.iter().skip(coordinate).step_by(self.size);
        values.copied().zip(self.weights.iter().copied())
    }

    /// The same, ascending, without those of no weight.
    fn sorted(&self, coordinate: usize) -> Vec<(f64, f64)> {
        let mut values: Vec<_> = self.values(coordinate).filter(|(_, w)| *w > 0.0).collect();
        values.sort_by(|a, b| a.0.total_cmp(&b.0));
        values
    }

    fn mean(&self, coordinate: usize) -> f64 {
        self.values(coordinate).map(|(x, w)| w * x).sum::<f64>() / self.total()
    }

    /// The mean product of two coordinates' differences from their means, which are given.
    fn covariance(&self, (a, mean_a): (usize, f64), (b, mean_b): (usize, f64)) -> f64 {
        let pairs = self.values(a).zip(self.values(b));
        let products = pairs.map(|((x, w), (y, _))| w * (x - mean_a) * (y - mean_b));
        products.sum::<f64>() / self.total()
    }

    /// That of all pairs, `[size][size]`.
    fn covariances(&self) -> Vec<f64> {
        let means: Vec<f64> = (0..self.size).map(|coordinate| self.mean(coordinate)).collect();
        let mut all = vec![0.0; self.size * self.size];
        for a in 0..self.size {
            for b in 0..=a {
                let covariance = self.covariance((a, means[a]), (b, means[b]));
                all[a * self.size + b] = covariance;
                all[b * self.size + a] = covariance;
            }
        }
        all
    }
}

/// The smallest value up to which the weights sum to at least `wanted`.
fn quantile(sorted: &[(f64, f64)], wanted: f64) -> f64 {
    let mut sum = 0.0;
    for (value, weight) in sorted {
        sum += weight;
        if sum >= wanted {
            return *value;
        }
    }
    // Rounding may leave the sum of all below what is wanted.
    sorted[sorted.len() - 1].0
}

#[cfg(test)]
mod tests {
    use super::{Marginal, Weighted};

    #[test]
    fn equal_weights_give_the_usual_figures() {
        let points: Vec<f64> = (1..=40).rev().map(f64::from).collect();
        let marginals = Weighted::equally(&points, 1).expect("points").marginals();
        let deviation = ((40.0f64.powi(2) - 1.0) / 12.0).sqrt();
        let [found] = &marginals[..] else {
            panic!("one coordinate")
        };
        assert_eq!(found.quantiles, [1.0, 10.0, 20.0, 30.0, 39.0]);
        assert!((found.mean - 20.5).abs() < 1e-12);
        assert!((found.deviation - deviation).abs() < 1e-12);
        assert!((found.error - deviation / 40f64.sqrt()).abs() < 1e-12);
    }

    #[test]
    fn weights_count_like_copies() {
        let points = [3.0, 30.0, 1.0, 10.0, 2.0, 20.0, 9.0, 90.0];
        let found = Weighted::new(&points, 2, vec![0.5, 1.0, 2.5, 0.0]).expect("points");
        let marginals = found.marginals();
        // Of values 1, 2, 3 with shares 1/4, 5/8, 1/8: mean 15/8, mean square 31/8.
        let deviation = (31.0f64 / 8.0 - (15.0f64 / 8.0).powi(2)).sqrt();
        assert!((found.effective() - 16.0 / 7.5).abs() < 1e-12);
        assert_eq!(
            marginals[0],
            Marginal {
                mean: 15.0 / 8.0,
                error: deviation / found.effective().sqrt(),
                deviation,
                quantiles: [1.0, 1.0, 2.0, 2.0, 3.0],
            }
        );
        assert_eq!(marginals[1].quantiles, [10.0, 10.0, 20.0, 20.0, 30.0]);
    }

    #[test]
    fn what_is_no_set_of_points_is_refused() {
        for (points, size, weights, said) in [
            (
                &[1.0, 2.0, 3.0][..],
                2,
                vec![1.0],
                "points of 2 coordinates: 3 numbers",
            ),
            (&[], 2, vec![], "give at least one whole row"),
            (&[1.0], 0, vec![1.0], "points of 0 coordinates"),
            (&[1.0, f64::NAN], 2, vec![1.0], "point 1, coordinate 2 is NaN"),
            (&[1.0, 2.0], 1, vec![1.0], "1 weights for 2 points"),
            (&[1.0, 2.0], 1, vec![1.0, -1.0], "the weight of point 2 is -1"),
            (&[1.0, 2.0], 1, vec![0.0, 0.0], "the weights sum to 0"),
        ] {
            let error = Weighted::new(points, size, weights).expect_err(said);
            assert!(error.contains(said), "{error}");
        }
    }
}
