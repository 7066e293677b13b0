//! Folders of pretrained models.

use super::scratch::Scratch;
use super::support::{rtb, stderr, stdout, succeed, text};
use std::fs;

const LATENT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/golden/diffusers/latent");

#[test]
fn the_parts_of_a_model_are_shown() {
    let shown = stdout(&succeed(&mut rtb(["model", LATENT])));
    let line = |part: &str| {
        let line = shown
            .lines()
            .find(|line| line.split_whitespace().next() == Some(part));
        line.unwrap_or_else(|| panic!("{part} in\n{shown}")).to_owned()
    };
    assert!(shown.contains("StableDiffusionPipeline"), "{shown}");
    assert!(line("unet").contains("UNet2DConditionModel"), "{shown}");
    assert!(
        line("unet").contains("F16") && line("unet").contains("0.052"),
        "{shown}"
    );
    assert!(line("vae").contains("BF16"), "{shown}");
    assert!(
        line("text_encoder").contains("F16  ") && line("scheduler").ends_with('–'),
        "{shown}"
    );
    assert!(line("feature_extractor").contains("not used"), "{shown}");
    assert!(!shown.contains("not read"), "{shown}");
}

#[test]
fn a_folder_without_an_index_is_refused() {
    let folder = format!("{LATENT}/unet");
    let output = rtb(["model", &folder]).output().expect("it starts");
    assert_eq!(output.status.code(), Some(2));
    let said = stderr(&output);
    assert!(
        said.contains("model_index.json is missing; give a folder that diffusers"),
        "{said}"
    );
}

#[test]
fn what_is_not_supported_is_told_by_its_field() {
    let folder = Scratch::new();
    let path = |name: &str| folder.path().join(name);
    fs::create_dir(path("unet")).expect("a folder");
    let index = r#"{"unet": ["diffusers", "UNet2DConditionModel"]}"#;
    fs::write(path("model_index.json"), index).expect("written");
    let config = r#"{"_class_name": "UNet2DConditionModel", "addition_embed_type": "text_time"}"#;
    fs::write(path("unet/config.json"), config).expect("written");
    let shown = stdout(&succeed(&mut rtb(["model", text(folder.path())])));
    let refused = "not read: unet/config.json: addition_embed_type: \"text_time\" is not allowed; use null";
    assert!(shown.contains(refused), "{shown}");
}

#[test]
fn a_posterior_of_a_model_is_trained_resumed_sampled_and_exported() {
    let place = Scratch::new();
    let config = place.path().join("run.toml");
    let model = concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/golden/diffusers/ddpm");
    let toml = format!(
        r#"
        task = "images"
        prior = {{ folder = "{model}" }}
        reward = {{ kind = "jpeg", wanted = "small", scale = 0.1 }}
        process.steps = 3
        network.rank = 2
        rollout.batch = 8
        training = {{ iterations = 2, checkpoint_every = 1 }}
        evaluation = {{ samples = 100, proposals = 100 }}
        "#
    );
    fs::write(&config, toml).expect("written");
    let run = place.path().join("run");
    succeed(&mut rtb(["run", text(&config), "--out", text(&run), "-q"]));
    succeed(&mut rtb([
        "run",
        "--resume",
        text(&run),
        "--iterations",
        "3",
        "-q",
    ]));
    let csv = stdout(&succeed(&mut rtb(["sample", text(&run), "--count", "2"])));
    assert_eq!(csv.lines().count(), 3);
    assert_eq!(
        csv.lines().last().map(|line| line.split(',').count()),
        Some(3 * 8 * 8)
    );

    succeed(&mut rtb(["export", text(&run)]));
    let lora = run.join("lora");
    let file = fs::read(lora.join("pytorch_lora_weights.safetensors")).expect("it is written");
    let header = String::from_utf8_lossy(&file).into_owned();
    assert!(header.contains("unet.mid_block.attentions.0.to_q.lora_A.weight"));
    let card = fs::read_to_string(lora.join("README.md")).expect("it is written");
    for part in ["# run\n", model, "\"jpeg\"", "| rank | 2 |", "| iterations | 3 |"] {
        assert!(card.contains(part), "{part} in\n{card}");
    }

    // A run of another task has none.
    let other = place.path().join("other");
    succeed(&mut super::support::tiny(&other, &[]));
    let output = rtb(["export", text(&other)]).output().expect("it starts");
    assert_eq!(output.status.code(), Some(2));
    assert!(stderr(&output).contains("`images` here"), "{}", stderr(&output));
}
