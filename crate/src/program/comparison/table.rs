//! The table of a comparison, and the page it stands on.

use super::Comparison;
use super::notes::notes;
use super::plan::Group;
use super::problems;
use super::summary::Summary;
use crate::program::grid::Grid;
use crate::program::output::figure;
use rtb::message::Outcome;
use rtb::task::sheet::Column;

/// A figure of a trial.
type Value = fn(&Outcome) -> Option<f64>;

const EVALUATIONS: &str = "evaluations, M: training\n+ per 1,000 samples";

/// The figures, one row a group of variants and a method, and what perfect samples would have. Where each variant is a
/// problem, one row for all of it.
pub fn grid(comparison: &Comparison) -> Grid {
    let plan = &comparison.plan;
    if plan.varies_problems() {
        return problems::grid(comparison);
    }
    let mut headings = vec!["method".to_owned()];
    headings.extend(plan.field.clone().filter(|_| !plan.pooled));
    let words = headings.len();
    let columns = plan.run.task().room().sheet().columns;
    headings.extend(columns.iter().map(|column| column.heading().to_owned()));
    headings.push(EVALUATIONS.to_owned());
    let mut rows = Vec::new();
    for group in plan.groups() {
        let row = |label: &str, cells: Vec<String>| {
            let words = [label.to_owned()].into_iter().chain(group.value.clone());
            words.chain(cells).collect::<Vec<String>>()
        };
        for (e, entrant) in plan.entrants.iter().enumerate() {
            let trials = comparison.of(&group.variants, e);
            if let ([], Some(failed)) = (&trials[..], comparison.failure_of(&group.variants, e)) {
                rows.push(row(&entrant.label, vec![failed.reason.clone()]));
            }
            let outcomes: Vec<&Outcome> = trials.iter().map(|trial| &trial.outcome).collect();
            let chosen: Vec<&Outcome> = trials.iter().filter_map(|trial| trial.chosen.as_ref()).collect();
            if !outcomes.is_empty() {
                rows.push(row(&entrant.label, figures(&outcomes, columns)));
            }
            if !chosen.is_empty() {
                let candidates = plan.variants[group.variants.start].run.evaluation.candidates;
                let label = format!("{}, 1 of {candidates}", entrant.label);
                rows.push(row(&label, figures(&chosen, columns)));
            }
        }
        rows.extend(exact(comparison, &group).map(|cells| row("Exact posterior", cells)));
    }
    Grid {
        headings,
        rows,
        words,
    }
}

/// What as many perfect samples would have, as far as it is known.
fn exact(comparison: &Comparison, group: &Group) -> Option<Vec<String>> {
    let sheet = comparison.plan.run.task().room().sheet();
    // The exact figures are the same whatever the method: those of each variant's first trial.
    let first = |variant| comparison.finished.iter().find(|f| f.place.variant == variant);
    let found: Vec<(usize, &Outcome)> = group
        .variants
        .clone()
        .filter_map(|variant| Some((variant, &first(variant)?.outcome)))
        .collect();
    let cell = |column: &Column| {
        let of = |(variant, outcome): &(usize, &Outcome)| match column {
            Column::Figure(_, name, factor) => {
                let floor = comparison.floor(*variant, name).map(|floor| factor * floor);
                floor.or_else(|| column.exact(sheet, outcome))
            }
            column => column.exact(sheet, outcome),
        };
        let values: Vec<f64> = found.iter().filter_map(of).collect();
        Summary::of(&values).map_or_else(String::new, |summary| summary.to_string())
    };
    let cells: Vec<String> = sheet.columns.iter().map(cell).collect();
    cells.iter().any(|cell| !cell.is_empty()).then_some(cells)
}

fn figures(outcomes: &[&Outcome], columns: &[Column]) -> Vec<String> {
    let summary = |value: Value| Summary::of_outcomes(outcomes.iter().copied(), value);
    let cell = |column: &Column| {
        let summary = Summary::of_outcomes(outcomes.iter().copied(), |o| column.value(o));
        summary.map_or_else(String::new, |summary| summary.to_string())
    };
    let millions = |value: Value| summary(value).map(|s| figure(1e-6 * s.mean));
    let training = millions(|o| (o.iterations > 0).then_some(o.training_evaluations));
    let sampling = millions(|o| Some(1e3 * o.sampling_evaluations / o.samples as f64));
    let evaluations: Vec<String> = training.into_iter().chain(sampling).collect();
    columns
        .iter()
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
