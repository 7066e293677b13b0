//! Runs that are killed at any moment, again and again, end like unbroken ones: a hundred kills, over all tasks.

use super::digits::untrained;
use super::scratch::Scratch;
use super::support::{Running, metrics, report, resume, rtb, succeed, text, tiny};
use burn::tensor::Device;
use rtb::engine::noise::Noise;
use rtb::network::TransformerConfig;
use rtb::task::text::{LanguageModel, Layout, Reader};
use serde_json::Value;
use std::fs;
use std::path::Path;
use std::process::Command;
use std::thread::sleep;
use std::time::Instant;

/// What every short run is like.
const SHORT: &[&str] = &[
    "--steps=3",
    "--batch=8",
    "--iterations=12",
    "--samples=100",
    "--set=evaluation.proposals=100",
    "--set=evaluation.samples_while_training=16",
    "--set=training.checkpoint_every=2",
];

/// Files in which is how long a run took.
const TIMED: &[&str] = &[
    "report.json",
    "metrics.jsonl",
    "checkpoint.bin",
    "checkpoint.previous.bin",
    "overview.png",
];

/// Numbers from 0 to 1, the same in every run of the tests (SplitMix64).
struct Moments(u64);

impl Moments {
    fn next(&mut self) -> f64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (z ^ (z >> 31)) as f64 / u64::MAX as f64
    }
}

/// Whether two finished folders hold the same, but for what the clock says.
fn assert_same(broken: &Path, whole: &Path) {
    assert_same_without(&[], broken, whole);
}

/// The same without these figures.
pub fn assert_same_without(figures: &[&str], broken: &Path, whole: &Path) {
    let without = |mut line: Value| {
        let object = line.as_object_mut().expect("an object");
        object.retain(|name, _| !figures.contains(&name.as_str()));
        line
    };
    let report = |folder: &Path| without(report(folder));
    let metrics = |folder: &Path| metrics(folder).into_iter().map(without).collect::<Vec<_>>();
    let names = |folder: &Path| {
        let entries = fs::read_dir(folder).expect("a folder");
        let mut names: Vec<_> = entries
            .map(|entry| entry.expect("an entry").file_name())
            .collect();
        names.sort();
        names
    };
    assert_eq!(names(broken), names(whole));
    assert_eq!(report(broken), report(whole));
    assert_eq!(metrics(broken), metrics(whole));
    for name in names(whole) {
        let timed = TIMED.iter().any(|timed| name == *timed);
        let bytes = |folder: &Path| fs::read(folder.join(&name)).expect("read");
        assert!(
            timed || bytes(broken) == bytes(whole),
            "{} differs",
            name.display()
        );
    }
}

/// Kills a run and goes on with it, so many times; where it ends before, another begins. `start` is the command
/// of a run into a folder.
fn survives(kills: usize, place: &Path, start: impl Fn(&Path) -> Command) {
    let whole = place.join("whole");
    let begun = Instant::now();
    succeed(&mut start(&whole));
    let usual = begun.elapsed();
    let mut moments = Moments(kills as u64);
    let mut runs = 0;
    let mut folder = place.join("0");
    for _ in 0..kills {
        let mut command = match folder.join("config.toml").exists() {
            true => resume(&folder),
            // It was killed before it wrote what it is.
            false => {
                let _ = fs::remove_dir_all(&folder);
                start(&folder)
            }
        };
        let run = Running::start(&mut command);
        sleep(usual.mul_f64(moments.next()));
        let (code, said) = run.kill();
        assert!(matches!(code, None | Some(0)), "{code:?}: {said}");
        if folder.join("report.json").exists() {
            assert_same(&folder, &whole);
            runs += 1;
            folder = place.join(runs.to_string());
        }
    }
    if folder.join("config.toml").exists() {
        succeed(&mut resume(&folder));
        assert_same(&folder, &whole);
    }
}

/// `rtb run PRESET` above the prior that is set, into `out`.
fn short(preset: &str, prior: &str, out: &Path) -> Command {
    let mut command = rtb(["run", preset, "--out", text(out), prior]);
    command.args(SHORT);
    command
}

#[test]
fn killed_runs_of_mixtures_end_like_unbroken_ones() {
    let place = Scratch::new();
    survives(45, place.path(), |out| {
        tiny(out, &["--iterations=40", "--set=rollout.replay_share=0.25"])
    });
}

#[test]
fn killed_runs_of_digits_end_like_unbroken_ones() {
    let place = Scratch::new();
    let prior = untrained(place.path());
    survives(20, place.path(), |out| {
        let mut command = short("digits-ink", &prior, out);
        command.args(["--set=evaluation.every=4", "--set=evaluation.candidates=2"]);
        command
    });
}

#[test]
fn killed_runs_of_stories_end_like_unbroken_ones() {
    let place = Scratch::new();
    let prior = place.path().join("prior.safetensors");
    let layout = Layout {
        before: 40,
        gap: 4,
        after: 40,
    };
    let words = "<nothing>\n<unknown>\ntom\nwas\nwalking\nhome\nfrom\nschool\na\ndog\n.";
    let reader = Reader::new(words, layout).expect("they are words");
    let config = TransformerConfig {
        words: reader.vocabulary.len(),
        width: 8,
        heads: 2,
        layers: 1,
        embedding: 8,
        causal: false,
    };
    let network = config.init(&Noise::new(0), &Device::flex());
    let model = LanguageModel { network, reader };
    let file = pollster::block_on(model.file()).expect("the processor answers");
    fs::write(&prior, file).expect("written");
    let prior = format!("--set=prior.weights={}", text(&prior));
    survives(35, place.path(), |out| {
        let mut command = short("story-dog", &prior, out);
        command.arg("--set=evaluation.every=4");
        command
    });
}
