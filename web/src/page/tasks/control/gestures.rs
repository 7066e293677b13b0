//! What the pointer and the keys do on the map: they choose a state, draw walls, and move goal and start.

use super::maze::{Cell, GOAL, Map, START};
use crate::kit::canvas::{Pointer, Purpose, Touch, arrow};
use yew::prelude::*;

/// What the pointer is for.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub enum Tool {
    #[default]
    Look,
    Walls,
    Goal,
    Start,
}

/// The tools, their `data-testid`s and what their buttons say.
pub const TOOLS: [(Tool, &str, &str); 4] = [
    (Tool::Look, "tool-look", "Choose a state"),
    (Tool::Walls, "tool-walls", "Draw walls"),
    (Tool::Goal, "tool-goal", "Move the goal"),
    (Tool::Start, "tool-start", "Move the start"),
];

/// The tool, and what is going on with it.
#[derive(Clone, PartialEq)]
pub struct Hand {
    pub tool: UseStateHandle<Tool>,
    /// The cell under the pointer, or where the keys are.
    pub cursor: UseStateHandle<Option<Cell>>,
    /// What a stroke that goes on leaves: walls, or none.
    stroke: UseStateHandle<Option<bool>>,
}

#[hook]
pub fn use_hand() -> Hand {
    Hand {
        tool: use_state_eq(Tool::default),
        cursor: use_state_eq(|| None),
        stroke: use_state_eq(|| None),
    }
}

/// What a panel with states on it does.
#[derive(Clone)]
pub struct Gestures {
    /// The map, where it can be changed.
    pub map: Option<Map>,
    /// Whether the second coordinate points downward.
    pub down: bool,
    pub hand: Hand,
    /// The places of the states that can be chosen.
    pub spots: Vec<[f64; 2]>,
    pub chosen: usize,
    pub choose: Callback<usize>,
    pub change: Callback<Map>,
}

impl Gestures {
    pub fn purpose(&self) -> Purpose {
        match self.tool() {
            Some(_) => Purpose::Paint,
            None => Purpose::Point,
        }
    }

    /// The map and the tool that changes it.
    fn tool(&self) -> Option<(&Map, Tool)> {
        let map = self.map.as_ref()?;
        Some((map, *self.hand.tool)).filter(|(_, tool)| *tool != Tool::Look)
    }

    pub fn pointer(&self, Pointer { touch, at, erase, .. }: Pointer) {
        let Some((map, tool)) = self.tool() else {
            if touch == Touch::Down {
                self.nearest(at);
            }
            return;
        };
        let Hand { cursor, stroke, .. } = &self.hand;
        let cell = map.cell(at);
        match (touch, cell) {
            (Touch::Down, Some(cell)) => {
                let wall = !erase && !map.is_wall(cell);
                stroke.set(Some(wall));
                self.act(map, tool, cell, wall);
            }
            (Touch::Move, Some(cell)) if **cursor != Some(cell) => {
                // What stands under the pointer already stays.
                let [goes, stays] = [**stroke, stroke.filter(|_| map.at(cell) == letter(tool))];
                if let (Some(wall), None) = (goes, stays) {
                    self.act(map, tool, cell, wall);
                }
            }
            (Touch::Up | Touch::Leave, _) => stroke.set(None),
            _ => {}
        }
        cursor.set(cell.filter(|_| touch != Touch::Leave));
    }

    fn act(&self, map: &Map, tool: Tool, cell: Cell, wall: bool) {
        let changed = match tool {
            Tool::Walls => map.walled(cell, wall),
            // Nothing stands in a wall.
            _ if map.is_wall(cell) => return,
            Tool::Look => return,
            Tool::Goal | Tool::Start => map.moved(letter(tool), cell),
        };
        if changed != *map {
            self.change.emit(changed);
        }
    }

    pub fn key(&self, event: &KeyboardEvent) {
        let key = event.key();
        let used = match self.tool() {
            Some((map, tool)) => self.draws(map, tool, &key),
            None => arrow(&key).is_some_and(|way| self.walk(way)),
        };
        if used {
            event.prevent_default();
        }
    }

    /// Moves the cursor, or acts where it is.
    fn draws(&self, map: &Map, tool: Tool, key: &str) -> bool {
        let [row, column] = self.hand.cursor.unwrap_or([1, 1]);
        if [" ", "Enter"].contains(&key) {
            self.act(map, tool, [row, column], !map.is_wall([row, column]));
            return true;
        }
        let Some([right, up]) = arrow(key) else {
            return false;
        };
        let [rows, columns] = map.size();
        let moved =
            |at: usize, by: f64, count: usize| (at as f64 + by).clamp(0.0, count as f64 - 1.0) as usize;
        let to = [moved(row, -up, rows), moved(column, right, columns)];
        self.hand.cursor.set(Some(to));
        true
    }

    fn nearest(&self, [x, y]: [f64; 2]) {
        let distance = |[a, b]: &[f64; 2]| (a - x).hypot(b - y);
        let all = self.spots.iter().map(distance).enumerate();
        if let Some((at, _)) = all.min_by(|a, b| a.1.total_cmp(&b.1)) {
            self.choose.emit(at);
        }
    }

    /// Chooses the next state in a direction.
    fn walk(&self, [right, up]: [f64; 2]) -> bool {
        let way = [right, if self.down { -up } else { up }];
        if let Some(at) = ahead(&self.spots, self.chosen, way) {
            self.choose.emit(at);
        }
        !self.spots.is_empty()
    }
}

/// The nearest place in a direction from one of them; one that lies further aside than ahead only where there is no other.
fn ahead(places: &[[f64; 2]], from: usize, [dx, dy]: [f64; 2]) -> Option<usize> {
    let [x, y] = *places.get(from)?;
    let along = |[a, b]: &[f64; 2]| dx * (a - x) + dy * (b - y);
    let aside = |[a, b]: &[f64; 2]| (dx * (b - y) - dy * (a - x)).abs();
    let cost = |place: &[f64; 2]| along(place).hypot(aside(place));
    let all = places.iter().enumerate().filter(|(_, place)| along(place) > 1e-9);
    let order = |a: &[f64; 2], b: &[f64; 2]| {
        let far = [a, b].map(|place| aside(place) > along(place));
        far[0].cmp(&far[1]).then(cost(a).total_cmp(&cost(b)))
    };
    all.min_by(|a, b| order(a.1, b.1)).map(|(at, _)| at)
}

/// What a tool moves.
fn letter(tool: Tool) -> char {
    match tool {
        Tool::Goal => GOAL,
        _ => START,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arrows_lead_to_the_nearest_place_ahead() {
        let places = [[0.0, 0.0], [1.0, 0.2], [0.5, 3.0], [-2.0, 0.0]];
        let to = |way| ahead(&places, 0, way);
        assert_eq!((to([1.0, 0.0]), to([-1.0, 0.0])), (Some(1), Some(3)));
        assert_eq!((to([0.0, 1.0]), to([0.0, -1.0])), (Some(2), None));
        assert_eq!(ahead(&[], 0, [1.0, 0.0]), None);
    }
}
