//! What `rtb compare` and `rtb density` compute, write and say.

use super::scratch::Scratch;
use super::support::{Running, rtb, stderr, stdout, succeed, text};
use std::collections::HashSet;
use std::fs;
use std::path::Path;

const FILES: [&str; 6] = [
    "config.toml",
    "outcomes.csv",
    "trials.toml",
    "comparison.md",
    "comparison.png",
    "comparison.svg",
];

/// A comparison of a moment.
const TINY: &[&str] = &[
    "--steps=5",
    "--batch=16",
    "--width=8",
    "--iterations=10",
    "--samples=200",
    "--set=evaluation.proposals=200",
    "--set=evaluation.samples_while_training=100",
];

fn read(folder: &Path, name: &str) -> String {
    fs::read_to_string(folder.join(name)).unwrap_or_else(|e| panic!("{name}: {e}"))
}

/// The rows of the first Markdown table, without its heading.
fn rows(markdown: &str) -> Vec<&str> {
    markdown.lines().filter(|l| l.starts_with("| ")).skip(2).collect()
}

#[test]
fn methods_are_compared() {
    let place = Scratch::new();
    let folder = place.path().join("out");
    let mut command = rtb(["compare", "25-to-9", "--seeds=0,1", "--vary=process.steps=4,6"]);
    command.args(TINY).args(["--out", text(&folder)]);
    command.args([
        "--method=rtb",
        "--method=dps:scale=0.5",
        "--method=smc:particles=100",
    ]);
    let output = succeed(&mut command);

    let written: HashSet<_> = fs::read_dir(&folder)
        .expect("a folder")
        .map(|e| e.expect("an entry").file_name())
        .collect();
    assert_eq!(written, FILES.map(Into::into).into());
    // Maps are pictures below the shapes; names are text.
    let svg = fs::read_to_string(folder.join("comparison.svg")).expect("written");
    assert_eq!(svg.matches("<image ").count(), 1);
    assert!(svg.contains("href=\"data:image/png;base64,iVBORw0KGgo"));
    assert!(svg.contains("exact posterior\n</text>") && svg.contains("density\n</text>"));
    let png = fs::read(folder.join("comparison.png")).expect("written");
    assert!(png.starts_with(b"\x89PNG"));

    let csv = read(&folder, "outcomes.csv");
    let columns = csv.lines().next().expect("a heading").split(',').count();
    let (finals, looks): (Vec<&str>, Vec<&str>) =
        csv.lines().skip(1).partition(|line| line.contains(",true,"));
    // Two values, three methods, two seeds; RTB is also looked at after nine tenths.
    assert_eq!((finals.len(), looks.len()), (12, 2 * 2 * 9));
    assert!(looks.iter().all(|line| line.starts_with("RTB,process.steps,")));
    assert!(
        finals
            .iter()
            .any(|line| line.starts_with("DPS (scale=0.5),process.steps,6,true,dps,"))
    );
    for line in finals.iter().filter(|line| line.starts_with("RTB,")) {
        let cells: Vec<&str> = line.split(',').collect();
        // The device's name holds a comma.
        assert!((columns..=columns + 1).contains(&cells.len()), "{line}");
        let variation: f64 = cells[13].parse().expect("a number");
        assert!((0.0..=1.0).contains(&variation), "{line}");
    }

    let markdown = read(&folder, "comparison.md");
    assert!(markdown.starts_with("# 25 Gaussians → 9\n"));
    let rows = rows(&markdown);
    // Three methods and the exact posterior at each of two values.
    assert_eq!(rows.len(), 8, "{markdown}");
    let (exact, methods): (Vec<&str>, Vec<&str>) = rows
        .iter()
        .partition(|row| row.starts_with("| Exact posterior | "));
    assert_eq!(exact.len(), 2, "{markdown}");
    assert!(methods.iter().all(|row| row.contains(" ± ")), "{markdown}");
    assert!(rows[1].starts_with("| DPS (scale=0.5) | 4 |"), "{markdown}");
    let table = stdout(&output);
    for part in [
        "SMC (RNE) (particles=100)",
        "Mean ± standard deviation over the seeds 0, 1.",
        "process.steps = 4: ",
        "SMC (RNE) (particles=100) (",
        "quadrature",
        text(&folder),
    ] {
        assert!(table.contains(part), "{part} is missing from\n{table}");
    }

    // What is written repeats the comparison.
    let command = markdown
        .lines()
        .find_map(|l| l.strip_prefix("rtb "))
        .expect("a command");
    let words = shlex::split(command).expect("a shell reads it");
    let words = words.iter().map(String::as_str);
    let again = succeed(rtb(words.chain(["--out=again", "--quiet"])).current_dir(&folder));
    assert_eq!(stderr(&again), "");
    let timeless = |csv: String| -> Vec<String> {
        let lines = csv.lines().skip(1);
        lines
            .map(|l| {
                l.split(',')
                    .enumerate()
                    .filter(|(i, _)| ![19, 20].contains(i))
                    .map(|(_, c)| c)
                    .collect()
            })
            .collect()
    };
    assert_eq!(
        timeless(read(&folder.join("again"), "outcomes.csv")),
        timeless(csv)
    );
}

/// Where problems are varied, each has a row, and the median and the worst follow.
#[test]
fn problems_are_compared() {
    let place = Scratch::new();
    let folder = place.path().join("out");
    let mut command = rtb([
        "compare",
        "unseen",
        "--vary=problem=unseen-1-1,unseen-1-5,moons-disc",
    ]);
    command.args(TINY).args(["--out", text(&folder)]);
    command.arg("--set=evaluation.candidates=4");
    succeed(&mut command);
    let markdown = read(&folder, "comparison.md");
    let heading = markdown
        .lines()
        .find(|line| line.starts_with("| method"))
        .expect("a table");
    let heading = heading.replace("\\|", "");
    let columns: Vec<&str> = heading.split('|').map(str::trim).collect();
    let of_tv: Vec<usize> = (0..columns.len())
        .filter(|c| columns[*c].starts_with("TV of mode"))
        .collect();
    assert_eq!(of_tv, [3, 4, 5], "{heading}");
    assert!(
        columns[4].ends_with("1 of 4") && columns[5].ends_with("perfect"),
        "{heading}"
    );

    let rows = rows(&markdown);
    let cells = |row: &str| -> Vec<String> { row.split('|').map(|cell| cell.trim().to_owned()).collect() };
    let named: Vec<String> = rows.iter().map(|row| cells(row)[2].clone()).collect();
    assert_eq!(
        named,
        ["unseen-1-1", "unseen-1-5", "moons-disc", "median", "worst"]
    );
    for (column, name) in columns
        .iter()
        .enumerate()
        .filter(|(c, name)| *c > 2 && !name.is_empty())
    {
        let figure = |row: &&str| {
            let cell = &cells(row)[column];
            cell.parse().unwrap_or_else(|e| panic!("{name}: {cell}: {e}"))
        };
        let mut values: Vec<f64> = rows.iter().map(figure).collect();
        let over = values.split_off(3);
        values.sort_by(f64::total_cmp);
        let worst = if *name == "ESS/N" { values[0] } else { values[2] };
        assert_eq!(over, [values[1], worst], "{name}");
    }
    assert!(
        markdown.contains("--vary 'problem=unseen-1-1,unseen-1-5,moons-disc'\n"),
        "{markdown}"
    );
}

/// Pooled, a method has one row: the mean over the values.
#[test]
fn values_are_pooled() {
    let place = Scratch::new();
    let folder = place.path().join("out");
    let mut command = rtb(["compare", "25-to-9", "--pool", "--vary=process.steps=4,6,8"]);
    command.args(TINY).args(["--out", text(&folder)]);
    command.args(["--method=importance", "--method=rejection"]);
    let table = stdout(&succeed(&mut command));
    assert!(
        table.contains("Mean ± standard deviation over process.steps = 4, 6, 8, with seed 0."),
        "{table}"
    );
    let markdown = read(&folder, "comparison.md");
    assert_eq!(rows(&markdown).len(), 3, "{markdown}");
    assert!(
        markdown.contains("--vary 'process.steps=4,6,8' --pool\n"),
        "{markdown}"
    );

    // The mean of what the file has of each value.
    let csv = read(&folder, "outcomes.csv");
    let of_importance = csv.lines().filter(|line| line.starts_with("Importance"));
    let variations: Vec<f64> = of_importance
        .map(|line| {
            line.split(',')
                .nth(13)
                .and_then(|cell| cell.parse().ok())
                .expect("a number")
        })
        .collect();
    assert_eq!(variations.len(), 3);
    let mean = format!(
        "| Importance resampling | {:.3} ± ",
        variations.iter().sum::<f64>() / 3.0
    );
    assert!(markdown.contains(&mean), "{mean}\n{markdown}");

    let alone = rtb(["compare", "25-to-9", "--pool"]).output().expect("it starts");
    assert!(stderr(&alone).contains("--pool"), "{}", stderr(&alone));
}

#[test]
fn a_method_that_cannot_be_used_leaves_a_line() {
    let place = Scratch::new();
    let mut command = rtb([
        "compare",
        "islands",
        "--method=rejection:proposals=1",
        "--method=importance",
    ]);
    command
        .args(TINY)
        .args(["--seed=0", "--set=reward.expression=exp(-2*hypot(x-9,y-9))"]);
    let output = succeed(command.current_dir(place.path()));
    let folder = place.path().join("comparisons/islands");
    let markdown = read(&folder, "comparison.md");
    let rows = rows(&markdown);
    // Both methods and the exact posterior.
    assert_eq!(rows.len(), 3);
    assert!(
        rows[0].contains("rejection kept none of 200 prior samples"),
        "{markdown}"
    );
    assert!(!rows[1].contains("rejection"), "{markdown}");
    assert!(stderr(&output).contains("1/2 Rejection (proposals=1), seed 0: rejection kept none"));
    assert_eq!(read(&folder, "outcomes.csv").lines().count(), 2);
    assert!(folder.join("comparison.png").is_file());
}

#[cfg(unix)]
#[test]
fn a_stopped_comparison_keeps_what_is_finished() {
    let place = Scratch::new();
    let folder = place.path().join("out");
    let mut command = rtb(["compare", "25-to-9", "--method=importance", "--method=rtb"]);
    command.args(TINY.iter().filter(|flag| !flag.starts_with("--iterations")));
    command.args(["--iterations=20000", "--out", text(&folder)]);
    let mut running = Running::start(&mut command);
    running.wait_for_line("2/2 RTB, seed 0: ");
    // Killed here, the program would lose no more than what runs.
    assert_eq!(read(&folder, "outcomes.csv").lines().count(), 2);
    running.signal("-INT");
    let (code, said) = running.finish();
    assert_eq!(code, Some(130), "{said}");
    let wanted = format!(
        "Stopped after 1 of 2 trials. Their results are in {}",
        text(&folder)
    );
    assert!(said.contains(&wanted), "{said}");
    assert_eq!(read(&folder, "outcomes.csv").lines().count(), 2);
    let markdown = read(&folder, "comparison.md");
    assert!(markdown.contains("Stopped after 1 of 2 trials."), "{markdown}");
    let of_methods = rows(&markdown)
        .into_iter()
        .filter(|row| !row.starts_with("| Exact"));
    assert_eq!(of_methods.count(), 1);

    // It goes on where it was stopped, and says what was asked for then.
    let trials = read(&folder, "trials.toml").replace("iterations = 20000", "iterations = 10");
    fs::write(folder.join("trials.toml"), trials).expect("written");
    let output = succeed(&mut rtb(["compare", "--resume", text(&folder)]));
    assert!(!stderr(&output).contains("1/2 "), "{}", stderr(&output));
    assert!(
        stderr(&output).contains("2/2 RTB, seed 0: "),
        "{}",
        stderr(&output)
    );
    let whole = read(&folder, "comparison.md");
    assert!(
        whole.starts_with("# 25 Gaussians → 9\n") && !whole.contains("Stopped"),
        "{whole}"
    );
    assert_eq!(rows(&whole).len(), 3, "{whole}");
    let csv = read(&folder, "outcomes.csv");
    assert_eq!(
        csv.lines().filter(|line| line.contains(",true,")).count(),
        2,
        "{csv}"
    );
    // Whole, it is told once more.
    let again = succeed(&mut rtb(["compare", "--resume", text(&folder)]));
    assert_eq!(
        (stderr(&again).as_str(), read(&folder, "comparison.md")),
        ("", whole)
    );
    fs::write(folder.join("trials.toml"), "finished = 3").expect("written");
    let refused = rtb(["compare", "--resume", text(&folder)])
        .output()
        .expect("it starts");
    assert_eq!(refused.status.code(), Some(2));
    assert!(stderr(&refused).contains("trials.toml: this is not the record of a comparison"));
}

#[test]
fn densities_are_estimated() {
    let table = stdout(&succeed(&mut rtb([
        "density",
        "25-to-9",
        "--steps=30",
        "--count=200",
        "--paths=2",
    ])));
    let error = |noise: &str, estimator: &str| -> f64 {
        let line = table
            .lines()
            .find(|l| l.starts_with(noise) && l.contains(estimator))
            .unwrap_or_else(|| panic!("{noise}, {estimator} is missing from\n{table}"));
        let after = line.split(estimator).nth(1).expect("figures");
        let figure = after.split_whitespace().next().expect("a figure");
        figure
            .parse()
            .unwrap_or_else(|e| panic!("{figure}: {e}\n{table}"))
    };
    for noise in ["independent", "balanced"] {
        assert!(error(noise, "exact noising kernels").is_finite());
        assert!(
            error(noise, "with reference") < error(noise, "Euler kernels"),
            "{table}"
        );
    }
    assert!(error("balanced", "with reference") < error("independent", "with reference"));
    assert!(table.contains("200 points from the prior's mixture, mean over 2 paths per point, T = 30"));
}
