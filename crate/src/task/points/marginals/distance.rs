//! How far two sets of points are apart.

use super::Weighted;

/// The Wasserstein-1 distance of a coordinate of one set from a coordinate of another: the area between their
/// distribution functions.
pub fn wasserstein((a, of_a): (&Weighted, usize), (b, of_b): (&Weighted, usize)) -> f64 {
    let (totals, sorted) = ((a.total(), b.total()), (a.sorted(of_a), b.sorted(of_b)));
    let steps_a = sorted.0.iter().map(|(x, w)| (*x, w / totals.0));
    let steps_b = sorted.1.iter().map(|(x, w)| (*x, -w / totals.1));
    let mut steps: Vec<(f64, f64)> = steps_a.chain(steps_b).collect();
    steps.sort_by(|a, b| a.0.total_cmp(&b.0));
    let (mut area, mut difference) = (0.0, 0.0f64);
    for pair in steps.windows(2) {
        difference += pair[0].1;
        area += difference.abs() * (pair[1].0 - pair[0].0);
    }
    area
}

/// The mean over the coordinates of the Wasserstein-1 distance in units of the truth's deviation. It is not
/// finite where the truth has a single value in some coordinate.
pub fn marginal_error(samples: &Weighted, truth: &Weighted) -> f64 {
    let of = |coordinate| {
        let distance = wasserstein((samples, coordinate), (truth, coordinate));
        distance / truth.covariance(coordinate, coordinate).sqrt()
    };
    (0..truth.size).map(of).sum::<f64>() / truth.size as f64
}

/// The largest difference between the correlations of any two coordinates in both sets; 0 of one coordinate.
pub fn correlation_error(samples: &Weighted, truth: &Weighted) -> f64 {
    let pairs = (0..truth.size).flat_map(|a| (0..a).map(move |b| (a, b)));
    let difference = |(a, b)| (correlation(samples, a, b) - correlation(truth, a, b)).abs();
    pairs.map(difference).fold(0.0, f64::max)
}

/// The correlation of two coordinates; one of a single value has none with any other.
fn correlation(of: &Weighted, a: usize, b: usize) -> f64 {
    let squares = of.covariance(a, a) * of.covariance(b, b);
    if squares > 0.0 {
        of.covariance(a, b) / squares.sqrt()
    } else {
        0.0
    }
}

#[cfg(test)]
mod tests {
    use super::{correlation_error, marginal_error, wasserstein};
    use crate::task::points::marginals::Weighted;

    fn equally(points: &[f64], size: usize) -> Weighted<'_> {
        Weighted::equally(points, size).expect("points")
    }

    #[test]
    fn the_distance_is_the_work_of_moving_weight() {
        let of = |a: &[f64], b: &[f64]| wasserstein((&equally(a, 1), 0), (&equally(b, 1), 0));
        assert_eq!(of(&[0.0, 1.0, 3.0], &[3.0, 0.0, 1.0]), 0.0);
        assert_eq!(of(&[0.0, 4.0], &[1.0, 6.0]), 1.5);
        assert_eq!(of(&[0.0], &[-1.0, 1.0]), 1.0);
        // A quarter moves from 0 to 2: of weights 3 and 1 to equal ones.
        let weighted = Weighted::new(&[0.0, 2.0], 1, vec![3.0, 1.0]).expect("points");
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
