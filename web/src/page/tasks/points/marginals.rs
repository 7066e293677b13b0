//! Every coordinate on its own, as a table.

use super::corner::learned;
use super::view;
use crate::kit::shared::Shared;
use rtb::message::{Scene, Snapshot};
use rtb::task::points::marginals::{Marginal, Weighted};
use yew::prelude::*;

/// The marginals of points, `[count][size]`; none without points.
pub fn marginals(points: &[f32], size: usize) -> Vec<Marginal> {
    let points: Vec<f64> = points.iter().map(|value| f64::from(*value)).collect();
    Weighted::equally(&points, size).map_or_else(|_| Vec::new(), |points| points.marginals())
}

/// The marginals of the prior, of the learned and of the exact posterior.
#[hook]
pub fn use_marginals(
    scene: &Shared<Scene>,
    snapshot: &Option<Shared<Snapshot>>,
) -> [Shared<Vec<Marginal>>; 3] {
    let fixed = use_memo(scene.clone(), |scene| {
        let view = view(scene);
        [&view.prior, &view.exact].map(|points| Shared::new(marginals(points, view.names.len())))
    });
    let moving = use_memo((scene.clone(), snapshot.clone()), |(scene, snapshot)| {
        let view = view(scene);
        Shared::new(marginals(learned(snapshot.as_deref(), &view), view.names.len()))
    });
    let [prior, exact] = (*fixed).clone();
    [prior, (*moving).clone(), exact]
}

/// What the sets of points are called, in the order of [`use_marginals`].
pub const SETS: [&str; 3] = ["prior", "learned", "exact"];

#[derive(Properties, PartialEq)]
pub struct TableProps {
    pub names: Vec<String>,
    pub sets: [Shared<Vec<Marginal>>; 3],
}

#[component]
pub fn Table(TableProps { names, sets }: &TableProps) -> Html {
    let row = |at: usize, (set, all): (&'static str, &Shared<Vec<Marginal>>)| {
        let marginal = all.get(at);
        let id = format!("marginal-{}-{set}", names[at]);
        html! {
            <tr>
                <th scope="row"><span class={classes!("key", set)}>{ set }</span></th>
                <td data-testid={id} data-value={marginal.map(|m| m.mean.to_string())}>{ marginal.map_or("–".to_owned(), spread) }</td>
                { for [0, 2, 4].map(|level| html! { <td>{ marginal.map_or("–".to_owned(), |m| written(m.quantiles[level], m.deviation)) }</td> }) }
            </tr>
        }
    };
    let coordinate = |at: usize| {
        let sets = SETS.into_iter().zip(sets);
        html! {
            <tbody key={at}>
                <tr><th scope="rowgroup" colspan="5">{ &names[at] }</th></tr>
                { for sets.map(|set| row(at, set)) }
            </tbody>
        }
    };
    html! {
        <figure class="chart marginals">
            <h3 id="marginals-title">{ "Marginals" }</h3>
            <div class="scroll" tabindex="0" role="group" aria-labelledby="marginals-title">
                <table>
                    <thead><tr>
                        <th scope="col">{ "Coordinate" }</th><th scope="col">{ "Mean ± deviation" }</th>
                        <th scope="col">{ "2.5 %" }</th><th scope="col">{ "50 %" }</th><th scope="col">{ "97.5 %" }</th>
                    </tr></thead>
                    { for (0..names.len()).map(coordinate) }
                </table>
            </div>
            <figcaption class="help">{ "Mean, standard deviation and quantiles of each coordinate." }</figcaption>
        </figure>
    }
}

/// A mean and a deviation.
pub fn spread(marginal: &Marginal) -> String {
    let Marginal { mean, deviation, .. } = *marginal;
    format!("{} ± {}", written(mean, deviation), written(deviation, deviation))
}

/// A number with as many decimals as this scale needs.
fn written(value: f64, scale: f64) -> String {
    let text = if !(1e-5..1e5).contains(&scale) || !value.is_finite() {
        format!("{value:.1e}")
    } else {
        let decimals = (1.0 - scale.log10().floor()).max(0.0) as usize;
        format!("{value:.decimals$}")
    };
    let zero = text.chars().all(|c| matches!(c, '-' | '0' | '.'));
    if zero {
        text.replace('-', "")
    } else {
        text.replace('-', "−")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_have_the_decimals_of_their_deviation() {
        let cases = [
            (0.123_456, 1.2, "0.1"),
            (-0.123_456, 0.034, "−0.123"),
            (-0.000_1, 0.034, "0.000"),
            (-1234.5, 350.0, "−1234"),
            (2.0, 1e-7, "2.0e0"),
        ];
        for (value, scale, wanted) in cases {
            assert_eq!(written(value, scale), wanted);
        }
        assert!(marginals(&[], 2).is_empty());
        let found = marginals(&[1.0, 5.0, 3.0, 7.0], 2);
        assert_eq!((found[0].mean, found[1].mean), (2.0, 6.0));
    }
}
