//! What the pointer and the keys paint on a panel.

use super::canvas::{Pointer, Touch, arrow};
use super::paint::{Brush, Grid};
use super::surface::HALF_WIDTH;
use yew::prelude::*;

/// Where the brush is, and where it was last while it paints.
#[derive(Clone, PartialEq)]
pub struct Hand {
    pub cursor: UseStateHandle<Option<[f64; 2]>>,
    stroke: UseStateHandle<Option<[f64; 2]>>,
}

#[hook]
pub fn use_hand() -> Hand {
    Hand {
        cursor: use_state_eq(|| None),
        stroke: use_state_eq(|| None),
    }
}

/// A grid that is painted on.
#[derive(Clone)]
pub struct Painting {
    pub grid: Grid,
    pub brush: Brush,
    pub hand: Hand,
    /// Puts the painted grid where it belongs.
    pub change: Callback<Grid>,
}

impl Painting {
    pub fn pointer(&self, Pointer { touch, at, erase, .. }: Pointer) {
        let Hand { cursor, stroke } = &self.hand;
        let brush = self.brush(erase);
        cursor.set((touch != Touch::Leave).then_some(at));
        match (touch, **stroke) {
            (Touch::Down, _) => self.change.emit(self.grid.stroke(at, brush)),
            (Touch::Move, Some(from)) => self.change.emit(self.grid.line(from, at, brush)),
            _ => {}
        }
        let paints = touch == Touch::Down || (touch == Touch::Move && stroke.is_some());
        stroke.set(paints.then_some(at));
    }

    /// Whether the key was of use.
    pub fn key(&self, key: &str) -> bool {
        let at = self.hand.cursor.unwrap_or_default();
        match (key, arrow(key)) {
            (" " | "Enter", _) => self.change.emit(self.grid.stroke(at, self.brush(false))),
            ("Backspace" | "Delete", _) => self.change.emit(self.grid.stroke(at, self.brush(true))),
            (_, Some(by)) => {
                let cell = self.grid.cell();
                let moved = [0, 1].map(|axis| (at[axis] + cell * by[axis]).clamp(-HALF_WIDTH, HALF_WIDTH));
                self.hand.cursor.set(Some(moved));
            }
            _ => return false,
        }
        true
    }

    fn brush(&self, erase: bool) -> Brush {
        Brush {
            level: self.brush.level.filter(|_| !erase),
            ..self.brush
        }
    }
}
