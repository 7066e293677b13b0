//! A run that two processes share (feature `mpi`; needs `mpirun`).

use super::scratch::Scratch;
use super::support::{report, rtb, stdout, succeed, text};
use serde_json::Value;
use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::thread::sleep;
use std::time::Duration;

const RUN: &[&str] = &[
    "run",
    "25-to-9",
    "--set",
    "process.steps=10",
    "--set",
    "network.width=16",
    "--set",
    "rollout.batch=64",
    "--set",
    "evaluation.every=20",
    "--set",
    "training.checkpoint_every=20",
    "--samples",
    "500",
];

fn processes(count: &str, more: &[&str]) -> Command {
    let program = rtb([]).get_program().to_owned();
    let mut command = Command::new("mpirun");
    // The machine of a test may have fewer cores, and its user may be root.
    command.args(["--oversubscribe", "--allow-run-as-root", "-n", count]);
    command.arg(program).args(more);
    command
}

fn with<'a>(more: &[&'a str]) -> Vec<&'a str> {
    [RUN, more].concat()
}

#[test]
fn two_processes_find_the_figures_of_one() {
    let scratch = Scratch::new();
    let [one, two] = ["one", "two"].map(|name| scratch.path().join(name));
    succeed(&mut rtb(with(&["--iterations", "20", "--out", text(&one)])));
    succeed(&mut processes(
        "2",
        &with(&["--iterations", "20", "--out", text(&two)]),
    ));
    let [alone, shared] = [&one, &two].map(|path| report(path));
    for figure in ["elbo", "log_z_importance", "ess", "log_reward"] {
        let of = |report: &Value| report[figure].as_f64().expect("a figure");
        let (found, wanted) = (of(&shared), of(&alone));
        assert!((found - wanted).abs() < 1e-2, "{figure}: {found} for {wanted}");
    }
    let device = shared["device"].as_str().expect("a device");
    assert!(device.starts_with("2 × CPU"), "{device}");
    // More of the same, and one process may go on where two have been.
    succeed(&mut processes(
        "2",
        &["run", "--resume", text(&two), "--iterations", "30"],
    ));
    let last = succeed(&mut rtb(["run", "--resume", text(&two), "--iterations", "40"]));
    assert!(stdout(&last).contains("40 iterations"));
    let finished = succeed(&mut processes("2", &["run", "--resume", text(&two)]));
    assert!(stdout(&finished).contains("is finished"));
}

#[test]
fn a_process_that_dies_ends_the_run_with_a_usable_checkpoint() {
    let scratch = Scratch::new();
    let out = scratch.path().join("run");
    let mut command = processes("2", &with(&["--iterations", "100000", "--out", text(&out)]));
    let mut run = command
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("mpirun");
    let lines =
        |path: &Path| fs::read_to_string(path.join("metrics.jsonl")).map_or(0, |text| text.lines().count());
    while lines(&out) < 50 {
        assert!(run.try_wait().expect("mpirun").is_none(), "it runs");
        sleep(Duration::from_millis(100));
    }
    let children = Command::new("pgrep")
        .args(["-P", &run.id().to_string(), "-f", "25-to-9"])
        .output();
    let children = stdout(&children.expect("pgrep"));
    let last = children.lines().last().expect("a process of the run");
    succeed(Command::new("kill").args(["-KILL", last]));
    assert!(!run.wait().expect("mpirun").success());
    let resumed = succeed(&mut rtb([
        "run",
        "--resume",
        text(&out),
        "--set",
        "training.iterations=1000",
        "--set",
        "evaluation.samples=500",
    ]));
    assert!(stdout(&resumed).contains("1000 iterations"));
}

#[test]
fn a_batch_too_small_for_the_processes_is_refused() {
    let scratch = Scratch::new();
    let out = scratch.path().join("run");
    let refused = processes("2", &with(&["--set", "rollout.batch=20", "--out", text(&out)])).output();
    let refused = String::from_utf8(refused.expect("mpirun").stderr).expect("text");
    assert!(
        refused.contains("rollout.batch: 20 is not allowed; use at least 32 for 2 members"),
        "{refused}"
    );
    assert!(!out.exists());
}
