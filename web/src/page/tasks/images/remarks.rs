//! What is said of the figures of images.

use super::fit;
use crate::kit::number::figure;
use crate::parts::figures::Remarks;
use rtb::message::{ConditionReport, Report};
use rtb::task::images::{ClassFit, ImageFit};
use yew::prelude::*;

pub fn remarks(report: Option<&Report>) -> Remarks {
    let conditions = report.map(|r| &r.conditions[..]).filter(|all| !all.is_empty());
    Remarks {
        truth: "It comes from images of the learned prior, each kept with probability r.",
        caution: report.and_then(|r| caution(r.samples, &fit(&r.fit)?)),
        more: conditions.map(by_class).unwrap_or_default(),
    }
}

/// Fewer images than this make a figure rough.
const ENOUGH: usize = 200;

/// How far to trust figures of few images; nothing where there are enough.
fn caution(samples: usize, fit: &ImageFit) -> Option<String> {
    let few = samples.min(fit.kept);
    if few >= ENOUGH {
        return None;
    }
    let fid = match fit.fid {
        Some(_) => "FID is biased upwards.",
        None => "FID needs more than 64 of each.",
    };
    Some(format!(
        "Few images so far ({} exact, {samples} learned), so the metrics are rough. {fid}",
        fit.kept
    ))
}

/// The posteriors of a network that holds one for each of several classes.
fn by_class(conditions: &[ConditionReport]) -> Html {
    let row = |of: &ConditionReport| {
        let ClassFit { class, accuracy } = of.fit.of()?;
        let numbers = [
            ("accuracy", accuracy),
            ("log_reward", of.log_reward),
            ("log_z_importance", of.log_z_importance),
            ("log_z_exact", of.log_z_exact),
        ];
        let cell = |(key, value): (&str, f64)| html! { <td data-testid={format!("class-{class}-{key}")}>{ figure(value) }</td> };
        Some(
            html! { <tr key={class}><th scope="row">{ class }</th>{ for numbers.into_iter().map(cell) }</tr> },
        )
    };
    html! {
        <table class="by-class">
            <thead><tr>
                <th scope="col">{ "Class asked for" }</th><th scope="col">{ "Accuracy" }</th><th scope="col">{ "Mean log r" }</th>
                <th scope="col">{ "log Z" }</th><th scope="col">{ "Exact log Z" }</th>
            </tr></thead>
            <tbody>{ for conditions.iter().filter_map(row) }</tbody>
        </table>
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::parts::figures::alone;
    use crate::tasks::images::figures::ROWS;
    use rtb::message::Chosen;

    #[test]
    fn chosen_images_have_the_figures_that_are_measured_of_them() {
        let chosen = Chosen {
            candidates: 8,
            log_z_importance: -2.0,
            log_reward: -0.5,
            ..Chosen::default()
        };
        let report = alone(&chosen);
        let known = ROWS.iter().filter(|row| {
            let value = (row.value)(&report);
            value.is_some_and(f64::is_finite)
        });
        let known: Vec<_> = known.map(|row| row.key).collect();
        assert_eq!(known, ["log_z_importance", "log_reward"]);
    }

    #[test]
    fn few_images_call_for_caution() {
        let fit = |kept| ImageFit {
            kept,
            ..ImageFit::default()
        };
        assert!(caution(200, &fit(12)).is_some_and(|said| said.contains("12 exact")));
        assert_eq!(caution(200, &fit(200)), None);
    }
}
