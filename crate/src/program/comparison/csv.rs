//! `outcomes.csv`: a line for every finished trial and for every look at one while it trained.

use super::{Comparison, Finished};
use crate::program::output::cell;
use rtb::message::{Outcome, Truth};

const BEFORE: &str = "label,varied_field,varied_value,final,\
    method,title,seed,progress,iterations,samples,log_z,log_z_exact,ess,";
const AFTER: &str = "log_reward,training_seconds,sampling_seconds,training_evaluations,\
    sampling_evaluations,truth,device\n";

/// The whole file.
pub fn text(comparison: &Comparison) -> String {
    let figures = figures(comparison).join(",");
    let mut text = [BEFORE, &figures, ",", AFTER].concat();
    for trial in &comparison.finished {
        for outcome in &trial.curve {
            text += &line(comparison, trial, outcome, false);
        }
        for outcome in [Some(&trial.outcome), trial.chosen.as_ref()]
            .into_iter()
            .flatten()
        {
            text += &line(comparison, trial, outcome, true);
        }
    }
    text
}

/// The names of the task's figures.
fn figures(comparison: &Comparison) -> &'static [&'static str] {
    comparison.plan.run.task().room().sheet().csv
}

fn line(comparison: &Comparison, trial: &Finished, outcome: &Outcome, last: bool) -> String {
    // Taken apart in full, so that a new figure is not forgotten here.
    let Outcome {
        method,
        title,
        seed,
        progress,
        iterations,
        samples,
        log_z,
        log_z_exact,
        ess,
        fit,
        log_reward,
        training_seconds,
        sampling_seconds,
        training_evaluations,
        sampling_evaluations,
        truth,
        device,
        points: _,
    } = outcome;
    let plan = &comparison.plan;
    let value = plan.variants[trial.place.variant].value.as_deref();
    let mut cells = vec![
        cell(&comparison.entrant(trial.place).label),
        cell(plan.field.as_deref().unwrap_or_default()),
        cell(value.unwrap_or_default()),
        last.to_string(),
        cell(method),
        cell(title),
        seed.to_string(),
        progress.to_string(),
        iterations.to_string(),
        samples.to_string(),
        optional(log_z),
        log_z_exact.to_string(),
        optional(ess),
    ];
    let figures = figures(comparison).iter();
    cells.extend(figures.map(|name| optional(&fit.number(name))));
    cells.extend([
        log_reward.to_string(),
        training_seconds.to_string(),
        sampling_seconds.to_string(),
        training_evaluations.to_string(),
        sampling_evaluations.to_string(),
        match truth {
            Truth::Quadrature => "quadrature".to_owned(),
            Truth::ImportanceWeighted => "importance_weighted".to_owned(),
            Truth::Rejection => "rejection".to_owned(),
        },
        cell(device),
    ]);
    cells.join(",") + "\n"
}

fn optional(number: &Option<f64>) -> String {
    number.map_or_else(String::new, |n| n.to_string())
}
