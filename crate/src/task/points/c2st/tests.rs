use super::c2st;
use crate::engine::device::cpu_device;
use crate::engine::noise::{Noise, Purpose, normal};

fn normals(seed: u64, count: usize) -> Vec<f64> {
    let mut rng = Noise::new(seed).stream(Purpose::Samples, 0);
    (0..count).map(|_| normal(&mut rng)).collect()
}

fn accuracy(reference: &[f64], samples: &[f64], size: usize) -> Result<f64, String> {
    pollster::block_on(c2st(reference, samples, size, 1, &cpu_device()))
}

#[test]
fn equal_distributions_are_not_told_apart() {
    let found = accuracy(&normals(1, 6000), &normals(2, 6000), 2).expect("an accuracy");
    assert!((found - 0.5).abs() < 0.02, "{found}");
}

/// The best classifier of N(0, 1) and N(2, 1) cuts at 1 and is right with probability Φ(1).
#[test]
fn shifted_normals_are_told_apart_as_well_as_possible() {
    let shifted: Vec<f64> = normals(2, 3500).iter().map(|x| x + 2.0).collect();
    let found = accuracy(&normals(1, 3000), &shifted, 1).expect("an accuracy");
    assert!((found - 0.8413).abs() < 0.02, "{found}");
}

/// Normal numbers that a few lines of any language make, by Box and Müller from a linear congruential generator.
fn portable(seed: u64, count: usize) -> Vec<f64> {
    let mut state = seed;
    let mut uniform = || {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        ((state >> 11) as f64 + 0.5) / (1u64 << 53) as f64
    };
    let pair = |_| {
        let (radius, angle) = ((-2.0 * uniform().ln()).sqrt(), std::f64::consts::TAU * uniform());
        [radius * angle.cos(), radius * angle.sin()]
    };
    (0..count.div_ceil(2)).flat_map(pair).take(count).collect()
}

/// scikit-learn 1.9.1 with the lines of `sbibm.metrics.c2st`: 0.5953, 0.5988 and 0.5913 with the seeds 1, 2, 3.
#[test]
fn the_benchmark_finds_the_same() {
    let mut samples = portable(2, 4000);
    for row in samples.chunks_exact_mut(2) {
        row[0] *= 1.3;
        row[1] = 0.8 * row[1] + 0.5 * (2.0 * row[0]).sin();
    }
    let found = accuracy(&portable(1, 4000), &samples, 2).expect("an accuracy");
    assert!((found - 0.5951).abs() < 0.015, "{found}");
}

#[test]
fn sets_that_cannot_be_tested_are_refused() {
    let (good, constant) = (normals(1, 20), vec![3.0; 20]);
    let mut infinite = good.clone();
    infinite[3] = f64::INFINITY;
    for (reference, samples, size, said) in [
        (
            &good[..19],
            &good[..],
            2,
            "the reference of a two-sample test: 19 numbers; give at least 10 whole rows of 2",
        ),
        (
            &good[..],
            &good[..18],
            2,
            "the samples of a two-sample test: 18 numbers",
        ),
        (&good[..], &good[..], 0, "points of 0 coordinates"),
        (
            &constant[..],
            &good[..],
            2,
            "coordinate 1 of the reference of a two-sample test has the deviation 0",
        ),
        (&good[..], &infinite[..], 2, "row 2, coordinate 2 is inf"),
    ] {
        let error = accuracy(reference, samples, size).expect_err(said);
        assert!(error.contains(said), "{error}");
    }
}

/// What a comparison of 10,000 points in ten dimensions costs.
#[test]
#[ignore = "takes 75 s of processor time, and prints the time"]
fn ten_thousand_points_in_ten_dimensions() {
    let start = std::time::Instant::now();
    let found = accuracy(&normals(1, 100_000), &normals(2, 100_000), 10).expect("an accuracy");
    println!("{found} after {:.1} s", start.elapsed().as_secs_f64());
    assert!((found - 0.5).abs() < 0.02, "{found}");
}
