//! Adapters, against PEFT's.

use super::{Said, close, device, golden, tolerance};
use crate::support::{Golden, numbers};
use burn::module::Module;
use burn::optim::{GradientsParams, ModuleOptimizer, SgdConfig};
use burn::tensor::{Int, Tensor, TensorData};
use rtb::engine::noise::Noise;
use rtb::engine::process::{Policy, Prior, Process, Scheduled};
use rtb::engine::weights::{Weights, read_tensors};
use rtb::network::diffusers::{Adapters, Model, Pipeline, Prompt, UNet};
use std::fs;

const ATTENTION: [&str; 4] = ["to_q", "to_k", "to_v", "to_out.0"];

fn unet() -> UNet {
    let folder = golden("latent");
    let pipeline = Pipeline::open(&folder).expect("an index");
    pipeline.unet(&device()).expect("whole").1
}

fn file() -> Vec<u8> {
    fs::read(golden("lora/pytorch_lora_weights.safetensors").0).expect("the golden file")
}

fn said_with(said: &Said, network: &UNet, adapters: Option<&Adapters>) -> Tensor<4> {
    let x = said.tensor("latent.x", [2, 4, 8, 8]);
    let context = said.tensor("latent.context", [2, 8, 12]);
    network.forward(x, &[3.0, 981.0], Some(&context), adapters)
}

fn sorted(mut weights: Weights) -> Weights {
    weights.tensors.sort_by(|a, b| a.0.cmp(&b.0));
    weights
}

#[test]
fn adapters_start_as_no_change() {
    let (said, network, device) = (Said::read(), unet(), device());
    let noise = Noise::new(1);
    let adapters = Adapters::new(&network, &ATTENTION, (4, 4.0), &noise, &device).expect("met");
    assert_eq!(adapters.names().count(), 32);
    let before = said_with(&said, &network, None);
    let with = said_with(&said, &network, Some(&adapters));
    assert_eq!(numbers(before), numbers(with));
    let refused = Adapters::new(&network, &["to_q", "to"], (4, 4.0), &noise, &device);
    assert_eq!(
        refused.expect_err("unmet").to_string(),
        "targets: `to` is not allowed; use names of layers that the network has, such as `to_q`"
    );
}

/// One step of plain descent: the outputs before and after, and every adapter.
#[test]
fn adapters_learn_as_those_of_peft() {
    let (said, network, device) = (Said::read(), unet(), device());
    let adapters = Adapters::read(&network, &file(), &device).expect("whole").train();
    let output = said_with(&said, &network, Some(&adapters));
    said.agrees("lora.output", output.clone());
    let wanted = said.tensor("lora.wanted", [2, 4, 8, 8]);
    let loss = (output - wanted).square().mean();
    close(
        &numbers(loss.clone()),
        &said.numbers("lora.loss"),
        1e-4,
        "the loss",
    );
    let gradients = GradientsParams::from_grads(loss.backward(), &adapters);
    let mut descent: ModuleOptimizer = SgdConfig::new().init();
    let adapters = descent.step(1.0, adapters, gradients).valid();
    said.agrees("lora.after", said_with(&said, &network, Some(&adapters)));
    let moved = sorted(pollster::block_on(adapters.weights()).expect("the processor answers"));
    for (name, _, values) in &moved.tensors {
        let found: Vec<f64> = values.iter().map(|v| f64::from(*v)).collect();
        close(&found, &said.numbers(&format!("lora.moved.{name}")), 1e-4, name);
    }
}

#[test]
fn a_file_of_adapters_is_written_as_it_is_read() {
    let (network, device) = (unet(), device());
    let adapters = Adapters::read(&network, &file(), &device).expect("whole");
    let written = pollster::block_on(adapters.weights()).expect("the processor answers");
    let theirs = sorted(read_tensors(&file()).expect("whole"));
    assert_eq!(sorted(written.clone()).tensors, theirs.tensors);
    let said = Said::read();
    let again = Adapters::read(&network, &written.to_safetensors(false), &device).expect("whole");
    let [one, other] =
        [&adapters, &again].map(|adapters| numbers(said_with(&said, &network, Some(adapters))));
    assert_eq!(one, other);
}

/// The LoRA of a run for a prompt makes the images here that it makes in diffusers: words, guidance, chain and decoder
/// (`tests/golden/diffusers_lora.py`).
#[test]
fn a_trained_file_makes_the_images_that_diffusers_makes_with_it() {
    let (folder, device) = (golden("latent"), device());
    let said = Golden::read("diffusers_lora/images");
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/golden/diffusers_lora");
    let file = fs::read(format!("{path}/pytorch_lora_weights.safetensors")).expect("the golden file");
    let pipeline = Pipeline::open(&folder).expect("an index");
    let (tokenizer, (text, encoder)) = (
        pipeline.tokenizer().expect("whole"),
        pipeline.text_encoder(&device).expect("whole"),
    );
    let embedded = |words: &str| {
        let tokens = tokenizer.encode(words, text.positions).into_iter();
        let tokens: Vec<i32> = tokens.map(|token| token as i32).collect();
        encoder.forward(Tensor::<2, Int>::from_data(
            TensorData::new(tokens, [1, text.positions]),
            &device,
        ))
    };
    let prompt = Prompt {
        context: embedded("a small house"),
        guidance: Some((embedded("the birds"), 3.0)),
    };
    let schedule = pipeline.scheduler().expect("supported").ddim(1.0);
    let process = Scheduled::new(&schedule, 4, 256).expect("allowed");
    let network = pipeline.unet(&device).expect("whole").1;
    let adapters = Adapters::read(&network, &file, &device).expect("it is of this model");
    let model = Model::new(network, process.clone(), [4, 8, 8], Some(prompt));
    let (_, decoder) = pipeline.autoencoder(&device).expect("whole");

    let noise: Vec<f32> = said.numbers("noise").iter().map(|v| *v as f32).collect();
    let noise = Tensor::<3>::from_data(TensorData::new(noise, [5, 2, 256]), &device);
    let images = |adapters: Option<&Adapters>| {
        let mut x = process.start(&[0, 0], &device);
        for step in 0..process.steps() {
            let mean = match adapters {
                None => Prior::kernel(&model, step, &x),
                Some(adapters) => {
                    let prior = || Prior::kernel(&model, step, &x);
                    Policy::kernel(&model, adapters, &[step], &[0, 0], x.clone(), None, prior)
                }
            };
            let noise = noise.clone().narrow(0, step, 1).squeeze_dim::<2>(0);
            x = process.transition(step, &x, &mean, noise, 0.0);
        }
        let latents = model.finished(&x, &[0, 0]).reshape([2, 4, 8, 8]);
        numbers(decoder.decode(latents).clamp(-1.0, 1.0))
    };
    let [with, without] = [images(Some(&adapters)), images(None)];
    close(&with, &said.numbers("images"), tolerance(), "with the LoRA");
    close(&without, &said.numbers("without"), tolerance(), "without it");
    let moved = with.iter().zip(&without).map(|(a, b)| (a - b).abs());
    assert!(moved.fold(0.0, f64::max) > 0.02);
}

#[test]
fn adapters_that_do_not_fit_are_named() {
    let (network, device) = (unet(), device());
    let refused = |change: &dyn Fn(&mut Weights)| {
        let mut weights = read_tensors(&file()).expect("whole");
        change(&mut weights);
        let file = weights.to_safetensors(false);
        Adapters::read(&network, &file, &device).expect_err("refused")
    };
    let name = "unet.mid_block.resnets.0.conv1.lora_A.weight";
    assert_eq!(
        refused(&|weights| weights.tensors.retain(|(own, ..)| own != name)),
        format!("tensor `{name}` is missing")
    );
    let renamed = |weights: &mut Weights| {
        for (own, ..) in &mut weights.tensors {
            *own = own.replace("unet.mid_block", "text_encoder.mid_block");
        }
    };
    let said = refused(&renamed);
    assert!(said.starts_with("tensor `text_encoder.mid_block"), "{said}");
    let dora = |weights: &mut Weights| {
        let text = r#"{"unet.r": 2, "unet.use_dora": true}"#;
        weights
            .metadata
            .insert("lora_adapter_metadata".into(), text.into());
    };
    assert_eq!(
        refused(&dora),
        "use_dora: true is not supported; train adapters without it"
    );
}
