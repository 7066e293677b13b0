//! What is wanted: the canvas on which known pixels are painted.

use crate::components::controls::Selection;
use crate::components::field::apply;
use crate::components::gestures::{Gestures, use_hand};
use crate::components::panel::{Panel, Pointer};
use crate::components::panels::{PANELS, REWARD};
use crate::draw::image::Picture;
use crate::handles::Draggable;
use crate::paint::{self, Grid};
use crate::shared::Shared;
use crate::state::{Action, Notice};
use rtb::config::Run;
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
