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
