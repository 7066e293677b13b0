//! The table of a comparison over problems: a row each, then the median and the worst.

use super::plan::Group;
use super::summary::Summary;
use super::{Comparison, Finished};
use crate::program::grid::Grid;
use crate::program::output::figure;
use rtb::message::Outcome;
use rtb::task::sheet::{Column, Sheet, Source};

/// What a column has of a method on a problem.
#[derive(Clone, Copy)]
enum Of {
    /// Samples as they are drawn.
    Drawn(Column),
    /// Samples that are each chosen among several.
    Chosen(Column),
    /// As many samples of the exact posterior.
    Exact(Column),
}

/// One row a method and problem, and two a method over all of them.
pub fn grid(comparison: &Comparison) -> Grid {
    let plan = &comparison.plan;
    let sheet = plan.run.task().room().sheet();
    let columns = columns(sheet, comparison.chooses());
    let words = ["method", "problem"].map(str::to_owned);
    let headings = columns
        .iter()
        .map(|of| heading(*of, plan.run.evaluation.candidates));
    let mut rows = Vec::new();
    for (e, entrant) in plan.entrants.iter().enumerate() {
        let named = |name: &str| vec![entrant.label.clone(), name.to_owned()];
        let mut all = vec![Vec::new(); columns.len()];
        for group in plan.groups() {
            let mut row = named(group.value.as_deref().unwrap_or_default());
            let trials = comparison.of(&group.variants, e);
            match comparison.failure_of(&group.variants, e) {
                Some(failed) if trials.is_empty() => row.push(failed.reason.clone()),
                None if trials.is_empty() => continue,
                _ => {
                    for (of, all) in columns.iter().zip(&mut all) {
                        let found = value(comparison, &group, &trials, *of);
                        all.extend(found.map(|summary| summary.mean));
                        row.push(found.map_or_else(String::new, |summary| summary.to_string()));
                    }
                }
            }
            rows.push(row);
        }
        for (name, over) in [("median", median as fn(Column, &[f64]) -> f64), ("worst", worst)] {
            let cells = columns.iter().zip(&all).map(|(of, all)| match all.as_slice() {
                [] => String::new(),
                all => figure(over(of.column(), all)),
            });
            rows.push(named(name).into_iter().chain(cells).collect());
        }
    }
    Grid {
        headings: words.into_iter().chain(headings).collect(),
        rows,
        words: 2,
    }
}

/// The errors of the task's sheet, each as drawn, as chosen and of perfect samples; then what it took.
fn columns(sheet: &Sheet, chosen: bool) -> Vec<Of> {
    // An error is what the exact posterior has none of.
    let is_error = |column: &&Column| match column {
        Column::Figure(_, name, _) => sheet
            .rows
            .iter()
            .any(|row| row.value == Source::Figure(name) && matches!(row.exact, Some(Source::Constant(_)))),
        _ => false,
    };
    let errors = sheet.columns.iter().filter(is_error).flat_map(|column| {
        let chosen = chosen.then_some(Of::Chosen(*column));
        [Some(Of::Drawn(*column)), chosen, Some(Of::Exact(*column))]
    });
    let costs = [Column::LogZ, Column::Ess, Column::TrainingSeconds].map(|column| Some(Of::Drawn(column)));
    errors.chain(costs).flatten().collect()
}

impl Of {
    fn column(self) -> Column {
        let (Self::Drawn(column) | Self::Chosen(column) | Self::Exact(column)) = self;
        column
    }
}

fn heading(of: Of, candidates: usize) -> String {
    let name = of.column().heading();
    match of {
        Of::Drawn(_) => name.to_owned(),
        Of::Chosen(_) => format!("{name},\n1 of {candidates}"),
        Of::Exact(_) => format!("{name},\nperfect"),
    }
}

/// Over the seeds; `None` where no trial has it.
fn value(comparison: &Comparison, group: &Group, trials: &[&Finished], of: Of) -> Option<Summary> {
    let over = |of: fn(&Finished) -> Option<&Outcome>, column: Column| {
        let outcomes = trials.iter().filter_map(|trial| of(trial));
        Summary::of_outcomes(outcomes, |outcome| column.value(outcome))
    };
    match of {
        Of::Drawn(column) => over(|trial| Some(&trial.outcome), column),
        Of::Chosen(column) => over(|trial| trial.chosen.as_ref(), column),
        Of::Exact(Column::Figure(_, name, factor)) => {
            let floor = comparison.floor(group.variants.start, name)?;
            Summary::of(&[factor * floor])
        }
        Of::Exact(_) => None,
    }
}

fn median(_: Column, values: &[f64]) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let middle = sorted.len() / 2;
    match sorted.len() % 2 {
        0 => (sorted[middle - 1] + sorted[middle]) / 2.0,
        _ => sorted[middle],
    }
}

/// The largest; of the effective share the smallest.
fn worst(column: Column, values: &[f64]) -> f64 {
    match column {
        Column::Ess => values.iter().copied().fold(f64::INFINITY, f64::min),
        _ => values.iter().copied().fold(f64::NEG_INFINITY, f64::max),
    }
}

#[cfg(test)]
mod tests {
    use super::{columns, median, worst};
    use rtb::task::Task;
    use rtb::task::sheet::Column;

    #[test]
    fn medians_and_worst_values_are_found() {
        assert_eq!(median(Column::Ess, &[3.0, 1.0, 2.0]), 2.0);
        assert_eq!(median(Column::Ess, &[4.0, 1.0, 2.0, 3.0]), 2.5);
        assert_eq!(worst(Column::Ess, &[0.5, 0.25]), 0.25);
        assert_eq!(worst(Column::LogZ, &[0.5, 0.25]), 0.5);
    }

    #[test]
    fn every_error_of_the_plane_has_its_columns() {
        let sheet = Task::default().room().sheet();
        let errors = |chosen| columns(sheet, chosen).len() - 3;
        assert_eq!((errors(false), errors(true)), (4, 6));
    }
}
