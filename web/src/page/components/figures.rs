//! The table of figures beside their exact counterparts.

use crate::shared::Shared;
use rtb::message::{Report, Truth};
use yew::prelude::*;

/// A figure: its key in `report.json`, its name, what it is, its value and the exact one.
struct Row {
    key: &'static str,
    name: &'static str,
    help: &'static str,
    value: fn(&Report) -> f64,
    exact: Option<Exact>,
}

struct Exact {
    key: &'static str,
    value: fn(&Report) -> f64,
}

const fn row(key: &'static str, name: &'static str, help: &'static str, value: fn(&Report) -> f64) -> Row {
    Row {
        key,
        name,
        help,
        value,
        exact: None,
    }
}

impl Row {
    const fn beside(mut self, key: &'static str, value: fn(&Report) -> f64) -> Self {
        self.exact = Some(Exact { key, value });
        self
    }
}

const ROWS: [Row; 15] = [
    row("log_z_learned", "log Z, learned", "the number in the loss", |r| {
        r.log_z_learned
    })
    .beside("log_z_exact", |r| r.log_z_exact),
    row(
        "log_z_importance",
        "log Z, importance-weighted",
        "log of the mean weight of policy samples",
        |r| r.log_z_importance,
    ),
    row(
        "log_z_prior",
        "log Z, from the prior",
        "log of the mean reward of prior samples",
        |r| r.log_z_prior,
    ),
    row(
        "elbo",
        "ELBO",
        "mean log weight of policy samples, below log Z",
        |r| r.elbo,
    ),
    row(
        "eubo",
        "EUBO",
        "mean log weight of posterior samples, above log Z",
        |r| r.eubo,
    ),
    row(
        "ess",
        "Effective sample size, ESS/N",
        "share of samples worth an exact one",
        |r| r.ess,
    )
    .beside("", |_| 1.0),
    row(
        "mode_total_variation",
        "Total variation of mode weights",
        "half the absolute differences, summed",
        |r| r.fit.mode_total_variation,
    )
    .beside("", |_| 0.0),
    row(
        "kl_grid",
        "KL(learned ‖ exact)",
        "of the masses of the cells of a grid",
        |r| r.fit.kl_grid,
    )
    .beside("", |_| 0.0),
    row(
        "excluded_mass",
        "Mass on excluded modes",
        "modes the posterior hardly has",
        |r| r.fit.excluded_mass,
    )
    .beside("excluded_mass_exact", |r| r.fit.excluded_mass_exact),
    row(
        "within_mode_variance",
        "Variance within a mode",
        "mean over samples",
        |r| r.fit.within_mode_variance,
    )
    .beside("within_mode_variance_exact", |r| r.fit.within_mode_variance_exact),
    row(
        "within_mode_covariance_error",
        "Error of modes' covariances",
        "largest entry, weighted mean over modes",
        |r| r.fit.within_mode_covariance_error,
    )
    .beside("", |_| 0.0),
    row(
        "floored_mass",
        "Mass where r is floored",
        "share of samples",
        |r| r.floored_mass,
    )
    .beside("floored_mass_exact", |r| r.floored_mass_exact),
    row("residual_mean", "Residual δ, mean", "over policy samples", |r| {
        r.residual_mean
    })
    .beside("", |_| 0.0),
    row(
        "residual_std",
        "Residual δ, deviation",
        "over policy samples",
        |r| r.residual_std,
    )
    .beside("", |_| 0.0),
    row(
        "seconds_per_iteration",
        "Seconds an iteration",
        "wall time on this machine",
        |r| r.seconds_per_iteration,
    ),
];

/// A figure as people read it.
pub fn figure(value: f64) -> String {
    let size = value.abs();
    let text = if !value.is_finite() {
        return "–".to_owned();
    } else if value == 0.0 {
        return "0".to_owned();
    } else if !(1e-3..1e5).contains(&size) {
        format!("{value:.1e}")
    } else if size < 1.0 {
        format!("{value:.4}")
    } else if size < 100.0 {
        format!("{value:.3}")
    } else {
        format!("{value:.1}")
    };
    text.replace('-', "−")
}

/// A large number as people read it.
pub fn count(value: f64) -> String {
    let scaled = |by: f64, unit: &str| {
        let value = value / by;
        let digits = if value < 9.95 { 1 } else { 0 };
        format!("{value:.digits$} {unit}")
    };
    match value {
        v if v >= 1e9 => scaled(1e9, "G"),
        v if v >= 1e6 => scaled(1e6, "M"),
        v if v >= 1e4 => scaled(1e3, "k"),
        v if v.fract() == 0.0 => format!("{v:.0}"),
        v => figure(v),
    }
}

#[derive(Properties, PartialEq)]
pub struct FiguresProps {
    pub report: Option<Shared<Report>>,
}

#[component]
pub fn Figures(props: &FiguresProps) -> Html {
    let report = props.report.as_deref();
    let cell = |key: &'static str, value: Option<f64>| {
        html! {
            <td data-testid={(!key.is_empty()).then(|| format!("metric-{key}"))} data-value={value.map(|v| v.to_string())}>
                { value.map_or("–".to_owned(), figure) }
            </td>
        }
    };
    let truth = match report.map(|r| r.truth) {
        Some(Truth::ImportanceWeighted) => {
            "Exact means: importance-weighted samples of the learned prior, whose own chain is the truth here."
        }
        _ => "Exact means: by quadrature of p·r on a grid, the mixture itself being the prior.",
    };
    html! {
        <section class="figures" aria-labelledby="figures-title">
            <h2 id="figures-title">{ "Figures" }</h2>
            <p class="help">
                { "Measured over " }
                if let Some(r) = report {
                    <span data-testid="metric-samples" data-value={r.samples.to_string()}>{ format!("{} samples", r.samples) }</span>
                } else {
                    { "samples" }
                }
                { " of the learned posterior, each figure beside its exact value where there is one. " }
                <span data-testid="truth">{ truth }</span>
            </p>
            <table>
                <thead><tr><th scope="col">{ "Figure" }</th><th scope="col">{ "Learned" }</th><th scope="col">{ "Exact" }</th></tr></thead>
                <tbody>
                    { for ROWS.iter().map(|row| html! {
                        <tr key={row.key}>
                            <th scope="row">{ row.name }<small>{ row.help }</small></th>
                            { cell(row.key, report.map(row.value)) }
                            if let Some(exact) = &row.exact {
                                { cell(exact.key, report.map(exact.value)) }
                            } else {
                                <td class="none"></td>
                            }
                        </tr>
                    }) }
                </tbody>
            </table>
            if let Some(r) = report {
                <p class="help">
                    { "Iteration " }
                    <span data-testid="metric-iterations" data-value={r.iterations.to_string()}>{ r.iterations }</span>
                    { ", " }
                    <span data-testid="metric-seconds" data-value={r.seconds.to_string()}>{ format!("{:.1} s", r.seconds) }</span>
                    { " of training on " }
                    <span data-testid="metric-device" data-value={r.device.clone()}>{ r.device.clone() }</span>
                    { ", seed " }
                    <span data-testid="metric-seed" data-value={r.seed.to_string()}>{ r.seed }</span>
                    { "." }
                </p>
            }
        </section>
    }
}
