//! The figures of a report beside their exact values.

use super::grid::Grid;
use super::output::{duration, figure};
use rtb::message::{Fit, REFERENCE, Report, Truth};
use rtb::task::Task;
use rtb::task::opened::Measured;
use rtb::task::sheet::{Sheet, Source};

/// A figure: its name, its value and the exact one, where there are any.
type Row = (&'static str, Option<f64>, Option<f64>);

const IMPORTANCE: &str = "log Z, importance-weighted";

/// The table of a report of a run of this task, ready to print.
pub fn report(task: Task, report: &Report) -> String {
    let (r, sheet) = (report, task.room().sheet());
    let log_z = |name, value| (name, Some(value), Some(r.log_z_exact));
    let mut rows: Vec<Row> = vec![
        log_z(IMPORTANCE, r.log_z_importance),
        log_z("log Z, learned", r.log_z_learned),
        log_z("log Z, lower bound (ELBO)", r.elbo),
    ];
    rows.extend(r.eubo.map(|eubo| log_z("log Z, upper bound (EUBO)", eubo)));
    rows.push(("log Z of the prior's chain", Some(r.log_z_prior), None));
    rows.push(("effective sample size / N", Some(r.ess), Some(1.0)));
    rows.extend(fitted(sheet, &r.fit, r.log_reward));
    rows.push((
        "mass where log r is at its floor",
        Some(r.floored_mass),
        Some(r.floored_mass_exact),
    ));
    rows.push(("residual δ, mean", Some(r.residual_mean), Some(0.0)));
    rows.push(("residual δ, standard deviation", Some(r.residual_std), Some(0.0)));
    // What there is to tell of chosen samples, under the names of the others' figures.
    let chosen: Vec<Row> = r.chosen.as_deref().map_or_else(Vec::new, |chosen| {
        let mut rows = fitted(sheet, &chosen.fit, chosen.log_reward);
        rows.push((IMPORTANCE, Some(chosen.log_z_importance), None));
        rows
    });
    let heading = r.chosen.as_ref().map(|c| format!("1 of {}", c.candidates));
    let is_estimate = r.is_estimate();
    let beside = if is_estimate { "estimate" } else { "exact" };
    let mut lines = vec![line("", "measured", heading.as_deref(), beside)];
    lines.extend(rows.into_iter().map(|(name, measured, exact)| {
        let measured = measured.map_or("–".to_owned(), figure);
        let of_chosen = chosen.iter().find(|(of, _, _)| *of == name);
        let of_chosen = of_chosen.map_or_else(String::new, |row| row.1.map_or("–".to_owned(), figure));
        let column = heading.as_ref().map(|_| of_chosen.as_str());
        line(name, &measured, column, &exact.map(figure).unwrap_or_default())
    }));
    lines.push(String::new());
    lines.extend(r.chosen.iter().map(|c| {
        format!(
            "1 of {0}: each sample is chosen among {0} samples of the policy, in proportion to its weight r·p_θ/p_φ. More \
             candidates bring it closer to the posterior: the bias falls as 1 over their number.",
            c.candidates
        )
    }));
    lines.push(format!(
        "{} samples. \"Exact\" means {}.",
        r.samples,
        exact(r.truth, sheet)
    ));
    if is_estimate {
        let more = match task.uses("evaluation.proposals") {
            true => "evaluation.proposals",
            false => "evaluation.samples",
        };
        lines.push(format!(
            "The exact values are only estimates: they rest on {:.1} effective samples of the prior, and a reference needs \
             {REFERENCE}. Raise {more} for more.",
            r.prior_samples_effective
        ));
    }
    lines.extend(task.room().basis(r));
    lines.extend(r.floor_warning().map(|warning| format!("Warning: {warning}.")));
    lines.push(format!(
        "{} iterations in {} ({:.4} s each), seed {}, {}.",
        r.iterations,
        duration(r.seconds),
        r.seconds_per_iteration,
        r.seed,
        r.device
    ));
    lines.join("\n") + "\n"
}

/// The figures of several samplers of a task beside each other, of those that have an exact value, and this.
pub fn side_by_side<const N: usize>(task: Task, samplers: [(&str, &Measured); N]) -> String {
    let sheet = task.room().sheet();
    let known = sheet.rows.iter().filter_map(|row| {
        let of = |source: Source, measured: &Measured| source.of(&measured.fit, measured.log_reward);
        let values = samplers.map(|(_, measured)| of(row.value, measured));
        let exact = of(row.exact?, samplers[0].1);
        let figures = values.into_iter().chain([exact]);
        let cells = figures.map(|value| value.map_or(String::new(), figure));
        let is_shown = values.iter().any(Option::is_some);
        is_shown.then(|| std::iter::once(row.name.to_owned()).chain(cells).collect())
    });
    let headings = [""]
        .into_iter()
        .chain(samplers.map(|(name, _)| name))
        .chain(["exact"]);
    let grid = Grid {
        rows: known.collect(),
        headings: headings.map(str::to_owned).collect(),
        words: 1,
    };
    grid.text()
}

/// The task's figures.
fn fitted(sheet: &Sheet, fit: &Fit, log_reward: f64) -> Vec<Row> {
    let rows = sheet.rows.iter().map(|row| {
        let of = |source: Source| source.of(fit, log_reward);
        (row.name, of(row.value), row.exact.and_then(of), row.optional)
    });
    let known = rows.filter(|(_, value, _, optional)| value.is_some() || !optional);
    known
        .map(|(name, value, exact, _)| (name, value, exact))
        .collect()
}

/// What "exact" means.
pub fn exact(truth: Truth, sheet: &Sheet) -> String {
    match truth {
        Truth::Quadrature => "quadrature of p(x)·r(x) on a grid".to_owned(),
        Truth::ImportanceWeighted => "samples of the prior's own chain, weighted by r".to_owned(),
        Truth::Rejection => format!(
            "{} of the prior's own chain, kept with probability r",
            sheet.samples
        ),
    }
}

fn line(name: &str, measured: &str, chosen: Option<&str>, exact: &str) -> String {
    let chosen = chosen.map_or_else(String::new, |text| format!("{text:>10}"));
    format!("{name:<34}{measured:>10}{chosen}{exact:>10}")
        .trim_end()
        .to_owned()
}
