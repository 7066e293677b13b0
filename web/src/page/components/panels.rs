//! The four panels on the same axes, and the two sliders of time.

use super::controls::BLANK;
use super::gestures::{Gestures, use_hand};
use super::pictures::Pictures;
use crate::handles::Draggable;
use crate::kit::math;
use crate::kit::paint::Grid;
use crate::kit::panel::{Panel, Pointer, Purpose};
use crate::kit::selection::Selection;
use crate::kit::shared::Shared;
use crate::kit::thinned::Thinned;
use crate::kit::timeline::use_times;
use crate::parts::edit::apply;
use crate::stage::Stage;
use crate::state::{Action, Notice};
use rtb::config::{Reward, Run};
use rtb::message::{Paths, Report, Snapshot, Truth};
use yew::prelude::*;

/// The canvases' ids and titles.
pub const PANELS: [(&str, &str); 4] = [
    ("prior-canvas", "Prior p"),
    ("reward-canvas", "Reward r"),
    ("learned-canvas", "Learned posterior"),
    ("exact-canvas", "Exact posterior"),
];

/// Positions in [`PANELS`].
pub const PRIOR: usize = 0;
pub const REWARD: usize = 1;
pub const LEARNED: usize = 2;
pub const EXACT: usize = 3;

#[derive(Properties, PartialEq)]
pub struct PanelsProps {
    pub run: Shared<Run>,
    pub stage: Stage,
    pub snapshots: Thinned<Shared<Snapshot>, 60>,
    pub training: bool,
    pub selection: Selection,
    pub select: Callback<Selection>,
    pub dispatch: Callback<Action>,
    pub dark: bool,
    /// Whether nothing should move by itself.
    pub still: bool,
}

/// Which panel is enlarged.
pub struct Wide(UseStateHandle<Option<usize>>);

#[hook]
pub fn use_wide() -> Wide {
    Wide(use_state_eq(|| None))
}

impl Wide {
    pub fn is(&self, panel: usize) -> bool {
        *self.0 == Some(panel)
    }

    /// Enlarges a panel, or makes it small again.
    pub fn toggle(&self, panel: usize) -> Callback<()> {
        let wide = self.0.clone();
        Callback::from(move |()| wide.set((*wide != Some(panel)).then_some(panel)))
    }
}

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
    let pictures = use_memo(props.stage.clone(), Pictures::new);
    let learned = use_memo((snapshot.clone(), pictures.clone()), |(snapshot, pictures)| {
        snapshot.as_ref().map(|s| pictures.of_samples(&s.samples))
    });
    let prior_paths = use_memo(props.stage.clone(), |stage| {
        Shared::new(stage.scene.prior_paths.clone())
    });
    let learned_paths = use_memo(snapshot.clone(), |s| {
        s.as_ref().map(|s| Shared::new(s.paths.clone()))
    });
    let has_exact = !props.stage.plane().exact.is_empty();

    let change = {
        let (run, dispatch) = (props.run.clone(), props.dispatch.clone());
        Callback::from(move |(panel, to): (usize, Draggable)| {
            let edit = dispatch.reform(Action::Edit);
            if let Err(error) = apply(&run, &edit, |run| put(run, panel, to)) {
                dispatch.emit(Action::Notice(Some(Notice::Refused(error))));
            }
        })
    };
    let panel_of = |panel: usize| {
        let (id, title) = PANELS[panel];
        let draggable = match panel {
            PRIOR => Draggable::Mixture {
                components: props.run.prior.components.clone(),
                selected: props.selection.prior,
            },
            REWARD => reward_draggable(&props.run, props.selection.reward),
            _ => Draggable::None,
        };
        let paths: Option<Shared<Paths>> = match panel {
            PRIOR => Some((*prior_paths).clone()),
            EXACT => has_exact.then(|| props.stage.exact_paths.clone()),
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
            <Panel key={id} {id} {title} help={help(panel, props)} label={label(panel, props, snapshot.as_ref().map(|s| &s.report))}
                legend={if panel == REWARD { "β·log r (floored)" } else { "density" }} formula={(panel == EXACT).then_some(math::POSTERIOR)}
                {picture} smooth={!paints} {paths} {step} highlighted={highlight(*hand.highlighted, panel)} {marks} {brush}
                dark={props.dark} wide={wide.is(panel)} {on_pointer} {on_key} on_wide={wide.toggle(panel)} />
        }
    };
    html! {
        <section class="stage" aria-labelledby="stage-title">
            <h2 id="stage-title" class="hidden">{ "Distributions" }</h2>
            <div class="panels">{ for (0..PANELS.len()).map(panel_of) }</div>
            { times.timeline(steps, iterations.clone(), "All samples start at x₀ = 0 and take T small noisy steps; the picture behind them is where they should end.") }
        </section>
    }
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
    match &run.reward {
        Reward::Ratio { numerator, .. } => Draggable::Mixture {
            components: numerator.clone(),
            selected,
        },
        Reward::Product { components } => Draggable::Mixture {
            components: components.clone(),
            selected,
        },
        Reward::Mask { shape, .. } => Draggable::Shape(*shape),
        Reward::Painted { rows } => Draggable::Grid(Grid::new(rows.clone(), BLANK)),
        _ => Draggable::None,
    }
}

/// Puts what was dragged back into the run.
fn put(run: &mut Run, panel: usize, dragged: Draggable) {
    match (panel, dragged, &mut run.reward) {
        (PRIOR, Draggable::Mixture { components, .. }, _) => run.prior.components = components,
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

fn truth(props: &PanelsProps) -> &'static str {
    match props.stage.scene.truth {
        Truth::Quadrature => "exact by quadrature",
        Truth::ImportanceWeighted => "importance-weighted samples of the learned prior",
        Truth::Rejection => "samples of the learned prior, kept with probability r",
    }
}

/// The sentence under a panel.
fn help(panel: usize, props: &PanelsProps) -> String {
    match panel {
        PRIOR => "Where the pretrained model’s samples end. Drag a component, double-click to add one, Delete to remove it.".to_owned(),
        REWARD => match &props.run.reward {
            Reward::Ratio { .. } => "How much each end point is wanted, under the learned end points. Drag the target’s components.",
            Reward::Formula { .. } => "How much each end point is wanted, under the learned end points. Type its formula among the controls.",
            Reward::Mask { .. } => "How much each end point is wanted, under the learned end points. Drag the shape’s handles.",
            Reward::Annealed { .. } => "How much each end point is wanted, under the learned end points: a power of the prior itself.",
            Reward::Product { .. } => "How much each end point is wanted, under the learned end points. Drag the second prior’s components.",
            Reward::Painted { .. } => "Paint with the pointer. By keyboard: arrows move the brush, Space paints, Backspace erases.",
            _ => "",
        }
        .to_owned(),
        LEARNED => "Where the trained chain’s samples end, smoothed. Point at a sample, or use the arrow keys, for its whole trajectory.".to_owned(),
        _ => format!("What the learned posterior should look like, {}, smoothed alike:", truth(props)),
    }
}

/// What a screen reader says of a panel.
fn label(panel: usize, props: &PanelsProps, report: Option<&Report>) -> String {
    let log_z = props.stage.scene.log_z.unwrap_or(f64::NAN);
    match (panel, report) {
        (PRIOR, _) => format!(
            "Density of the prior, {} components, with samples on their way.",
            props.run.prior.components.len()
        ),
        (REWARD, _) => format!("Tempered and floored logarithm of the reward; log Z is {log_z:.3}."),
        (LEARNED, Some(r)) => format!(
            "Density of {} samples of the learned posterior at iteration {}: total variation of mode weights {:.3}, effective sample size {:.0} %.",
            r.samples,
            r.iterations,
            r.fit.error().unwrap_or(f64::NAN),
            100.0 * r.ess
        ),
        (LEARNED, None) => "The learned posterior; the engine has not drawn it yet.".to_owned(),
        _ => format!(
            "Density of the exact posterior, {}; log Z is {log_z:.3}.",
            truth(props)
        ),
    }
}
