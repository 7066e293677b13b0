//! Policies that act in MuJoCo. Needs MuJoCo and Gymnasium, as `docs/control.md` says; where RTB_REQUIRE_MUJOCO is set, they
//! must be there.

use super::scratch::Scratch;
use super::support::{rtb, stderr, stdout, succeed, text};
use std::fs;
use std::path::PathBuf;
use std::process::Command;

/// Steps that Gymnasium recorded (`tests/golden/robots.py`).
fn golden(name: &str) -> String {
    let folder = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/golden/d4rl"));
    text(&folder.join(format!("{name}.hdf5"))).to_owned()
}

/// A behaviour and a critic of the hopper, hardly trained.
fn trained(place: &Scratch) {
    for what in ["behaviour", "critic"] {
        let out = format!("{what}.safetensors");
        let mut command = rtb(["pretrain", what, &golden("hopper"), "--out", &out, "--quiet"]);
        let small = [
            "--iterations",
            "20",
            "--batch",
            "16",
            "--width",
            "8",
            "--depth",
            "1",
        ];
        succeed(command.args(small).current_dir(place.path()));
    }
}

fn simulate(data: &str, place: &Scratch) -> Command {
    let mut command = rtb(["simulate", &golden(data), "--quiet"]);
    command.args([
        "--behaviour",
        "behaviour.safetensors",
        "--critic",
        "critic.safetensors",
    ]);
    command.args(["--seeds", "2", "--episodes", "3", "--candidates", "4"]);
    command.current_dir(place.path());
    command
}

/// Whether a robot can be simulated here.
fn is_here(place: &Scratch) -> bool {
    let told = stderr(&simulate("hopper", place).output().expect("the program starts"));
    let missing = told.contains("is not found;");
    if missing {
        assert!(std::env::var_os("RTB_REQUIRE_MUJOCO").is_none(), "{told}");
        eprintln!("not tested here: {told}");
    }
    !missing
}

#[test]
fn policies_act_and_are_scored() {
    let place = Scratch::new();
    trained(&place);
    if !is_here(&place) {
        return;
    }
    let mut command = simulate("hopper", &place);
    command.args(["--longest", "40", "--out", "returns.csv", "--alpha", "1"]);
    let told = stdout(&succeed(&mut command));
    for part in [
        "21 steps in 3 episodes",
        "with hopper.xml",
        "21 of 21 steps were simulated again",
        "The policy that recorded the data earns",
        "best of 4",
        "1 of 4, by exp(Q/α)",
        "over 2 seeds",
    ] {
        assert!(told.contains(part), "{part}: {told}");
    }
    let table = fs::read_to_string(place.path().join("returns.csv")).expect("written");
    let rows: Vec<Vec<&str>> = table.lines().map(|line| line.rsplitn(3, ',').collect()).collect();
    assert_eq!(rows.len(), 1 + 3 * 2 * 3, "{table}");
    for row in &rows[1..] {
        let [score, earned] = [0, 1].map(|at| row[at].parse::<f64>().expect("a number"));
        let wanted = 100.0 * (earned + 20.272305) / (3234.3 + 20.272305);
        assert!((score - wanted).abs() < 1e-9, "{row:?}");
    }
    assert_eq!(stdout(&succeed(&mut command)).lines().nth(1), told.lines().nth(1));
    assert_eq!(
        fs::read_to_string(place.path().join("returns.csv")).expect("written"),
        table
    );
}

#[test]
fn runs_of_one_name_are_one_policy() {
    let place = Scratch::new();
    trained(&place);
    if !is_here(&place) {
        return;
    }
    let data = golden("hopper");
    let described = format!(
        r#"
        name = "of the hopper"
        task = "control"
        environment = {{ kind = "recorded", data = '{data}' }}
        prior = {{ kind = "learned", weights = "behaviour.safetensors" }}
        reward = {{ kind = "learned", weights = "critic.safetensors", alpha = 1.0 }}
        episodes = {{ states = 16, looked_at = 4 }}
        process.steps = 4
        network = {{ width = 8, depth = 1 }}
        rollout.batch = 16
        training.iterations = 2
        evaluation = {{ samples = 400, samples_while_training = 40, every = 2 }}
        "#
    );
    fs::write(place.path().join("mine.toml"), described).expect("written");
    for seed in ["0", "1"] {
        let mut command = rtb(["run", "mine.toml", "--seed", seed, "--out", seed, "--quiet"]);
        succeed(command.current_dir(place.path()));
    }
    let play = |runs: &[&str], seeds: &str| {
        let mut command = rtb(["simulate", &data, "--quiet", "--seeds", seeds, "--episodes", "2"]);
        command.args(["--longest", "10", "--candidates", "2", "--out", "returns.csv"]);
        for run in runs {
            command.args(["--run", run]);
        }
        let told = stdout(&succeed(command.current_dir(place.path())));
        let table = fs::read_to_string(place.path().join("returns.csv")).expect("written");
        let own = table.lines().filter(|line| line.starts_with("of the hopper,"));
        let own: Vec<String> = own.map(str::to_owned).collect();
        assert!(told.contains("of the hopper"), "{told}");
        assert_eq!(
            table.lines().count(),
            1 + 3 * own.len(),
            "behaviour, best of 2 and the runs"
        );
        own
    };
    // Seed 0 is played by the first run, seed 1 by the second.
    let [both, first, second] = [&["0", "1"][..], &["0"], &["1"]].map(|runs| play(runs, "2"));
    assert_eq!((both.len(), first.len()), (4, 4));
    assert_eq!(both[..2], play(&["0"], "1"));
    assert!(both[..2] != second[..2] && both[2..] != first[2..], "{both:?}");
    let mut command = rtb([
        "run",
        "control-bandit",
        "--iterations",
        "1",
        "--samples",
        "100",
        "--out",
        "b",
        "--quiet",
    ]);
    succeed(command.current_dir(place.path()));
    let mut command = rtb(["simulate", &data, "--run", "b"]);
    let told = stderr(
        &command
            .current_dir(place.path())
            .output()
            .expect("the program starts"),
    );
    assert!(
        told.contains("--run: `b`") && told.contains("`recorded`"),
        "{told}"
    );
}

#[test]
fn what_is_missing_is_named() {
    let place = Scratch::new();
    trained(&place);
    if !is_here(&place) {
        return;
    }
    let refused = |command: &mut Command| {
        let output = command.output().expect("the program starts");
        assert_eq!(output.status.code(), Some(2), "{}", stderr(&output));
        stderr(&output)
    };
    let told = refused(simulate("hopper", &place).args(["--xml", "none.xml"]));
    assert!(
        told.contains("--xml") && told.contains("Gymnasium's hopper.xml"),
        "{told}"
    );
    let told = refused(simulate("hopper", &place).env("RTB_MUJOCO", "none.so"));
    assert!(
        told.contains("RTB_MUJOCO") && told.contains("libmujoco"),
        "{told}"
    );
    // Without Python there is nothing to find.
    let told = refused(simulate("hopper", &place).env("PATH", ""));
    assert!(told.contains("pip install"), "{told}");
    let told = refused(simulate("hopper", &place).args(["--robot", "ant"]));
    assert!(told.contains("`ant`") && told.contains("walker2d"), "{told}");
    let told = refused(simulate("hopper", &place).args(["--robot", "walker2d"]));
    assert!(told.contains("rows of 11 and 3 numbers"), "{told}");
    let told = refused(&mut simulate("walker2d", &place));
    assert!(
        told.contains("--behaviour") && told.contains("one of 17 and 6"),
        "{told}"
    );
    let junk = place.path().join("libmujoco.so");
    fs::write(&junk, "junk").expect("written");
    let told = refused(simulate("hopper", &place).env("RTB_MUJOCO", &junk));
    assert!(told.contains("cannot load MuJoCo"), "{told}");
}
