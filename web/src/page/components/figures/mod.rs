//! The table of figures beside their exact counterparts.

mod rows;

use crate::kit::number::figure;
use crate::kit::shared::Shared;
use rows::rows;
use rtb::config::Task;
use rtb::message::{Chosen, ConditionReport, ImageFit, Report, Truth};
use yew::prelude::*;

/// Fewer images than this make a figure rough.
const ENOUGH: usize = 200;

/// How far to trust figures of few images; nothing where there are enough.
fn caution(samples: usize, fit: &ImageFit) -> String {
    let few = samples.min(fit.kept);
    if few >= ENOUGH {
        return String::new();
    }
    let fid = match fit.fid {
        Some(_) => "FID comes out too large.",
        None => "FID needs more than 64 of both.",
    };
    format!(
        "Few images so far, {} exact and {samples} learned ones: take the figures as rough. {fid}",
        fit.kept
    )
}

#[derive(Properties, PartialEq)]
pub struct FiguresProps {
    pub task: Task,
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
    let truth = match (props.task, report.map(|r| r.truth)) {
        (Task::Digits, _) => "Exact means: images of the learned prior’s own chain, kept with probability r.",
        (Task::Stories, _) => {
            "Exact means: middles of the learned prior’s own chain, weighted by r; rough while few of them count."
        }
        (_, Some(Truth::ImportanceWeighted)) => {
            "Exact means: importance-weighted samples of the learned prior, whose own chain is the truth here."
        }
        _ => "Exact means: by quadrature of p·r on a grid, the mixture itself being the prior.",
    };
    let caution = report.and_then(|r| Some(caution(r.samples, r.fit.images()?)));
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
                if let Some((candidates, _)) = &chosen {
                    { format!(" 1 of {candidates}: every sample was chosen among so many of the learned posterior’s, in proportion to r·pθ/pφ, the weight of its way; the more, the nearer to the exact posterior.") }
                }
            </p>
            if let Some(caution) = caution.filter(|c| !c.is_empty()) {
                <p class="help" data-testid="caution">{ caution }</p>
            }
            <table>
                <thead><tr>
                    <th scope="col">{ "Figure" }</th><th scope="col">{ "Learned" }</th>
                    if let Some((candidates, _)) = &chosen {
                        <th scope="col">{ format!("1 of {candidates}") }</th>
                    }
                    <th scope="col">{ "Exact" }</th>
                </tr></thead>
                <tbody>
                    { for rows(props.task).iter().map(|row| html! {
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
            if let Some(conditions) = report.map(|r| &r.conditions).filter(|all| !all.is_empty()) {
                { by_class(conditions) }
            }
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

/// Chosen samples as if they were all that there is; what is not measured of them is no number.
fn alone(chosen: &Chosen) -> Report {
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

/// The posteriors of a network that holds one for each of several classes.
fn by_class(conditions: &[ConditionReport]) -> Html {
    let row = |of: &ConditionReport| {
        let numbers = [
            ("accuracy", of.accuracy),
            ("log_reward", of.log_reward),
            ("log_z_importance", of.log_z_importance),
            ("log_z_exact", of.log_z_exact),
        ];
        let cell = |(key, value): (&str, f64)| html! { <td data-testid={format!("class-{}-{key}", of.class)}>{ figure(value) }</td> };
        html! { <tr key={of.class}><th scope="row">{ of.class }</th>{ for numbers.into_iter().map(cell) }</tr> }
    };
    html! {
        <table class="by-class">
            <thead><tr>
                <th scope="col">{ "Asked for" }</th><th scope="col">{ "Accuracy" }</th><th scope="col">{ "Mean log r" }</th>
                <th scope="col">{ "log Z" }</th><th scope="col">{ "exact" }</th>
            </tr></thead>
            <tbody>{ for conditions.iter().map(row) }</tbody>
        </table>
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chosen_samples_have_the_figures_that_are_measured_of_them() {
        let chosen = Chosen {
            candidates: 8,
            log_z_importance: -2.0,
            log_reward: -0.5,
            ..Chosen::default()
        };
        let report = alone(&chosen);
        let known = |task| {
            let known = rows(task).iter().filter(|row| {
                let value = (row.value)(&report);
                value.is_some_and(f64::is_finite)
            });
            known.map(|row| row.key).collect::<Vec<_>>()
        };
        assert_eq!(known(Task::Digits), ["log_z_importance", "log_reward"]);
        let of_plane = known(Task::Mixtures);
        assert!(of_plane.contains(&"mode_total_variation") && !of_plane.contains(&"ess"));
    }

    #[test]
    fn few_images_call_for_caution() {
        let fit = |kept| ImageFit {
            kept,
            ..ImageFit::default()
        };
        assert!(caution(200, &fit(12)).contains("12 exact"));
        assert_eq!(caution(200, &fit(200)), "");
    }
}
