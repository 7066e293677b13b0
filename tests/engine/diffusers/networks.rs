//! Networks with the weights of their files.

use super::{Said, device, golden};
use crate::support::{numbers, tokens};
use burn::module::{Module, ModuleVisitor, Param};
use burn::tensor::{FloatDType, Tensor};
use rtb::network::diffusers::{AutoencoderConfig, Pipeline, TextEncoderConfig, UNet, UNetConfig};
use serde_json::json;

fn unet(name: &str) -> (UNetConfig, UNet) {
    let folder = golden(name);
    let pipeline = Pipeline::open(&folder).expect("an index");
    pipeline.unet(&device()).expect("whole")
}

#[test]
fn a_unet_with_older_names_is_that_of_diffusers() {
    let (said, (config, network)) = (Said::read(), unet("ddpm"));
    assert_eq!(config.sides, Some([8, 8]));
    let x = said.tensor("ddpm.x", [4, 3, 8, 8]);
    said.agrees("ddpm.output", network.forward(x, &[7.0, 901.0], None, None));
}

#[test]
fn a_unet_in_f16_with_other_settings_is_that_of_diffusers() {
    let (said, (config, network)) = (Said::read(), unet("scaled"));
    assert_eq!((config.sides, &config.heads[..]), (Some([8, 16]), &[1, 2, 4][..]));
    let x = said.tensor("scaled.x", [2, 1, 8, 16]);
    said.agrees("scaled.output", network.forward(x, &[0.0, 433.0], None, None));
}

#[test]
fn a_conditional_unet_in_shards_is_that_of_diffusers() {
    let (said, (_, network)) = (Said::read(), unet("latent"));
    let x = said.tensor("latent.x", [2, 4, 8, 8]);
    let context = said.tensor("latent.context", [2, 8, 12]);
    said.agrees(
        "latent.output",
        network.forward(x, &[3.0, 981.0], Some(&context), None),
    );
}

#[test]
fn a_conditional_unet_with_matrices_is_that_of_diffusers() {
    let (said, (config, network)) = (Said::read(), unet("linear"));
    assert_eq!(
        (&config.heads[..], &config.depths[..]),
        (&[2, 4][..], &[1, 2][..])
    );
    let x = said.tensor("linear.x", [2, 4, 8, 4]);
    let context = said.tensor("linear.context", [2, 5, 12]);
    said.agrees(
        "linear.output",
        network.forward(x, &[250.0], Some(&context), None),
    );
}

#[test]
fn an_autoencoder_in_bf16_is_that_of_diffusers() {
    let (said, folder) = (Said::read(), golden("latent"));
    let pipeline = Pipeline::open(&folder).expect("an index");
    let (config, network) = pipeline.autoencoder(&device()).expect("whole");
    assert_eq!(config.factor(), 2);
    let (mean, std) = network.encode(said.tensor("vae.images", [2, 3, 16, 16]));
    said.agrees("vae.mean", mean);
    said.agrees("vae.std", std);
    said.agrees(
        "vae.decoded",
        network.decode(said.tensor("latent.x", [2, 4, 8, 8])),
    );
}

#[test]
fn a_text_encoder_is_that_of_transformers() {
    let (said, folder) = (Said::read(), golden("latent"));
    let pipeline = Pipeline::open(&folder).expect("an index");
    let (config, network) = pipeline.text_encoder(&device()).expect("whole");
    assert_eq!(config.positions, 8);
    said.agrees(
        "latent.context",
        network.forward(tokens(&said.numbers("latent.tokens"), 8).to_device(&device())),
    );
}

/// Bytes that a network's numbers take.
fn bytes(network: &UNet) -> usize {
    struct Sum(usize);
    impl ModuleVisitor for Sum {
        fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
            let value = param.val();
            self.0 += value.dims().iter().product::<usize>() * value.dtype().size();
        }
    }
    let mut sum = Sum(0);
    network.visit(&mut sum);
    sum.0
}

#[test]
fn weights_in_half_precision_take_half_of_the_memory() {
    let (said, (_, whole)) = (Said::read(), unet("ddpm"));
    let folder = golden("ddpm");
    let x = said.tensor("ddpm.x", [4, 3, 8, 8]);
    let output = |network: &UNet| numbers(network.forward(x.clone(), &[7.0, 901.0], None, None));
    let norm = |values: &mut dyn Iterator<Item = f64>| values.map(|v| v * v).sum::<f64>().sqrt();
    let expected = output(&whole);
    let kinds = [(FloatDType::BF16, 8), (FloatDType::F16, 11)].into_iter();
    for (kind, digits) in kinds.filter(|(kind, _)| device().supports_dtype(*kind)) {
        let pipeline = Pipeline::open(&folder).expect("an index").keeping(kind);
        let (_, half) = pipeline.unet(&device()).expect("whole");
        // Biases and normalisations stay as they are.
        let share = bytes(&half) as f64 / bytes(&whole) as f64;
        assert!((0.5..0.53).contains(&share), "{share}");
        let found = output(&half);
        let off =
            norm(&mut found.iter().zip(&expected).map(|(a, b)| a - b)) / norm(&mut expected.iter().copied());
        let rounding = 0.5f64.powi(digits);
        assert!(off > rounding / 100.0 && off < 3.0 * rounding, "{kind:?}: {off}");
    }
    if !device().supports_dtype(FloatDType::F16) {
        return;
    }
    // A file's own halves are kept.
    let (_, own) = unet("scaled");
    let (_, wide) = Pipeline::open(&golden("scaled"))
        .expect("an index")
        .keeping(FloatDType::F32)
        .unet(&device())
        .expect("whole");
    assert!(bytes(&own) < 6 * bytes(&wide) / 10);
    let x = said.tensor("scaled.x", [2, 1, 8, 16]);
    let output = |network: &UNet| numbers(network.forward(x.clone(), &[0.0, 433.0], None, None));
    assert_eq!(output(&own), output(&wide));
}

/// The counts are those of the published files: `google/ddpm-cifar10-32` and Stable Diffusion 1.5.
#[test]
fn networks_have_as_many_parameters_as_published() {
    let device = device();
    let cifar = json!({
        "_class_name": "UNet2DModel",
        "act_fn": "silu",
        "attention_head_dim": null,
        "block_out_channels": [128, 256, 256, 256],
        "center_input_sample": false,
        "down_block_types": ["DownBlock2D", "AttnDownBlock2D", "DownBlock2D", "DownBlock2D"],
        "downsample_padding": 0,
        "flip_sin_to_cos": false,
        "freq_shift": 1,
        "mid_block_scale_factor": 1,
        "norm_eps": 1e-06,
        "sample_size": 32,
        "time_embedding_type": "positional",
        "up_block_types": ["UpBlock2D", "UpBlock2D", "AttnUpBlock2D", "UpBlock2D"],
    });
    let stable = json!({
        "_class_name": "UNet2DConditionModel",
        "cross_attention_dim": 768,
        "mid_block_scale_factor": 1,
    });
    for (config, count) in [(cifar, 35_746_307), (stable, 859_520_964)] {
        let config = UNetConfig::read("config.json", config.to_string().as_bytes());
        assert_eq!(config.expect("supported").blank(&device).num_params(), count);
    }
    let vae = json!({
        "_class_name": "AutoencoderKL",
        "block_out_channels": [128, 256, 512, 512],
        "down_block_types": vec!["DownEncoderBlock2D"; 4],
        "layers_per_block": 2,
        "up_block_types": vec!["UpDecoderBlock2D"; 4],
    });
    let vae = AutoencoderConfig::read("config.json", vae.to_string().as_bytes());
    assert_eq!(vae.expect("supported").blank(&device).num_params(), 83_653_863);
    let text = json!({"hidden_size": 768, "intermediate_size": 3072, "num_attention_heads": 12});
    let text = TextEncoderConfig::read("config.json", text.to_string().as_bytes());
    assert_eq!(text.expect("supported").blank(&device).num_params(), 123_060_480);
}
