//! Folders of pretrained models.

use super::support::{rtb, stderr, stdout, succeed};

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
    let refused = "not read: model_index.json: feature_extractor: CLIPImageProcessor is not allowed";
    assert!(shown.contains(refused), "{shown}");
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
