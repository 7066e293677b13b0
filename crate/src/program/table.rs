//! The figures of a report beside their exact values.

use super::output::{duration, figure};
use rtb::message::{Report, Truth};

/// The table of a report, ready to print.
pub fn report(report: &Report) -> String {
    let r = report;
    let rows = [
        ("log Z, learned", r.log_z_learned, Some(r.log_z_exact)),
        (
            "log Z, importance-weighted",
            r.log_z_importance,
            Some(r.log_z_exact),
        ),
        ("log Z, lower bound (ELBO)", r.elbo, Some(r.log_z_exact)),
        ("log Z, upper bound (EUBO)", r.eubo, Some(r.log_z_exact)),
        ("log Z of the prior's chain", r.log_z_prior, None),
        ("effective sample size / N", r.ess, Some(1.0)),
        (
            "mode weights, total variation",
            r.fit.mode_total_variation,
            Some(0.0),
        ),
        (
            "mass on excluded modes",
            r.fit.excluded_mass,
            Some(r.fit.excluded_mass_exact),
        ),
        (
            "variance within modes",
            r.fit.within_mode_variance,
            Some(r.fit.within_mode_variance_exact),
        ),
        (
            "covariance error within modes",
            r.fit.within_mode_covariance_error,
            Some(0.0),
        ),
        ("KL(learned ‖ exact) on a grid", r.fit.kl_grid, Some(0.0)),
        (
            "mass where the reward is floored",
            r.floored_mass,
            Some(r.floored_mass_exact),
        ),
        ("residual δ, mean", r.residual_mean, Some(0.0)),
        ("residual δ, deviation", r.residual_std, Some(0.0)),
    ];
    let mut lines = vec![line("", "measured", "exact")];
    lines.extend(rows.map(|(name, measured, exact)| {
        line(name, &figure(measured), &exact.map(figure).unwrap_or_default())
    }));
    lines.push(String::new());
    lines.push(format!("{} samples; exact means {}.", r.samples, exact(r.truth)));
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

/// What "exact" means.
pub fn exact(truth: Truth) -> &'static str {
    match truth {
        Truth::Quadrature => "quadrature of p(x)·r(x) on a grid",
        Truth::ImportanceWeighted => "samples of the learned prior's own chain, weighted by r",
    }
}

fn line(name: &str, measured: &str, exact: &str) -> String {
    format!("{name:<34}{measured:>10}{exact:>10}")
        .trim_end()
        .to_owned()
}
