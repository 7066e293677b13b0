//! The way of one digit from noise to its end, under the prior and under the learned posterior.

use crate::kit::mosaic::Mosaic;
use crate::kit::number::log_r;
use crate::kit::shared::Shared;
use crate::kit::sheet::Sheet;
use crate::stage::Stage;
use rtb::message::Snapshot;
use rtb::task::images::SIDE;
use yew::prelude::*;

#[derive(Properties, PartialEq)]
pub struct JourneyProps {
    pub stage: Stage,
    pub snapshot: Option<Shared<Snapshot>>,
    /// The trajectory.
    pub chosen: usize,
    /// The step of the sliders, 0 to T.
    pub step: f64,
    pub on_step: Callback<f64>,
    pub dark: bool,
}

/// Places for the images of a way that is not known yet: those of most ways, so that nothing jumps.
const COLUMNS: usize = 11;

#[component]
pub fn Journey(props: &JourneyProps) -> Html {
    let of = (props.stage.scene.clone(), props.snapshot.clone(), props.chosen);
    let ways = use_memo(of, |(scene, snapshot, chosen)| {
        let paths = [Some(&scene.prior_paths), snapshot.as_ref().map(|s| &s.paths)];
        paths.map(|paths| {
            let paths = paths.filter(|p| *chosen < p.count())?;
            let mosaic = Mosaic {
                columns: paths.steps.len(),
                rows: 1,
                side: SIDE,
            };
            // The states of a trajectory lie one after the other.
            let length = paths.size * paths.steps.len();
            Some(mosaic.picture(&paths.points[chosen * length..(chosen + 1) * length]))
        })
    });
    let steps = props
        .snapshot
        .as_ref()
        .map_or(&props.stage.scene.prior_paths.steps, |s| &s.paths.steps);
    let mosaic = Mosaic {
        columns: match steps.len() {
            0 => COLUMNS,
            shown => shown,
        },
        rows: 1,
        side: SIDE,
    };
    let now = nearest(steps, props.step);
    let choose = {
        let (on_step, steps) = (props.on_step.clone(), steps.clone());
        Callback::from(move |place: usize| {
            if let Some(step) = steps.get(place) {
                on_step.emit(*step as f64);
            }
        })
    };
    let ends = [
        props.stage.log_reward(),
        props.snapshot.as_ref().map_or(&[][..], |s| &s.log_reward),
    ]
    .map(|all| all.get(props.chosen).copied());
    let row = |at: usize, id: &'static str, name: &'static str| {
        let end = log_r(ends[at]);
        html! {
            <>
                <p class="way"><span>{ name }</span><span>{ &end }</span></p>
                <Sheet {id} {mosaic} chosen={now} choose={choose.clone()} dark={props.dark} picture={ways[at].clone()}
                    label={format!("{name}: trajectory of image {} at {} steps from noise to the end point, {end}.", props.chosen + 1, steps.len())} />
            </>
        }
    };
    html! {
        <figure class="panel journey">
            <h3 aria-live="polite">{ format!("Trajectory of image {}", props.chosen + 1) }</h3>
            { row(0, "prior-way", "Prior") }
            { row(1, "learned-way", "Learned posterior") }
            <ol class="steps" aria-hidden="true">{ for steps.iter().map(|step| html! { <li>{ *step }</li> }) }</ol>
            <figcaption class="help">{ "Both trajectories have the same noise. Select another image in the grids above, or a step here." }</figcaption>
        </figure>
    }
}

/// The place of the shown step nearest to one.
fn nearest(steps: &[usize], step: f64) -> Option<usize> {
    let distance = |at: &usize| (steps[*at] as f64 - step).abs();
    (0..steps.len()).min_by(|a, b| distance(a).total_cmp(&distance(b)))
}

#[cfg(test)]
mod tests {
    use super::nearest;

    #[test]
    fn the_nearest_shown_step_is_found() {
        assert_eq!(nearest(&[0, 2, 4, 5], 4.4), Some(2));
        assert_eq!(nearest(&[0, 2, 4, 5], 9.0), Some(3));
        assert_eq!(nearest(&[], 1.0), None);
    }
}
