//! Expectation–maximisation for mixtures of Gaussians with full covariances.

use crate::task::planar::{Component, Mixture, Random, SMALLEST_DEVIATION};

/// Smallest variance in any direction. Rounding a covariance to four decimals takes at most 10⁻⁴ of it.
const SMALLEST_VARIANCE: f64 = SMALLEST_DEVIATION * SMALLEST_DEVIATION + 1e-4;
/// Starts of which the best is taken, and the rounds of k-means of each.
const STARTS: usize = 4;
const ROUNDS: usize = 6;

/// Shares of points in a component: their sum, and those of x, y, x², xy and y² weighted with them.
type Sums = [f64; 6];

fn add(sums: &mut Sums, share: f64, [x, y]: [f64; 2]) {
    for (sum, value) in sums.iter_mut().zip([1.0, x, y, x * x, x * y, y * y]) {
        *sum += share * value;
    }
}

/// The components of these sums; those with less than a point are left out.
fn components(sums: &[Sums]) -> Vec<Component> {
    let of = sums.iter().filter(|sums| sums[0] >= 1.0);
    of.map(|[weight, sums @ ..]| {
        let [x, y, xx, xy, yy] = sums.map(|sum| sum / weight);
        Component {
            weight: *weight,
            mean: [x, y],
            covariance: floored([xx - x * x, xy - x * y, yy - y * y]),
        }
    })
    .collect()
}

/// A covariance whose smaller eigenvalues are raised to the smallest variance.
pub(super) fn floored([xx, xy, yy]: [f64; 3]) -> [f64; 3] {
    let (middle, half) = (0.5 * (xx + yy), (0.5 * (xx - yy)).hypot(xy));
    let [large, small] = [middle + half, middle - half].map(|v| v.max(SMALLEST_VARIANCE));
    let (now, by) = (
        0.5 * (large + small),
        if half > 0.0 {
            0.5 * (large - small) / half
        } else {
            0.0
        },
    );
    [now + by * (xx - middle), by * xy, now + by * (yy - middle)]
}

/// One iteration, and the mean log likelihood of the points before it.
pub(super) fn step(points: &[[f64; 2]], before: &[Component]) -> (Vec<Component>, f64) {
    let mixture = Mixture::new(before);
    let mut sums = vec![Sums::default(); before.len()];
    let mut shares = vec![0.0; before.len()];
    let mut log_likelihood = 0.0;
    for &point in points {
        log_likelihood += mixture.shares(point, &mut shares);
        for (sums, share) in sums.iter_mut().zip(&shares) {
            if *share > 0.0 {
                add(sums, *share, point);
            }
        }
    }
    (components(&sums), log_likelihood / points.len() as f64)
}

/// What iterations start from: the best of some k-means, each begun as k-means++ does it (Arthur and
/// Vassilvitskii, 2007). There may be fewer components than asked for.
pub(super) fn start(points: &[[f64; 2]], count: usize, random: &mut Random) -> Vec<Component> {
    let starts = (0..STARTS).map(|_| {
        let mut clusters = clusters(points, &spread(points, count, random));
        for _ in 0..ROUNDS {
            let centers: Vec<_> = components(&clusters.sums).iter().map(|c| c.mean).collect();
            clusters = self::clusters(points, &centers);
        }
        clusters
    });
    let best = starts.min_by(|a, b| a.distance.total_cmp(&b.distance));
    components(&best.expect("at least one start").sums)
}

fn squared(a: [f64; 2], b: [f64; 2]) -> f64 {
    (a[0] - b[0]).powi(2) + (a[1] - b[1]).powi(2)
}

/// Points far apart: each is drawn by its squared distance from those before.
fn spread(points: &[[f64; 2]], count: usize, random: &mut Random) -> Vec<[f64; 2]> {
    let mut centers = vec![points[random.below(points.len())]];
    let mut distances: Vec<f64> = points.iter().map(|p| squared(*p, centers[0])).collect();
    while centers.len() < count {
        let mut left = random.uniform() * distances.iter().sum::<f64>();
        let drawn = distances.iter().position(|distance| {
            left -= distance;
            left < 0.0
        });
        // None is left where there are fewer points than centres.
        let Some(drawn) = drawn else { break };
        let center = points[drawn];
        centers.push(center);
        for (distance, point) in distances.iter_mut().zip(points) {
            *distance = distance.min(squared(*point, center));
        }
    }
    centers
}

/// The points that are nearest to each of some centres.
struct Clusters {
    sums: Vec<Sums>,
    /// Of all points to their centres, squared.
    distance: f64,
}

fn clusters(points: &[[f64; 2]], centers: &[[f64; 2]]) -> Clusters {
    let mut sums = vec![Sums::default(); centers.len()];
    let mut distance = 0.0;
    for &point in points {
        let distances = centers.iter().map(|center| squared(point, *center)).enumerate();
        if let Some((nearest, squared)) = distances.min_by(|a, b| a.1.total_cmp(&b.1)) {
            add(&mut sums[nearest], 1.0, point);
            distance += squared;
        }
    }
    Clusters { sums, distance }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_component_has_the_moments_of_the_points() {
        let points = [[0.0, 0.0], [2.0, 0.0], [0.0, 4.0], [2.0, 4.0]];
        let start = start(&points, 1, &mut Random(0));
        assert_eq!(
            start,
            [Component {
                weight: 4.0,
                mean: [1.0, 2.0],
                covariance: [1.0, 0.0, 4.0]
            }]
        );
        assert_eq!(step(&points, &start).0, start, "they stay");
    }

    #[test]
    fn narrow_covariances_are_raised_along_their_own_axes() {
        let f = SMALLEST_VARIANCE;
        let (sum, difference) = ((4.0 + f) / 2.0, (4.0 - f) / 2.0);
        for (covariance, wanted) in [
            ([0.0, 0.0, 0.0], [f, 0.0, f]),
            ([4.0, 0.0, 0.0], [4.0, 0.0, f]),
            ([2.0, 2.0, 2.0], [sum, difference, sum]),
            ([3.0, -1.0, 2.0], [3.0, -1.0, 2.0]),
        ] {
            let floored = floored(covariance);
            let off = floored.iter().zip(wanted).map(|(a, b)| (a - b).abs());
            assert!(off.sum::<f64>() < 1e-12, "{covariance:?} became {floored:?}");
        }
    }

    #[test]
    fn the_likelihood_never_falls() {
        let mut random = Random(3);
        let points: Vec<[f64; 2]> = (0..500)
            .map(|_| [0, 1].map(|_| 20.0 * random.uniform() - 10.0))
            .collect();
        let mut mixture = start(&points, 6, &mut random);
        let mut last = f64::NEG_INFINITY;
        for _ in 0..30 {
            let (next, log_likelihood) = step(&points, &mixture);
            assert!(log_likelihood >= last, "{log_likelihood} after {last}");
            (mixture, last) = (next, log_likelihood);
        }
    }

    #[test]
    fn there_are_no_more_components_than_different_points() {
        let points: Vec<[f64; 2]> = (0..40).map(|i| [f64::from(i % 2), 0.0]).collect();
        assert_eq!(start(&points, 8, &mut Random(0)).len(), 2);
    }
}
