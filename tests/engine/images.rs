//! The image network and its chain, against PyTorch (`tests/golden/unet.py`).

use crate::support::{Golden, assert_close, numbers};
use burn::module::Module;
use burn::optim::{AdamConfig, GradientsParams};
use burn::tensor::Device;
use burn::tensor::{Tensor, TensorData};
use rtb::engine::device::cpu_device;
use rtb::engine::noise::Noise;
use rtb::engine::process::{Process, VariancePreserving};
use rtb::engine::weights::Weights;
use rtb::task::images::data::{Images, read_images, read_labels};
use rtb::task::images::{PIXELS, Shape, UNet, UNetConfig};

const CONFIG: UNetConfig = UNetConfig {
    shape: Shape::MNIST,
    channels: [4, 32],
    blocks: [1, 2],
    embedding: 16,
};
const TIMES: [f64; 3] = [0.1, 0.5, 0.9];
const ROWS: usize = 6;

fn device() -> Device {
    cpu_device()
}

fn golden() -> Golden {
    Golden::read("unet")
}

fn network(golden: &Golden) -> UNet {
    golden.network("network", CONFIG.init(&Noise::new(0), &device()))
}

/// Noisy images and what v-prediction should give, two rows a time.
fn examples(golden: &Golden) -> (Tensor<2>, Tensor<2>) {
    let mix = |of: &dyn Fn(f64) -> (f64, f64)| {
        let (data, noise) = (golden.numbers("data"), golden.numbers("noise"));
        let values: Vec<f32> = (0..ROWS * PIXELS)
            .map(|at| {
                let (a, b) = of(TIMES[at / PIXELS / 2]);
                (a * data[at] + b * noise[at]) as f32
            })
            .collect();
        Tensor::from_data(TensorData::new(values, [ROWS, PIXELS]), &device())
    };
    let x = mix(&VariancePreserving::level);
    let v = mix(&|time| {
        let (alpha, sigma) = VariancePreserving::level(time);
        (-sigma, alpha)
    });
    (x, v)
}

#[test]
fn outputs_loss_and_one_training_step_are_those_of_pytorch() {
    let golden = golden();
    let (x, v) = examples(&golden);
    let network = network(&golden);
    assert_close(
        &numbers(network.forward(&TIMES, &[], x.clone())),
        &golden.numbers("output"),
        2e-5,
    );

    let network = network.train();
    let loss = (network.forward(&TIMES, &[], x.clone()) - v).square().mean();
    assert_close(&numbers(loss.clone()), &golden.numbers("loss"), 1e-5);
    let gradients = GradientsParams::from_grads(loss.backward(), &network);
    let mut adam = AdamConfig::new().with_epsilon(1e-8).init();
    let stepped = adam.step(1e-3, network, gradients).valid();
    let after = numbers(stepped.forward(&TIMES, &[], x));
    golden.moved_alike(&golden.numbers("output"), &after, &golden.numbers("output_after"));
}

#[test]
fn levels_and_kernels_of_the_chain() {
    let golden = golden();
    let process = VariancePreserving {
        steps: 10,
        dimensions: 1,
    };
    let levels = golden.numbers("levels");
    let one = || Tensor::<2>::ones([1, 1], &device());
    let zero = || Tensor::<2>::zeros([1, 1], &device());
    let ancestral = golden.numbers("ancestral");
    for step in 0..=10 {
        let (alpha, sigma) = process.at(step);
        assert!((alpha - levels[step]).abs() < 1e-6);
        assert!((sigma - levels[11 + step]).abs() < 1e-6);
    }
    for step in 0..10 {
        let data = numbers(process.transition(step, &zero(), &one(), zero(), 0.0))[0];
        let state = numbers(process.transition(step, &one(), &zero(), zero(), 0.0))[0];
        let deviation = numbers(process.transition(step, &zero(), &zero(), one(), 0.0))[0];
        assert!((data - ancestral[step]).abs() < 1e-5, "step {step}");
        assert!((state - ancestral[10 + step]).abs() < 1e-5, "step {step}");
        assert!(
            (deviation.powi(2) - ancestral[20 + step]).abs() < 1e-6,
            "step {step}"
        );
    }
}

#[test]
fn forward_and_backward_kernels_agree() {
    // q(x_{i+1}|x_i, data)·q(x_i|data) = q(x_i|x_{i+1})·q(x_{i+1}|data) at any point.
    let process = VariancePreserving {
        steps: 7,
        dimensions: 2,
    };
    let point = |values: [f32; 2]| Tensor::<2>::from_data([values], &device());
    let (data, x, next) = (point([0.3, -0.9]), point([0.5, -0.2]), point([0.1, -0.7]));
    let marginal = |step: usize, x: &Tensor<2>| {
        let (alpha, sigma) = process.at(step);
        let squares: f64 = numbers((x.clone() - data.clone().mul_scalar(alpha)).square())
            .iter()
            .sum();
        -squares / (2.0 * sigma * sigma) - (2.0 * std::f64::consts::PI * sigma * sigma).ln()
    };
    for step in 1..7 {
        let forth = numbers(process.log_prob(&[step], &x, &next, &data))[0];
        let back = numbers(process.log_noise(step, &x, &next))[0];
        let left = forth + marginal(step, &x);
        let right = back + marginal(step + 1, &next);
        assert!(
            (left - right).abs() < 1e-3 * left.abs(),
            "step {step}: {left} and {right}"
        );
        // The ratio of two kernels is the difference of their densities.
        let other = point([-0.4, 0.8]);
        let ratio = numbers(process.log_ratio(&[step], &x, &next, &data, &other))[0];
        let from_densities = forth - numbers(process.log_prob(&[step], &x, &next, &other))[0];
        assert!(
            (ratio - from_densities).abs() < 1e-3 * ratio.abs().max(1.0),
            "step {step}"
        );
    }
}

/// An idx file.
fn idx(sizes: &[u32], numbers: &[u8]) -> Vec<u8> {
    let mut file = vec![0, 0, 8, sizes.len() as u8];
    for size in sizes {
        file.extend(size.to_be_bytes());
    }
    file.extend(numbers);
    file
}

#[test]
fn idx_files_are_read_or_refused() {
    let pixels: Vec<u8> = (0..2 * PIXELS).map(|i| (i % 256) as u8).collect();
    let images = read_images(&idx(&[2, 28, 28], &pixels)).expect("two images");
    let labels = read_labels(&idx(&[2], &[3, 9])).expect("two labels");
    let both = Images::new(images.clone(), labels).expect("equally many");
    assert_eq!((both.len(), both.label(0), both.label(1)), (2, 3, 9));
    let first: Vec<f32> = both.image(0).collect();
    assert_eq!((first[0], first[255]), (-1.0, 1.0));

    for (file, what) in [
        (vec![0, 0, 8], "3 bytes"),
        (idx(&[2, 28, 27], &pixels[..2 * 28 * 27]), "28×27"),
        (idx(&[3, 28, 28], &pixels), "[3, 28, 28]"),
        (idx(&[u32::MAX, u32::MAX, u32::MAX], &pixels), "values"),
        (idx(&[2 * PIXELS as u32], &pixels), "begins with"),
    ] {
        let text = read_images(&file).expect_err(what).to_string();
        assert!(text.contains(what), "{text}");
    }
    assert!(Images::new(images.clone(), vec![1]).is_err());
    assert!(Images::new(images, vec![1, 10]).is_err());
}

#[test]
fn conditions_start_alike_and_are_told_apart() {
    let golden = golden();
    let (x, v) = examples(&golden);
    let before = numbers(network(&golden).forward(&TIMES, &[], x.clone()));
    let network = network(&golden).conditional(2, &device());
    // Three times, two rows each.
    assert_close(
        &numbers(network.forward(&TIMES, &[0, 1], x.clone())),
        &before,
        1e-5,
    );

    let network = network.train();
    let loss = (network.forward(&TIMES, &[0, 1], x.clone()) - v).square().mean();
    let gradients = GradientsParams::from_grads(loss.backward(), &network);
    let network = AdamConfig::new().init().step(1e-1, network, gradients);
    let rows = |conditions: &[usize]| numbers(network.forward(&TIMES, conditions, x.clone()));
    let (mixed, first, second) = (rows(&[0, 1]), rows(&[0, 0]), rows(&[1, 1]));
    for row in 0..6 {
        let of = |all: &[f64]| all[row * PIXELS..(row + 1) * PIXELS].to_vec();
        let (own, other) = if row % 2 == 0 {
            (&first, &second)
        } else {
            (&second, &first)
        };
        assert_close(&of(&mixed), &of(own), 1e-5);
        let differs = of(&mixed)
            .iter()
            .zip(of(other))
            .any(|(a, b)| (a - b).abs() > 1e-2);
        assert!(differs, "row {row}");
    }
}

#[test]
fn low_rank_corrections_start_at_nothing_and_are_all_that_moves() {
    let golden = golden();
    let (x, v) = examples(&golden);
    let network = network(&golden);
    let before = numbers(network.forward(&TIMES, &[], x.clone()));
    let adapted = network.adapted(2, &Noise::new(1), &device());
    assert_close(&numbers(adapted.forward(&TIMES, &[], x.clone())), &before, 0.0);

    let fixed = |network: &UNet| -> Vec<f32> {
        let weights = pollster::block_on(Weights::of(network)).expect("read");
        let of_prior = weights
            .tensors
            .iter()
            .filter(|(name, ..)| !name.contains("low_rank"));
        of_prior.flat_map(|(.., values)| values.clone()).collect()
    };
    let weights = fixed(&adapted);
    let mut network = adapted.train();
    let mut adam = AdamConfig::new().with_epsilon(1e-8).init();
    let mut losses = Vec::new();
    for _ in 0..20 {
        let loss = (network.forward(&TIMES, &[], x.clone()) - v.clone())
            .square()
            .mean();
        losses.push(numbers(loss.clone())[0]);
        let gradients = GradientsParams::from_grads(loss.backward(), &network);
        network = adam.step(1e-2, network, gradients);
    }
    assert!(losses[19] < 0.9 * losses[0], "{losses:?}");
    assert_eq!(fixed(&network.valid()), weights, "the prior's weights stay");
}
