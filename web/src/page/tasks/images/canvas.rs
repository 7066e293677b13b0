//! Known pixels: the canvas on which they are painted, and its brush.

use super::constraint::{self, FREE};
use super::{Images, reward_mut};
use crate::kit::brush::{BrushControls, Tip};
use crate::kit::canvas::{Canvas, Marks, Pointer, Purpose};
use crate::kit::paint::Grid;
use crate::kit::painting::{Painting, use_hand};
use crate::kit::picture::Picture;
use crate::kit::selection::Selection;
use crate::kit::shared::Shared;
use crate::parts::edit::drawn;
use crate::state::Action;
use crate::tasks::common::factor::FactorProps;
use rtb::run::Run;
use rtb::task::images::Reward;
use yew::prelude::*;

/// What is said of the canvas.
pub const HELP: &str = "Paint the known pixels of the digit. By keyboard: arrows move the brush, Space paints, Backspace makes pixels free.";

/// What the brush leaves.
const TIPS: [Tip; 3] = [
    Tip {
        id: "paint-ink",
        name: "Paint ink",
        level: Some(9),
    },
    Tip {
        id: "paint-paper",
        name: "Paint paper",
        level: Some(0),
    },
    Tip {
        id: "paint-erase",
        name: "Free pixels",
        level: None,
    },
];

#[derive(Properties, PartialEq)]
pub struct ConstraintProps {
    /// Of the canvas; also its `data-testid`.
    pub id: &'static str,
    pub run: Shared<Run>,
    pub rows: Vec<String>,
    pub selection: Selection,
    pub dispatch: Callback<Action>,
    pub dark: bool,
}

/// The known pixels, to paint on.
#[component]
pub fn Constraint(props: &ConstraintProps) -> Html {
    let hand = use_hand();
    let picture = use_memo(props.rows.clone(), |rows| Picture::known(rows));
    let change = drawn(&props.run, &props.dispatch, |run, grid: Grid| {
        if let Some(rows) = constraint::known_mut(reward_mut(run)) {
            *rows = grid.rows;
        }
    });
    let painting = Painting {
        grid: Grid::new(props.rows.clone(), FREE),
        brush: props.selection.brush,
        hand: hand.clone(),
        change,
    };
    let on_pointer = {
        let painting = painting.clone();
        Callback::from(move |pointer: Pointer| painting.pointer(pointer))
    };
    let on_key = Callback::from(move |event: KeyboardEvent| {
        if painting.key(&event.key()) {
            event.prevent_default();
        }
    });
    let brush = hand.cursor.map(|at| (at, props.selection.brush.radius));
    let marks = Marks {
        purpose: Purpose::Paint,
        ..Marks::default()
    };
    let known = props
        .rows
        .iter()
        .flat_map(|r| r.chars())
        .filter(|c| *c != FREE)
        .count();
    html! {
        <Canvas id={props.id} label={format!("Canvas of 28 × 28 pixels, {known} of them known.")}
            legend="from paper to ink; tinted pixels are free" picture={Some((*picture).clone())} smooth=false axes=false paths={None} step=0.0 highlighted={None}
            {marks} {brush} dark={props.dark} {on_pointer} {on_key} />
    }
}

/// The brush, where a reward is painted.
pub fn brush(props: &FactorProps<Images>) -> Html {
    let Reward::Inpaint { deviation, .. } = props.reward else {
        return Html::default();
    };
    let set = props.set.clone();
    let clear = Callback::from(move |()| {
        // The empty canvas is allowed.
        let _ = set.emit(Reward::Inpaint {
            rows: constraint::blank(),
            deviation,
        });
    });
    html! {
        <BrushControls tips={&TIPS[..]} selection={props.selection} select={props.select.clone()} {clear}
            help="Paint on the reward panel: ink or paper where the digit is known. Pixels are free where it is not known; the secondary mouse button or Backspace makes them free." />
    }
}
