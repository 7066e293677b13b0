use super::*;
use crate::task::planar::{MOST_OUTSIDE, SMALLEST_DEVIATION};
use std::f64::consts::PI;
use std::pin::pin;
use std::task::{Context, Poll, Waker};

/// A fit that nothing else is waiting for.
fn fitted(rows: &[[f64; 2]]) -> Result<Fitted, String> {
    let fit = pin!(fit(rows, async || ()));
    match fit.poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(fitted) => fitted,
        Poll::Pending => unreachable!("no turn has to be waited for"),
    }
}

fn normal(random: &mut Random) -> f64 {
    (-2.0 * (1.0 - random.uniform()).ln()).sqrt() * (2.0 * PI * random.uniform()).cos()
}

fn drawn(component: &Component, count: usize, random: &mut Random) -> Vec<[f64; 2]> {
    let Component {
        mean,
        covariance: [xx, xy, yy],
        ..
    } = *component;
    let one = |_| {
        let (u, v) = (normal(random), normal(random));
        let a = xx.sqrt();
        [
            mean[0] + a * u,
            mean[1] + xy / a * u + (yy - xy * xy / xx).sqrt() * v,
        ]
    };
    (0..count).map(one).collect()
}

/// Samples of a mixture whose weights sum to 1, in as many groups.
fn samples(mixture: &[Component], count: usize) -> Vec<[f64; 2]> {
    let mut random = Random(17);
    let of = |c: &Component| drawn(c, (count as f64 * c.weight).round() as usize, &mut random);
    mixture.iter().flat_map(of).collect()
}

fn three() -> [Component; 3] {
    let component = |weight, mean, covariance| Component {
        weight,
        mean,
        covariance,
    };
    [
        component(0.2, [-8.0, -6.0], [1.0, 0.5, 1.0]),
        component(0.3, [8.0, -5.0], [0.5, 0.0, 2.0]),
        component(0.5, [0.0, 8.0], [2.0, -0.6, 0.4]),
    ]
}

/// It may be a prior: its deviations and means are allowed, and enough of it is in the square.
fn check(fitted: &Fitted) {
    for c in &fitted.components {
        let [xx, xy, yy] = c.covariance;
        let (middle, half) = (0.5 * (xx + yy), (0.5 * (xx - yy)).hypot(xy));
        assert!(
            middle - half >= SMALLEST_DEVIATION.powi(2) * (1.0 - 1e-9),
            "{c:?}"
        );
        assert!(middle + half <= HALF_WIDTH.powi(2), "{c:?}");
        assert!(
            c.mean.iter().all(|v| v.abs() <= HALF_WIDTH) && c.weight >= 1e-4,
            "{c:?}"
        );
        assert_eq!(c.weight, rounded(c.weight));
    }
    let mut random = Random(1);
    let total: f64 = fitted.components.iter().map(|c| c.weight).sum();
    let all = fitted.components.iter().flat_map(|c| {
        let count = (2e4 * c.weight / total) as usize;
        drawn(c, count, &mut random)
    });
    let inside: Vec<_> = all
        .map(|point| point.iter().all(|v| v.abs() <= HALF_WIDTH))
        .collect();
    let outside = inside.iter().filter(|inside| !**inside).count() as f64 / inside.len() as f64;
    assert!(outside <= MOST_OUTSIDE, "{outside}");
}

#[test]
fn three_gaussians_are_found_again_and_told_in_the_square() {
    let rows = samples(&three(), 6_000);
    let fitted = fitted(&rows).expect("a fit");
    check(&fitted);
    assert_eq!((fitted.components.len(), fitted.outside), (3, 0));
    let scale = fitted.frame.scale;
    for wanted in three() {
        let mean = fitted.frame.place(wanted.mean);
        let off = |c: &Component| (c.mean[0] - mean[0]).hypot(c.mean[1] - mean[1]) / scale;
        let found = fitted
            .components
            .iter()
            .find(|c| off(c) < 0.1)
            .expect("a component there");
        assert!((found.weight - wanted.weight).abs() < 0.03, "{found:?}");
        let covariance = found.covariance.map(|v| v / scale.powi(2));
        let size = (wanted.covariance[0] * wanted.covariance[2]).sqrt();
        for (found, wanted) in covariance.iter().zip(wanted.covariance) {
            assert!(
                (found - wanted).abs() < 0.15 * size.min(wanted.abs().max(0.3)),
                "{covariance:?}"
            );
        }
    }
    // Minus the entropy of the mixture: −Σ w·(log w − log(2πe·√det)).
    let entropy: f64 = three()
        .iter()
        .map(|c| {
            let [xx, xy, yy] = c.covariance;
            c.weight
                * ((2.0 * PI * std::f64::consts::E).ln() + 0.5 * (xx * yy - xy * xy).ln() - c.weight.ln())
        })
        .sum();
    assert!(
        (fitted.held_out + entropy).abs() < 0.1,
        "{} and {entropy}",
        fitted.held_out
    );
    let along = rows
        .iter()
        .filter(|row| fitted.frame.place(**row)[0] < fitted.median)
        .count();
    assert!(along.abs_diff(3_000) < 10, "{along}");
}

#[test]
fn units_and_origin_of_a_table_do_not_matter() {
    let rows = samples(&three(), 500);
    let moved: Vec<_> = rows.iter().map(|[a, b]| [1e3 * a + 1e6, 1e3 * b - 5e5]).collect();
    let [first, second] = [&rows, &moved].map(|rows| fitted(rows).expect("a fit"));
    assert_eq!(first.components.len(), second.components.len());
    for (a, b) in first.components.iter().zip(&second.components) {
        assert!(
            (a.mean[0] - b.mean[0]).abs() < 1e-2 && (a.weight - b.weight).abs() < 1e-3,
            "{a:?} {b:?}"
        );
    }
    assert!((first.held_out - second.held_out - 2.0 * 1e3_f64.ln()).abs() < 1e-2);
}

#[test]
fn a_ring_is_more_likely_than_under_one_gaussian() {
    let mut random = Random(5);
    let rows: Vec<_> = (0..3_000)
        .map(|_| {
            let (angle, radius) = (2.0 * PI * random.uniform(), 3.0 + 0.1 * normal(&mut random));
            [radius * angle.cos(), radius * angle.sin()]
        })
        .collect();
    let fitted = fitted(&rows).expect("a fit");
    check(&fitted);
    // One Gaussian has the variance 4.505 along both axes.
    let one = -(2.0 * PI * 4.505_f64).ln() - 1.0;
    assert!(fitted.held_out > one + 1.0, "{} and {one}", fitted.held_out);
    assert!(fitted.components.len() >= 8);
}

#[test]
fn what_is_fitted_is_allowed_however_odd_the_rows() {
    let line = (0..100).map(|i| [f64::from(i), 7.0]).collect();
    let few = (0..10).map(|i| [f64::from(i * i % 7), f64::from(i)]).collect();
    let corners = (0..4_000)
        .map(|i| [f64::from(i % 2), f64::from(i / 2 % 2)])
        .collect();
    let mut far: Vec<_> = samples(&three(), 995);
    far.extend([[1e7, -1e7]; 5]);
    let square = {
        let mut random = Random(9);
        (0..2_000).map(|_| [random.uniform(), random.uniform()]).collect()
    };
    for (name, rows, outside) in [
        ("line", line, 0),
        ("few", few, 0),
        ("corners", corners, 0),
        ("far", far, 5),
        ("square", square, 0),
    ] {
        let rows: Vec<[f64; 2]> = rows;
        let fitted = fitted(&rows).expect(name);
        check(&fitted);
        assert_eq!(fitted.outside, outside, "{name}");
    }
}

#[test]
fn rows_in_turn_are_not_held_out_as_a_group() {
    // Every fifth row is of a place of its own.
    let mut random = Random(2);
    let rows: Vec<_> = (0..1_000)
        .map(|i| [10.0 * f64::from(i % 5) + normal(&mut random), normal(&mut random)])
        .collect();
    let fitted = fitted(&rows).expect("a fit");
    assert!(
        (5..=8).contains(&fitted.components.len()),
        "{:?}",
        fitted.components
    );
    assert!(
        fitted.held_out > -(2.0 * PI * 1.0_f64).ln() - 1.0 - 5.0_f64.ln() - 0.2,
        "{}",
        fitted.held_out
    );
}

#[test]
fn too_few_rows_are_refused() {
    let error = fitted(&[[0.0, 1.0]; 9]).expect_err("nine rows");
    assert_eq!(error, "the number of rows is 9; at least 10 are needed");
    let error = fitted(&[[0.0, 1.0]; 10]).expect_err("one value");
    assert!(error.contains("all rows are the same point"), "{error}");
}
