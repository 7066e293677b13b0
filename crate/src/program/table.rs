//! The figures of a report beside their exact values.

use super::output::{duration, figure};
use rtb::message::{Chosen, Fit, ImageFit, PlaneFit, Report, StoryFit, Truth};

/// A figure: its name, its value and the exact one, where there are any.
type Row = (&'static str, Option<f64>, Option<f64>);

const IMPORTANCE: &str = "log Z, importance-weighted";

/// The table of a report, ready to print.
pub fn report(report: &Report) -> String {
    let r = report;
    let log_z = |name, value| (name, Some(value), Some(r.log_z_exact));
    let mut rows: Vec<Row> = vec![
        log_z("log Z, learned", r.log_z_learned),
        log_z(IMPORTANCE, r.log_z_importance),
        log_z("log Z, lower bound (ELBO)", r.elbo),
    ];
    rows.extend(r.eubo.map(|eubo| log_z("log Z, upper bound (EUBO)", eubo)));
    rows.push(("log Z of the prior's chain", Some(r.log_z_prior), None));
    rows.push(("effective sample size / N", Some(r.ess), Some(1.0)));
    rows.extend(fitted(&r.fit, r.log_reward));
    rows.push((
        "mass where the reward is floored",
        Some(r.floored_mass),
        Some(r.floored_mass_exact),
    ));
    rows.push(("residual δ, mean", Some(r.residual_mean), Some(0.0)));
    rows.push(("residual δ, deviation", Some(r.residual_std), Some(0.0)));
    let chosen: Vec<Row> = r.chosen.as_deref().map(chosen).unwrap_or_default();
    let heading = r.chosen.as_ref().map(|c| format!("1 of {}", c.candidates));
    let mut lines = vec![line("", "measured", heading.as_deref(), "exact")];
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
            "1 of {}: every sample chosen among so many of the policy's, in proportion to r·p_θ/p_φ.",
            c.candidates
        )
    }));
    lines.push(format!("{} samples; exact means {}.", r.samples, exact(r.truth)));
    lines.extend(r.fit.images().map(kept));
    lines.extend(r.fit.stories().map(weighed));
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

fn fitted(fit: &Fit, log_reward: f64) -> Vec<Row> {
    match fit {
        Fit::Plane(fit) => plane(fit),
        Fit::Images(fit) => images(fit, log_reward),
        Fit::Stories(fit) => stories(fit),
    }
}

/// What there is to tell of chosen samples, under the names of the others' figures.
fn chosen(chosen: &Chosen) -> Vec<Row> {
    let mut rows = fitted(&chosen.fit, chosen.log_reward);
    rows.push((IMPORTANCE, Some(chosen.log_z_importance), None));
    rows
}

fn plane(fit: &PlaneFit) -> Vec<Row> {
    let row = |name, value, exact| (name, Some(value), Some(exact));
    vec![
        row("mode weights, total variation", fit.mode_total_variation, 0.0),
        row(
            "mass on excluded modes",
            fit.excluded_mass,
            fit.excluded_mass_exact,
        ),
        row(
            "variance within modes",
            fit.within_mode_variance,
            fit.within_mode_variance_exact,
        ),
        row(
            "covariance error within modes",
            fit.within_mode_covariance_error,
            0.0,
        ),
        row("KL(learned ‖ exact) on a grid", fit.kl_grid, 0.0),
    ]
}

fn images(fit: &ImageFit, log_reward: f64) -> Vec<Row> {
    let mut rows = vec![("mean log r", Some(log_reward), fit.log_reward_exact)];
    if fit.accuracy.is_some() {
        rows.push(("share in a wanted class", fit.accuracy, fit.accuracy_exact));
    }
    rows.push(("FID, evaluation classifier", fit.fid, fit.fid_floor));
    rows.push(("FID, classifier of rewards", fit.fid_reward_classifier, None));
    rows.push(("diversity of features", Some(fit.diversity), fit.diversity_exact));
    rows
}

fn stories(fit: &StoryFit) -> Vec<Row> {
    let mut rows = vec![
        ("mean log r", Some(fit.log_reward_stories), fit.log_reward_exact),
        ("mean log r of the prior", fit.log_reward_prior, None),
        ("distinct-2", Some(fit.distinct), None),
        ("distinct-2 of the prior", fit.distinct_prior, None),
        ("words and marks of a middle", Some(fit.words), fit.words_exact),
    ];
    let told = [("BLEU-4", fit.bleu), ("GLEU-4", fit.gleu)];
    let told = told.into_iter().filter(|(_, value)| value.is_some());
    rows.extend(told.map(|(name, value)| (name, value, None)));
    rows
}

/// What the exact stories are.
fn weighed(fit: &StoryFit) -> String {
    let error = fit.log_z_error.map_or("–".to_owned(), figure);
    format!(
        "{} stories of the prior, of which {} count by their weights; exact log Z is ± {error}.",
        fit.proposals,
        figure(fit.effective)
    )
}

/// What the exact images are.
fn kept(fit: &ImageFit) -> String {
    let error = fit.log_z_error.map_or("–".to_owned(), figure);
    format!(
        "{} of {} images of the prior are kept, exact log Z is ± {error}; FID exact: one half of them \
         against the other.",
        fit.kept, fit.proposals
    )
}

/// What "exact" means.
pub fn exact(truth: Truth) -> &'static str {
    match truth {
        Truth::Quadrature => "quadrature of p(x)·r(x) on a grid",
        Truth::ImportanceWeighted => "samples of the learned prior's own chain, weighted by r",
        Truth::Rejection => "images of the prior's own chain, kept with probability r",
    }
}

fn line(name: &str, measured: &str, chosen: Option<&str>, exact: &str) -> String {
    let chosen = chosen.map_or_else(String::new, |text| format!("{text:>10}"));
    format!("{name:<34}{measured:>10}{chosen}{exact:>10}")
        .trim_end()
        .to_owned()
}
