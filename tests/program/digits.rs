//! Runs on images, from their start to pictures and comparisons.

use super::scratch::Scratch;
use super::support::{Running, metrics, report, resume, rtb, stdout, succeed, tagged, text};
use burn::tensor::Device;
use rtb::engine::noise::Noise;
use rtb::engine::weights::{Weights, read_tensors};
use rtb::task::images::UNetConfig;
use std::collections::HashSet;
use std::fs;
use std::path::Path;

const TINY: &[&str] = &[
    "--seed=2",
    "--steps=4",
    "--batch=16",
    "--iterations=4",
    "--samples=150",
    "--set=evaluation.proposals=150",
    "--set=network.rank=2",
    "--set=reward.deviation=0.4",
    "--set=evaluation.every=2",
    "--set=evaluation.samples_while_training=20",
    "--set=evaluation.candidates=3",
    "--set=training.checkpoint_every=1",
];

/// `rtb COMMAND digits-symmetric` above an untrained prior that is put into the folder.
fn tiny(place: &Path, command: &str) -> std::process::Command {
    let prior = place.join("prior.safetensors");
    if !prior.exists() {
        let shape = UNetConfig {
            channels: [4, 32],
            blocks: [1, 1],
            embedding: 8,
        };
        let network = shape.init(&Noise::new(0), &Device::flex());
        let weights = pollster::block_on(Weights::of(&network)).expect("the processor answers");
        fs::write(&prior, weights.to_safetensors(true)).expect("written");
    }
    let mut made = rtb([command, "digits-symmetric"]);
    made.args(TINY)
        .arg(format!("--set=prior.weights={}", text(&prior)));
    made
}

#[test]
fn a_killed_run_of_images_ends_like_an_unbroken_one() {
    let place = Scratch::new();
    let (whole, broken) = (place.path().join("whole"), place.path().join("broken"));
    let output = succeed(tiny(place.path(), "run").args(["--out", text(&whole)]));
    let table = stdout(&output);
    for row in [
        "mean log r",
        "FID, evaluation classifier",
        "of 150 images of the prior",
        "1 of 3",
    ] {
        assert!(table.contains(row), "{row} is missing from\n{table}");
    }
    let pictures = [
        "prior.png",
        "learned.png",
        "exact.png",
        "chosen.png",
        "curves.png",
        "overview.png",
    ];
    for name in pictures {
        let bytes = fs::read(whole.join(name)).unwrap_or_else(|e| panic!("{name}: {e}"));
        assert!(bytes.starts_with(b"\x89PNG"), "{name}");
    }
    assert!(!whole.join("reward.png").exists());
    let figures = report(&whole);
    assert_eq!(
        (&figures["truth"], &figures["iterations"]),
        (&"rejection".into(), &4.into())
    );
    assert!(figures["diversity"].is_number() && figures["mode_total_variation"].is_null());
    assert_eq!(tagged(&metrics(&whole), "evaluation", "iterations"), [0, 2, 4]);

    let mut run = Running::start(tiny(place.path(), "run").args(["--out", text(&broken)]));
    run.wait_for(&broken, 3);
    run.kill();
    // The run keeps its prior.
    fs::remove_file(place.path().join("prior.safetensors")).expect("removed");
    succeed(&mut resume(&broken));
    assert_eq!(metrics(&broken), metrics(&whole));
    assert_eq!(report(&broken), figures);

    assert_eq!(figures["chosen"]["candidates"], 3);
    let chosen = &figures["chosen"]["log_reward"];
    assert!(
        chosen.as_f64() > figures["log_reward"].as_f64(),
        "{chosen} is of the better ones"
    );

    let evaluated = stdout(&succeed(&mut rtb(["evaluate", text(&whole), "--samples=100"])));
    assert!(evaluated.contains("100 samples"), "{evaluated}");
    assert!(evaluated.contains("1 of 3"), "{evaluated}");
    let csv = stdout(&succeed(&mut rtb(["sample", text(&whole), "--count=3"])));
    let columns: HashSet<usize> = csv.lines().map(|l| l.split(',').count()).collect();
    assert_eq!((csv.lines().count(), columns), (4, HashSet::from([784])));
    let sample = |name: &str| {
        let file = place.path().join(name);
        succeed(&mut rtb([
            "sample",
            text(&whole),
            "--count=3",
            "--out",
            text(&file),
        ]));
        fs::read(file).expect("written")
    };
    assert!(sample("images.png").starts_with(b"\x89PNG"));
    let tensors = read_tensors(&sample("images.safetensors"))
        .expect("safetensors")
        .tensors;
    let (name, shape, values) = &tensors[0];
    assert_eq!((name.as_str(), shape.as_slice()), ("samples", &[3, 28, 28][..]));
    let first = csv.lines().nth(1).and_then(|l| l.split(',').next()?.parse().ok());
    assert_eq!(first, Some(values[0]));
}

#[test]
fn methods_are_compared_on_images() {
    let place = Scratch::new();
    let folder = place.path().join("out");
    let mut command = tiny(place.path(), "compare");
    command.args(["--method=rtb", "--method=smc:particles=40", "--method=guidance"]);
    let output = succeed(command.args(["--out", text(&folder)]));
    let table = stdout(&output);
    for part in [
        "FID",
        "diversity",
        "this reward has no gradient",
        "images of the prior's own chain, kept with probability r",
    ] {
        assert!(table.contains(part), "{part} is missing from\n{table}");
    }
    let csv = fs::read_to_string(folder.join("outcomes.csv")).expect("written");
    assert!(
        csv.lines()
            .next()
            .is_some_and(|l| l.contains("fid,") && l.contains("diversity"))
    );
    let finals: Vec<&str> = csv.lines().filter(|l| l.contains(",true,")).collect();
    assert_eq!(finals.len(), 3, "{csv}");
    assert!(finals[1].contains("\"RTB, 1 of 3\""), "{csv}");
    assert!(table.contains("RTB, 1 of 3") && table.contains("in proportion to the weight"));
    assert!(
        fs::read(folder.join("comparison.png"))
            .expect("drawn")
            .starts_with(b"\x89PNG")
    );
}
