//! Commands, tiny runs and what is read of their folders.

use super::scratch::Scratch;
use serde_json::Value;
use std::fs;
use std::io::{BufRead, BufReader, Read};
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};
use std::sync::{Arc, Mutex, Weak};
use std::thread::sleep;
use std::time::{Duration, Instant};

/// A run of a moment.
pub const TINY: &[&str] = &[
    "--steps=5",
    "--batch=16",
    "--width=8",
    "--iterations=10",
    "--samples=200",
    "--set=evaluation.proposals=200",
    "--set=evaluation.every=4",
    "--set=evaluation.samples_while_training=100",
    "--set=training.checkpoint_every=3",
];

/// The same, long enough to be killed on the way.
pub const LONGER: &[&str] = &["--iterations=300", "--set=training.checkpoint_every=7"];

pub const KEYS: &[&str] = &[
    "log_z_learned",
    "log_z_importance",
    "log_z_exact",
    "elbo",
    "eubo",
    "ess",
    "mode_total_variation",
    "excluded_mass",
    "within_mode_variance",
    "residual_mean",
    "residual_std",
    "iterations",
    "seconds_per_iteration",
    "seconds",
    "seed",
    "device",
];

pub const FILES: &[&str] = &[
    "config.toml",
    "metrics.jsonl",
    "report.json",
    "weights.safetensors",
    "checkpoint.bin",
    "checkpoint.previous.bin",
    "prior.png",
    "reward.png",
    "learned.png",
    "exact.png",
    "curves.png",
    "curves.svg",
    "overview.png",
];

pub fn rtb<'a>(args: impl IntoIterator<Item = &'a str>) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_rtb"));
    command.args(args);
    command
}

/// `rtb run 25-to-9` with the flags of a tiny run and more, into `out`.
pub fn tiny(out: &Path, more: &[&str]) -> Command {
    let mut command = rtb(["run", "25-to-9", "--out", text(out)]);
    // Flags take the place of those of `TINY`; settings come after them.
    let (sets, flags): (Vec<&str>, Vec<&str>) = more.iter().partition(|f| f.starts_with("--set"));
    let given = |flag: &&&str| {
        !flags
            .iter()
            .any(|f| f.split('=').next() == flag.split('=').next())
    };
    command.args(TINY.iter().filter(given)).args(&flags).args(&sets);
    command
}

pub fn resume(folder: &Path) -> Command {
    rtb(["run", "--resume", text(folder)])
}

pub fn text(path: &Path) -> &str {
    path.to_str().expect("paths of tests are text")
}

/// Whether scripts in Python run here.
pub fn has_python() -> bool {
    let python = Command::new("python3").arg("--version").output();
    python.is_ok_and(|output| output.status.success())
}

/// Runs a command that must succeed.
pub fn succeed(command: &mut Command) -> Output {
    let output = command.output().expect("the program starts");
    assert!(output.status.success(), "{command:?}\n{}", stderr(&output));
    output
}

pub fn stdout(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).expect("text")
}

pub fn stderr(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).expect("text")
}

/// JSON without wall times.
pub fn timeless(json: &str) -> Value {
    let mut value: Value = serde_json::from_str(json).expect("JSON");
    let object = value.as_object_mut().expect("an object");
    object.remove("seconds");
    object.remove("seconds_per_iteration");
    value
}

pub fn report(folder: &Path) -> Value {
    timeless(&fs::read_to_string(folder.join("report.json")).expect("report.json"))
}

pub fn metrics(folder: &Path) -> Vec<Value> {
    let text = fs::read_to_string(folder.join("metrics.jsonl")).expect("metrics.jsonl");
    text.lines().map(timeless).collect()
}

/// A finished run that tests read, but do not change. It is made once, shared while tests need
/// it, and goes away with the last of them.
pub struct Finished {
    folder: Scratch,
    pub output: Output,
}

impl Finished {
    pub fn path(&self) -> &Path {
        self.folder.path()
    }

    fn shared(slot: &Mutex<Weak<Self>>, flags: &[&str]) -> Arc<Self> {
        let mut slot = slot.lock().expect("the run was made");
        slot.upgrade().unwrap_or_else(|| {
            let folder = Scratch::new();
            let output = succeed(&mut tiny(folder.path(), flags));
            let made = Arc::new(Self { folder, output });
            *slot = Arc::downgrade(&made);
            made
        })
    }
}

/// A tiny run.
pub fn finished() -> Arc<Finished> {
    static SLOT: Mutex<Weak<Finished>> = Mutex::new(Weak::new());
    Finished::shared(&SLOT, &[])
}

/// A longer run, against which broken ones are held.
pub fn unbroken() -> Arc<Finished> {
    static SLOT: Mutex<Weak<Finished>> = Mutex::new(Weak::new());
    Finished::shared(&SLOT, LONGER)
}

/// A field of the lines with a tag.
pub fn tagged(metrics: &[Value], tag: &str, field: &str) -> Vec<u64> {
    let lines = metrics.iter().filter(|line| line["tag"] == tag);
    lines
        .map(|line| line[field].as_u64().expect("a number"))
        .collect()
}

/// A run that is killed if the test fails.
pub struct Running(Child);

impl Running {
    pub fn start(command: &mut Command) -> Self {
        let child = command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn();
        Self(child.expect("the program starts"))
    }

    /// Waits until the run has written so many lines of metrics.
    pub fn wait_for(&mut self, folder: &Path, lines: usize) {
        let patience = Instant::now() + Duration::from_secs(30);
        let written = || {
            fs::read(folder.join("metrics.jsonl")).map_or(0, |b| b.iter().filter(|b| **b == b'\n').count())
        };
        while written() < lines {
            let ended = self.0.try_wait().expect("a child");
            assert!(
                ended.is_none(),
                "the run ended with {ended:?} before line {lines}"
            );
            assert!(Instant::now() < patience, "no line {lines} in 30 s");
            sleep(Duration::from_millis(1));
        }
    }

    #[cfg(unix)]
    /// Waits until the program has said this on standard error.
    pub fn wait_for_line(&mut self, part: &str) {
        let mut pipe = BufReader::new(self.0.stderr.as_mut().expect("piped"));
        let mut said = String::new();
        while !said.contains(part) {
            let read = pipe.read_line(&mut said).expect("text");
            assert!(read > 0, "the program ended without {part}: {said}");
        }
    }

    /// Kills it. The code is none, unless it has ended before.
    pub fn kill(mut self) -> (Option<i32>, String) {
        self.0.kill().expect("killed");
        self.ended()
    }

    #[cfg(unix)]
    pub fn signal(&self, name: &str) {
        let id = self.0.id().to_string();
        let sent = Command::new("kill").args([name, &id]).status();
        assert!(sent.expect("kill starts").success());
    }

    #[cfg(unix)]
    pub fn finish(mut self) -> (Option<i32>, String) {
        self.ended()
    }

    /// Its code, and what it said on standard error.
    fn ended(&mut self) -> (Option<i32>, String) {
        let mut said = String::new();
        let mut pipe = self.0.stderr.take().expect("piped");
        pipe.read_to_string(&mut said).expect("text");
        (self.0.wait().expect("a child").code(), said)
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // It has most often ended by now.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}
