//! Models in the format of diffusers that the program trains.

use super::own_pictures::folder_of_pictures;
use super::pretraining::at;
use super::scratch::Scratch;
use super::support::{Running, stderr, stdout, succeed};
use serde_json::Value;
use std::fs;

const WEIGHTS: &str = "unet/diffusion_pytorch_model.safetensors";

fn record(place: &Scratch, name: &str) -> Value {
    let json = fs::read(place.path().join(name)).expect("written");
    serde_json::from_slice(&json).expect("JSON")
}

#[test]
fn a_model_of_pictures_is_trained_shown_and_a_prior() {
    let place = Scratch::new();
    folder_of_pictures(&place.path().join("toys"), 30);
    let train = |iterations: usize, out: &str| {
        let line = format!(
            "pretrain ddpm --data toys --channels 8,16 --attention 1 --betas cosine --flips --iterations {iterations} --batch 16 \
             --learning-rate 0.003 --ema 0.9 --picture {out}.png --steps 4 --out {out}/ --quiet"
        );
        let said = stdout(&succeed(&mut at(&place, &line)));
        assert!(said.contains("12 test images: loss"), "{said}");
        let record = record(&place, &format!("{out}/record.json"));
        assert_eq!(record["figures"]["train_images"], 48);
        let command = record["command"].as_str().expect("a command");
        let model = "ddpm --data toys --channels 8,16 --layers 1 --attention 1 --betas cosine --flips --out";
        assert!(command.contains(model), "{command}");
        record["figures"]["test_loss"].as_f64().expect("a number")
    };
    // A network that says 0 is wrong by the noise's variance.
    let early = train(1, "early");
    assert!((early - 1.0).abs() < 0.1, "{early}");
    let late = train(150, "late");
    assert!(late < 0.7 * early, "{late} after {early}");
    assert!(
        fs::read(place.path().join("late.png"))
            .expect("drawn")
            .starts_with(b"\x89PNG")
    );
    assert!(!place.path().join("late.checkpoint").exists());

    let shown = stdout(&succeed(&mut at(&place, "model late")));
    assert!(
        shown.contains("DDPMPipeline") && shown.contains("UNet2DModel"),
        "{shown}"
    );
    assert!(!shown.contains("not read"), "{shown}");
    let run = r#"
        task = "images"
        prior = { folder = "late", targets = ["to_q", "conv1"] }
        reward = { kind = "ink", target = 0.4, deviation = 0.1 }
        process.steps = 3
        network.rank = 2
        rollout.batch = 8
        training.iterations = 2
        evaluation = { samples = 100, proposals = 100 }
    "#;
    fs::write(place.path().join("run.toml"), run).expect("written");
    let said = stdout(&succeed(&mut at(&place, "run run.toml --out run --quiet")));
    assert!(said.contains("log Z, importance-weighted"), "{said}");

    for (flags, told) in [
        (
            "--out late",
            "a folder with files already exists there; choose another --out",
        ),
        (
            "--channels 12 --out new",
            "the channels of a level: 12 is not allowed; use a multiple of 8",
        ),
        (
            "--channels 8,8,8,8,8 --out new",
            "the number of levels: 5 is not allowed; use fewer levels",
        ),
        (
            "--channels 8 --attention 1 --out new",
            "a level with attention: 1 is not allowed",
        ),
        ("--layers 0 --out new", "use a whole number from 1 to 8"),
        ("--picture new.gif --out new", "--picture: "),
    ] {
        let line = format!("pretrain ddpm --data toys {flags}");
        let output = at(&place, &line).output().expect("the program starts");
        assert_eq!(output.status.code(), Some(2), "{line}: {}", stderr(&output));
        assert!(stderr(&output).contains(told), "{line}: {}", stderr(&output));
    }
    assert!(!place.path().join("new").exists());
}

#[test]
#[cfg(unix)]
fn a_stopped_model_goes_on_to_the_same_weights() {
    let place = Scratch::new();
    folder_of_pictures(&place.path().join("toys"), 10);
    let train = |out: &str| {
        let line =
            format!("pretrain ddpm --data toys --channels 8 --iterations 400 --batch 4 --flips --out {out}");
        at(&place, &line)
    };
    succeed(&mut train("whole"));
    let mut running = Running::start(&mut train("broken"));
    running.wait_for_line("loss");
    running.signal("-INT");
    let (code, said) = running.finish();
    assert_eq!(code, Some(130), "{said}");
    assert!(said.contains("broken.checkpoint"), "{said}");
    assert!(!place.path().join("broken").exists());
    // As if it was killed when it wrote.
    fs::create_dir_all(place.path().join("broken/unet")).expect("made");
    fs::write(place.path().join("broken").join(WEIGHTS), "half").expect("written");
    succeed(&mut train("broken"));
    let weights = |name: &str| fs::read(place.path().join(name).join(WEIGHTS)).expect("written");
    assert!(weights("whole") == weights("broken"));
    assert!(!place.path().join("broken.checkpoint").exists());
}
