//! The Langevin term of images, and gradients through a policy that has it.

use super::{above_shipped, digits, each_class, open, problem_mut, small};
use crate::gradient::moved;
use crate::support::{ask, flat, numbers};
use burn::module::Module;
use burn::tensor::{Tensor, TensorData};
use rtb::engine::device::cpu_device;
use rtb::engine::learner::Task as _;
use rtb::engine::noise::{Noise, Purpose};
use rtb::engine::objective::Pull;
use rtb::engine::process::{Diffusion, Policy, Prior, Process};
use rtb::engine::rollout::{Batch, Chains, Follow};
use rtb::task::images::{Denoiser, ImagePolicy, PIXELS, Reward, SIDE};

/// Pixels of the upper half are white, as far as the deviation lets them.
fn white_above(deviation: f64) -> Reward {
    let row = |row: usize| if row < SIDE / 2 { "9" } else { "." }.repeat(SIDE);
    Reward::Inpaint {
        rows: (0..SIDE).map(row).collect(),
        deviation,
    }
}

#[test]
fn the_langevin_term_follows_the_reward() {
    let device = cpu_device();
    let rows = 4;
    // Above the shipped prior, of latents.
    let size = digits(&mut above_shipped(small())).chains().process.state_size();
    let normal = |counter: u64, rows: usize| {
        let values = Noise::new(3).normal(Purpose::Samples, counter, rows * size);
        Tensor::<2>::from_data(TensorData::new(values, [rows, size]), &device)
    };
    let (x, direction) = (normal(0, rows), normal(1, 1));
    let along = |t: Tensor<2>| numbers((t * direction.clone()).sum_dim(1));
    let mut run = small();
    run.network.langevin = true;
    problem_mut(&mut run).reward = white_above(10.0);
    for (beta, shortened) in [(1e-3, false), (100.0, true)] {
        run.tempering.beta = beta;
        let mut session = above_shipped(run.clone());
        let task = digits(&mut session);
        let (chains, network) = (task.chains(), task.network(&Noise::new(run.seed)));
        let reward = task.reward();
        let first = chains.policy.guide(0, &[0; 4], &x, &mut None);
        assert!(numbers(first.expect("guided")).iter().all(|g| *g == 0.0));
        for step in 1..5 {
            let mut prior = None;
            let guide = chains
                .policy
                .guide(step, &[0; 4], &x, &mut prior)
                .expect("guided");
            let prior = prior.expect("it is found on the way");
            let alone = chains.prior.kernel(step, &x);
            assert!(numbers(prior.clone() - alone).iter().all(|d| d.abs() < 1e-5));
            // At the start its scale is 1, and the network adds nothing.
            let kernel = chains
                .policy
                .kernel(&network, &[step], &[0; 4], x.clone(), Some(&guide), || {
                    prior.clone()
                });
            assert!(
                numbers(kernel - prior - guide.clone())
                    .iter()
                    .all(|d| d.abs() < 1e-4)
            );

            let log_r = |by: f64| -> Vec<f64> {
                let x = x.clone() + direction.clone().mul_scalar(by);
                let data = chains.prior.kernel(step, &x);
                let ends = numbers(chains.process.expected_end(step, &x, &data));
                let ends: Vec<f32> = ends.into_iter().map(|v| v as f32).collect();
                ask(&chains.process, &[0; 4], &ends, async |ends| {
                    reward.log_reward_unfloored(ends).await
                })
            };
            let (up, down) = (log_r(1e-2), log_r(-1e-2));
            let (alpha, sigma) = chains.process.at(step);
            let lengths = numbers(guide.clone().square().sum_dim(1).sqrt());
            for (row, moved) in along(guide).into_iter().enumerate() {
                let slope = run.tempering.beta * (up[row] - down[row]) / 2e-2;
                let whole = slope * sigma.powi(2) / alpha;
                if shortened {
                    let zeros = Tensor::<2>::zeros([1, size], &device);
                    let ones = Tensor::<2>::ones([1, size], &device);
                    let to = |data: &Tensor<2>, noise: &Tensor<2>| {
                        let next = chains.process.transition(step, &zeros, data, noise.clone(), 0.0);
                        numbers(next)[0]
                    };
                    let deviations = lengths[row] * to(&ones, &zeros) / to(&zeros, &ones);
                    assert!((deviations - 1.0).abs() < 1e-4, "{deviations}");
                    assert_eq!(moved > 0.0, whole > 0.0);
                } else {
                    assert!(
                        (moved - whole).abs() < 0.03 * whole.abs().max(1e-3),
                        "{moved} and {whole}"
                    );
                }
            }
        }
    }
}

#[test]
fn the_gradient_of_images_matches_finite_differences() {
    let mut run = small();
    problem_mut(&mut run).reward = white_above(10.0);
    run.network.rank = 0;
    let rows = 8;
    for langevin in [false, true] {
        run.network.langevin = langevin;
        let mut session = open(run.clone());
        let task = digits(&mut session);
        let (chains, network) = (task.chains(), task.network(&Noise::new(run.seed)));
        let network = moved(&network, 0.02).0;
        let batch = Batch {
            fresh: vec![0; rows],
            noise: Noise::new(1).normal(Purpose::Rollout, 0, 5 * rows * PIXELS),
            ..Batch::default()
        };
        let made = chains.roll_out(&network, batch, Follow::Policy { exploration: 0.0 });
        assert_eq!(made.guides.is_some(), langevin);
        let weights = Noise::new(3).normal(Purpose::Samples, 0, rows);
        let tracked = network.clone().train();
        let steps: Vec<usize> = (0..5).collect();
        let gradient = chains.gradient(&tracked, &made, Pull::new(&weights), &steps, 24);
        let gradient = flat(&tracked, &gradient);
        let scored = |network: &Denoiser| -> f64 {
            let each = (0..5).map(|step| {
                let x = &made.states[step];
                let guide = made.guides.as_ref().map(|guides| &guides[step]);
                let prior = || made.prior[step].clone();
                let kernel = chains
                    .policy
                    .kernel(network, &[step], &[0; 8], x.clone(), guide, prior);
                let next = &made.states[step + 1];
                let ratio = chains
                    .process
                    .log_ratio(&[step], x, next, &kernel, &made.prior[step]);
                let pairs = numbers(ratio).into_iter().zip(&weights);
                pairs
                    .map(|(ratio, weight)| ratio * f64::from(*weight))
                    .sum::<f64>()
            });
            each.sum()
        };
        let size = 1e-4;
        let (forward, direction) = moved(&network, size);
        let (backward, _) = moved(&network, -size);
        let finite = (scored(&forward) - scored(&backward)) / (2.0 * size);
        let pairs = gradient.iter().zip(&direction);
        let exact: f64 = pairs.map(|(g, d)| f64::from(*g) * f64::from(*d)).sum();
        assert!(exact.abs() > 1.0, "{exact} tests nothing");
        assert!(
            (finite - exact).abs() <= 2e-2 * exact.abs(),
            "langevin {langevin}: finite differences give {finite}, the gradient {exact}"
        );
    }
}

#[test]
fn the_langevin_term_is_of_the_class_that_is_asked_for() {
    let mut run = each_class();
    run.network.langevin = true;
    let mut both = open(run.clone());
    let chains = digits(&mut both).chains();
    let pixels = Noise::new(3).normal(Purpose::Samples, 0, 3 * PIXELS);
    let x = Tensor::<2>::from_data(TensorData::new(pixels, [3, PIXELS]), &cpu_device());
    let guide = |chains: &Chains<_, _, ImagePolicy>, conditions: &[usize]| {
        let guide = chains.policy.guide(2, conditions, &x, &mut None).expect("guided");
        numbers(guide)
    };
    let mixed = guide(&chains, &[1, 0, 1]);
    for condition in 0..2 {
        let mut alone = run.clone();
        let wanted = &mut problem_mut(&mut alone).reward;
        *wanted = wanted.given(condition);
        let mut alone = open(alone);
        let alone = guide(&digits(&mut alone).chains(), &[0; 3]);
        for row in (0..3).filter(|row| condition == (row + 1) % 2) {
            let part = row * PIXELS..(row + 1) * PIXELS;
            let pairs = mixed[part.clone()].iter().zip(&alone[part]);
            assert!(pairs.clone().all(|(a, b)| (a - b).abs() < 1e-5));
            assert!(pairs.clone().any(|(a, _)| *a != 0.0), "nothing is compared");
        }
    }
}
