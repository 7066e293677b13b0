//! The chain of points and its kernels against closed forms.

use super::{run_of, task};
use crate::support::numbers;
use burn::tensor::{Tensor, TensorData};
use rtb::engine::device::cpu_device;
use rtb::engine::noise::{Noise, Purpose};
use rtb::engine::process::{OrnsteinUhlenbeck, Prior as _, Process};
use rtb::engine::rollout::{Batch, Chains, Follow};
use rtb::engine::weights::{Weights, load_tensors};
use rtb::message::Files;
use rtb::task::noise_policy::{NoisePolicy, Told};
use rtb::task::points::{PointsPrior, PointsProblem};

fn matrix(values: &[f64], columns: usize) -> Tensor<2> {
    let values: Vec<f32> = values.iter().map(|value| *value as f32).collect();
    let rows = values.len() / columns;
    Tensor::from_data(TensorData::new(values, [rows, columns]), &cpu_device())
}

fn log_normal(x: &[f64]) -> f64 {
    let squares: f64 = x.iter().map(|x| x * x).sum();
    -0.5 * squares - 0.5 * x.len() as f64 * std::f64::consts::TAU.ln()
}

#[test]
fn noise_is_left_as_it_is_by_a_reversible_chain() {
    let process = OrnsteinUhlenbeck {
        steps: 7,
        dimensions: 3,
    };
    assert_eq!(process.mix(0), (0.0, 1.0));
    for step in 0..7 {
        let (kept, gained) = process.mix(step);
        assert!((kept * kept + gained * gained - 1.0).abs() < 1e-12, "step {step}");
    }
    // Detailed balance: N(z)·p(z'|z) = N(z')·p(z|z').
    let (z, next) = ([0.3, -1.2, 0.7], [0.9, -0.4, -1.1]);
    let [x, y] = [z, next].map(|z| matrix(&z, 3));
    let nothing = OrnsteinUhlenbeck::kernel_of(x.zeros_like());
    for step in 1..7 {
        let there = numbers(process.log_prob(&[step], &x, &y, &nothing))[0];
        let back = numbers(process.log_prob(&[step], &y, &x, &nothing))[0];
        let noised = numbers(process.log_noise(step, &x, &y))[0];
        let balance = log_normal(&z) + there - log_normal(&next) - back;
        assert!(balance.abs() < 1e-3, "step {step}: {balance}");
        assert!((noised - back).abs() < 1e-4, "step {step}");
    }
}

#[test]
fn ratio_and_divergence_are_those_of_the_densities() {
    let process = OrnsteinUhlenbeck {
        steps: 5,
        dimensions: 2,
    };
    let rows = |seed: u64| {
        let noise = Noise::new(seed).normal(Purpose::Samples, 0, 12);
        Tensor::<2>::from_data(TensorData::new(noise, [6, 2]), &cpu_device())
    };
    // Moves, and scales of half their size.
    let kernel = |seed| Tensor::cat(vec![rows(seed), rows(seed + 10).mul_scalar(0.5)], 1);
    let (x, next, one, other) = (rows(1), rows(2), kernel(3), kernel(4));
    // Two blocks of three rows.
    let steps = [1, 3];
    let log_prob = |kernel| numbers(process.log_prob(&steps, &x, &next, kernel));
    let ratio = numbers(process.log_ratio(&steps, &x, &next, &one, &other));
    for ((ratio, a), b) in ratio.iter().zip(log_prob(&one)).zip(log_prob(&other)) {
        assert!((ratio - (a - b)).abs() < 1e-4, "{ratio} for {}", a - b);
    }
    // The mean of the log ratio over transitions of the first kernel.
    let many = 200_000;
    let repeated = |rows: &Tensor<2>| rows.clone().narrow(0, 0, 1).repeat_dim(0, many);
    let noise = Noise::new(5).normal(Purpose::Samples, 0, 2 * many);
    let noise = Tensor::from_data(TensorData::new(noise, [many, 2]), &cpu_device());
    let (x, one, other) = (repeated(&x), repeated(&one), repeated(&other));
    let next = process.transition(2, &x, &one, noise, 0.0);
    let ratio = numbers(process.log_ratio(&[2], &x, &next, &one, &other));
    let mean = ratio.iter().sum::<f64>() / many as f64;
    let exact = numbers(process.divergence(&[2], &x, &one, &other))[0];
    assert!((mean - exact).abs() < 0.02 * (1.0 + exact), "{mean} for {exact}");
}

/// The kernel of a mixture against the score of the noised mixture, by differences of its density in f64.
#[test]
fn a_mixture_has_its_score_in_closed_form() {
    let run = run_of(
        r#"
        task = "points"
        [process]
        steps = 10
        [prior]
        kind = "mixture"
        [[prior.components]]
        weight = 1.0
        mean = [3.0, -1.0, 0.5]
        covariance = [[1.0, 0.3, 0.0], [0.3, 0.5, -0.2], [0.0, -0.2, 0.8]]
        [[prior.components]]
        weight = 2.0
        mean = [-2.0, 1.0, 0.0]
        variances = [0.4, 2.0, 0.1]
        [reward]
        kind = "formula"
        expression = "1"
        "#,
    );
    let task = task(&run, &Files::default());
    let PointsProblem { prior, .. } = &task.problem;
    let rtb::task::points::Prior::Mixture { components, .. } = prior else {
        panic!("a mixture");
    };
    // The noised mixture by samples would be noisy: its density is an average over many data points of N(α·data, σ²).
    let ends = Noise::new(3);
    let mut rng = ends.stream(Purpose::Samples, 0);
    let data: Vec<[f64; 3]> = (0..200_000)
        .map(|_| {
            let which = if rtb::engine::noise::uniform(&mut rng) < 1.0 / 3.0 {
                0
            } else {
                1
            };
            let component = &components[which];
            let e: [f64; 3] = std::array::from_fn(|_| rtb::engine::noise::normal(&mut rng));
            if which == 1 {
                return std::array::from_fn(|i| component.mean[i] + component.variances[i].sqrt() * e[i]);
            }
            // The Cholesky factor of the covariance above, by hand.
            let b = (0.5f64 - 0.09).sqrt();
            let c = -0.2 / b;
            let f = (0.8 - c * c).sqrt();
            [
                3.0 + e[0],
                -1.0 + 0.3 * e[0] + b * e[1],
                0.5 + c * e[1] + f * e[2],
            ]
        })
        .collect();
    // In the chain's space the mixture has mean 0 and covariance I: its inverse map by solving for z.
    let unit = |at: usize| {
        let mut z = [0f32; 3];
        if at < 3 {
            z[at] = 1.0;
        }
        task.space.points(&z)
    };
    let zero = unit(3);
    let columns: Vec<Vec<f64>> = (0..3)
        .map(|at| unit(at).iter().zip(&zero).map(|(a, b)| a - b).collect())
        .collect();
    let standard = |x: &[f64; 3]| {
        let mut z = [0.0; 3];
        for row in 0..3 {
            let before: f64 = (0..row).map(|k| columns[k][row] * z[k]).sum();
            z[row] = (x[row] - zero[row] - before) / columns[row][row];
        }
        z
    };
    let data: Vec<[f64; 3]> = data.iter().map(standard).collect();
    let second = |i: usize, j: usize| data.iter().map(|z| z[i] * z[j]).sum::<f64>() / data.len() as f64;
    for (i, j) in [(0, 0), (1, 1), (2, 2), (0, 1), (1, 2)] {
        let wanted = if i == j { 1.0 } else { 0.0 };
        assert!((second(i, j) - wanted).abs() < 0.02, "{i} {j}: {}", second(i, j));
    }
    for (step, z) in [
        (3, [0.4, -0.3, 0.2]),
        (6, [-0.6, 0.5, 0.1]),
        (6, [0.9, 0.1, -0.5]),
    ] {
        let (alpha, sigma) = task.process.at(step);
        let (mut sum, mut total) = ([0.0; 3], 0.0);
        for data in &data {
            let miss: f64 = (0..3).map(|d| (z[d] - alpha * data[d]).powi(2)).sum();
            let weight = (-0.5 * miss / sigma.powi(2)).exp();
            total += weight;
            (0..3).for_each(|d| sum[d] += weight * data[d]);
        }
        let kernel = task.prior.kernel(step, &matrix(&z, 3));
        let expected = numbers(task.process.expected_ends(&[step], &matrix(&z, 3), &kernel));
        for d in 0..3 {
            let wanted = sum[d] / total;
            assert!(
                (expected[d] - wanted).abs() < 0.03,
                "step {step}: {expected:?} for {wanted} at {d}"
            );
        }
    }
}

/// The policy's Gaussian in closed form: over the chain its kernels less the prior's are log r of the end point, for
/// every trajectory and any T.
#[test]
fn a_gaussian_posterior_is_exact_for_any_number_of_steps() {
    let (center, spread) = ([1.5f32, -0.4], [0.01f64, 1.7]);
    let device = cpu_device();
    for steps in [1, 2, 9] {
        let process = OrnsteinUhlenbeck { steps, dimensions: 2 };
        let policy = NoisePolicy::new(process, true, Told::one_of(1));
        let network = policy.network(8, 1, &Noise::new(0), &device);
        let mut weights = pollster::block_on(Weights::of(&network)).expect("weights");
        for (name, _, values) in &mut weights.tensors {
            // Both are kept over 5.
            match name.as_str() {
                "center" => values.copy_from_slice(&center.map(|m| m / 5.0)),
                "spread" => values.copy_from_slice(&spread.map(|s| (s.powi(2).ln() / 5.0) as f32)),
                _ => {}
            }
        }
        let network = load_tensors(network, &weights).expect("its own weights");
        let chains = Chains::new(process, PointsPrior::Noise, policy, device.clone());
        let rows = 400;
        let batch = Batch {
            fresh: vec![0; rows],
            noise: Noise::new(1).normal(Purpose::Samples, 0, rows * 2 * steps),
            ..Batch::default()
        };
        let drawn = chains.draw(&network, batch, Follow::Policy { exploration: 0.0 });
        let ends = numbers(process.download(&drawn.states[steps]));
        let ratios = numbers(chains.score(drawn).log_ratio());
        for (end, ratio) in ends.chunks_exact(2).zip(ratios) {
            let log_r: f64 = (0..2)
                .map(|d| {
                    let (z, m, s) = (end[d], f64::from(center[d]), spread[d]);
                    -0.5 * ((z - m) / s).powi(2) - s.ln() + 0.5 * z * z
                })
                .sum();
            assert!((ratio - log_r).abs() < 0.02, "{steps} steps: {ratio} for {log_r}");
        }
    }
}

/// Noise that is noised back and drawn again is noise of the correlation that the steps between leave.
#[test]
fn redrawn_noise_is_noise() {
    let process = OrnsteinUhlenbeck {
        steps: 8,
        dimensions: 1,
    };
    let policy = NoisePolicy::new(process, true, Told::one_of(1));
    let chains = Chains::new(process, PointsPrior::Noise, policy, cpu_device());
    let (rows, depth) = (100_000, 3);
    let before = Noise::new(1).normal(Purpose::Samples, 0, rows);
    let noise = Noise::new(2).normal(Purpose::LocalSearch, 0, 2 * depth * rows);
    let after = numbers(process.download(&chains.redrawn(&vec![0; rows], before.clone(), depth, noise)));
    let mean = |of: &dyn Fn(usize) -> f64| (0..rows).map(of).sum::<f64>() / rows as f64;
    let kept: f64 = (8 - depth..8).map(|step| process.mix(step).0.powi(2)).product();
    assert!((0.1..0.9).contains(&kept), "{kept}");
    assert!(mean(&|at| after[at]).abs() < 0.015);
    assert!((mean(&|at| after[at].powi(2)) - 1.0).abs() < 0.02);
    assert!((mean(&|at| after[at] * f64::from(before[at])) - kept).abs() < 0.02);
}
