//! The reward of an action, painted on its panel.

use super::{problem, problem_mut};
use crate::kit::brush::{BrushControls, TIPS};
use crate::kit::canvas::Pointer;
use crate::kit::paint::Grid;
use crate::kit::painting::{Hand, Painting};
use crate::kit::surface::HALF_WIDTH;
use crate::parts::edit::{EditProps, drawn};
use crate::parts::panels::PanelsProps;
use rtb::task::control::Environment;
use yew::prelude::*;

/// Cells on a side of a new painting.
const CELLS: usize = 28;
/// The mark of a cell that is not painted: a reward of 0.
const BLANK: char = '0';
/// What a new painting covers, and the reward of what is painted.
const REACH: f64 = 4.0;
const BEST: f64 = 3.0;

/// A reward that has a round spot in the middle.
pub fn start() -> Environment {
    Environment::Painted {
        rows: Grid::spot(CELLS, BLANK).rows,
        reach: REACH,
        best: BEST,
    }
}

/// What is painted on the panel of an action's reward.
#[derive(Clone)]
pub struct Easel {
    painting: Painting,
    /// What a unit of the painted square is in units of actions.
    unit: f64,
}

impl Easel {
    /// That of a run, where its reward is painted.
    pub fn of(props: &PanelsProps, hand: &Hand) -> Option<Self> {
        let Environment::Painted { rows, reach, .. } = &problem(&props.run).environment else {
            return None;
        };
        let change = drawn(&props.run, &props.dispatch, |run, grid: Grid| {
            if let Environment::Painted { rows, .. } = &mut problem_mut(run).environment {
                *rows = grid.rows;
            }
        });
        Some(Self {
            painting: Painting {
                grid: Grid::new(rows.clone(), BLANK),
                brush: props.selection.brush,
                hand: hand.clone(),
                change,
            },
            unit: reach / HALF_WIDTH,
        })
    }

    /// The place of the brush, and its radius, in units of actions.
    pub fn brush(&self) -> Option<([f64; 2], f64)> {
        let cursor = *self.painting.hand.cursor;
        cursor.map(|at| {
            (
                at.map(|at| at * self.unit),
                self.painting.brush.radius * self.unit,
            )
        })
    }

    pub fn pointer(&self, pointer: Pointer) {
        self.painting.pointer(Pointer {
            at: pointer.at.map(|at| at / self.unit),
            reach: pointer.reach / self.unit,
            ..pointer
        });
    }

    pub fn key(&self, event: &KeyboardEvent) {
        if self.painting.key(&event.key()) {
            event.prevent_default();
        }
    }
}

/// The brush, and a fresh painting.
pub fn controls(edits: &EditProps) -> Html {
    let clear = {
        let edits = edits.clone();
        Callback::from(move |()| {
            // A fresh picture is allowed.
            let _ = edits.apply(|run| {
                if let (Environment::Painted { rows, .. }, Environment::Painted { rows: fresh, .. }) =
                    (&mut problem_mut(run).environment, start())
                {
                    *rows = fresh;
                }
            });
        })
    };
    html! {
        <BrushControls tips={TIPS} selection={edits.selection} select={edits.select.clone()} {clear}
            help="Paint on the panel of the reward: level 9 is the reward of a 9, level 0 is 0. The secondary mouse button or Backspace erases." />
    }
}
