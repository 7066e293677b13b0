//! The table of a comparison, and the page it stands on.

use super::notes::notes;
use super::summary::Summary;
use super::{Comparison, Finished};
use crate::program::grid::Grid;
use crate::program::output::figure;
use rtb::message::Outcome;

/// A figure of a trial.
type Value = fn(&Outcome) -> Option<f64>;

const COLUMNS: [(&str, Value); 9] = [
    ("TV of mode\nweights", |o| Some(o.fit.mode_total_variation)),
    ("KL on\nthe grid", |o| Some(o.fit.kl_grid)),
    ("|log Z −\nexact|", |o| {
        o.log_z.map(|z| (z - o.log_z_exact).abs())
    }),
    ("excluded\nmass, %", |o| Some(100.0 * o.fit.excluded_mass)),
    ("ESS/N", |o| o.ess),
    ("variance\nwithin modes", |o| Some(o.fit.within_mode_variance)),
    ("mean\nlog r", |o| Some(o.log_reward)),
    ("training,\ns", |o| {
        (o.iterations > 0).then_some(o.training_seconds)
    }),
    ("sampling,\ns per 1,000", |o| {
        Some(1e3 * o.sampling_seconds / o.samples as f64)
    }),
];
const EVALUATIONS: &str = "evaluations, M:\ntraining + per 1,000";

/// The figures, one row a value and a method.
pub fn grid(comparison: &Comparison) -> Grid {
    let plan = &comparison.plan;
    let mut headings = vec!["method".to_owned()];
    headings.extend(plan.field.clone());
    let words = headings.len();
    headings.extend(COLUMNS.map(|(heading, _)| heading.to_owned()));
    headings.push(EVALUATIONS.to_owned());
    let mut rows = Vec::new();
    for (v, variant) in plan.variants.iter().enumerate() {
        for (e, entrant) in plan.entrants.iter().enumerate() {
            let mut cells = vec![entrant.label.clone()];
            cells.extend(variant.value.clone());
            match (
                comparison.of(v, e).as_slice(),
                comparison.failures_of(v, e).first(),
            ) {
                ([], None) => continue,
                ([], Some(failed)) => cells.push(failed.reason.clone()),
                (trials, _) => cells.extend(figures(trials)),
            }
            rows.push(cells);
        }
    }
    Grid {
        headings,
        rows,
        words,
    }
}

fn figures(trials: &[&Finished]) -> Vec<String> {
    let cell = |(_, value): (&str, Value)| {
        Summary::over(trials, value).map_or_else(String::new, |summary| summary.to_string())
    };
    let millions = |value: Value| Summary::over(trials, value).map(|s| figure(1e-6 * s.mean));
    let training = millions(|o| (o.iterations > 0).then_some(o.training_evaluations));
    let sampling = millions(|o| Some(1e3 * o.sampling_evaluations / o.samples as f64));
    let evaluations: Vec<String> = training.into_iter().chain(sampling).collect();
    COLUMNS
        .into_iter()
        .map(cell)
        .chain([evaluations.join(" + ")])
        .collect()
}

/// What is printed.
pub fn text(comparison: &Comparison) -> String {
    format!("{}\n{}\n", grid(comparison).text(), notes(comparison).join("\n"))
}

/// `comparison.md`.
pub fn markdown(comparison: &Comparison) -> String {
    let plan = &comparison.plan;
    let question = plan.question.map_or_else(String::new, |q| format!("{q}\n\n"));
    let notes = notes(comparison).into_iter().map(|note| format!("- {note}\n"));
    format!(
        "# {}\n\n{question}```sh\n{}\n```\n\n{}\n{}\n![]({})\n",
        plan.title,
        plan.command(),
        grid(comparison).markdown(),
        notes.collect::<String>(),
        super::FIGURE
    )
}
