//! What a run leaves behind, and what can be done with it.

use super::scratch::Scratch;
use super::support::{
    FILES, KEYS, TINY, finished, metrics, report, resume, rtb, stderr, stdout, succeed, tagged, text,
    timeless, tiny,
};
use serde_json::Value;
use std::fs;
use std::process::Command;

#[test]
fn a_run_leaves_a_complete_folder() {
    let finished = finished();
    let (folder, output) = (finished.path(), &finished.output);
    for name in FILES {
        let bytes = fs::read(folder.join(name)).unwrap_or_else(|e| panic!("{name}: {e}"));
        assert!(!bytes.is_empty(), "{name} is empty");
        assert_eq!(name.ends_with(".png"), bytes.starts_with(b"\x89PNG"), "{name}");
    }
    let left: Vec<_> = fs::read_dir(folder)
        .expect("a folder")
        .map(|e| e.expect("an entry").file_name())
        .filter(|name| name.to_string_lossy().ends_with(".tmp"))
        .collect();
    assert!(left.is_empty(), "left behind: {left:?}");

    // Text of a vector picture is text.
    let curves = fs::read_to_string(folder.join("curves.svg")).expect("curves.svg");
    assert!(curves.starts_with("<svg ") && curves.trim_end().ends_with("</svg>"));
    for name in ["importance-weighted", "ELBO", "EUBO", "exact", "iteration"] {
        assert!(curves.contains(&format!("{name}\n</text>")), "{name}");
    }

    // What follows the last iteration is announced.
    let said = stderr(output);
    assert!(
        said.contains("10/10") && said.contains("Evaluating with 200 samples …"),
        "{said}"
    );
    let last = said
        .lines()
        .find(|line| line.contains("10/10"))
        .unwrap_or_default();
    assert!(!last.contains(" left"), "{last}");

    let json = fs::read_to_string(folder.join("report.json")).expect("report.json");
    let report: Value = serde_json::from_str(&json).expect("JSON");
    for key in KEYS {
        let value = report.get(key).unwrap_or_else(|| panic!("{key} is missing"));
        assert!(
            value.is_number() || *key == "device" && value.is_string(),
            "{key}: {value}"
        );
    }
    assert_eq!(report["iterations"], 10);
    assert!(report["seconds"].as_f64() > report["seconds_per_iteration"].as_f64());

    let metrics = metrics(folder);
    let iterations: Vec<_> = tagged(&metrics, "iteration", "iteration");
    assert_eq!(iterations, (1..=10).collect::<Vec<_>>());
    assert_eq!(tagged(&metrics, "evaluation", "iterations"), [0, 4, 8]);

    let weights = fs::read(folder.join("weights.safetensors")).expect("weights");
    let length = u64::from_le_bytes(weights[..8].try_into().expect("eight bytes")) as usize;
    let header: Value = serde_json::from_slice(&weights[8..8 + length]).expect("a header of JSON");
    assert!(header.as_object().is_some_and(|h| h.len() > 1));

    let table = stdout(output);
    for row in [
        "measured",
        "log Z, learned",
        "effective sample size",
        "Run folder",
    ] {
        assert!(table.contains(row), "{row} is missing from\n{table}");
    }
    assert!(!table.contains('\x1b') && !stderr(output).contains('\x1b'));
}

/// Where nearly all samples lie on the floor of log r, a run says so, and which floor would tell them apart.
#[test]
fn a_floor_that_is_too_high_is_a_warning() {
    let place = Scratch::new();
    let run = |name: &str, floor: &str| {
        let out = place.path().join(name);
        let reward = "--set=reward={kind=\"formula\", expression=\"-9*((x-5)^2+(y-5)^2)\", logarithm=true}";
        let floor = format!("--set=tempering.floor={floor}");
        let output = succeed(&mut tiny(&out, &[reward, &floor]));
        (stdout(&output), report(&out))
    };
    let (said, high) = run("high", "-1");
    let wanted = high["floor_wanted"].as_f64().expect("a floor");
    assert!(
        said.contains(&format!("try tempering.floor = {wanted}")),
        "{said}"
    );
    let (said, low) = run("low", &wanted.to_string());
    assert!(
        low.get("floor_wanted").is_none() && !said.contains("Warning"),
        "{said}"
    );
}

/// A seed means the same on one core as on all of them: the files are equal, byte by byte.
#[cfg(target_os = "linux")]
#[test]
fn a_run_does_not_depend_on_the_number_of_cores() {
    let folder = Scratch::new();
    let run = |name: &str, on_one: bool| {
        let out = folder.path().join(name);
        let mut command = tiny(&out, &["--batch=100"]);
        if on_one {
            let mut pinned = Command::new("taskset");
            pinned
                .args(["-c", "0"])
                .arg(command.get_program())
                .args(command.get_args());
            command = pinned;
        }
        succeed(&mut command);
        ["weights.safetensors", "learned.png"].map(|file| fs::read(out.join(file)).expect(file))
    };
    let (one, all) = (run("one", true), run("all", false));
    assert!(one == all);
}

#[test]
fn the_resolved_config_gives_the_same_run() {
    let finished = finished();
    let config = finished.path().join("config.toml");
    let again = Scratch::new();
    succeed(&mut rtb(["run", text(&config), "--out", text(again.path())]));
    assert_eq!(report(again.path()), report(finished.path()));
    assert_eq!(metrics(again.path()), metrics(finished.path()));
    assert_eq!(
        fs::read_to_string(again.path().join("config.toml")).expect("read"),
        fs::read_to_string(config).expect("read")
    );
}

#[test]
fn runs_without_a_place_get_a_folder_each() {
    let home = Scratch::new();
    for _ in 0..2 {
        let mut command = rtb(TINY.iter().copied());
        succeed(command.args(["--seed=3", "--quiet"]).current_dir(home.path()));
    }
    for name in ["25-to-9-seed3", "25-to-9-seed3-2"] {
        let folder = home.path().join("runs").join(name);
        assert_eq!(report(&folder)["seed"], 3, "{name}");
    }
}

#[test]
fn a_finished_run_is_left_alone() {
    let finished = finished();
    let folder = finished.path();
    let state = || -> Vec<_> {
        let files = FILES.iter().map(|name| folder.join(name));
        files
            .map(|f| {
                (
                    fs::metadata(&f).and_then(|m| m.modified()).expect("a time"),
                    fs::read(&f).expect("read"),
                )
            })
            .collect()
    };
    let before = state();
    let output = succeed(&mut resume(folder));
    assert!(
        stdout(&output).contains("this run is finished"),
        "{}",
        stdout(&output)
    );
    assert!(before == state(), "a file changed");
}

#[test]
fn samples_come_as_csv() {
    let finished = finished();
    let folder = text(finished.path());
    let draw = |more: &[&str]| {
        let mut command = rtb(["sample", folder, "--count", "50"]);
        stdout(&succeed(command.args(more)))
    };
    let csv = draw(&[]);
    let mut lines = csv.lines();
    assert_eq!(lines.next(), Some("x,y"));
    let points: Vec<Vec<f64>> = lines
        .map(|line| line.split(',').map(|n| n.parse().expect("a number")).collect())
        .collect();
    assert_eq!(points.len(), 50);
    assert!(
        points
            .iter()
            .all(|p| p.len() == 2 && p.iter().all(|n| n.abs() < 100.0))
    );
    assert_eq!(csv, draw(&[]), "the same seed draws the same samples");
    assert_ne!(csv, draw(&["--seed", "12"]), "another seed draws others");
    let chosen = draw(&["--candidates", "5"]);
    let kept = chosen.lines().zip(csv.lines()).filter(|(a, b)| a == b);
    assert!((2..50).contains(&kept.count()), "some keep their first candidate");

    let place = Scratch::new();
    let file = place.path().join("new/folder/points.csv");
    assert_eq!(draw(&["--out", text(&file)]), "");
    assert_eq!(fs::read_to_string(file).expect("written"), csv);
}

/// Pipes and links stay what they are, and are written to.
#[cfg(unix)]
#[test]
fn output_goes_through_what_is_no_file() {
    use std::os::unix::fs::{FileTypeExt, PermissionsExt, symlink};
    let finished = finished();
    let place = Scratch::new();
    let at = |name: &str| place.path().join(name);
    let draw = |out: &str| {
        let line = ["sample", text(finished.path()), "--count=50", "--out", out];
        stdout(&succeed(&mut rtb(line)))
    };
    let csv = draw("/dev/stdout");
    assert_eq!(csv.lines().count(), 51);

    fs::write(at("file.csv"), "older").expect("written");
    let private = fs::Permissions::from_mode(0o600);
    fs::set_permissions(at("file.csv"), private.clone()).expect("set");
    symlink("file.csv", at("link")).expect("linked");
    symlink("made.csv", at("dangling")).expect("linked");
    for (link, file) in [("link", "file.csv"), ("dangling", "made.csv")] {
        draw(text(&at(link)));
        assert!(at(link).is_symlink(), "{link}");
        assert_eq!(fs::read_to_string(at(file)).expect("written"), csv);
    }
    let kept = fs::metadata(at("file.csv")).expect("there").permissions();
    assert_eq!(kept.mode() & 0o777, private.mode());

    let pipe = at("pipe");
    let made = Command::new("mkfifo").arg(&pipe).status().expect("it starts");
    assert!(made.success());
    let reader = || {
        let pipe = pipe.clone();
        std::thread::spawn(move || fs::read(pipe).expect("read"))
    };
    let read = reader();
    draw(text(&pipe));
    assert_eq!(read.join().expect("read"), csv.as_bytes());
    let read = reader();
    let line = [
        "energy",
        "--steps=5",
        "--updates=1",
        "--quiet",
        "--out",
        text(&pipe),
    ];
    succeed(&mut rtb(line));
    assert!(read.join().expect("read").starts_with(b"\x89PNG"));
    assert!(fs::metadata(&pipe).expect("there").file_type().is_fifo());
    let left = fs::read_dir(place.path()).expect("a folder").count();
    assert_eq!(left, 5, "nothing else is left");
}

#[test]
fn extensions_may_be_capitals() {
    let finished = finished();
    let place = Scratch::new();
    let file = place.path().join("points.SafeTensors");
    let line = ["sample", text(finished.path()), "--count=5", "--out", text(&file)];
    succeed(&mut rtb(line));
    let written = rtb::engine::weights::read_tensors(&fs::read(&file).expect("written"));
    assert_eq!(written.expect("safetensors").tensors[0].1, [5, 2]);
}

#[test]
fn an_evaluation_repeats_the_report() {
    let finished = finished();
    let folder = finished.path();
    let place = Scratch::new();
    let file = place.path().join("again.json");
    let evaluate = |more: &[&str]| {
        let mut command = rtb(["evaluate", text(folder), "--out", text(&file)]);
        let table = stdout(&succeed(command.args(more)));
        assert!(table.contains("log Z, importance-weighted"), "{table}");
        timeless(&fs::read_to_string(&file).expect("written"))
    };
    assert_eq!(evaluate(&[]), report(folder));
    assert_eq!(evaluate(&["--samples", "300"])["samples"], 300);
    let chosen = &evaluate(&["--samples", "300", "--candidates", "4"])["chosen"];
    assert_eq!(chosen["candidates"], 4);
    assert!(chosen["mode_total_variation"].is_number());
}

#[test]
fn a_learned_prior_is_kept_with_its_run() {
    let place = Scratch::new();
    let run = |args: &[&str]| succeed(rtb(args.iter().copied()).current_dir(place.path()));
    let small =
        "preset = 'ring-tilt'\nprocess.steps = 5\nevaluation.samples = 200\nevaluation.proposals = 200";
    fs::write(place.path().join("small.toml"), small).expect("written");
    let network = ["--iterations=3", "--batch=32", "--width=8", "--depth=1"];
    run(&[
        &[
            "pretrain",
            "mixture",
            "small.toml",
            "--out",
            "prior.safetensors",
            "--seed=4",
        ],
        &network[..],
    ]
    .concat());
    let record = fs::read_to_string(place.path().join("prior.json")).expect("written");
    let record: Value = serde_json::from_str(&record).expect("JSON");
    assert_eq!(record["seed"], 4);
    assert!(
        record["command"]
            .as_str()
            .is_some_and(|c| c.contains("--iterations 3 --batch 32"))
    );
    assert!(record["seconds"].is_number() && record["figures"]["kl_grid"].is_number());

    let learned = [
        "--set=prior.kind=learned",
        "--set=prior.weights=prior.safetensors",
        "--iterations=3",
    ];
    let output = run(&[&["run", "small.toml", "--batch=16", "--out", "run"], &learned[..]].concat());
    assert!(
        stdout(&output).contains("samples of the prior's own chain"),
        "{}",
        stdout(&output)
    );
    fs::remove_file(place.path().join("prior.safetensors")).expect("removed");
    let csv = stdout(&run(&["sample", "run", "--count", "3"]));
    assert_eq!(csv.lines().count(), 4);
}

#[test]
fn presets_are_listed_and_printed() {
    let listing = stdout(&succeed(&mut rtb(["list"])));
    for preset in rtb::task::presets() {
        assert!(listing.contains(preset.name) && listing.contains(preset.description));
    }
    let mut nowhere = rtb(["run", "digit-3", "--set", "prior.weights=nowhere"]);
    let unknown = stderr(&nowhere.output().expect("the program starts"));
    for prior in rtb::task::Task::all().flat_map(|task| task.priors()) {
        assert!(listing.contains(prior.name) && listing.contains(prior.title));
        assert!(unknown.contains(prior.name), "it does not ship: {unknown}");
    }
    for experiment in rtb::task::experiments() {
        assert!(listing.contains(experiment.name) && listing.contains(experiment.question));
    }
    for method in rtb::run::Method::all() {
        assert!(listing.contains(method.info().name) && listing.contains(method.info().description));
    }
    assert!(listing.contains("points=16") && listing.contains("On stories: particles=64 points=0."));
    assert_eq!(listing.matches("Not for stories.").count(), 5);
    let toml = stdout(&succeed(&mut rtb(["list", "--toml", "moons-disc"])));
    let run = rtb::run::Run::from_toml(&toml).expect("a run");
    assert_eq!(run, rtb::run::Preset::find("moons-disc").expect("a preset").run);
}

#[test]
fn help_shows_every_subcommand() {
    let help = stdout(&succeed(&mut rtb(["--help"])));
    for part in [
        "run",
        "pretrain",
        "sample",
        "evaluate",
        "compare",
        "list",
        "density",
        "--device",
        "--resume",
        "Examples:",
    ] {
        assert!(help.contains(part), "{part} is missing from\n{help}");
    }
}
