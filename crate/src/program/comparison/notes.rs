//! The notes below the table of a comparison.

use super::crossover;
use super::{Comparison, Finished};
use crate::program::output::{figure, grouped};
use crate::program::table;

/// One sentence or a few each.
pub fn notes(comparison: &Comparison) -> Vec<String> {
    let mut notes = vec![seeds(comparison)];
    let sheet = comparison.plan.run.task().room().sheet();
    let of_first = |variant, figure: &str| {
        let trial = comparison.finished.iter().find(|f| f.place.variant == variant)?;
        trial.outcome.fit.number(figure)
    };
    // Where groups are pooled or each is a problem, the table has the exact posterior's figures.
    let tabled = comparison.plan.pooled || comparison.plan.varies_problems();
    let shown = sheet.notes.iter().filter(|_| !tabled);
    let exact = shown.map(|(name, figure)| by_variant(comparison, name, |variant| of_first(variant, figure)));
    let means = table::exact(comparison.truths[0].truth, sheet);
    let sentences = [format!("\"Exact\" means {means}.")].into_iter().chain(exact);
    notes.push(sentences.collect::<Vec<_>>().join(" ").trim_end().to_owned());
    if !tabled {
        notes.push(by_variant(comparison, sheet.exact_error, |variant| {
            comparison.exact_error(variant)
        }));
    }
    let columns = if comparison.plan.varies_problems() {
        "\"Perfect\": the mean of as many samples of the exact posterior."
    } else {
        "Evaluations: millions of kernel evaluations, each for one state, of the prior or the policy; a backward \
         pass counts as two. Trained methods also evaluate the prior on their samples, to compute log Z and ESS, \
         which doubles their evaluations in sampling."
    };
    notes.push(columns.to_owned());
    notes.extend(samples(comparison));
    if comparison.chooses() {
        notes.push(
            "\"1 of N\": each sample is chosen among N samples of the policy, in proportion to the weight r·p_θ/p_φ of its \
             trajectory; the sampling time includes computing the weights."
                .to_owned(),
        );
    }
    for failed in &comparison.failed {
        notes.push(format!(
            "{}: {}.",
            comparison.name_of(failed.place),
            failed.reason
        ));
    }
    if comparison.ended() < comparison.trials() {
        notes.push(format!(
            "Stopped after {} of {} trials.",
            comparison.ended(),
            comparison.trials()
        ));
    }
    notes.extend(crossover::sentences(comparison));
    // A figure that no trial has leaves no sentence.
    notes.retain(|note| !note.is_empty());
    notes
}

fn seeds(comparison: &Comparison) -> String {
    let plan = &comparison.plan;
    let seeds: Vec<_> = plan.seeds.iter().map(u64::to_string).collect();
    let seeds = match seeds.as_slice() {
        [one] => format!("seed {one}"),
        many => format!("the seeds {}", many.join(", ")),
    };
    let values = plan
        .variants
        .iter()
        .filter_map(|variant| variant.value.as_deref());
    match plan.field.as_ref().filter(|_| plan.pooled) {
        Some(field) => {
            let values = values.collect::<Vec<_>>().join(", ");
            format!("Mean ± standard deviation over {field} = {values}, with {seeds}.")
        }
        None if plan.seeds.len() == 1 => format!("Each row is one trial, with {seeds}."),
        None => format!("Mean ± standard deviation over {seeds}."),
    }
}

/// A figure of the exact posterior: once, or once a value of the varied field where they differ.
fn by_variant(comparison: &Comparison, name: &str, value: impl Fn(usize) -> Option<f64>) -> String {
    let plan = &comparison.plan;
    let found: Vec<(usize, String)> = (0..plan.variants.len())
        .filter_map(|v| Some((v, figure(value(v)?))))
        .collect();
    match found.as_slice() {
        [] => String::new(),
        [(_, first), rest @ ..] if rest.iter().all(|(_, other)| other == first) => {
            format!("{name}: {first}.")
        }
        all => {
            let each = all.iter().map(|(v, figure)| {
                let setting = plan.setting(*v).unwrap_or_default();
                format!("{figure} ({setting})")
            });
            format!("{name}: {}.", each.collect::<Vec<_>>().join(", "))
        }
    }
}

/// How many samples stand behind the figures, and what computed them.
fn samples(comparison: &Comparison) -> Option<String> {
    let first = comparison.finished.first()?;
    let wanted = comparison.plan.run.evaluation.samples;
    let plan = &comparison.plan;
    let other = |f: &&Finished| {
        let wanted = plan.variants[f.place.variant].run.evaluation.samples;
        f.outcome.samples != wanted && f.place.seed == 0
    };
    let mut others: Vec<String> = Vec::new();
    for trial in comparison.finished.iter().filter(other) {
        let count = grouped(trial.outcome.samples as f64);
        let text = format!("{} {count}", comparison.entrant(trial.place).label);
        if !others.contains(&text) {
            others.push(text);
        }
    }
    let others = match others.as_slice() {
        [] => String::new(),
        others => format!(" ({})", others.join(", ")),
    };
    Some(format!(
        "{} samples{others}; {}.",
        grouped(wanted as f64),
        first.outcome.device
    ))
}
