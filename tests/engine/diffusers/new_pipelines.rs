//! Pipelines that are made and trained here.

use super::close;
use crate::support::numbers;
use burn::module::Module;
use burn::tensor::{Tensor, TensorData};
use pollster::block_on;
use rtb::engine::device::cpu_device;
use rtb::engine::noise::Noise;
use rtb::engine::train::examples::{Pretraining, Recipe};
use rtb::network::diffusers::{Folder, NewPipeline, Pipeline, UNet};
use rtb::task::images::Shape;
use rtb::task::images::data::Images;
use rtb::task::images::train::noise_error;
use std::collections::BTreeMap;
use std::ops::Range;

/// Files in memory.
struct Made(BTreeMap<&'static str, Vec<u8>>);

impl Folder for Made {
    fn read(&self, path: &str, bytes: Range<usize>) -> Result<Option<Vec<u8>>, String> {
        let file = self.0.get(path);
        Ok(file.map(|file| file[bytes.start.min(file.len())..bytes.end.min(file.len())].to_vec()))
    }

    fn files(&self, folder: &str) -> Result<Vec<String>, String> {
        let within = self
            .0
            .keys()
            .filter_map(|path| path.strip_prefix(folder)?.strip_prefix('/'));
        Ok(within.map(str::to_owned).collect())
    }
}

fn pipeline() -> NewPipeline {
    NewPipeline {
        shape: [3, 8, 12],
        channels: vec![8, 16],
        layers: 2,
        attention: vec![0],
        cosine: true,
    }
}

/// Images of a bright column each.
fn images() -> Images {
    let shape = Shape {
        channels: 3,
        height: 8,
        width: 12,
    };
    let pixel = |at: usize, index: usize| if at % 12 == index % 12 { 250 } else { 40 };
    let pixels = (0..24).flat_map(|index| (0..shape.pixels()).map(move |at| pixel(at, index)));
    let labels = vec![0; 24];
    Images::of(shape, vec!["column".to_owned()], pixels.collect(), labels).expect("they fit")
}

fn training(flips: bool, iterations: usize) -> (Pretraining<UNet, Images>, Vec<f64>) {
    let (noise, device) = (Noise::new(5), cpu_device());
    let network = pipeline().network(&noise, &device).expect("allowed");
    let recipe = Recipe {
        iterations: 60,
        batch: 24,
        learning_rate: 0.005,
        ema: 0.9,
        seed: 5,
    };
    let mut training = Pretraining::new(network, images(), recipe, device).expect("allowed");
    let alphas = pipeline().scheduler().ddpm().levels.alphas();
    let step = |_| block_on(training.predict_noise(&alphas, flips)).expect("a loss");
    let losses = (0..iterations).map(step).collect();
    (training, losses)
}

#[test]
fn noise_is_learned_and_the_folder_holds_the_network() {
    let (noise, device) = (Noise::new(5), cpu_device());
    let alphas = pipeline().scheduler().ddpm().levels.alphas();
    let error =
        |network: &_| block_on(noise_error(network, &images(), &alphas, &noise, &device)).expect("a loss");
    let network = pipeline().network(&noise, &device).expect("allowed");
    // It says 0, and the noise has variance 1.
    assert!((error(&network) - 1.0).abs() < 0.05, "{}", error(&network));
    let (training, losses) = training(false, 60);
    assert!(losses[50..].iter().all(|loss| *loss < 0.6), "{losses:?}");
    assert!(error(training.network()) < 0.6, "{}", error(training.network()));

    let files = block_on(pipeline().files(training.network())).expect("written");
    let folder = Made(files.into_iter().collect());
    let opened = Pipeline::open(&folder).expect("an index");
    assert_eq!(opened.class, "DDPMPipeline");
    assert_eq!(opened.scheduler().expect("supported"), pipeline().scheduler());
    let (config, read) = opened.unet(&device).expect("whole");
    assert_eq!(config.sides, Some([8, 12]));
    assert_eq!(read.num_params(), network.num_params());
    let x: Vec<f32> = (0..2 * 288).map(|at| (at as f32 * 0.37).sin()).collect();
    let x = Tensor::<4>::from_data(TensorData::new(x, [2, 3, 8, 12]), &device);
    let of = |network: &UNet| numbers(network.forward(x.clone(), &[3.0, 700.0], None, None));
    // Threads decide in which order some sums are taken.
    close(&of(&read), &of(training.network()), 1e-5, "what was read");
}

#[test]
fn a_resumed_training_goes_on_exactly() {
    let alphas = pipeline().scheduler().ddpm().levels.alphas();
    let (first, _) = training(true, 3);
    let checkpoint = first.descent().checkpoint().expect("it saves");
    let (mut resumed, _) = training(true, 0);
    resumed.descent_mut().resume(&checkpoint).expect("it goes on");
    let rest: Vec<f64> = (0..2)
        .map(|_| block_on(resumed.predict_noise(&alphas, true)).expect("a loss"))
        .collect();
    let (_, whole) = training(true, 5);
    assert_eq!(rest, whole[3..]);
    // Mirrored images are other images.
    assert_ne!(training(false, 1).1, whole[..1]);
}

/// What diffusers wrote is there with its names: the same configuration gives the same tensors.
#[test]
fn tensors_have_the_names_of_diffusers() {
    let small = NewPipeline {
        shape: [3, 8, 8],
        ..pipeline()
    };
    let network = small.network(&Noise::new(0), &cpu_device()).expect("allowed");
    let files = block_on(small.files(&network)).expect("written");
    let (_, file) = files
        .iter()
        .find(|(path, _)| path.ends_with(".safetensors"))
        .expect("weights");
    let tensors = rtb::engine::weights::read_tensors(file)
        .expect("safetensors")
        .tensors;
    let shape = |name: &str| {
        let found = tensors.iter().find(|(own, ..)| own == name);
        found.unwrap_or_else(|| panic!("{name}")).1.clone()
    };
    assert_eq!(shape("conv_in.weight"), [8, 3, 3, 3]);
    assert_eq!(shape("time_embedding.linear_1.weight"), [32, 8]);
    assert_eq!(shape("down_blocks.0.attentions.1.to_q.weight"), [8, 8]);
    assert_eq!(shape("mid_block.attentions.0.group_norm.weight"), [16]);
    assert_eq!(shape("up_blocks.1.resnets.2.time_emb_proj.weight"), [8, 32]);
    assert_eq!(shape("conv_norm_out.bias"), [8]);
}
