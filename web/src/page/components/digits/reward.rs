//! What is wanted: log r of the images on show, and the canvas on which known pixels are painted.

use super::words::{mean, short, wish};
use crate::components::controls::Selection;
use crate::components::field::apply;
use crate::components::frame::Frame;
use crate::components::gestures::{Gestures, use_hand};
use crate::components::panel::{Panel, Pointer};
use crate::components::panels::{PANELS, REWARD};
use crate::draw::image::Picture;
use crate::draw::ridges::{self, Ridge};
use crate::draw::{Surface, color};
use crate::handles::Draggable;
use crate::paint::{self, Grid};
use crate::shared::Shared;
use crate::size::use_width;
use crate::stage::Stage;
use crate::state::{Action, Notice};
use rtb::config::Run;
use rtb::message::Snapshot;
use yew::prelude::*;

const ID: &str = PANELS[REWARD].0;
const TITLE: &str = PANELS[REWARD].1;

#[derive(Properties, PartialEq)]
pub struct ConstraintProps {
    pub run: Shared<Run>,
    pub rows: Vec<String>,
    pub selection: Selection,
    pub select: Callback<Selection>,
    pub dispatch: Callback<Action>,
    pub dark: bool,
    pub wide: bool,
    pub on_wide: Callback<()>,
}

/// The known pixels, to paint on.
#[component]
pub fn Constraint(props: &ConstraintProps) -> Html {
    let hand = use_hand();
    let picture = use_memo(props.rows.clone(), |rows| Picture::known(rows));
    let change = {
        let (run, dispatch) = (props.run.clone(), props.dispatch.clone());
        Callback::from(move |painted: Draggable| {
            let Draggable::Grid(grid) = painted else {
                return;
            };
            let edit = dispatch.reform(Action::Edit);
            let put = |run: &mut Run| {
                if let Some(rows) = paint::constraint_mut(&mut run.reward) {
                    *rows = grid.rows;
                }
            };
            if let Err(error) = apply(&run, &edit, put) {
                dispatch.emit(Action::Notice(Some(Notice::Refused(error))));
            }
        })
    };
    let draggable = Draggable::Grid(Grid::constraint(props.rows.clone()));
    let gestures = Gestures {
        panel: 0,
        prior: false,
        draggable: draggable.clone(),
        paths: None,
        step: 0.0,
        hand: hand.clone(),
        selection: props.selection,
        select: props.select.clone(),
        change,
    };
    let on_pointer = {
        let gestures = gestures.clone();
        Callback::from(move |pointer: Pointer| gestures.pointer(pointer))
    };
    let on_key = Callback::from(move |event: KeyboardEvent| gestures.key(&event));
    let brush = hand.cursor.map(|at| (at, props.selection.brush.radius));
    let known = props
        .rows
        .iter()
        .flat_map(|r| r.chars())
        .filter(|c| *c != '.')
        .count();
    html! {
        <Panel id={ID} title={TITLE} label={format!("Canvas of 28 × 28 pixels, {known} of them known.")}
            help="Paint what is known of the digit. By keyboard: arrows move the brush, Space paints, Backspace frees."
            legend="paper to ink; tinted pixels are free" picture={Some((*picture).clone())} smooth=false axes=false paths={None} step=0.0 highlighted={None}
            {draggable} {brush} dark={props.dark} wide={props.wide} {on_pointer} {on_key} on_wide={props.on_wide.clone()} />
    }
}

#[derive(Properties, PartialEq)]
pub struct LogRewardsProps {
    pub run: Shared<Run>,
    pub stage: Stage,
    pub snapshot: Option<Shared<Snapshot>>,
    /// The image that is shown whole.
    pub chosen: usize,
    pub dark: bool,
    pub wide: bool,
    pub on_wide: Callback<()>,
}

/// log r of the prior's, the learned and the exact images, as histograms.
#[component]
pub fn LogRewards(props: &LogRewardsProps) -> Html {
    let canvas = use_node_ref();
    let width = use_width(&canvas);
    let ink = color::ink(props.dark);
    let of = (
        props.stage.clone(),
        props.snapshot.clone(),
        props.chosen,
        props.dark,
    );
    let all = use_memo(of, |(stage, snapshot, chosen, dark)| {
        let ink = color::ink(*dark);
        let prior = stage.scene.view.digits().map(|view| &view.log_reward);
        let learned = snapshot.as_ref().map(|s| &s.log_reward);
        let exact = stage.truth.as_ref().map(|t| &t.log_reward);
        [
            ridge("prior", ink.text, prior, Some(*chosen)),
            ridge("learned", ink.sample, learned, Some(*chosen)),
            ridge("exact", ink.exact, exact, None),
        ]
    });
    {
        let canvas = canvas.clone();
        use_effect_with((all.clone(), ink, width.round() as u32), move |(all, ink, _)| {
            if let Some(surface) = Surface::new(&canvas, *ink) {
                let (low, high) = ridges::range(&**all);
                ridges::draw(&surface, &**all, [&short(low), &short(high)]);
            }
        });
    }
    let figures: Vec<_> = all.iter().map(|r| format!("{}, {}", r.name, r.note)).collect();
    html! {
        <Frame id={ID} title={TITLE} wide={props.wide} on_wide={props.on_wide.clone()}
            help={format!("Wanted: {}. The line marks the chosen image.", wish(&props.run.reward))}>
            <canvas ref={canvas} id={ID} data-testid={ID} role="img" class="still"
                aria-label={format!("Histograms of log r over the images on show: {}.", figures.join("; "))} />
            <p class="tally">{ "β·log r (floored) of the images on show" }</p>
        </Frame>
    }
}

fn ridge(name: &'static str, color: &'static str, values: Option<&Vec<f32>>, chosen: Option<usize>) -> Ridge {
    let values = values.cloned().unwrap_or_default();
    Ridge {
        name,
        color,
        note: mean(&values).map_or("none yet".to_owned(), |m| format!("mean {}", short(m))),
        marked: chosen.and_then(|at| values.get(at).copied()),
        values,
    }
}
