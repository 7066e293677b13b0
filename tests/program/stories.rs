//! Runs on stories, from their start to what is written and compared.

use super::scratch::Scratch;
use super::support::{metrics, report, resume, rtb, stderr, stdout, succeed, tagged, text};
use rtb::engine::weights::read_tensors;
use std::fs;

pub const TINY: &[&str] = &[
    "--steps=3",
    "--batch=4",
    "--iterations=2",
    "--samples=100",
    "--set=evaluation.proposals=100",
    "--set=evaluation.every=2",
    "--set=evaluation.samples_while_training=16",
];

#[test]
fn a_run_writes_middles() {
    let place = Scratch::new();
    let folder = place.path().join("run");
    let line = ["run", "story-dog", "--out", text(&folder)];
    let table = stdout(&succeed(rtb(line).args(TINY)));
    for row in [
        "mean log r of the prior",
        "distinct-2",
        "100 weighted stories of the prior",
    ] {
        assert!(table.contains(row), "{row} is missing from\n{table}");
    }
    let figures = report(&folder);
    assert_eq!(figures["truth"], "importance_weighted");
    for key in [
        "distinct",
        "distinct_prior",
        "words",
        "words_exact",
        "log_reward_prior",
        "log_z_exact",
    ] {
        assert!(figures[key].is_number(), "{key} in {figures}");
    }
    assert_eq!(tagged(&metrics(&folder), "evaluation", "iterations"), [0, 2]);
    for (name, lines) in [("prior.txt", 8), ("learned.txt", 100), ("exact.txt", 8)] {
        let written = fs::read_to_string(folder.join(name)).unwrap_or_else(|e| panic!("{name}: {e}"));
        assert_eq!(written.lines().count(), lines, "{name}");
        assert!(!written.contains('<'), "{name} has words that are not known");
    }
    let picture = fs::read(folder.join("overview.png")).expect("drawn");
    assert!(picture.starts_with(b"\x89PNG"));

    // A run that is stopped before its report goes on without a loss.
    let before = metrics(&folder);
    fs::remove_file(folder.join("report.json")).expect("removed");
    succeed(&mut resume(&folder));
    assert_eq!(metrics(&folder), before);
    assert_eq!(report(&folder), figures);

    let written = stdout(&succeed(&mut rtb(["sample", text(&folder), "--count=16"])));
    let learned = fs::read_to_string(folder.join("learned.txt")).expect("written");
    assert_eq!(written.lines().count(), 16);
    assert!(learned.starts_with(&written), "{written} begins {learned}");
    let file = place.path().join("tokens.safetensors");
    succeed(&mut rtb([
        "sample",
        text(&folder),
        "--count=16",
        "--out",
        text(&file),
    ]));
    let tensors = read_tensors(&fs::read(&file).expect("written"))
        .expect("safetensors")
        .tensors;
    let (_, shape, values) = &tensors[0];
    assert_eq!(shape.as_slice(), &[16, 72]);
    // The beginning ends at the gap.
    assert!(values[..72].iter().all(|token| token.fract() == 0.0) && values[39] > 1.0);
    let weighed = stdout(&succeed(&mut rtb([
        "sample",
        text(&folder),
        "--count=16",
        "--weights",
    ])));
    for (line, middle) in weighed.lines().zip(written.lines()) {
        let (said, weight) = line.split_once('\t').expect("a weight after a tab");
        assert_eq!(said, middle);
        assert!(weight.parse::<f64>().is_ok_and(f64::is_finite), "{weight}");
    }
    let refused = rtb(["sample", text(&folder), "--out=middles.png"])
        .output()
        .expect("it runs");
    assert!(
        stderr(&refused).contains("a picture of stories is not allowed; use a file name that ends in .txt"),
        "{}",
        stderr(&refused)
    );
}

#[test]
fn methods_are_compared_on_stories() {
    let place = Scratch::new();
    let folder = place.path().join("comparison");
    let line = [
        "compare",
        "story-dog-ending",
        "--method=importance",
        "--method=smc",
        "--method=smc:points=4",
        "--method=rtb",
        "--out",
        text(&folder),
    ];
    let table = stdout(&succeed(rtb(line).args(TINY).arg("--set=evaluation.every=0")));
    for words in ["distinct-2", "Importance", "RTB", "Mean log r, exact"] {
        assert!(table.contains(words), "{words} is missing from\n{table}");
    }
    let refused = "words have no expected end point";
    assert!(table.contains(refused), "{refused} is missing from\n{table}");
    let csv = fs::read_to_string(folder.join("outcomes.csv")).expect("written");
    assert!(
        csv.lines().any(|line| line.starts_with("SMC (RNE),")) && !csv.contains("points=4"),
        "{csv}"
    );
    assert!(
        csv.starts_with("label,") && csv.contains("distinct_prior,words"),
        "{csv}"
    );
}

#[test]
fn iterations_and_tokens_are_timed() {
    let line = ["bench", "story-dog", "--count=1", "--draw=2"];
    let said = stdout(&succeed(rtb(line).args(TINY)));
    for part in [
        "milliseconds per iteration over 1 iterations",
        "  rollout",
        "2 samples in",
        " tokens/s",
    ] {
        assert!(said.contains(part), "{part} is missing from\n{said}");
    }
    let points = ["bench", "--count=1", "--draw=20", "--steps=5", "--batch=16"];
    assert!(stdout(&succeed(&mut rtb(points))).contains(" samples/s"));
    // An error that is never reached ends with the run.
    let never = ["--until=0", "--iterations=12", "--samples=100", "--width=8"];
    let output = succeed(rtb(points).args(never));
    assert!(stdout(&output).contains(" at the end of the run, after 12 iterations"));
    assert!(
        stderr(&output).contains("for at most 12 iterations"),
        "{}",
        stderr(&output)
    );
}

#[test]
fn stories_that_are_refused_are_named() {
    let said = |flags: &[&str]| {
        let output = rtb(["run", "story-bike"]).args(flags).output().expect("it runs");
        assert!(!output.status.success());
        stderr(&output)
    };
    let long = format!("--set=story.beginning={}", "so ".repeat(41));
    let told = said(&[&long]);
    assert!(
        told.contains("story.beginning") && told.contains("41 words"),
        "{told}"
    );
    assert!(said(&["--set=story.middle=x"]).contains("middle"));
    assert!(said(&["--set=story.ending="]).contains("story.ending"));
    assert!(said(&["--set=reward.kind=ink"]).contains("reward"));
}
