//! The bridge and the mixture against closed forms and quadrature.

use crate::support::{mean_and_std, numbers, preset, problem};
use burn::tensor::{Tensor, TensorData};
use rtb::engine::device::cpu_device;
use rtb::engine::noise::{Noise, Purpose};
use rtb::engine::process::{BrownianBridge, Prior, Process, Spacing};
use rtb::run::Preset;
use rtb::task::plane::{
    Component, ExactPrior, Mixture, PlanePrior, PlaneProblem, Truth, equally_weighted, quadrature,
};
use rtb::task::presets;
use std::f64::consts::PI;

fn skewed() -> Mixture {
    Mixture::new(&[
        Component {
            weight: 1.0,
            mean: [-3.0, 1.0],
            covariance: [2.0, 0.9, 0.8],
        },
        Component {
            weight: 3.0,
            mean: [4.0, -2.0],
            covariance: [0.5, -0.3, 1.5],
        },
    ])
}

#[test]
fn mixture_density_integrates_to_one_and_matches_its_samples() {
    let mixture = skewed();
    let modes = Truth::modes_of(quadrature(&mixture), &mixture);
    let mass: f64 = modes.iter().map(|m| m.mass).sum();
    assert!((mass - 1.0).abs() < 1e-6, "mass {mass}");

    let mut rng = Noise::new(1).stream(Purpose::Samples, 0);
    let ends: Vec<f32> = (0..40_000)
        .flat_map(|_| mixture.sample(&mut rng))
        .map(|v| v as f32)
        .collect();
    let sampled = Truth::modes_of(equally_weighted(&ends), &mixture);
    for (exact, sampled) in modes.iter().zip(&sampled) {
        assert!((exact.mass - sampled.mass).abs() < 0.01, "{exact:?} {sampled:?}");
        for (a, b) in exact.covariance.iter().zip(&sampled.covariance) {
            assert!((a - b).abs() < 0.06, "{exact:?} {sampled:?}");
        }
    }
}

/// E[x_1 | x_t] by importance sampling of x_1, which knows nothing of the closed form.
#[test]
fn drift_is_the_conditional_expectation() {
    let mixture = skewed();
    let variance = 5.0;
    let mut rng = Noise::new(2).stream(Purpose::Samples, 0);
    let ends: Vec<[f64; 2]> = (0..400_000).map(|_| mixture.sample(&mut rng)).collect();
    for (t, x) in [(0.2, [0.3, -0.2]), (0.5, [0.5, -0.5]), (0.8, [2.0, -1.0])] {
        let (mut sum, mut total) = ([0.0, 0.0], 0.0);
        for end in &ends {
            let miss: f64 = (0..2).map(|d| (x[d] - t * end[d]).powi(2)).sum();
            let weight = (-0.5 * miss / (variance * t * (1.0 - t))).exp();
            total += weight;
            (0..2).for_each(|d| sum[d] += weight * end[d]);
        }
        let drift = mixture.drift(x, t, variance);
        for d in 0..2 {
            let expected = (sum[d] / total - x[d]) / (1.0 - t);
            assert!(
                (drift[d] - expected).abs() < 0.06,
                "t {t}: {drift:?}, sampled {expected}"
            );
        }
    }
}

/// Times begin at 0, end at 1 and rise. Even ones are multiples of 1/T; those of a cosine begin like them, and the last
/// step is far shorter.
#[test]
fn times_rise_from_0_to_1() {
    for steps in [2, 10, 100, 1000] {
        for spacing in [Spacing::Even, Spacing::Cosine] {
            let times: Vec<f64> = (0..=steps).map(|step| spacing.time(step, steps)).collect();
            assert_eq!((times[0], times[steps]), (0.0, 1.0), "{spacing:?}, T = {steps}");
            assert!(
                times.is_sorted_by(|a, b| a < b),
                "{spacing:?}, T = {steps}: {times:?}"
            );
        }
    }
    assert_eq!(Spacing::Even.time(3, 10), 0.3);
    let dt = |step: usize| Spacing::Cosine.time(step + 1, 100) - Spacing::Cosine.time(step, 100);
    assert!((0.005..0.01).contains(&dt(0)), "{}", dt(0));
    assert!(dt(99) < 2e-4, "{}", dt(99));
}

/// Those of runs that have a mixture.
fn presets_in_the_plane() -> impl Iterator<Item = Preset> {
    let has_mixture = |preset: &Preset| PlaneProblem::of(&preset.run).is_ok();
    presets().into_iter().filter(has_mixture)
}

#[test]
fn drift_on_the_device_is_the_drift_in_f64() {
    let device = cpu_device();
    let spacings = [Spacing::Even, Spacing::Cosine];
    let runs =
        presets_in_the_plane().flat_map(|preset| spacings.map(|spacing| (preset.run.clone(), spacing)));
    for (run, spacing) in runs {
        let mixture = Mixture::new(&problem(&run).prior.components);
        let process = BrownianBridge {
            steps: run.process.steps,
            variance: run.process.variance,
            dimensions: 2,
            spacing,
        };
        let prior = PlanePrior::Exact(ExactPrior::new(&mixture, &process, &device));
        for step in [0, 1, run.process.steps / 2, run.process.steps - 1] {
            let t = process.time(step);
            let points: Vec<f32> = if step == 0 {
                vec![0.0, 0.0]
            } else {
                Noise::new(4)
                    .normal(Purpose::Samples, 0, 60)
                    .into_iter()
                    .map(|v| v * 6.0 * t as f32)
                    .collect()
            };
            let rows = points.len() / 2;
            // Within a graph drifts are operations of the device, outside it the processor finds them row by row.
            for device in [device.clone(), device.clone().autodiff()] {
                let x = Tensor::<2>::from_data(TensorData::new(points.clone(), [rows, 2]), &device);
                let x = if device.is_autodiff() { x.require_grad() } else { x };
                let drift = prior.kernel(step, &x);
                if device.is_autodiff() {
                    let slopes = x.grad(&drift.clone().sum().backward());
                    assert!(slopes.is_some(), "{} at step {step}: no gradient", run.name);
                }
                let drift = numbers(drift);
                for (row, point) in points.chunks_exact(2).enumerate() {
                    let exact = mixture.drift([point[0].into(), point[1].into()], t, run.process.variance);
                    for d in 0..2 {
                        // In f32 the expected end is rounded, and near the end the drift is that over a short time.
                        let rounding =
                            f64::from(f32::EPSILON) * 10.0 * (1.0 + f64::from(point[d].abs())) / (1.0 - t);
                        let tolerance = 2e-3 * (1.0 + exact[d].abs()) + rounding;
                        assert!(
                            (drift[2 * row + d] - exact[d]).abs() < tolerance,
                            "{} at step {step}: {} and {}",
                            run.name,
                            drift[2 * row + d],
                            exact[d]
                        );
                    }
                }
            }
        }
    }
}

/// Noised-back trajectories are those of the Brownian bridge: x_i ~ N(t·x_T, σ²·t(1−t)), with
/// covariance σ²·s(1−t) between times s < t.
#[test]
fn noising_back_is_the_brownian_bridge() {
    for spacing in [Spacing::Even, Spacing::Cosine] {
        noising_back(BrownianBridge {
            steps: 10,
            variance: 5.0,
            dimensions: 1,
            spacing,
        });
    }
}

fn noising_back(bridge: BrownianBridge) {
    let device = cpu_device();
    let rows = 40_000;
    let mut states = vec![Tensor::<2>::full([rows, 1], 3.0, &device)];
    for step in (0..10).rev() {
        let noise = Noise::new(9).normal(Purpose::Noising, step as u64, rows);
        let noise = Tensor::from_data(TensorData::new(noise, [rows, 1]), &device);
        let next = states[states.len() - 1].clone();
        states.push(bridge.noise_back(step, &next, noise));
    }
    states.reverse();
    let columns: Vec<Vec<f64>> = states.into_iter().map(numbers).collect();
    assert!(
        columns[0].iter().all(|v| *v == 0.0),
        "every path starts at the origin"
    );
    for (step, column) in columns.iter().enumerate().take(10).skip(1) {
        let t = bridge.time(step);
        let (mean, std) = mean_and_std(column);
        let expected = (5.0 * t * (1.0 - t)).sqrt();
        assert!((mean - 3.0 * t).abs() < 0.03, "mean {mean} at {t}");
        assert!(
            (std - expected).abs() < 0.02,
            "deviation {std} at {t}, {expected} expected"
        );
    }
    let (m3, _) = mean_and_std(&columns[3]);
    let (m7, _) = mean_and_std(&columns[7]);
    let covariance = columns[3]
        .iter()
        .zip(&columns[7])
        .map(|(a, b)| (a - m3) * (b - m7))
        .sum::<f64>()
        / rows as f64;
    assert!(
        (covariance - 5.0 * bridge.time(3) * (1.0 - bridge.time(7))).abs() < 0.03,
        "covariance {covariance}"
    );
}

/// log p, its ratio, log q and the divergence are those of Gaussians, in blocks of different steps.
#[test]
fn kernels_are_gaussians_of_their_steps() {
    let device = cpu_device();
    for spacing in [Spacing::Even, Spacing::Cosine] {
        let bridge = BrownianBridge {
            steps: 8,
            variance: 2.0,
            dimensions: 2,
            spacing,
        };
        let random = |seed| -> (Tensor<2>, Vec<f64>) {
            let values = Noise::new(seed).normal(Purpose::Samples, 0, 20);
            let tensor = Tensor::from_data(TensorData::new(values, [10, 2]), &device);
            (tensor.clone(), numbers(tensor))
        };
        let [(x, xs), (next, nexts), (u, us), (v, vs)] = [1, 2, 3, 4].map(random);
        // Two blocks of five rows.
        let steps = [3, 6];
        let gaussian = |misses: [f64; 2], variance: f64| {
            let square: f64 = misses.iter().map(|miss| miss * miss).sum();
            -0.5 * square / variance - (2.0 * PI * variance).ln()
        };
        let forth = |row: usize, drift: &[f64]| {
            let dt = bridge.dt(steps[row / 5]);
            let miss = |d: usize| nexts[2 * row + d] - xs[2 * row + d] - drift[2 * row + d] * dt;
            gaussian([miss(0), miss(1)], 2.0 * dt)
        };
        let back = |row: usize| {
            let share = bridge.time(3) / bridge.time(4);
            let miss = |d: usize| xs[2 * row + d] - nexts[2 * row + d] * share;
            gaussian([miss(0), miss(1)], 2.0 * bridge.dt(3) * share)
        };
        let apart = |row: usize| {
            let square = |d: usize| (us[2 * row + d] - vs[2 * row + d]).powi(2);
            0.25 * (square(0) + square(1)) * bridge.dt(steps[row / 5])
        };
        let near = |name: &str, found: Tensor<1>, expected: &dyn Fn(usize) -> f64| {
            for (row, found) in numbers(found).into_iter().enumerate() {
                let expected = expected(row);
                assert!(
                    (found - expected).abs() < 1e-4 * (1.0 + expected.abs()),
                    "{spacing:?}: {name} of row {row} is {found}, {expected} expected"
                );
            }
        };
        near("log p", bridge.log_prob(&steps, &x, &next, &u), &|row| {
            forth(row, &us)
        });
        near("the ratio", bridge.log_ratio(&steps, &x, &next, &u, &v), &|row| {
            forth(row, &us) - forth(row, &vs)
        });
        near("log q", bridge.log_noise(3, &x, &next), &back);
        near("the divergence", bridge.divergence(&steps, &x, &u, &v), &apart);
    }
}

#[test]
fn noise_is_addressed_not_drawn_in_turn() {
    let noise = Noise::new(42);
    let first = noise.normal(Purpose::Rollout, 5, 100);
    let _ = noise.normal(Purpose::Rollout, 6, 1000);
    assert_eq!(first, Noise::new(42).normal(Purpose::Rollout, 5, 100));
    assert_eq!(first[..50], noise.normal(Purpose::Rollout, 5, 50));
    assert_ne!(first, noise.normal(Purpose::Evaluation, 5, 100));
    assert_ne!(first, Noise::new(43).normal(Purpose::Rollout, 5, 100));
    let many: Vec<f64> = noise
        .normal(Purpose::Rollout, 7, 200_000)
        .into_iter()
        .map(f64::from)
        .collect();
    let (mean, std) = mean_and_std(&many);
    assert!(mean.abs() < 0.01 && (std - 1.0).abs() < 0.01, "{mean} {std}");
}

#[test]
fn presets_hold_their_mass_inside_the_square() {
    for preset in presets_in_the_plane() {
        let mixture = Mixture::new(&problem(&preset.run).prior.components);
        let mass: f64 = quadrature(&mixture).map(|p| p.weight).sum();
        assert!((mass - 1.0).abs() < 2e-3, "{}: {mass}", preset.name);
    }
    let run = preset("25-to-9");
    assert_eq!(Mixture::new(&problem(&run).prior.components).len(), 25);
}
