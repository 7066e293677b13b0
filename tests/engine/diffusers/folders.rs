//! Folders that are damaged, or hold what is not supported.

use super::{Disk, golden};
use burn::tensor::FloatDType;
use rtb::engine::device::cpu_device;
use rtb::engine::weights::{Weights, read_tensors};
use rtb::network::diffusers::{
    AutoencoderConfig, Contents, Pipeline, SchedulerConfig, TextEncoderConfig, UNetConfig,
};
use serde_json::{Value, json};
use std::fs;
use std::path::{Path, PathBuf};

/// A copy of a pipeline to damage.
fn copied(name: &str, of: &str) -> Disk {
    let to = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("diffusers-{name}"));
    fs::remove_dir_all(&to).ok();
    copy(&golden(of).0, &to);
    Disk(to)
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).expect("a folder");
    for entry in fs::read_dir(from).expect("a folder") {
        let path = entry.expect("an entry").path();
        let to = to.join(path.file_name().expect("a name"));
        match path.is_dir() {
            true => copy(&path, &to),
            false => drop(fs::copy(&path, &to).expect("copied")),
        }
    }
}

/// Why the U-Net of a folder is not read.
fn refusal(folder: &Disk) -> String {
    let pipeline = match Pipeline::open(folder) {
        Ok(pipeline) => pipeline,
        Err(error) => return error.to_string(),
    };
    pipeline.unet(&cpu_device()).expect_err("refused").to_string()
}

#[test]
fn a_folder_without_an_index_is_told() {
    assert_eq!(
        refusal(&golden("latent/unet")),
        "model_index.json is missing; give a folder that diffusers' `DiffusionPipeline.save_pretrained` wrote"
    );
}

#[test]
fn parts_may_lie_beside_the_index() {
    let folder = copied("flat", "ddpm");
    copy(&folder.0.join("unet"), &folder.0);
    copy(&folder.0.join("scheduler"), &folder.0);
    for part in ["unet", "scheduler"] {
        fs::remove_dir_all(folder.0.join(part)).expect("removed");
    }
    let pipeline = Pipeline::open(&folder).expect("an index");
    pipeline.unet(&cpu_device()).expect("whole");
    pipeline.scheduler().expect("whole");
}

#[test]
fn a_part_that_is_not_there_or_of_another_class_is_told() {
    let folder = golden("ddpm");
    let pipeline = Pipeline::open(&folder).expect("an index");
    let missing = pipeline.autoencoder(&cpu_device()).expect_err("refused");
    assert_eq!(
        missing.to_string(),
        "model_index.json: vae is missing; give a pipeline that has one; this has scheduler, unet"
    );
    let folder = copied("class", "ddpm");
    let index = json!({"unet": ["diffusers", "UNet3DConditionModel"]}).to_string();
    fs::write(folder.0.join("model_index.json"), index).expect("written");
    assert_eq!(
        refusal(&folder),
        "model_index.json: unet: UNet3DConditionModel is not allowed; use UNet2DModel, UNet2DConditionModel"
    );
}

#[test]
fn weights_of_programs_are_told_how_to_be_converted() {
    let folder = copied("programs", "ddpm");
    let weights = folder.0.join("unet/diffusion_pytorch_model.safetensors");
    fs::rename(weights, folder.0.join("unet/diffusion_pytorch_model.bin")).expect("renamed");
    let refused = refusal(&folder);
    assert!(
        refused.starts_with("unet/diffusion_pytorch_model.bin: "),
        "{refused}"
    );
    assert!(refused.contains("save_pretrained"), "{refused}");
}

#[test]
fn a_missing_shard_is_named() {
    let folder = copied("shard", "latent");
    let shard = "unet/diffusion_pytorch_model-00002-of-00002.safetensors";
    fs::remove_file(folder.0.join(shard)).expect("removed");
    let refused = refusal(&folder);
    assert!(refused.starts_with(&format!("{shard} is missing; ")), "{refused}");
}

/// What is said of the first shard of a U-Net once it was changed.
fn of_changed(name: &str, change: impl FnOnce(&mut Weights)) -> String {
    let folder = copied(name, "latent");
    let path = folder
        .0
        .join("unet/diffusion_pytorch_model-00001-of-00002.safetensors");
    let mut weights = read_tensors(&fs::read(&path).expect("a file")).expect("whole");
    change(&mut weights);
    fs::write(&path, weights.to_safetensors(false)).expect("written");
    refusal(&folder)
}

fn tensor<'a>(weights: &'a mut Weights, name: &str) -> &'a mut (String, Vec<usize>, Vec<f32>) {
    let found = weights.tensors.iter_mut().find(|(own, ..)| own == name);
    found.expect("in the shard")
}

#[test]
fn the_tensor_that_is_wrong_is_named() {
    let name = "conv_in.weight";
    assert_eq!(
        of_changed("missing", |weights| weights
            .tensors
            .retain(|(own, ..)| own != name)),
        "weights: unet: tensor `conv_in.weight` is missing"
    );
    assert_eq!(
        of_changed("shape", |weights| tensor(weights, name).1 = vec![4, 8, 3, 3]),
        "weights: unet: tensor `conv_in.weight` has shape [4, 8, 3, 3], but must have [8, 4, 3, 3]"
    );
    let extra = |weights: &mut Weights| weights.tensors.push(("more".to_owned(), vec![1], vec![0.0]));
    assert_eq!(
        of_changed("extra", extra),
        "weights: unet: tensor `more` belongs to no layer of this network"
    );
    let refused = of_changed("nan", |weights| tensor(weights, name).2[3] = f32::NAN);
    assert!(
        refused.ends_with("tensor `conv_in.weight` holds NaN, but all values must be finite"),
        "{refused}"
    );
}

#[test]
fn numbers_beyond_those_of_f16_are_not_kept_as_f16() {
    let folder = copied("large", "ddpm");
    let path = folder.0.join("unet/diffusion_pytorch_model.safetensors");
    let mut weights = read_tensors(&fs::read(&path).expect("a file")).expect("whole");
    tensor(&mut weights, "conv_in.weight").2[3] = 1e5;
    fs::write(&path, weights.to_safetensors(false)).expect("written");
    let opened = |kind| {
        let pipeline = Pipeline::open(&folder).expect("an index").keeping(kind);
        pipeline
            .unet(&cpu_device())
            .map(|_| ())
            .map_err(|e| e.to_string())
    };
    let refused = opened(FloatDType::F16).expect_err("refused");
    assert!(
        refused
            .ends_with("tensor `conv_in.weight` holds inf, but f16 must hold all values; keep them as bf16"),
        "{refused}"
    );
    assert_eq!(opened(FloatDType::BF16), Ok(()));
}

#[test]
fn a_file_that_is_cut_off_is_refused() {
    let folder = copied("cut", "ddpm");
    let path = folder.0.join("unet/diffusion_pytorch_model.safetensors");
    let file = fs::read(&path).expect("a file");
    fs::write(&path, &file[..file.len() - 100]).expect("written");
    let refused = refusal(&folder);
    assert!(
        refused.ends_with("not a safetensors file, or a damaged one"),
        "{refused}"
    );
}

/// The configuration of a golden file with other fields.
fn changed(path: &str, fields: Value) -> Vec<u8> {
    let file = fs::read(golden(path).0).expect("the golden file");
    let mut config: Value = serde_json::from_slice(&file).expect("JSON");
    let all = config.as_object_mut().expect("an object");
    for (name, value) in fields.as_object().expect("an object") {
        all.insert(name.clone(), value.clone());
    }
    config.to_string().into_bytes()
}

#[test]
fn fields_that_are_not_supported_are_named() {
    let plain = |fields: Value| {
        let json = changed("ddpm/unet/config.json", fields);
        UNetConfig::read("unet/config.json", &json)
            .expect_err("refused")
            .to_string()
    };
    let conditional = |fields: Value| {
        let json = changed("latent/unet/config.json", fields);
        UNetConfig::read("unet/config.json", &json)
            .expect_err("refused")
            .to_string()
    };
    for (said, expected) in [
        (
            plain(json!({"act_fn": "gelu"})),
            "act_fn: \"gelu\" is not allowed; use \"silu\" or \"swish\"",
        ),
        (
            plain(json!({"down_block_types": ["DownBlock2D", "SkipDownBlock2D"]})),
            "down_block_types: [\"DownBlock2D\",\"SkipDownBlock2D\"] is not allowed; use a list of 2, each \
             \"DownBlock2D\" or \"AttnDownBlock2D\"",
        ),
        (
            plain(json!({"norm_num_groups": 3})),
            "norm_num_groups: 3 is not allowed; use a divisor of 8 channels",
        ),
        (
            plain(json!({"attention_head_dim": 5})),
            "attention_head_dim: 5 is not allowed; use a divisor of 16 channels",
        ),
        (
            plain(json!({"block_out_channels": "8"})),
            "block_out_channels: \"8\" is not allowed; use a list of whole numbers from 1 to 16384",
        ),
        (
            plain(json!({"layers_per_block": 1_000_000})),
            "layers_per_block: 1000000 is not allowed; use a whole number from 1 to 64",
        ),
        (
            plain(json!({"a_new_field": 1})),
            "a_new_field is an unknown field; use a model whose configuration does without it",
        ),
        (
            conditional(json!({"addition_embed_type": "text_time"})),
            "addition_embed_type: \"text_time\" is not allowed; use null",
        ),
        (
            conditional(json!({"attention_head_dim": [2, 3]})),
            "attention_head_dim: 3 is not allowed; use a number of heads that divides 16 channels",
        ),
    ] {
        assert_eq!(said, format!("unet/config.json: {expected}"));
    }
    let json = changed("latent/vae/config.json", json!({"latents_mean": [0.1]}));
    let refused = AutoencoderConfig::read("vae/config.json", &json).expect_err("refused");
    assert_eq!(
        refused.to_string(),
        "vae/config.json: latents_mean: [0.1] is not allowed; use null"
    );
    let json = changed(
        "latent/text_encoder/config.json",
        json!({"num_attention_heads": 5}),
    );
    let refused = TextEncoderConfig::read("text_encoder/config.json", &json).expect_err("refused");
    assert_eq!(
        refused.to_string(),
        "text_encoder/config.json: num_attention_heads: 5 is not allowed; use a divisor of hidden_size, 12"
    );
    for (field, value) in [
        ("_class_name", json!("EulerDiscreteScheduler")),
        ("variance_type", json!("learned_range")),
        ("thresholding", json!(true)),
        ("rescale_betas_zero_snr", json!(true)),
        ("trained_betas", json!([0.1])),
    ] {
        let json = changed("ddpm/scheduler/scheduler_config.json", json!({field: value}));
        let refused = SchedulerConfig::read("scheduler_config.json", &json).expect_err("refused");
        assert_eq!(refused.field, format!("scheduler_config.json: {field}"));
    }
}

#[test]
fn what_a_folder_holds_is_read_off_headers() {
    let folder = golden("latent");
    let pipeline = Pipeline::open(&folder).expect("an index");
    assert_eq!(pipeline.class, "StableDiffusionPipeline");
    let contents: Vec<_> = pipeline
        .parts
        .iter()
        .map(|part| (part.name.as_str(), pipeline.contents(part)))
        .collect();
    let of = |name: &str| contents.iter().find(|(own, _)| *own == name).expect("a part");
    let of = |name: &str| of(name).1.as_ref().map_err(ToString::to_string);
    assert_eq!(
        of("unet"),
        Ok(&Some(Contents {
            parameters: 51_684,
            kinds: vec!["F16".to_owned()],
            bytes: 103_368,
        }))
    );
    assert_eq!((of("scheduler"), of("tokenizer")), (Ok(&None), Ok(&None)));
    let text = of("text_encoder").expect("read").as_ref().expect("weights");
    assert_eq!(text.kinds, ["F16"]);
    let refused = of("feature_extractor").expect_err("not read");
    assert!(
        refused.contains("feature_extractor: CLIPImageProcessor"),
        "{refused}"
    );
}
