//! Folders of pretrained models.

use super::kill::assert_same_without;
use super::pretraining::at;
use super::scratch::Scratch;
use super::support::{has_python, metrics, report, rtb, stderr, stdout, succeed, text};
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
    let memory = "Beside the weights, a state takes ";
    let told = shown.lines().find(|line| line.starts_with(memory));
    let told = told.unwrap_or_else(|| panic!("{memory}in\n{shown}"));
    assert!(told.contains(" with a gradient, and an image "), "{told}");
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

/// Wants bright images for one prompt and dark ones for all others, in Python without NumPy. Where there is a file
/// `fuse`, it dies in its third batch of the rows that iterations ask for.
const AS_TOLD: &str = r#"
import os, struct, sys

asked = 0
while True:
    head = sys.stdin.buffer.read(10)
    if len(head) < 10:
        break
    header = eval(sys.stdin.buffer.read(struct.unpack("<H", head[8:])[0]))
    (prompt, text), (image, number, shape) = header["descr"]
    assert (prompt, image, number, shape) == ("prompt", "image", "<f8", (3, 16, 16)), header
    (rows,), letters, size = header["shape"], int(text.removeprefix("<U")), 3 * 16 * 16
    asked += rows == 16
    if asked == 3 and os.path.exists("fuse"):
        os.remove("fuse")
        raise ValueError("out of luck")
    answers = []
    for _ in range(rows):
        prompt = sys.stdin.buffer.read(4 * letters).decode("utf-32-le").rstrip("\0")
        assert prompt in ("a small house", "ein Häuschen am See"), prompt
        pixels = struct.unpack(f"<{size}d", sys.stdin.buffer.read(8 * size))
        wanted = 0.6 if prompt == "a small house" else 0.4
        answers.append(-((sum(pixels) / size - wanted) ** 2) / 0.01)
    text = repr({"descr": "<f8", "fortran_order": False, "shape": (rows,)}) + "\n"
    data = struct.pack(f"<{rows}d", *answers)
    sys.stdout.buffer.write(b"\x93NUMPY\x01\x00" + struct.pack("<H", len(text)) + text.encode() + data)
    sys.stdout.buffer.flush()
"#;

#[test]
fn posteriors_of_prompts_are_trained_broken_off_listed_sampled_and_exported() {
    if !has_python() {
        return;
    }
    let place = Scratch::new();
    let path = |name: &str| place.path().join(name);
    fs::write(path("reward.py"), AS_TOLD).expect("written");
    let texts = "a small house\n\nein Häuschen am See\n";
    fs::write(path("texts.txt"), texts).expect("written");
    let toml = format!(
        r#"
        task = "images"
        prior = {{ folder = "{LATENT}", prompts_file = "texts.txt", sampler = {{ kind = "ddim" }} }}
        reward = {{ kind = "command", run = ["python3", "reward.py"] }}
        process.steps = 3
        network.rank = 2
        rollout = {{ batch = 16, noised_share = 0.0, replay_share = 0.0 }}
        training = {{ iterations = 5, checkpoint_every = 100 }}
        evaluation = {{ samples = 100, proposals = 120 }}
        "#
    );
    fs::write(path("run.toml"), toml).expect("written");
    let output = succeed(&mut at(&place, "run run.toml --allow-commands --out whole"));
    let said = stderr(&output);
    assert!(
        said.contains("Expected memory: ") && said.contains("weights "),
        "{said}"
    );
    fs::write(path("fuse"), "").expect("written");
    let broken = at(&place, "run run.toml --allow-commands --out broken").output();
    let said = stderr(&broken.expect("the program starts"));
    assert!(said.contains("ValueError: out of luck"), "{said}");
    // The runs have the texts of their start.
    assert_eq!(
        fs::read_to_string(path("whole/prompts.txt")).expect("kept"),
        texts
    );
    fs::write(path("texts.txt"), "a cat\n").expect("written");
    let other = at(&place, "run run.toml --allow-commands --out other").output();
    let said = stderr(&other.expect("the program starts"));
    let number = "the number of lines with a text in prior.prompts_file: 1 is not allowed";
    assert!(said.contains(number), "{said}");
    fs::remove_file(path("texts.txt")).expect("removed");
    let other = at(&place, "run run.toml --allow-commands --out other").output();
    let said = stderr(&other.expect("the program starts"));
    let missing = "prior.prompts_file: `texts.txt` is not allowed; use a text file that can be read";
    assert!(said.contains(missing), "{said}");
    succeed(&mut at(&place, "run --resume broken --allow-commands"));
    assert_same_without(&["evaluations"], &path("broken"), &path("whole"));
    assert!(!metrics(&path("whole")).is_empty());

    let conditions = report(&path("whole"))["conditions"].clone();
    let conditions = conditions.as_array().expect("of every prompt");
    assert_eq!(conditions.len(), 2);
    for figure in ["log_reward", "elbo", "log_z_importance", "log_z_exact"] {
        assert!(
            conditions.iter().all(|of| of[figure].is_number()),
            "{conditions:?}"
        );
    }
    let listed = stdout(&succeed(&mut at(&place, "evaluate whole --allow-commands")));
    assert!(listed.contains("The posterior of every prompt"), "{listed}");
    assert!(listed.contains("ein Häuschen am See"), "{listed}");

    let csv = stdout(&succeed(&mut at(
        &place,
        "sample whole --count 4 --allow-commands",
    )));
    let places: Vec<_> = csv
        .lines()
        .map(|line| line.rsplit(',').next().unwrap_or_default())
        .collect();
    assert_eq!(places, ["prompt", "1", "2", "1", "2"]);
    let csv = stdout(&succeed(&mut at(
        &place,
        "sample whole --count 2 --prompt 2 --allow-commands",
    )));
    assert!(csv.lines().skip(1).all(|line| line.ends_with(",2")), "{csv}");
    succeed(&mut at(
        &place,
        "sample whole --count 4 --allow-commands --prompt 1 --out one.npy",
    ));
    for (line, part) in [
        (
            "sample whole --prompt 3 --allow-commands",
            "--prompt: 3 is not allowed; use a whole number from 1 to 2",
        ),
        (
            "sample whole --allow-commands --out all.npy",
            "a file without a place for prompts",
        ),
    ] {
        let said = stderr(&at(&place, line).output().expect("the program starts"));
        assert!(said.contains(part), "{said}");
    }

    succeed(&mut at(&place, "export whole"));
    let card = fs::read_to_string(path("whole/lora/README.md")).expect("it is written");
    assert!(
        card.contains("- a small house\n- ein Häuschen am See\n"),
        "{card}"
    );
}
