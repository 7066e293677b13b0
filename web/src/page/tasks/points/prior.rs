//! The prior: independent coordinates, or a mixture of Gaussians.

use super::coordinates::Coordinates;
use super::mixture::Mixture;
use super::{problem, problem_mut};
use crate::kit::field::Choice;
use crate::parts::edit::EditProps;
use rtb::task::points::{Component, Coordinate, Prior};
use std::mem::{discriminant, replace};
use yew::prelude::*;

#[component]
pub fn PriorControls(edits: &EditProps) -> Html {
    // What there was of the other kind, with the same names.
    let left = use_mut_ref(|| None::<Prior>);
    let choose = {
        let edits = edits.clone();
        Callback::from(move |kind: String| {
            // The names stay, so that the reward is still one.
            let _ = edits.apply(|run| {
                let prior = &mut problem_mut(run).prior;
                let Some(other) = changed(prior, &kind) else {
                    return;
                };
                let same = |left: &Prior| {
                    left.names() == other.names() && discriminant(left) == discriminant(&other)
                };
                let before = left.borrow_mut().take().filter(same);
                *left.borrow_mut() = Some(replace(prior, before.unwrap_or(other)));
            });
        })
    };
    let (kind, editor) = match &problem(&edits.run).prior {
        Prior::Marginals { coordinates } => (
            "marginals",
            html! { <Coordinates edits={edits.clone()} coordinates={coordinates.clone()} /> },
        ),
        Prior::Mixture { components, .. } => (
            "mixture",
            html! { <Mixture edits={edits.clone()} components={components.clone()} /> },
        ),
        Prior::Flow { weights } => (
            "file",
            html! { <p class="help">{ format!("The flow {weights}.") }</p> },
        ),
        Prior::Learned { .. } | Prior::Onnx(_) => (
            "file",
            html! { <p class="help">{ "This prior needs the native program." }</p> },
        ),
    };
    html! {
        <>
            <Choice id="prior-kind" field="prior.kind" label="Kind of prior" value={kind} set={choose}
                options={vec![("marginals".into(), "a law for each coordinate".into()), ("mixture".into(), "mixture of Gaussians".into())]}
                help="What is known before the reward. The native program also learns a prior from a table of samples." />
            { editor }
        </>
    }
}

/// A prior of another kind, with the same names and about the same place.
fn changed(prior: &Prior, kind: &str) -> Option<Prior> {
    let names = prior.names()?;
    match (prior, kind) {
        (Prior::Marginals { coordinates }, "mixture") => {
            let (mean, variances) = coordinates.iter().map(moments).unzip();
            let component = Component {
                weight: 1.0,
                mean,
                variances,
                covariance: Vec::new(),
            };
            Some(Prior::Mixture {
                names,
                components: vec![component],
            })
        }
        (Prior::Mixture { components, .. }, "marginals") => {
            let law = |(at, name)| {
                let (mean, variance) = of_mixture(components, at);
                Coordinate::Normal {
                    name,
                    mean,
                    deviation: variance.sqrt(),
                }
            };
            Some(Prior::Marginals {
                coordinates: names.into_iter().enumerate().map(law).collect(),
            })
        }
        _ => None,
    }
}

/// Mean and variance of a normal law; of any other, those of the standard one.
fn moments(coordinate: &Coordinate) -> (f64, f64) {
    match coordinate {
        Coordinate::Normal { mean, deviation, .. } => (*mean, deviation * deviation),
        _ => (0.0, 1.0),
    }
}

/// Mean and variance of a coordinate of a mixture.
fn of_mixture(components: &[Component], at: usize) -> (f64, f64) {
    let total: f64 = components.iter().map(|c| c.weight).sum();
    let over =
        |of: &dyn Fn(&Component) -> f64| components.iter().map(|c| c.weight * of(c)).sum::<f64>() / total;
    let variance = |c: &Component| match c.variances.get(at) {
        Some(variance) => *variance,
        None => c.covariance[at][at],
    };
    let mean = over(&|c| c.mean[at]);
    (mean, over(&|c| variance(c) + (c.mean[at] - mean).powi(2)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::presets::preset;

    #[test]
    fn another_kind_of_prior_keeps_the_names_and_the_place() {
        let mut run = preset("clusters").expect("a preset").run.clone();
        let before = problem(&run).prior.names();
        let marginals = changed(&problem(&run).prior, "marginals").expect("laws");
        // Of four corners, 2 has the share 0.5 of the first coordinate and 0.3 of the second.
        let Prior::Marginals { coordinates } = &marginals else {
            panic!("{marginals:?}")
        };
        let [(first, variance), (second, _)] = [&coordinates[0], &coordinates[1]].map(moments);
        assert!(first.abs() < 1e-12 && (second + 0.8).abs() < 1e-12 && (variance - 4.5).abs() < 1e-12);
        problem_mut(&mut run).prior = changed(&marginals, "mixture").expect("a mixture");
        assert_eq!((problem(&run).prior.names(), run.validate()), (before, Ok(())));
    }
}
