//! Behaviours and critics from files in D4RL's layout.

#[cfg(unix)]
use super::pretraining::goes_on;
use super::scratch::Scratch;
use super::support::{rtb, stderr, stdout, succeed, text};
use rtb::engine::device::cpu_device;
use rtb::task::control::offline::{Behaviour, Critic};
use serde_json::Value;
use std::fs;
use std::path::PathBuf;

/// A file that h5py wrote (`tests/golden/d4rl.py`).
fn golden(name: &str) -> String {
    let folder = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/golden/d4rl"));
    text(&folder.join(format!("{name}.hdf5"))).to_owned()
}

fn pretrain(what: &str, data: &str, out: &str, place: &Scratch) -> std::process::Command {
    let small = [
        "--iterations",
        "30",
        "--batch",
        "32",
        "--width",
        "8",
        "--depth",
        "1",
    ];
    let mut command = rtb(["pretrain", what, data, "--out", out, "--quiet"]);
    command.args(small).current_dir(place.path());
    command
}

#[test]
fn a_behaviour_and_a_critic_are_trained_on_a_file() {
    let place = Scratch::new();
    let read = |name: &str| fs::read(place.path().join(name)).expect("written");
    let record = |name: &str| -> Value { serde_json::from_slice(&read(name)).expect("JSON") };

    let told = stdout(&succeed(&mut pretrain(
        "behaviour",
        &golden("chunked"),
        "b.safetensors",
        &place,
    )));
    assert!(
        told.contains("24 steps in 3 episodes, 2 of them complete") && told.contains("denoising"),
        "{told}"
    );
    assert_eq!(record("b.json")["figures"]["held_out"], 2);
    let behaviour = Behaviour::read(&read("b.safetensors"), &cpu_device()).expect("whole");
    assert_eq!((behaviour.state_size(), behaviour.action_size()), (3, 2));

    for (kind, networks) in [("iql", 2), ("ensemble", 10)] {
        let mut command = pretrain("critic", &golden("contiguous"), "c.safetensors", &place);
        let told = stdout(&succeed(command.args(["--kind", kind, "--horizon", "6"])));
        assert!(
            told.contains("24 steps in 5 episodes") && told.contains("mean value"),
            "{told}"
        );
        let record = record("c.json");
        let command = record["command"].as_str().expect("text");
        assert!(
            command.contains(&format!("--horizon 6 --kind {kind} --networks {networks}")),
            "{command}"
        );
        let critic = Critic::read(&read("c.safetensors"), &cpu_device()).expect("whole");
        assert_eq!((critic.state_size(), critic.discount()), (3, 0.99));
    }
}

#[test]
fn shapes_are_refused_before_the_data_is_read() {
    let place = Scratch::new();
    for (what, flag, said) in [
        ("critic", ["--discount", "1"], "--discount: 1 is not allowed"),
        ("critic", ["--expectile", "1"], "--expectile: 1 is not allowed"),
        ("behaviour", ["--steps", "0"], "--steps: 0 is not allowed"),
    ] {
        let mut command = rtb(["pretrain", what, "nowhere.hdf5", "--out", "x.safetensors"]);
        let output = command.args(flag).current_dir(place.path()).output();
        let told = stderr(&output.expect("the program starts"));
        assert!(told.contains(said), "{told}");
    }
}

#[test]
fn a_policy_is_trained_above_a_behaviour_and_a_critic() {
    let place = Scratch::new();
    let data = golden("chunked");
    let described = format!(
        r#"
        task = "control"
        environment = {{ kind = "recorded", data = '{data}' }}
        prior = {{ kind = "learned", weights = "b.safetensors" }}
        reward = {{ kind = "learned", weights = "c.safetensors", alpha = 1.0 }}
        episodes = {{ states = 100, looked_at = 4 }}
        process.steps = 4
        network = {{ width = 8, depth = 1 }}
        rollout.batch = 64
        training.iterations = 8
        evaluation = {{ samples = 400, samples_while_training = 40, every = 4 }}
        "#
    );
    fs::write(place.path().join("mine.toml"), described).expect("written");
    let run = |words: &[&str]| {
        let mut command = rtb(words.iter().copied());
        command.current_dir(place.path());
        command
    };
    let train = ["run", "mine.toml", "--out", "run", "--quiet"];
    for (what, out) in [("behaviour", "b.safetensors"), ("critic", "c.safetensors")] {
        let refused = stderr(&run(&train).output().expect("the program starts"));
        let makes = format!("`rtb pretrain {what} {data} --out {out}` makes it");
        assert!(refused.contains(&makes), "{makes}: {refused}");
        succeed(&mut pretrain(what, &data, out, &place));
    }
    let told = stdout(&succeed(&mut run(&train)));
    for figure in [
        "mean Q",
        "mean Q of the best of 32",
        "mean Q of recorded actions",
        "effective sample size / N",
    ] {
        assert!(told.contains(figure), "{figure}: {told}");
    }
    assert!(!told.contains("total variation"), "{told}");
    // The folder has both weights; the steps stay where they are.
    for file in ["b.safetensors", "c.safetensors"] {
        fs::remove_file(place.path().join(file)).expect("removed");
    }
    let csv = stdout(&succeed(&mut run(&["sample", "run", "--count", "5"])));
    let rows: Vec<Vec<f32>> = csv
        .lines()
        .skip(1)
        .map(|line| {
            line.split(',')
                .map(|number| number.parse().expect("a number"))
                .collect()
        })
        .collect();
    assert!(csv.starts_with("a1,a2,s1,s2,s3\n") && rows.len() == 5, "{csv}");
    assert!(
        rows.iter()
            .all(|row| row[..2].iter().all(|action| action.abs() <= 1.0)),
        "{csv}"
    );
    // The states of the file are (3i + j)/8 − 2.
    assert!(
        rows.iter()
            .all(|row| row[3] == row[2] + 0.125 && row[4] == row[3] + 0.125),
        "{csv}"
    );
    succeed(&mut run(&[
        "run",
        "--resume",
        "run",
        "--iterations",
        "12",
        "--quiet",
    ]));
    let report: Value =
        serde_json::from_slice(&fs::read(place.path().join("run/report.json")).expect("written"))
            .expect("JSON");
    assert_eq!(report["iterations"], 12);
    assert!(
        report["q_best_of"].as_f64() > report["q_behaviour"].as_f64(),
        "{report}"
    );
}

#[test]
fn data_that_cannot_be_had_is_named() {
    let place = Scratch::new();
    let folder = place.path().join("d4rl");
    fs::create_dir_all(&folder).expect("made");
    fs::write(folder.join("hopper_medium-v2.hdf5"), "short").expect("written");
    fs::write(place.path().join("junk"), "no HDF5").expect("written");
    let cases = [
        ("hopper_medium-v2", "it has 5 bytes instead of 152756557"),
        (
            "hopper_medium_replay-v2",
            "hopper_medium_replay-v2.hdf5: cannot read the data",
        ),
        (
            "hopper",
            "DATA: `hopper` is not allowed; use a file that exists, or one of halfcheetah_medium-v2,",
        ),
        (
            "junk",
            "junk: the data: this file is not allowed; use an HDF5 file",
        ),
        (&golden("nan"), "nan.hdf5: rewards[5]: NaN is not allowed"),
        (&golden("missing"), "missing.hdf5: rewards is missing"),
    ];
    for (data, said) in cases {
        let mut command = pretrain("critic", data, "c.safetensors", &place);
        let output = command
            .env("RTB_DATA", place.path())
            .output()
            .expect("the program starts");
        assert_eq!(output.status.code(), Some(2), "{data}");
        assert!(
            stderr(&output).contains(said),
            "{said} is missing from {}",
            stderr(&output)
        );
    }
    assert!(!place.path().join("c.safetensors").exists());
}

#[test]
#[cfg(unix)]
fn a_stopped_training_goes_on_to_the_same_weights() {
    let place = Scratch::new();
    let data = golden("chunked");
    goes_on(
        &place,
        &format!("behaviour {data} --iterations 2000 --batch 32 --width 8 --depth 1"),
    );
    goes_on(
        &place,
        &format!("critic {data} --iterations 2000 --batch 32 --width 8 --depth 1"),
    );
}
