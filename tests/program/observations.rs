//! A run over a table of observations, in its folder.

use super::scratch::Scratch;
use super::support::{report, rtb, stderr, stdout, succeed, text};
use std::fs;
use std::path::Path;

const ROWS: usize = 12;

/// A run of a moment, in whose folder the tables lie.
fn description(folder: &Path) -> String {
    let table = |name: &str| text(&folder.join(name)).to_owned();
    format!(
        r#"
        task = "points"
        process.steps = 5
        network.width = 8
        rollout.batch = 64
        training.iterations = 6
        objective.log_z = "vargrad"
        [evaluation]
        samples = 200
        proposals = 500
        every = 3
        samples_while_training = 100
        [prior]
        kind = "marginals"
        [[prior.coordinates]]
        family = "normal"
        name = "theta"
        mean = 0.0
        deviation = 1.0
        [reward]
        kind = "formula"
        logarithm = true
        expression = "-(y - theta)^2"
        [observations]
        file = '{}'
        truth = '{}'
        "#,
        table("y.csv"),
        table("theta.csv")
    )
}

fn run(folder: &Path) -> String {
    let values = |name: &str| {
        let rows: String = (0..ROWS)
            .map(|row| format!("{}\n", row as f64 / 4.0 - 1.0))
            .collect();
        format!("{name}\n{rows}")
    };
    for name in ["y", "theta"] {
        fs::write(folder.join(format!("{name}.csv")), values(name)).expect("a table");
    }
    let file = folder.join("run.toml");
    fs::write(&file, description(folder)).expect("a description");
    let out = folder.join("run");
    stdout(&succeed(&mut rtb(["run", text(&file), "--out", text(&out)])))
}

/// The last column of samples.
fn observations(samples: &str) -> Vec<&str> {
    let mut lines = samples.lines();
    assert_eq!(lines.next(), Some("theta,observation"));
    lines.filter_map(|line| line.split(',').next_back()).collect()
}

#[test]
fn a_table_of_observations_is_learned_and_sampled_by_row() {
    let scratch = Scratch::new();
    let printed = run(scratch.path());
    let folder = scratch.path().join("run");
    assert!(printed.contains("Calibration of every coordinate"), "{printed}");
    let calibration = fs::read_to_string(folder.join("calibration.csv")).expect("calibration.csv");
    assert!(
        calibration.starts_with("coordinate,p-value,distance,50 %,80 %,95 %\ntheta,"),
        "{calibration}"
    );
    let report = report(&folder);
    assert_eq!(report["conditions"].as_array().map(Vec::len), Some(ROWS));
    assert_eq!(report["conditions"][4]["observation"], 5);
    assert!(report["sbc_p"][0].is_number(), "{report}");
    assert_eq!(report["sbc_counts"].as_array().map(Vec::len), Some(2));
    for name in ["calibration.png", "calibration.svg", "corner.svg"] {
        assert!(folder.join(name).exists(), "{name}");
    }
    let svg = fs::read_to_string(folder.join("calibration.svg")).expect("a picture");
    assert!(svg.contains("theta") && svg.contains("coverage"), "{svg}");

    // Evaluated again, its table is printed as well, and is the same.
    let again = stdout(&succeed(&mut rtb([
        "evaluate",
        text(&folder),
        "--samples",
        "100",
    ])));
    let table = |printed: &str| {
        let from = printed.find("Calibration of every coordinate").expect("a table");
        let lines = printed[from..].lines().take_while(|line| !line.is_empty());
        lines
            .filter(|line| !line.starts_with("Run folder"))
            .collect::<Vec<_>>()
            .join("\n")
    };
    assert_eq!(table(&again), table(&printed));

    // The folder has the tables that it needs.
    for name in ["y.csv", "theta.csv"] {
        fs::remove_file(scratch.path().join(name)).expect("it was there");
    }
    let sample = |more: &[&str]| {
        let mut command = rtb(["sample", text(&folder), "--count", "15"]);
        command.args(more);
        command
    };
    let one = stdout(&succeed(&mut sample(&["--observation", "3"])));
    assert_eq!(observations(&one), ["3"; 15]);
    let in_turn: Vec<String> = (0..15).map(|row| (row % ROWS + 1).to_string()).collect();
    assert_eq!(observations(&stdout(&succeed(&mut sample(&[])))), in_turn);

    let refused = |more: &[&str]| {
        let output = sample(more).output().expect("the program starts");
        assert!(!output.status.success(), "{more:?}");
        stderr(&output)
    };
    let error = refused(&["--observation", "13"]);
    assert!(error.contains("from 1 to 12"), "{error}");
    let file = scratch.path().join("samples.npy");
    let error = refused(&["--out", text(&file)]);
    assert!(
        error.contains("a single observation with --observation"),
        "{error}"
    );
}

#[test]
fn a_posterior_is_distilled_and_sampled_in_one_step() {
    let scratch = Scratch::new();
    run(scratch.path());
    let folder = scratch.path().join("run");
    let distill = |folder: &Path| {
        let mut command = rtb(["distill", text(folder)]);
        command.args([
            "--iterations",
            "20",
            "--batch",
            "64",
            "--width",
            "8",
            "--depth",
            "1",
        ]);
        command
    };
    let printed = stdout(&succeed(&mut distill(&folder)));
    assert!(
        printed.contains("one step") && printed.contains("distance of the marginals"),
        "{printed}"
    );
    let record = fs::read_to_string(folder.join("one-step.json")).expect("a record");
    let record: serde_json::Value = serde_json::from_str(&record).expect("JSON");
    assert!(
        record["figures"]["one_step"]["marginal_error"].is_number(),
        "{record}"
    );
    assert!(record["figures"]["sampler"]["log_reward"].is_number(), "{record}");

    let sample = |folder: &Path, more: &[&str]| {
        let mut command = rtb(["sample", text(folder), "--count", "15", "--distilled"]);
        command.args(more);
        command
    };
    let drawn = |more: &[&str]| stdout(&succeed(&mut sample(&folder, more)));
    assert_eq!(observations(&drawn(&["--observation", "3"])), ["3"; 15]);
    assert_eq!(drawn(&["--seed", "7"]), drawn(&["--seed", "7"]));
    assert_ne!(drawn(&["--seed", "7"]), drawn(&["--seed", "8"]));

    // Another run's sampler is not taken for this one's.
    let other = Scratch::new();
    run(other.path());
    let other = other.path().join("run");
    let file = folder.join("one-step.safetensors");
    let none = sample(&other, &[]).output().expect("the program starts");
    assert!(
        stderr(&none).contains("cannot read the one-step sampler"),
        "{}",
        stderr(&none)
    );
    let own = format!("--distilled={}", text(&file));
    let mut command = rtb(["sample", text(&other), &own]);
    let refused = stderr(&command.output().expect("the program starts"));
    assert!(
        refused.contains("--distilled: `") && refused.contains("another observations.file"),
        "{refused}"
    );
    let both = sample(&folder, &["--weights"])
        .output()
        .expect("the program starts");
    assert!(!both.status.success(), "it has no weights");
}
