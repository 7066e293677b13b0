//! The table of figures beside their exact counterparts.

pub mod rows;

use crate::kit::fold::Fold;
use crate::kit::number::figure;
use crate::kit::shared::{Fixed, Shared};
use rows::Row;
use rtb::message::{Chosen, Report};
use yew::prelude::*;

/// What is said of the figures of a task.
#[derive(Clone, PartialEq)]
pub struct Remarks {
    /// What the exact values are.
    pub truth: &'static str,
    /// How far to trust the others, where that is not far.
    pub caution: Option<String>,
    /// More figures, below the table.
    pub more: Html,
}

#[derive(Properties, PartialEq)]
pub struct FiguresProps {
    pub rows: Fixed<[Row]>,
    pub remarks: Remarks,
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
    let of_chosen = |key: &str, value: Option<f64>| {
        let value = value.filter(|v| v.is_finite());
        html! {
            <td data-testid={format!("chosen-{key}")} data-value={value.map(|v| v.to_string())}>{ value.map(figure).unwrap_or_default() }</td>
        }
    };
    let chosen = report
        .and_then(|r| r.chosen.as_deref())
        .map(|c| (c.candidates, alone(c)));
    let estimate = report.is_some_and(Report::is_estimate);
    let Remarks { truth, caution, more } = &props.remarks;
    html! {
        <section class="figures" aria-labelledby="figures-title">
            <Fold id="figures-title" title="Metrics">
            <p class="help">
                { "Measured on " }
                if let Some(r) = report {
                    <span data-testid="metric-samples" data-value={r.samples.to_string()}>{ format!("{} samples", r.samples) }</span>
                } else {
                    { "samples" }
                }
                { " of the learned posterior. The last column is the exact value, where there is one. " }
                <span data-testid="truth">{ *truth }</span>
                if let Some((candidates, _)) = &chosen {
                    { format!(" Column “1 kept of {candidates}”: of every {candidates} samples of the learned posterior, 1 is kept, in proportion to its weight r·pθ/pφ. This is nearer to the exact posterior; the bias is of order 1/{candidates}.") }
                }
            </p>
            if let Some(caution) = caution {
                <p class="help" data-testid="caution">{ caution }</p>
            }
            if let Some(warning) = report.and_then(Report::floor_warning) {
                <p class="help" data-testid="floor-warning">{ format!("Most samples have the same reward: {warning}.") }</p>
            }
            <table>
                <thead><tr>
                    <th scope="col">{ "Metric" }</th><th scope="col">{ "Learned" }</th>
                    if let Some((candidates, _)) = &chosen {
                        <th scope="col">{ format!("1 kept of {candidates}") }</th>
                    }
                    <th scope="col" data-testid="beside">{ if estimate { "Estimate so far" } else { "Exact" } }</th>
                </tr></thead>
                <tbody>
                    { for props.rows.iter().map(|row| html! {
                        <tr key={row.key}>
                            <th scope="row">{ row.name }<small>{ row.help }</small></th>
                            { cell(row.key, report.and_then(row.value)) }
                            if let Some((_, report)) = &chosen {
                                { of_chosen(row.key, (row.value)(report)) }
                            }
                            if let Some(exact) = &row.exact {
                                { cell(exact.key, report.and_then(exact.value)) }
                            } else {
                                <td class="none"></td>
                            }
                        </tr>
                    }) }
                </tbody>
            </table>
            { more.clone() }
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
            </Fold>
        </section>
    }
}

/// Chosen samples as if they were all that there is; what is not measured of them is no number.
pub fn alone(chosen: &Chosen) -> Report {
    Report {
        log_z_learned: f64::NAN,
        log_z_importance: chosen.log_z_importance,
        log_z_prior: f64::NAN,
        elbo: f64::NAN,
        ess: f64::NAN,
        fit: chosen.fit.clone(),
        log_reward: chosen.log_reward,
        floored_mass: f64::NAN,
        residual_mean: f64::NAN,
        residual_std: f64::NAN,
        seconds_per_iteration: f64::NAN,
        ..Report::default()
    }
}
