//! Short runs of every task whose figures stay what they were: `tests/golden/recorded.json` holds the runs
//! and the figures. With RTB_RECORD=1 the figures are recorded anew.

use rtb::engine::EngineError;
use rtb::engine::device::cpu_device;
use rtb::message::{Chosen, Fit, Iteration, Outcome, Report};
use rtb::run::{FileKind, Files, Run};
use rtb::session::{Session, Trial};
use rtb::task::Task;
use rtb::task::images::PIXELS;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeMap;
use std::fs;

const FILE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/golden/recorded.json");

/// Another processor, or another number of threads, rounds differently, and training carries that on.
const RELATIVE: f64 = 1e-3;
const ABSOLUTE: f64 = 1e-4;
/// Share of the samples' numbers that have to be so near: where rounding tips a choice between words or
/// particles, a whole sample is another one.
const SAME: f64 = 0.95;

/// Numbers by name, as decimals with spaces between them.
type Numbers = BTreeMap<String, String>;

#[derive(Deserialize, Serialize)]
struct Recorded {
    name: String,
    /// The run, as TOML.
    run: String,
    /// A corpus for it: a story a line, with tabs between its parts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    corpus: Option<String>,
    /// What every iteration says, of a trained method.
    #[serde(default)]
    iterations: Numbers,
    #[serde(default)]
    figures: Numbers,
    /// Some numbers of the first samples.
    #[serde(default)]
    samples: String,
}

fn asset(name: &str) -> Vec<u8> {
    let path = format!("{}/assets/{name}.safetensors", env!("CARGO_MANIFEST_DIR"));
    fs::read(&path).unwrap_or_else(|e| panic!("{path}: {e}"))
}

fn files(run: &Run, corpus: Option<&str>) -> Files {
    run.files().into_iter().fold(Files::default(), |files, need| {
        let bytes = match need.kind {
            FileKind::Corpus { .. } => corpus.expect("a corpus is recorded").as_bytes().to_vec(),
            _ => asset(need.name),
        };
        files.with(need.role, bytes)
    })
}

fn written<T: ToString>(numbers: impl IntoIterator<Item = T>) -> String {
    let numbers: Vec<String> = numbers.into_iter().map(|n| n.to_string()).collect();
    numbers.join(" ")
}

fn read(numbers: &str) -> Vec<f64> {
    let number = |text: &str| text.parse().unwrap_or_else(|e| panic!("`{text}`: {e}"));
    numbers.split_whitespace().map(number).collect()
}

/// Tokens of a story of the shipped language models.
const STORY: usize = 72;

/// Of samples, how many are recorded, and which numbers of each: of images a row and a half through the
/// middle, as the first rows are black.
fn shown(task: Task, samples: &[f32]) -> String {
    let (size, count, numbers) = match task.name() {
        "mixtures" => (2, 8, 0..2),
        "digits" => (PIXELS, 3, PIXELS / 2..PIXELS / 2 + 40),
        "stories" => (STORY, 8, 0..STORY),
        other => panic!("what is shown of {other}?"),
    };
    let samples = samples.chunks_exact(size).take(count);
    written(samples.flat_map(|sample| &sample[numbers.clone()]))
}

fn named<const N: usize>(numbers: [(&str, f64); N]) -> Numbers {
    let named = numbers.map(|(name, number)| (name.to_owned(), number.to_string()));
    named.into()
}

fn of_iterations(iterations: &[Iteration]) -> Numbers {
    let column =
        |name: &str, of: fn(&Iteration) -> f64| (name.to_owned(), written(iterations.iter().map(of)));
    Numbers::from([
        column("loss", |i| i.loss),
        column("log_z", |i| i.log_z),
        column("residual_mean", |i| i.residual_mean),
        column("residual_std", |i| i.residual_std),
        column("log_reward", |i| i.log_reward),
    ])
}

/// What is known of how well samples fit.
fn of_fit(fit: &Fit) -> Numbers {
    let Ok(Value::Object(fit)) = serde_json::to_value(fit) else {
        panic!("a fit has names");
    };
    let number = |value: &Value| value.as_f64().unwrap_or(f64::NAN);
    let known = fit.into_iter().filter(|(_, value)| !value.is_null());
    known
        .map(|(name, value)| match value {
            Value::Array(values) => (name, written(values.iter().map(number))),
            value => (name, written([number(&value)])),
        })
        .collect()
}

fn error(task: Task, fit: &Fit) -> f64 {
    task.room().sheet().error(fit).unwrap_or(f64::NAN)
}

/// What is not known is no number.
fn of_report(task: Task, report: &Report) -> Numbers {
    let mut figures = named([
        ("log_z_importance", report.log_z_importance),
        ("log_z_exact", report.log_z_exact),
        ("elbo", report.elbo),
        ("eubo", report.eubo.unwrap_or(f64::NAN)),
        ("ess", report.ess),
        ("log_reward", report.log_reward),
        ("error", error(task, &report.fit)),
    ]);
    figures.extend(of_fit(&report.fit));
    if let Some(Chosen {
        log_z_importance,
        log_reward,
        fit,
        ..
    }) = report.chosen.as_deref()
    {
        figures.extend(named([
            ("chosen log_z_importance", *log_z_importance),
            ("chosen log_reward", *log_reward),
            ("chosen error", error(task, fit)),
        ]));
    }
    figures
}

fn of_outcome(task: Task, outcome: &Outcome) -> Numbers {
    let mut figures = named([
        ("log_z", outcome.log_z.unwrap_or(f64::NAN)),
        ("log_z_exact", outcome.log_z_exact),
        ("ess", outcome.ess.unwrap_or(f64::NAN)),
        ("log_reward", outcome.log_reward),
        ("error", error(task, &outcome.fit)),
        ("evaluations", outcome.sampling_evaluations),
    ]);
    figures.extend(of_fit(&outcome.fit));
    figures
}

/// The figures of a run as it goes today. What a run says of evaluations while training is what is
/// evaluated, so that it takes little time.
async fn made(recorded: &Recorded, run: Run) -> Result<Recorded, EngineError> {
    let files = files(&run, recorded.corpus.as_deref());
    let (task, count) = (run.task(), run.evaluation.samples_while_training);
    let (iterations, figures, samples) = if run.method.is_trained() {
        let candidates = run.evaluation.candidates;
        let mut session = Session::open(run, cpu_device(), &files, None).await?;
        let mut iterations = Vec::new();
        while !session.finished() {
            iterations.push(session.step().await?);
        }
        let report = session.evaluate(count, candidates).await?;
        let samples = session.samples(8, candidates).await?;
        (of_iterations(&iterations), of_report(task, &report), samples)
    } else {
        let mut trial = Trial::open(run, cpu_device(), &files).await?;
        let outcome = trial.outcome(count).await?;
        (Numbers::new(), of_outcome(task, &outcome), outcome.points)
    };
    Ok(Recorded {
        name: recorded.name.clone(),
        run: recorded.run.clone(),
        corpus: recorded.corpus.clone(),
        iterations,
        figures,
        samples: shown(task, &samples),
    })
}

fn near(found: f64, expected: f64) -> bool {
    found == expected
        || found.is_nan() && expected.is_nan()
        || (found - expected).abs() <= ABSOLUTE + RELATIVE * expected.abs()
}

/// What differs.
fn differences(expected: &Recorded, found: &Recorded) -> Vec<String> {
    let mut said = Vec::new();
    for (expected_of, found_of) in [
        (&expected.iterations, &found.iterations),
        (&expected.figures, &found.figures),
    ] {
        // A figure that was not recorded yet is no difference.
        for (name, numbers) in expected_of {
            let now = found_of.get(name).map_or("", String::as_str);
            let (before, after) = (read(numbers), read(now));
            let same = before.len() == after.len() && after.iter().zip(&before).all(|(a, b)| near(*a, *b));
            if !same {
                said.push(format!("{name}: {now}, recorded {numbers}"));
            }
        }
    }
    let (before, after) = (read(&expected.samples), read(&found.samples));
    let same = after.iter().zip(&before).filter(|(a, b)| near(**a, **b)).count();
    if before.len() != after.len() || (same as f64) < SAME * before.len() as f64 {
        let (now, count) = (after.len(), before.len());
        said.push(format!(
            "samples: {same} of {count} numbers are the same, {now} there are"
        ));
    }
    said
}

#[test]
fn figures_are_what_they_were() {
    let file = fs::read_to_string(FILE).unwrap_or_else(|e| panic!("{FILE}: {e}"));
    let all: Vec<Recorded> = serde_json::from_str(&file).expect("it is JSON");
    let mut said = Vec::new();
    let again: Vec<Recorded> = all
        .iter()
        .map(|recorded| {
            let name = &recorded.name;
            let run = Run::from_toml(&recorded.run).unwrap_or_else(|e| panic!("{name}: {e}"));
            let now = pollster::block_on(made(recorded, run)).unwrap_or_else(|e| panic!("{name}: {e}"));
            let differ = differences(recorded, &now);
            said.extend(differ.into_iter().map(|what| format!("{name}: {what}")));
            now
        })
        .collect();
    if std::env::var_os("RTB_RECORD").is_some() {
        let json = serde_json::to_string_pretty(&again).expect("it is JSON");
        fs::write(FILE, json + "\n").unwrap_or_else(|e| panic!("{FILE}: {e}"));
    } else {
        assert!(said.is_empty(), "{}", said.join("\n"));
    }
}
