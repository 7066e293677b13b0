//! How far two sets of points are apart.

use super::Weighted;

/// What comparisons ask of a set of points, computed once.
#[derive(Clone, Debug)]
pub struct Compared {
    /// Of every coordinate the values, ascending, with their shares of the weight.
    sorted: Vec<Vec<(f64, f64)>>,
    /// `[size][size]`.
    covariance: Vec<f64>,
    /// As [`Weighted::effective`].
    pub effective: f64,
}

impl From<&Weighted<'_>> for Compared {
    fn from(points: &Weighted) -> Self {
        let (size, total) = (points.size(), points.total());
        let shares = |coordinate| {
            let sorted = points.sorted(coordinate).into_iter();
            sorted.map(|(x, w)| (x, w / total)).collect()
        };
        Self {
            sorted: (0..size).map(shares).collect(),
            covariance: points.covariances(),
            effective: points.effective(),
        }
    }
}

impl Compared {
    /// Coordinates of a point.
    pub fn size(&self) -> usize {
        self.sorted.len()
    }

    fn covariance(&self, a: usize, b: usize) -> f64 {
        self.covariance[a * self.size() + b]
    }

    /// The correlation of two coordinates; one of a single value has none with any other.
    fn correlation(&self, a: usize, b: usize) -> f64 {
        let squares = self.covariance(a, a) * self.covariance(b, b);
        if squares > 0.0 {
            self.covariance(a, b) / squares.sqrt()
        } else {
            0.0
        }
    }
}

/// The Wasserstein-1 distance of a coordinate of one set from a coordinate of another: the area between their
/// distribution functions.
pub fn wasserstein((a, of_a): (&Compared, usize), (b, of_b): (&Compared, usize)) -> f64 {
    let (mut left, mut right) = (&a.sorted[of_a][..], &b.sorted[of_b][..]);
    let (mut area, mut difference, mut before) = (0.0, 0.0f64, None);
    loop {
        let left_is_next = match (left.first(), right.first()) {
            (Some(one), Some(other)) => one.0.total_cmp(&other.0).is_le(),
            (Some(_), None) => true,
            (None, Some(_)) => false,
            (None, None) => return area,
        };
        let (next, sign) = if left_is_next {
            (&mut left, 1.0)
        } else {
            (&mut right, -1.0)
        };
        let (x, share) = next[0];
        *next = &next[1..];
        if let Some(before) = before {
            area += difference.abs() * (x - before);
        }
        difference += sign * share;
        before = Some(x);
    }
}

/// The mean over the coordinates of the Wasserstein-1 distance in units of the truth's deviation. It is not
/// finite where the truth has a single value in some coordinate.
pub fn marginal_error(samples: &Compared, truth: &Compared) -> f64 {
    let of = |coordinate| {
        let distance = wasserstein((samples, coordinate), (truth, coordinate));
        distance / truth.covariance(coordinate, coordinate).sqrt()
    };
    (0..truth.size()).map(of).sum::<f64>() / truth.size() as f64
}

/// The largest difference between the correlations of any two coordinates in both sets; 0 of one coordinate.
pub fn correlation_error(samples: &Compared, truth: &Compared) -> f64 {
    let pairs = (0..truth.size()).flat_map(|a| (0..a).map(move |b| (a, b)));
    let difference = |(a, b)| (samples.correlation(a, b) - truth.correlation(a, b)).abs();
    pairs.map(difference).fold(0.0, f64::max)
}

#[cfg(test)]
mod tests {
    use super::{Compared, correlation_error, marginal_error, wasserstein};
    use crate::task::points::marginals::Weighted;

    fn equally(points: &[f64], size: usize) -> Compared {
        Compared::from(&Weighted::equally(points, size).expect("points"))
    }

    #[test]
    fn the_distance_is_the_work_of_moving_weight() {
        let of = |a: &[f64], b: &[f64]| wasserstein((&equally(a, 1), 0), (&equally(b, 1), 0));
        assert_eq!(of(&[0.0, 1.0, 3.0], &[3.0, 0.0, 1.0]), 0.0);
        assert_eq!(of(&[0.0, 4.0], &[1.0, 6.0]), 1.5);
        assert_eq!(of(&[0.0], &[-1.0, 1.0]), 1.0);
        // A quarter moves from 0 to 2: of weights 3 and 1 to equal ones.
        let weighted = Compared::from(&Weighted::new(&[0.0, 2.0], 1, vec![3.0, 1.0]).expect("points"));
        assert_eq!(wasserstein((&weighted, 0), (&equally(&[0.0, 2.0], 1), 0)), 0.5);
    }

    #[test]
    fn errors_are_in_the_units_of_the_truth() {
        // The truth has deviations 1 and 10; the samples lie off by 1 and by 5.
        let truth = [-1.0, -10.0, 1.0, 10.0];
        let samples = [0.0, -5.0, 2.0, 15.0];
        let error = marginal_error(&equally(&samples, 2), &equally(&truth, 2));
        assert!((error - (1.0 + 0.5) / 2.0).abs() < 1e-12, "{error}");
    }

    #[test]
    fn correlations_differ_by_their_largest_difference() {
        // Columns x, x, −x against x, x and one without correlation.
        let bound = [-1.0, -1.0, 1.0, 1.0, 1.0, -1.0];
        let loose = [-1.0, -1.0, 1.0, -1.0, -1.0, -1.0, 1.0, 1.0, 1.0, 1.0, 1.0, -1.0];
        let error = correlation_error(&equally(&bound, 3), &equally(&loose, 3));
        assert!((error - 1.0).abs() < 1e-12, "{error}");
        assert_eq!(
            correlation_error(&equally(&[1.0, 2.0], 1), &equally(&[5.0], 1)),
            0.0
        );
        // A constant column correlates with nothing.
        let constant = [1.0, 7.0, 2.0, 7.0];
        let error = correlation_error(&equally(&constant, 2), &equally(&[1.0, 2.0, 2.0, 4.0], 2));
        assert!((error - 1.0).abs() < 1e-12, "{error}");
    }
}
