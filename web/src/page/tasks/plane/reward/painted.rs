//! A reward that is painted by hand.

use super::set;
use crate::kit::brush::{BrushControls, TIPS};
use crate::kit::paint::Grid;
use crate::parts::edit::EditProps;
use rtb::task::plane::Reward;
use yew::prelude::*;

/// Cells on a side.
const CELLS: usize = 56;
/// The mark of a cell that is not painted: a reward of 0.
pub const BLANK: char = '0';

pub fn start() -> Reward {
    Reward::Painted {
        rows: Grid::spot(CELLS, BLANK).rows,
    }
}

pub fn painted(edits: &EditProps) -> Html {
    let clear = {
        let edits = edits.clone();
        Callback::from(move |()| {
            // A fresh picture is allowed.
            let _ = set(&edits, start());
        })
    };
    html! {
        <BrushControls tips={TIPS} selection={edits.selection} select={edits.select.clone()} {clear}
            help="Paint on the reward panel: level 9 is r = 1, level 0 is r = 0. The secondary mouse button or Backspace erases." />
    }
}
