//! The corner plot, and the marginals beside it.

use super::choice::{Coordinates, FIRST};
use super::corner::{corner, learned};
use super::marginals::{SETS, Table, spread, use_marginals};
use super::view;
use crate::kit::corner::{CornerPlot, Flow};
use crate::kit::frame::Frame;
use crate::kit::math;
use crate::kit::shared::Shared;
use crate::parts::panels::{PanelsProps, stage, use_wide};
use crate::tasks::common::samples::use_samples;
use yew::prelude::*;

/// The id and the title of the plot.
pub const CORNER: (&str, &str) = ("corner-canvas", "Prior, learned and exact posterior");

/// What a run of points shows.
#[component]
pub fn Panels(props: &PanelsProps) -> Html {
    let samples = use_samples(props);
    let wide = use_wide();
    let (scene, snapshot) = (props.stage.scene.clone(), samples.snapshot.clone());
    let names = view(&scene).names.clone();
    let chosen = use_state_eq(|| None::<Vec<usize>>);
    {
        let chosen = chosen.setter();
        use_effect_with(names.clone(), move |_| chosen.set(None));
    }
    let there = |chosen: &Vec<usize>| chosen.iter().all(|at| *at < names.len());
    let shown = (*chosen).clone().filter(there);
    let shown = shown.unwrap_or_else(|| (0..names.len().min(FIRST)).collect());
    let of = (scene.clone(), snapshot.clone(), shown.clone());
    let corner = use_memo(of, |(scene, snapshot, shown)| {
        let view = view(scene);
        Shared::new(corner(&view, learned(snapshot.as_deref(), &view), shown))
    });
    let paths = use_memo((scene.clone(), snapshot.clone()), |(scene, snapshot)| {
        let paths = snapshot
            .as_ref()
            .map_or(&scene.prior_paths, |snapshot| &snapshot.paths);
        Shared::new(paths.clone())
    });
    let flow = (paths.count() > 0 && paths.size == names.len()).then(|| Flow {
        paths: (*paths).clone(),
        coordinates: shown.clone(),
        step: samples.step(),
    });
    let sets = use_marginals(&scene, &snapshot);
    let spoken = |at: &usize| {
        let of_set = |(name, all): (&str, &Shared<Vec<_>>)| Some(format!("{name} {}", spread(all.get(*at)?)));
        let said: Vec<_> = SETS.into_iter().zip(&sets).filter_map(of_set).collect();
        format!("{}: {}", names[*at], said.join(", "))
    };
    let label = format!(
        "Corner plot of {}.",
        shown.iter().map(spoken).collect::<Vec<_>>().join("; ")
    );
    let choose = {
        let chosen = chosen.setter();
        Callback::from(move |shown| chosen.set(Some(shown)))
    };
    let (id, title) = CORNER;
    let shown = html! {
        <>
            <div class="beside">
                <Frame {id} {title} formula={Some(math::POSTERIOR)} wide={wide.is(0)} on_wide={wide.toggle(0)}
                    help="On the diagonal is the density of each coordinate, below it that of each pair. Lines go around half and around nine tenths of the exact posterior. Dots are samples of the learned one on their way.">
                    <Coordinates names={names.clone()} {shown} {choose} />
                    <CornerPlot id={Some(id)} {label} corner={(*corner).clone()} {flow} dark={props.dark} />
                    <p class="keys">
                        <span class="key prior">{ "prior" }</span>
                        <span class="key learned block">{ "learned posterior" }</span>
                        <span class="key exact">{ "exact posterior" }</span>
                    </p>
                </Frame>
                <Table {names} {sets} />
            </div>
            { samples.timeline("Samples start as noise, which is the prior’s, and take T small noisy steps. The colours behind them are the density of their end points.") }
        </>
    };
    stage("points", shown)
}
