//! What the pointer and the keys do on a panel.

use super::controls::Selection;
use super::panel::{Pointer, Touch};
use crate::draw::surface::nearest;
use crate::handles::Draggable;
use crate::paint::{Brush, Grid};
use crate::shared::Shared;
use rtb::config::{Component, HALF_WIDTH};
use rtb::message::Paths;
use yew::prelude::*;

/// What the pointer holds.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Held {
    /// A handle of the draggable.
    Handle(usize),
    /// The brush, last seen here.
    Brush([f64; 2]),
}

/// What is going on with the pointer and the keys, over all panels.
#[derive(Clone, PartialEq)]
pub struct Hand {
    pub held: UseStateHandle<Option<Held>>,
    /// A panel, and the trajectory shown whole on it.
    pub highlighted: UseStateHandle<Option<(usize, usize)>>,
    /// Where the brush is.
    pub cursor: UseStateHandle<Option<[f64; 2]>>,
}

#[hook]
pub fn use_hand() -> Hand {
    Hand {
        held: use_state_eq(|| None),
        highlighted: use_state_eq(|| None),
        cursor: use_state_eq(|| None),
    }
}

/// One panel as its gestures see it.
#[derive(Clone)]
pub struct Gestures {
    pub panel: usize,
    /// Whether a selected component is one of the prior's.
    pub prior: bool,
    pub draggable: Draggable,
    pub paths: Option<Shared<Paths>>,
    pub step: f64,
    pub hand: Hand,
    pub selection: Selection,
    pub select: Callback<Selection>,
    /// Puts a changed draggable into the run.
    pub change: Callback<Draggable>,
}

impl Gestures {
    pub fn pointer(&self, pointer: Pointer) {
        match &self.draggable {
            Draggable::Grid(grid) => self.paint(grid, pointer),
            _ => self.drag(pointer),
        }
    }

    fn paint(&self, grid: &Grid, Pointer { touch, at, erase, .. }: Pointer) {
        let hand = &self.hand;
        let brush = self.brush(erase);
        hand.cursor.set((touch != Touch::Leave).then_some(at));
        match (touch, *hand.held) {
            (Touch::Down, _) => self.change.emit(Draggable::Grid(grid.stroke(at, brush))),
            (Touch::Move, Some(Held::Brush(from))) => {
                self.change.emit(Draggable::Grid(grid.line(from, at, brush)));
            }
            _ => {}
        }
        let painting = touch == Touch::Down || (touch == Touch::Move && hand.held.is_some());
        hand.held.set(painting.then_some(Held::Brush(at)));
    }

    fn drag(&self, Pointer { touch, at, reach, .. }: Pointer) {
        let hand = &self.hand;
        match touch {
            Touch::Down => {
                let handle = self.draggable.handle_at(at, reach);
                hand.held.set(handle.map(Held::Handle));
                if matches!(self.draggable, Draggable::Mixture { .. }) {
                    self.select_component(handle.and_then(|h| self.draggable.component_of(h)));
                }
            }
            Touch::Move => {
                if let Some(Held::Handle(handle)) = *hand.held {
                    self.change.emit(self.draggable.dragged(handle, at));
                }
            }
            Touch::Up | Touch::Leave => hand.held.set(None),
            Touch::Double => self.add_component(at, reach),
        }
        let free = touch != Touch::Leave && hand.held.is_none();
        let near = self
            .paths
            .as_ref()
            .filter(|_| free)
            .and_then(|paths| nearest(paths, self.step, at, reach));
        hand.highlighted.set(near.map(|path| (self.panel, path)));
    }

    fn add_component(&self, at: [f64; 2], reach: f64) {
        if let Draggable::Mixture { components, .. } = &self.draggable
            && self.draggable.handle_at(at, reach).is_none()
        {
            let weight = components.first().map_or(1.0, |c| c.weight);
            let mut all = components.clone();
            all.push(Component::isotropic(
                weight,
                at.map(|v| (100.0 * v).round() / 100.0),
                0.5,
            ));
            self.change.emit(Draggable::Mixture {
                components: all,
                selected: None,
            });
            self.select_component(Some(components.len()));
        }
    }

    pub fn key(&self, event: &KeyboardEvent) {
        let key = event.key();
        let done = match &self.draggable {
            Draggable::Grid(grid) => self.paint_by_key(grid, &key),
            Draggable::Mixture {
                components,
                selected: Some(index),
            } if matches!(key.as_str(), "Delete" | "Backspace") => {
                let mut all = components.clone();
                all.remove(*index);
                self.select_component(None);
                self.change.emit(Draggable::Mixture {
                    components: all,
                    selected: None,
                });
                true
            }
            _ => self.next_path(&key),
        };
        if done {
            event.prevent_default();
        }
    }

    fn paint_by_key(&self, grid: &Grid, key: &str) -> bool {
        let at = self.hand.cursor.unwrap_or_default();
        match (key, arrow(key)) {
            (" " | "Enter", _) => {
                self.change
                    .emit(Draggable::Grid(grid.stroke(at, self.brush(false))));
            }
            ("Backspace" | "Delete", _) => {
                self.change
                    .emit(Draggable::Grid(grid.stroke(at, self.brush(true))));
            }
            (_, Some(by)) => {
                let cell = grid.cell();
                let moved = [0, 1].map(|axis| (at[axis] + cell * by[axis]).clamp(-HALF_WIDTH, HALF_WIDTH));
                self.hand.cursor.set(Some(moved));
            }
            _ => return false,
        }
        true
    }

    /// The arrows walk through the trajectories.
    fn next_path(&self, key: &str) -> bool {
        let count = self.paths.as_ref().map_or(0, |p| p.count());
        let Some([dx, dy]) = arrow(key).filter(|_| count > 0) else {
            return false;
        };
        let now = self.hand.highlighted.filter(|h| h.0 == self.panel).map(|h| h.1);
        let next = match (now, dx + dy > 0.0) {
            (None, _) => 0,
            (Some(now), true) => (now + 1) % count,
            (Some(now), false) => (now + count - 1) % count,
        };
        self.hand.highlighted.set(Some((self.panel, next)));
        true
    }

    fn select_component(&self, component: Option<usize>) {
        self.select.emit(self.selection.with(self.prior, component));
    }

    fn brush(&self, erase: bool) -> Brush {
        let brush = self.selection.brush;
        if erase {
            Brush { level: None, ..brush }
        } else {
            brush
        }
    }
}

fn arrow(key: &str) -> Option<[f64; 2]> {
    match key {
        "ArrowLeft" => Some([-1.0, 0.0]),
        "ArrowRight" => Some([1.0, 0.0]),
        "ArrowUp" => Some([0.0, 1.0]),
        "ArrowDown" => Some([0.0, -1.0]),
        _ => None,
    }
}
