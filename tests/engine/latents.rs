//! Networks of latents, against PyTorch (`tests/golden/residual.py`), and files of priors of latents.

use crate::support::{Golden, assert_close, numbers, weights_of};
use burn::module::Module;
use burn::optim::{AdamConfig, GradientsParams};
use burn::tensor::{Tensor, TensorData};
use rtb::engine::device::cpu_device;
use rtb::engine::noise::Noise;
use rtb::engine::process::Prior;
use rtb::engine::weights::{Weights, read_tensors};
use rtb::network::{ResidualConfig, ResidualNetwork};
use rtb::task::images::{Autoencoder, DECODER, Decoder, Denoiser, DenoiserPrior, PIXELS, Shape, UNetConfig};

const TIMES: [f64; 3] = [0.1, 0.5, 0.9];
const LATENTS: usize = 6;
const CONFIG: ResidualConfig = ResidualConfig {
    inputs: LATENTS,
    outputs: LATENTS,
    width: 16,
    blocks: 2,
    embedding: 8,
};

fn golden() -> Golden {
    Golden::read("residual")
}

fn rows(golden: &Golden, name: &str, size: usize) -> Tensor<2> {
    let values: Vec<f32> = golden.numbers(name).into_iter().map(|v| v as f32).collect();
    let shape = [values.len() / size, size];
    Tensor::from_data(TensorData::new(values, shape), &cpu_device())
}

fn network(golden: &Golden) -> ResidualNetwork {
    golden.network("network", CONFIG.init(&Noise::new(0), &cpu_device()))
}

fn autoencoder(golden: &Golden) -> Autoencoder {
    Autoencoder::read(golden.part("autoencoder"), &cpu_device()).expect("whole")
}

/// The file of a prior of latents.
fn prior(golden: &Golden) -> Weights {
    let mut all = weights_of(&network(golden));
    all.add_all(DECODER, weights_of(autoencoder(golden).decoder()));
    all
}

#[test]
fn outputs_loss_and_one_training_step_are_those_of_pytorch() {
    let golden = golden();
    let (x, v) = (rows(&golden, "x", LATENTS), rows(&golden, "v", LATENTS));
    let network = network(&golden);
    let output = numbers(network.forward(&TIMES, &[], x.clone()));
    assert_close(&output, &golden.numbers("output"), 2e-5);

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
fn latents_and_their_pictures_are_those_of_pytorch() {
    let golden = golden();
    let autoencoder = autoencoder(&golden);
    assert_eq!(autoencoder.latents(), LATENTS);
    let latents = Autoencoder::normalised(autoencoder.encode(rows(&golden, "images", PIXELS)));
    assert_close(&numbers(latents.clone()), &golden.numbers("latents"), 2e-4);
    let pictures = autoencoder.decode(rows(&golden, "latents", LATENTS));
    assert_close(&numbers(pictures), &golden.numbers("pictures"), 2e-5);
}

#[test]
fn a_prior_of_latents_comes_back_from_its_file() {
    let golden = golden();
    let file = prior(&golden).to_safetensors(false);
    let prior = DenoiserPrior::read(&file, 5, &cpu_device()).expect("whole");
    assert_eq!(prior.denoising().process.dimensions, LATENTS);
    let latents = golden.numbers("latents").into_iter().map(|v| v as f32);
    let latents: Vec<f32> = latents.collect();
    let images = pollster::block_on(prior.decoder().images(&latents)).expect("the processor answers");
    let images: Vec<f64> = images.into_iter().map(f64::from).collect();
    assert_close(&images, &golden.numbers("pictures"), 2e-5);
    // E[data|x] = α·x − σ·v.
    let x = rows(&golden, "x", LATENTS);
    let (time, (alpha, sigma)) = (prior.denoising().process.time(2), prior.denoising().process.at(2));
    let v = network(&golden).forward(&[time], &[], x.clone());
    let data = numbers(x.clone().mul_scalar(alpha) - v.mul_scalar(sigma));
    assert_close(&numbers(prior.kernel(2, &x)), &data, 1e-6);
    // What a posterior's file holds is named like what a prior's holds.
    let names = |of: &Weights| {
        of.tensors
            .iter()
            .map(|(name, ..)| name.clone())
            .collect::<Vec<_>>()
    };
    assert_eq!(
        names(&weights_of(&Denoiser::Latents(network(&golden)))),
        names(&weights_of(&network(&golden)))
    );
}

#[test]
fn a_prior_of_pixels_has_no_decoder() {
    let shape = UNetConfig {
        shape: Shape::MNIST,
        channels: [4, 32],
        blocks: [1, 1],
        embedding: 8,
    };
    let network = shape.init(&Noise::new(0), &cpu_device());
    let file = weights_of(&network).to_safetensors(false);
    let prior = DenoiserPrior::read(&file, 5, &cpu_device()).expect("whole");
    assert!(matches!(prior.network(), Denoiser::Pixels(_)));
    let pixels: Vec<f32> = (0..2 * PIXELS).map(|at| at as f32).collect();
    let images = pollster::block_on(prior.decoder().images(&pixels)).expect("the processor answers");
    assert_eq!(images, pixels);
    assert_eq!(Decoder::default().size(), PIXELS);
}

#[test]
fn a_file_that_is_no_prior_is_refused() {
    let golden = golden();
    let refused = |change: &dyn Fn(&mut Weights)| {
        let mut weights = prior(&golden);
        change(&mut weights);
        let file = weights.to_safetensors(false);
        let read = DenoiserPrior::read(&file, 5, &cpu_device());
        read.map(|_| ()).expect_err("it is refused")
    };
    let without = |name: &'static str| move |weights: &mut Weights| weights.tensors.retain(|t| t.0 != name);
    for (why, told) in [
        (refused(&without("output.weight")), "`output.weight` is missing"),
        (
            refused(&without("blocks.1.second.weight")),
            "`blocks.1.second.weight` is missing",
        ),
        (
            refused(&without("decoder.input.weight")),
            "`input.weight` is missing",
        ),
        (
            refused(&|weights| {
                weights.add_all(
                    "",
                    Weights {
                        tensors: vec![("more".into(), vec![1], vec![0.0])],
                        ..Weights::default()
                    },
                )
            }),
            "`more` belongs to no layer",
        ),
        (
            refused(&|weights| {
                let other = ResidualConfig {
                    inputs: LATENTS,
                    outputs: 10,
                    width: 4,
                    blocks: 1,
                    embedding: 0,
                };
                weights.take_all(DECODER);
                weights.add_all(
                    DECODER,
                    self::weights_of(&other.init(&Noise::new(0), &cpu_device())),
                );
            }),
            "10 outputs",
        ),
        (
            // A decoder of fewer latents than the network has.
            refused(&|weights| {
                let other = ResidualConfig {
                    inputs: 5,
                    outputs: PIXELS,
                    width: 4,
                    blocks: 1,
                    embedding: 0,
                };
                weights.take_all(DECODER);
                weights.add_all(
                    DECODER,
                    self::weights_of(&other.init(&Noise::new(0), &cpu_device())),
                );
            }),
            "5 latents",
        ),
        // A network of latents alone.
        (refused(&|weights| drop(weights.take_all(DECODER))), "784"),
    ] {
        assert!(why.contains(told), "{why}");
    }
    let autoencoder = weights_of(&autoencoder(&golden));
    let mut halved = read_tensors(&autoencoder.to_safetensors(true)).expect("whole");
    halved.take_all(DECODER);
    let why = Autoencoder::read(halved, &cpu_device())
        .map(|_| ())
        .expect_err("no decoder");
    assert!(why.contains("is missing"), "{why}");
}
