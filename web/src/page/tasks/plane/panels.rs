//! The four panels on the same axes, and the two sliders of time.

use super::draggable::Draggable;
use super::gestures::{Gestures, use_hand};
use super::pictures::Pictures;
use super::reward::BLANK;
use super::words::{help, label};
use super::{preview, problem, problem_mut, view};
use crate::kit::canvas::{Canvas, Pointer, Purpose};
use crate::kit::frame::Frame;
use crate::kit::math;
use crate::kit::paint::Grid;
use crate::kit::shared::Shared;
use crate::kit::timeline::use_times;
use crate::parts::edit::drawn;
use crate::parts::panels::{EXACT, LEARNED, PANELS, PRIOR, PanelsProps, REWARD, stage, use_wide};
use rtb::message::Paths;
use rtb::run::Run;
use rtb::task::plane::Reward;
use yew::prelude::*;

/// What a run in the plane shows.
#[component]
pub fn Panels(props: &PanelsProps) -> Html {
    let steps = props.stage.steps(&props.run);
    let times = use_times(&props.stage.scene, props.training, props.still);
    let wide = use_wide();
    let hand = use_hand();
    let snapshots = props.snapshots.items();
    let iterations: Vec<usize> = snapshots.iter().map(|s| s.iteration).collect();
    let snapshot = snapshots.get(times.shown(&iterations)).cloned();
    let pictures = use_memo(props.stage.scene.clone(), |scene| Pictures::new(scene));
    let learned = use_memo((snapshot.clone(), pictures.clone()), |(snapshot, pictures)| {
        snapshot.as_ref().map(|s| pictures.of_samples(&s.samples))
    });
    let prior_paths = use_memo(props.stage.scene.clone(), |scene| {
        Shared::new(scene.prior_paths.clone())
    });
    let exact_paths = {
        let run = props.run.clone();
        use_memo(props.stage.scene.clone(), move |scene| {
            preview::exact_paths(scene, &run)
        })
    };
    let learned_paths = use_memo(snapshot.clone(), |s| {
        s.as_ref().map(|s| Shared::new(s.paths.clone()))
    });
    let has_exact = !view(&props.stage.scene).exact.is_empty();

    let change = drawn(&props.run, &props.dispatch, |run, (panel, to)| {
        put(run, panel, to)
    });
    let panel_of = |panel: usize| {
        let (id, title) = PANELS[panel];
        let draggable = match panel {
            PRIOR => Draggable::mixture(
                problem(&props.run).prior.components.clone(),
                props.selection.prior,
            ),
            REWARD => reward_draggable(&props.run, props.selection.reward),
            _ => Draggable::None,
        };
        let paths: Option<Shared<Paths>> = match panel {
            PRIOR => Some((*prior_paths).clone()),
            EXACT => has_exact.then(|| (*exact_paths).clone()),
            _ => (*learned_paths).clone(),
        };
        let picture = match panel {
            PRIOR => Some(pictures.prior.clone()),
            REWARD => pictures.reward.clone(),
            LEARNED => (*learned).clone(),
            _ => pictures.exact.clone(),
        };
        // On the reward only end points matter.
        let step = if panel == REWARD {
            steps as f64
        } else {
            times.step(steps)
        };
        let marks = draggable.marks();
        let paints = marks.purpose == Purpose::Paint;
        let brush = hand
            .brush
            .cursor
            .filter(|_| paints)
            .map(|at| (at, props.selection.brush.radius));
        let gestures = Gestures {
            panel,
            prior: panel == PRIOR,
            draggable,
            paths: paths.clone(),
            step,
            hand: hand.clone(),
            selection: props.selection,
            select: props.select.clone(),
            change: change.reform(move |to| (panel, to)),
        };
        let on_pointer = {
            let gestures = gestures.clone();
            Callback::from(move |pointer: Pointer| gestures.pointer(pointer))
        };
        let on_key = Callback::from(move |event: KeyboardEvent| gestures.key(&event));
        html! {
            <Frame key={id} {id} {title} help={help(panel, props)} formula={(panel == EXACT).then_some(math::POSTERIOR)}
                wide={wide.is(panel)} on_wide={wide.toggle(panel)}>
                <Canvas {id} label={label(panel, props, snapshot.as_ref().map(|s| &s.report))}
                    legend={if panel == REWARD { "β·log r, with its floor" } else { "density" }}
                    {picture} smooth={!paints} {paths} {step} highlighted={highlight(*hand.highlighted, panel)} {marks} {brush}
                    dark={props.dark} {on_pointer} {on_key} />
            </Frame>
        }
    };
    let shown = html! {
        <>
            <div class="panels">{ for (0..PANELS.len()).map(panel_of) }</div>
            { times.timeline(steps, iterations.clone(), "All samples start at x₀ = 0 and take T small noisy steps. The picture behind them is the density of their end points.") }
        </>
    };
    stage("", shown)
}

/// The trajectory a panel shows whole. Prior and learned posterior share their noise, so the
/// same trajectory shows in both.
fn highlight(highlighted: Option<(usize, usize)>, panel: usize) -> Option<usize> {
    let shared = |p: usize| p == PRIOR || p == LEARNED;
    highlighted
        .filter(|(of, _)| *of == panel || (shared(*of) && shared(panel)))
        .map(|(_, path)| path)
}

fn reward_draggable(run: &Run, selected: Option<usize>) -> Draggable {
    match &problem(run).reward {
        Reward::Ratio { numerator, .. } => Draggable::mixture(numerator.clone(), selected),
        Reward::Product { components } => Draggable::mixture(components.clone(), selected),
        Reward::Mask { shape, .. } => Draggable::Shape(*shape),
        Reward::Painted { rows } => Draggable::Grid(Grid::new(rows.clone(), BLANK)),
        _ => Draggable::None,
    }
}

/// Puts what was dragged back into the run.
fn put(run: &mut Run, panel: usize, dragged: Draggable) {
    let problem = problem_mut(run);
    match (panel, dragged, &mut problem.reward) {
        (PRIOR, Draggable::Mixture { components, .. }, _) => problem.prior.components = components,
        (REWARD, Draggable::Mixture { components, .. }, Reward::Ratio { numerator, .. }) => {
            *numerator = components
        }
        (REWARD, Draggable::Mixture { components: new, .. }, Reward::Product { components }) => {
            *components = new
        }
        (REWARD, Draggable::Shape(new), Reward::Mask { shape, .. }) => *shape = new,
        (REWARD, Draggable::Grid(new), Reward::Painted { rows }) => *rows = new.rows,
        _ => {}
    }
}
