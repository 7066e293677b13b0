//! Runs that are killed, stopped or damaged end like unbroken ones.

use super::scratch::Scratch;
use super::support::{
    FILES, LONGER, Running, finished, metrics, report, resume, rtb, stderr, succeed, tagged, text, tiny,
    unbroken,
};
use std::collections::hash_map::RandomState;
use std::fs;
use std::hash::{BuildHasher, Hasher};
use std::path::Path;
use std::thread::sleep;
use std::time::Duration;

/// A copy of the finished tiny run that looks as if it had been stopped before its report.
fn unfinished() -> Scratch {
    let finished = finished();
    let copy = Scratch::new();
    for name in FILES.iter().filter(|name| **name != "report.json") {
        fs::copy(finished.path().join(name), copy.path().join(name)).expect("copied");
    }
    copy
}

/// Flips a bit in the middle of a file.
fn damage(path: &Path) {
    let mut bytes = fs::read(path).expect("read");
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    fs::write(path, bytes).expect("written");
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
    for signal in ["-INT", "-TERM"] {
        let place = Scratch::new();
        let folder = place.path().join("run");
        let mut run = Running::start(&mut tiny(&folder, LONGER));
        run.wait_for(&folder, 10);
        run.signal(signal);
        let (code, said) = run.finish();
        assert_eq!(code, Some(130), "{signal}: {said}");
        assert!(
            said.contains(&format!("rtb run --resume {}", text(&folder))),
            "{said}"
        );
        // The checkpoint is of the last iteration, not of the last multiple of seven.
        let done = tagged(&metrics(&folder), "iteration", "iteration").len();
        let output = succeed(&mut resume(&folder));
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

/// What was changed would else be in the folder, and not in what was trained.
#[test]
fn a_changed_description_is_not_gone_on_with() {
    let folder = unfinished();
    let config = folder.path().join("config.toml");
    let written = fs::read_to_string(&config).expect("read");
    let changed = written.replace("iterations = 10\n", "iterations = 11\n");
    assert_ne!(changed, written);
    fs::write(&config, changed).expect("written");
    for mut command in [resume(folder.path()), rtb(["sample", text(folder.path())])] {
        let output = command.output().expect("the program starts");
        assert_eq!(output.status.code(), Some(2));
        let said = stderr(&output);
        for part in ["config.toml", "training.iterations", "`11`", "`10`", "rtb run"] {
            assert!(said.contains(part), "{part} is missing from {said}");
        }
    }
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
