//! Runs on images, from their start to pictures and comparisons.

use super::scratch::Scratch;
use super::support::{Running, metrics, report, resume, rtb, stderr, stdout, succeed, tagged, text};
use burn::tensor::Device;
use rtb::engine::noise::Noise;
use rtb::engine::weights::{Weights, read_tensors};
use rtb::task::images::{Shape, UNetConfig};
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

/// An untrained prior in the folder, as what is set.
pub fn untrained(place: &Path) -> String {
    let prior = place.join("prior.safetensors");
    if !prior.exists() {
        let shape = UNetConfig {
            shape: Shape::MNIST,
            channels: [4, 32],
            blocks: [1, 1],
            embedding: 8,
        };
        let network = shape.init(&Noise::new(0), &Device::flex());
        let weights = pollster::block_on(Weights::of(&network)).expect("the processor answers");
        fs::write(&prior, weights.to_safetensors(true)).expect("written");
    }
    format!("--set=prior.weights={}", text(&prior))
}

/// `rtb COMMAND digits-symmetric` above an untrained prior.
fn tiny(place: &Path, command: &str) -> std::process::Command {
    let mut made = rtb([command, "digits-symmetric"]);
    made.args(TINY).arg(untrained(place));
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

/// A posterior for each of three classes, above an untrained prior.
#[test]
fn a_class_is_asked_for_and_samples_carry_theirs() {
    let place = Scratch::new();
    let folder = place.path().join("each");
    let flags = [
        "--steps=4",
        "--batch=6",
        "--iterations=1",
        "--samples=100",
        "--set=evaluation.proposals=100",
        "--set=evaluation.every=0",
        "--set=evaluation.candidates=1",
        "--set=reward.classes=[7, 3, 1]",
    ];
    let mut run = rtb(["run", "digits-each", "--out", text(&folder)]);
    succeed(run.args(flags).arg(untrained(place.path())));

    let sample = |flags: &[&str]| stdout(&succeed(rtb(["sample", text(&folder), "--count=4"]).args(flags)));
    let column = |csv: &str, name: &str| -> Vec<f64> {
        let at = csv
            .lines()
            .next()
            .and_then(|head| head.split(',').position(|c| c == name));
        let at = at.unwrap_or_else(|| panic!("{name} is no column"));
        let cell = |line: &str| line.split(',').nth(at).and_then(|c| c.parse().ok());
        csv.lines()
            .skip(1)
            .map(|line| cell(line).expect("a number"))
            .collect()
    };
    let all = sample(&["--weights"]);
    assert_eq!(column(&all, "class"), [7.0, 3.0, 1.0, 7.0]);
    assert!(
        column(&all, "log_weight")
            .iter()
            .all(|w| w.is_finite() && *w != 0.0)
    );
    let threes = sample(&["--class=3", "--weights"]);
    assert_eq!(column(&threes, "class"), [3.0; 4]);
    // The same noise under another reward: the network has learned next to nothing.
    assert_ne!(
        column(&threes, "log_weight"),
        column(&sample(&["--class=1", "--weights"]), "log_weight")
    );

    let file = |name: &str| place.path().join(name);
    sample(&["--class=3", "--out", text(&file("threes.npy"))]);
    let array = fs::read(file("threes.npy")).expect("written");
    assert!(array.starts_with(b"\x93NUMPY\x01\x00") && array.len() == 128 + 4 * 784 * 4);
    assert!(String::from_utf8_lossy(&array[..128]).contains("'shape': (4, 28, 28,)"));
    let value = |at: usize| f32::from_le_bytes(array[128 + 4 * at..][..4].try_into().expect("four bytes"));
    assert_eq!(f64::from(value(400)) as f32, column(&threes, "p400")[0] as f32);
    sample(&["--weights", "--out", text(&file("all.safetensors"))]);
    let tensors = read_tensors(&fs::read(file("all.safetensors")).expect("written")).expect("safetensors");
    let names = tensors
        .tensors
        .iter()
        .map(|(name, shape, _)| (name.as_str(), shape[0]));
    let mut names: Vec<_> = names.collect();
    names.sort_unstable();
    assert_eq!(names, [("class", 4), ("log_weight", 4), ("samples", 4)]);

    let refused = |flags: &[&str], said: &str| {
        let output = rtb(["sample", text(&folder)])
            .args(flags)
            .output()
            .expect("it runs");
        assert_eq!(output.status.code(), Some(2), "{flags:?}");
        let text = stderr(&output);
        assert!(text.contains(said), "{said} is missing from {text}");
    };
    refused(
        &["--class=4"],
        "--class: 4 is not allowed; use a class of the run: 7, 3, 1",
    );
    refused(&["--out=all.npy"], "a single class with --class");
    refused(&["--class=3", "--weights", "--out=threes.npy"], "log weights");
    refused(&["--weights", "--out=sheet.png"], "log weights");
    refused(
        &["--out=all.npz"],
        "--out: a file of the kind .npz is not allowed",
    );
    assert!(!Path::new("all.npz").exists());
}
