//! A run of control, in its folder.

use super::scratch::Scratch;
use super::support::{rtb, stderr, stdout, succeed, text};
use std::fs;

/// A run of a moment.
const RUN: &str = "
    preset = 'control-linear'
    process.steps = 4
    network.width = 8
    rollout.batch = 64
    training.iterations = 2
    evaluation = { samples = 200, every = 2, samples_while_training = 100 }
    episodes = { states = 10, looked_at = 5, horizon = 5, count = 10 }
";

#[test]
fn actions_are_sampled_beside_their_states() {
    let scratch = Scratch::new();
    let (file, out) = (scratch.path().join("run.toml"), scratch.path().join("run"));
    fs::write(&file, RUN).expect("a description");
    succeed(&mut rtb(["run", text(&file), "--out", text(&out)]));
    let samples = stdout(&succeed(&mut rtb([
        "sample",
        text(&out),
        "--count",
        "12",
        "--weights",
    ])));
    let mut lines = samples.lines();
    let header = lines.next().expect("a header");
    assert_eq!(header, "a1,a2,s1,s2,s3,s4,log_weight");
    let states: Vec<String> = lines
        .map(|line| line.split(',').skip(2).take(4).collect::<Vec<_>>().join(","))
        .collect();
    // Ten states take turns.
    assert_eq!((&states[10..], states.len()), (&states[..2], 12));
    assert_ne!(states[0], states[1]);
    let array = scratch.path().join("actions.npy");
    let refused = rtb(["sample", text(&out), "--count", "12", "--out", text(&array)]).output();
    let refused = stderr(&refused.expect("the program"));
    assert!(
        refused.contains("a place for states") && refused.contains(".csv or .safetensors"),
        "{refused}"
    );
}
