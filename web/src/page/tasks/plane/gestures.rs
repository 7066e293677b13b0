//! What the pointer and the keys do on a panel.

use super::draggable::Draggable;
use crate::kit::canvas::{Pointer, Touch, arrow};
use crate::kit::paint::Grid;
use crate::kit::painting::{self, Painting};
use crate::kit::selection::Selection;
use crate::kit::shared::Shared;
use crate::kit::surface::nearest;
use rtb::message::Paths;
use rtb::task::plane::Component;
use yew::prelude::*;

/// What is going on with the pointer and the keys, over all panels.
#[derive(Clone, PartialEq)]
pub struct Hand {
    /// The handle that the pointer holds.
    held: UseStateHandle<Option<usize>>,
    /// A panel, and the trajectory shown whole on it.
    pub highlighted: UseStateHandle<Option<(usize, usize)>>,
    pub brush: painting::Hand,
}

#[hook]
pub fn use_hand() -> Hand {
    Hand {
        held: use_state_eq(|| None),
        highlighted: use_state_eq(|| None),
        brush: painting::use_hand(),
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
            Draggable::Grid(grid) => self.painting(grid).pointer(pointer),
            _ => self.drag(pointer),
        }
    }

    fn painting(&self, grid: &Grid) -> Painting {
        Painting {
            grid: grid.clone(),
            brush: self.selection.brush,
            hand: self.hand.brush.clone(),
            change: self.change.reform(Draggable::Grid),
        }
    }

    fn drag(&self, Pointer { touch, at, reach, .. }: Pointer) {
        let hand = &self.hand;
        match touch {
            Touch::Down => {
                let handle = self.draggable.handle_at(at, reach);
                hand.held.set(handle);
                if matches!(self.draggable, Draggable::Mixture { .. }) {
                    self.select_component(handle.and_then(|h| self.draggable.component_of(h)));
                }
            }
            Touch::Move => {
                if let Some(handle) = *hand.held {
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
            self.change.emit(Draggable::mixture(all, None));
            self.select_component(Some(components.len()));
        }
    }

    pub fn key(&self, event: &KeyboardEvent) {
        let key = event.key();
        let done = match &self.draggable {
            Draggable::Grid(grid) => self.painting(grid).key(&key),
            Draggable::Mixture {
                components,
                selected: Some(index),
            } if matches!(key.as_str(), "Delete" | "Backspace") => {
                let mut all = components.clone();
                all.remove(*index);
                self.select_component(None);
                self.change.emit(Draggable::mixture(all, None));
                true
            }
            _ => self.next_path(&key),
        };
        if done {
            event.prevent_default();
        }
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
}
