//! Runs that are killed, stopped or damaged end like unbroken ones.

use super::scratch::Scratch;
use super::support::{
    FILES, LONGER, Running, finished, metrics, report, resume, rtb, stderr, stdout, succeed, tagged, text,
    tiny, unbroken,
};
use std::collections::hash_map::RandomState;
use std::fs;
use std::hash::{BuildHasher, Hasher};
use std::path::Path;
use std::process::{Command, Stdio};
use std::thread::sleep;
use std::time::Duration;

/// A copy of the finished tiny run.
fn copy_of_finished() -> Scratch {
    let finished = finished();
    let copy = Scratch::new();
    for name in FILES {
        fs::copy(finished.path().join(name), copy.path().join(name)).expect("copied");
    }
    copy
}

/// The same, as if it had been stopped before its report.
fn unfinished() -> Scratch {
    let copy = copy_of_finished();
    fs::remove_file(copy.path().join("report.json")).expect("removed");
    copy
}

/// Flips a bit in the middle of a file.
fn damage(path: &Path) {
    let mut bytes = fs::read(path).expect("read");
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    fs::write(path, bytes).expect("written");
}

/// The command that a message tells to continue with, in a shell.
#[cfg(unix)]
fn pasted(said: &str) -> Command {
    let command = said.split('`').find(|part| part.starts_with("rtb run --resume "));
    let command = command.unwrap_or_else(|| panic!("no command in {said}"));
    let program = rtb([]);
    let folder = Path::new(program.get_program()).parent().expect("a folder");
    let mut shell = Command::new("/bin/sh");
    shell.args(["-c", command]).env("PATH", folder);
    shell
}

/// The same command after a shell's own preparations.
#[cfg(unix)]
fn after(preparation: &str, command: &Command) -> Command {
    let mut shell = Command::new("sh");
    shell.args(["-c", &format!("{preparation}; exec \"$0\" \"$@\"")]);
    shell.arg(command.get_program()).args(command.get_args());
    shell
}

/// A number below `limit`, another one each time.
fn any(limit: u64) -> u64 {
    RandomState::new().build_hasher().finish() % limit
}

#[test]
fn a_killed_run_ends_like_an_unbroken_one() {
    let unbroken = unbroken();
    let place = Scratch::new();
    let folder = place.path().join("run");
    let mut lines = 0;
    for stop in 0..4 {
        lines += 1 + any(50) as usize;
        let mut command = if stop == 0 {
            tiny(&folder, LONGER)
        } else {
            resume(&folder)
        };
        let mut run = Running::start(&mut command);
        run.wait_for(&folder, lines);
        sleep(Duration::from_micros(any(3000)));
        run.kill();
        println!("killed after line {lines}");
    }
    assert!(!folder.join("report.json").exists());
    succeed(&mut resume(&folder));
    assert_eq!(metrics(&folder), metrics(unbroken.path()));
    assert_eq!(report(&folder), report(unbroken.path()));
}

#[test]
fn a_run_killed_before_its_first_checkpoint_starts_over() {
    let finished = finished();
    let lines = fs::read_to_string(finished.path().join("metrics.jsonl")).expect("read");
    let first = lines.split_inclusive('\n').next().expect("a line");
    // Killed before and after the evaluation at the start.
    for written in ["", first] {
        let folder = Scratch::new();
        let config = folder.path().join("config.toml");
        fs::copy(finished.path().join("config.toml"), config).expect("copied");
        fs::write(folder.path().join("metrics.jsonl"), written).expect("written");
        succeed(&mut resume(folder.path()));
        assert_eq!(metrics(folder.path()), metrics(finished.path()));
        assert_eq!(report(folder.path()), report(finished.path()));
    }
}

#[cfg(unix)]
#[test]
fn signals_stop_with_a_checkpoint() {
    let unbroken = unbroken();
    for signal in ["-INT", "-TERM", "-HUP"] {
        let place = Scratch::new();
        let folder = place.path().join("it's my run");
        let mut run = Running::start(&mut tiny(&folder, LONGER));
        run.wait_for(&folder, 10);
        run.signal(signal);
        let (code, said) = run.finish();
        assert_eq!(code, Some(130), "{signal}: {said}");
        // The checkpoint is of the last iteration, not of the last multiple of seven.
        let done = tagged(&metrics(&folder), "iteration", "iteration").len();
        let output = succeed(&mut pasted(&said));
        let wanted = format!("after iteration {done} of 300");
        assert!(stderr(&output).contains(&wanted), "{wanted}: {}", stderr(&output));
        assert_eq!(metrics(&folder), metrics(unbroken.path()));
        assert_eq!(report(&folder), report(unbroken.path()));
    }
}

#[test]
fn of_a_damaged_checkpoint_the_previous_one_is_used() {
    let finished = finished();
    let folder = unfinished();
    let latest = folder.path().join("checkpoint.bin");
    damage(&latest);
    let output = succeed(&mut resume(folder.path()));
    let said = stderr(&output);
    assert!(
        said.contains(&format!("{} is damaged: its checksum", text(&latest))),
        "{said}"
    );
    assert!(
        said.contains("continuing from") && said.contains("checkpoint.previous.bin"),
        "{said}"
    );
    assert!(said.contains("after iteration 9 of 10"), "{said}");
    assert_eq!(metrics(folder.path()), metrics(finished.path()));
    assert_eq!(report(folder.path()), report(finished.path()));
}

/// Changes a field in a folder's description.
fn edit(folder: &Path, before: &str, after: &str) {
    let config = folder.join("config.toml");
    let written = fs::read_to_string(&config).expect("read");
    let changed = written.replace(before, after);
    assert_ne!(changed, written);
    fs::write(&config, changed).expect("written");
}

/// What was changed would else be in the folder, and not in what was trained.
#[test]
fn what_was_trained_with_cannot_change() {
    let refused = |mut command: Command, parts: &[&str]| {
        let output = command.output().expect("the program starts");
        let said = stderr(&output);
        assert_eq!(output.status.code(), Some(2), "{said}");
        for part in parts.iter().chain(&["config.toml", "rtb run"]) {
            assert!(said.contains(part), "{part} is missing from {said}");
        }
    };
    for folder in [unfinished(), copy_of_finished()] {
        let path = folder.path();
        let with = |flag| {
            let mut command = resume(path);
            command.arg(flag);
            command
        };
        refused(with("--batch=17"), &["rollout.batch: 17 ", "use 16,"]);
        refused(with("--seed=5"), &["seed: 5 ", "use 0,"]);
        refused(with("--iterations=4"), &["training.iterations", "4", "from 10"]);
        edit(path, "batch = 16\n", "batch = 17\n");
        let parts = ["rollout.batch: 17 ", "use 16,"];
        refused(resume(path), &parts);
        refused(rtb(["sample", text(path)]), &parts);
    }
}

#[test]
fn a_finished_run_goes_on_longer() {
    let folder = copy_of_finished();
    let path = folder.path();
    let said = stderr(&succeed(resume(path).arg("--iterations=14")));
    assert!(
        said.contains("training.iterations is now 14 instead of 10")
            && said.contains("after iteration 10 of 14"),
        "{said}"
    );
    assert_eq!(report(path)["iterations"], 14);
    assert_eq!(
        tagged(&metrics(path), "iteration", "iteration"),
        (1..=14).collect::<Vec<_>>()
    );
    assert_eq!(tagged(&metrics(path), "evaluation", "iterations"), [0, 4, 8, 12]);
    assert_eq!(metrics(path)[..13], metrics(finished().path())[..13]);

    // What was done is written down, and holds.
    let again = stdout(&succeed(&mut resume(path)));
    assert!(again.contains("this run is finished"), "{again}");
    edit(path, "samples = 200\n", "samples = 300\n");
    edit(path, "iterations = 14\n", "iterations = 15\n");
    succeed(&mut resume(path));
    let figures = report(path);
    assert_eq!(
        (&figures["iterations"], &figures["samples"]),
        (&15.into(), &300.into())
    );
    // Measured otherwise, without any training.
    succeed(resume(path).arg("--samples=250"));
    assert_eq!(report(path)["samples"], 250);
    assert!(stdout(&succeed(&mut resume(path))).contains("this run is finished"));
}

/// An update breaks the weights, which only a later loss would show: it is no checkpoint, and no end.
#[test]
fn a_run_whose_last_update_breaks_is_not_finished() {
    let place = Scratch::new();
    // The iteration whose update broke the weights, if they broke before the loss.
    let broken = |rate: &str, iterations: usize, every: usize| -> Option<usize> {
        let (length, rate) = (
            format!("--iterations={iterations}"),
            format!("--learning-rate={rate}"),
        );
        let every = format!("--set=training.checkpoint_every={every}");
        let flags = [
            "--steps=2",
            &length,
            &rate,
            &every,
            "--set=optimizer.algorithm=sgd",
            "--set=optimizer.schedule=constant",
            "--set=rollout.exploration=0",
            "--set=evaluation.every=0",
        ];
        let folder = place.path().join("run");
        let output = tiny(&folder, &flags).output().expect("the program starts");
        let said = stderr(&output);
        assert_eq!(output.status.code(), Some(1), "{said}");
        for name in ["report.json", "weights.safetensors"] {
            assert!(!folder.join(name).exists(), "{name}");
        }
        fs::remove_dir_all(folder).expect("removed");
        let (_, at) = said.split_once("the weights are no longer numbers at iteration ")?;
        at.split_once(';')?.0.parse().ok()
    };
    let mut rates = ["1", "0.7", "0.5", "0.4"].into_iter();
    let found = rates.find_map(|rate| Some((rate, broken(rate, 50, 1)?)));
    let (rate, breaks) = found.expect("a rate that breaks weights");
    assert_eq!(broken(rate, breaks, 100), Some(breaks));
}

/// Neither output is read to its end.
#[cfg(unix)]
#[test]
fn a_closed_pipe_does_not_stop_a_run() {
    let place = Scratch::new();
    let folder = place.path().join("run");
    let mut command = tiny(&folder, &[]);
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().expect("the program starts");
    drop((child.stdout.take(), child.stderr.take()));
    assert!(child.wait().expect("a child").success());
    assert_eq!(report(&folder), report(finished().path()));
}

#[cfg(unix)]
#[test]
fn a_closed_terminal_does_not_stop_a_run_under_nohup() {
    let unbroken = unbroken();
    let place = Scratch::new();
    let folder = place.path().join("run");
    let mut run = Running::start(&mut after("trap '' HUP", &tiny(&folder, LONGER)));
    run.wait_for(&folder, 10);
    run.signal("-HUP");
    let (code, said) = run.finish();
    assert_eq!(code, Some(0), "{said}");
    assert_eq!(metrics(&folder), metrics(unbroken.path()));
}

#[cfg(unix)]
#[test]
fn a_full_disk_stops_with_a_checkpoint() {
    let unbroken = unbroken();
    let place = Scratch::new();
    let folder = place.path().join("run");
    // In blocks of 512 bytes: room for a checkpoint, not for all metrics.
    let mut limited = after("ulimit -f 80", &tiny(&folder, LONGER));
    let output = limited.output().expect("the shell starts");
    let said = stderr(&output);
    assert_eq!(output.status.code(), Some(2), "{said}");
    assert!(said.contains("metrics.jsonl: cannot write the metrics"), "{said}");
    assert!(!said.contains("panicked"), "{said}");
    let output = succeed(&mut pasted(&said));
    assert!(
        !stderr(&output).contains("after iteration 0 "),
        "{}",
        stderr(&output)
    );
    assert_eq!(metrics(&folder), metrics(unbroken.path()));
    assert_eq!(report(&folder), report(unbroken.path()));
}

/// It is read once, whether the run has been finished or not.
#[test]
fn a_damaged_checkpoint_of_a_finished_run_is_named_once() {
    let folder = copy_of_finished();
    damage(&folder.path().join("checkpoint.bin"));
    let said = stderr(&succeed(resume(folder.path()).arg("--iterations=12")));
    assert_eq!(said.matches("is damaged").count(), 1, "{said}");
}

#[test]
fn two_damaged_checkpoints_are_an_error() {
    let folder = unfinished();
    damage(&folder.path().join("checkpoint.bin"));
    fs::write(folder.path().join("checkpoint.previous.bin"), "not a checkpoint").expect("written");
    for mut command in [resume(folder.path()), rtb(["sample", text(folder.path())])] {
        let output = command.output().expect("the program starts");
        assert_eq!(output.status.code(), Some(1));
        let said = stderr(&output);
        for part in [
            "checkpoint.bin: its checksum",
            "checkpoint.previous.bin: it is not a checkpoint",
            "config.toml",
        ] {
            assert!(said.contains(part), "{part} is missing from {said}");
        }
    }
}

#[test]
fn lost_checkpoints_do_not_cost_the_metrics() {
    let finished = finished();
    let folder = unfinished();
    for name in ["checkpoint.bin", "checkpoint.previous.bin"] {
        fs::remove_file(folder.path().join(name)).expect("removed");
    }
    let output = resume(folder.path()).output().expect("the program starts");
    assert_eq!(output.status.code(), Some(1));
    assert!(
        stderr(&output).contains("both checkpoint files are missing"),
        "{}",
        stderr(&output)
    );
    assert_eq!(metrics(folder.path()), metrics(finished.path()));
}
