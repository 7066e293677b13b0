//! The map of a maze: what is drawn of it, and how it is changed.

use crate::kit::color::Ramp;
use crate::kit::picture::Picture;
use crate::kit::shared::Shared;
use crate::kit::surface::Square;

/// Pixels along a side of a cell.
const PIXELS: usize = 8;

const WALL: char = '#';
const FREE: char = '.';
pub const START: char = 'S';
pub const GOAL: char = 'G';

/// V at nodes: rows, columns, and the values, NaN in walls.
pub type Value = ([usize; 2], Vec<f32>);

/// A row and a column.
pub type Cell = [usize; 2];

/// Rows of cells, as many in each.
#[derive(Clone, Debug, PartialEq)]
pub struct Map(Vec<Vec<char>>);

impl Map {
    pub fn new(rows: &[String]) -> Self {
        Self(rows.iter().map(|row| row.chars().collect()).collect())
    }

    /// As a run has it.
    pub fn rows(&self) -> Vec<String> {
        self.0.iter().map(|row| row.iter().collect()).collect()
    }

    pub fn size(&self) -> [usize; 2] {
        [self.0.len(), self.0.first().map_or(0, Vec::len)]
    }

    /// The square around it. A place is (x, y) in cells, from the left and from the top.
    pub fn square(&self) -> Square {
        let [rows, columns] = self.size().map(|cells| cells as f64);
        Square {
            middle: [0.5 * columns, 0.5 * rows],
            half_width: 0.5 * rows.max(columns),
            down: true,
            lines: 1.0,
            numbers: 0.0,
        }
    }

    pub fn middle([row, column]: Cell) -> [f64; 2] {
        [column as f64 + 0.5, row as f64 + 0.5]
    }

    /// The cell of a place; none outside.
    pub fn cell(&self, [x, y]: [f64; 2]) -> Option<Cell> {
        let [rows, columns] = self.size();
        let inside = |along: f64, count: usize| (0.0..count as f64).contains(&along);
        (inside(x, columns) && inside(y, rows)).then_some([y as usize, x as usize])
    }

    pub fn at(&self, [row, column]: Cell) -> char {
        self.0[row][column]
    }

    pub fn is_wall(&self, cell: Cell) -> bool {
        self.at(cell) == WALL
    }

    /// Goals and starts, with their places.
    pub fn letters(&self) -> Vec<([f64; 2], char)> {
        let cells = self.0.iter().enumerate().flat_map(|(row, cells)| {
            cells
                .iter()
                .enumerate()
                .map(move |(column, cell)| ([row, column], *cell))
        });
        let letters = cells.filter(|(_, cell)| [START, GOAL].contains(cell));
        letters.map(|(at, letter)| (Self::middle(at), letter)).collect()
    }

    /// With a wall in a cell, or none; goals and starts stay.
    pub fn walled(&self, [row, column]: Cell, wall: bool) -> Self {
        let mut map = self.clone();
        let cell = &mut map.0[row][column];
        if [WALL, FREE].contains(cell) {
            *cell = if wall { WALL } else { FREE };
        }
        map
    }

    /// With the goal, or the start, in one cell alone. A start that is there already goes: episodes then start anywhere.
    pub fn moved(&self, letter: char, at: Cell) -> Self {
        let there = self.at(at) == letter;
        let mut map = self.clone();
        let cells = map.0.iter_mut().flatten();
        cells
            .filter(|cell| **cell == letter)
            .for_each(|cell| *cell = FREE);
        if !there || letter == GOAL {
            map.0[at[0]][at[1]] = letter;
        }
        map
    }

    /// V in free cells, where it is known; walls have a colour of their own.
    pub fn picture(&self, value: Option<&Value>) -> Picture {
        let [rows, columns] = self.size();
        let square = self.square();
        let width = PIXELS * rows.max(columns);
        let nodes = value.filter(|(size, _)| {
            let each = size[0] / rows.max(1);
            each > 0 && *size == [rows * each, columns * each]
        });
        let of_pixel = |pixel: usize| {
            let share = |at: usize| (at as f64 + 0.5) / width as f64;
            let place = square.place([share(pixel % width), share(pixel / width)]);
            match self.cell(place) {
                Some(cell) if !self.is_wall(cell) => nodes.map_or(0.0, |(size, values)| {
                    between(*size, values, place, (size[0] / rows) as f64)
                }),
                _ => f32::NAN,
            }
        };
        let known = nodes.into_iter().flat_map(|(_, values)| values);
        let known = known.copied().filter(|value| !value.is_nan());
        let (low, high) = known.fold((f32::INFINITY, f32::NEG_INFINITY), |(low, high), value| {
            (low.min(value), high.max(value))
        });
        let (low, high) = if low < high { (low, high) } else { (0.0, 1.0) };
        Picture {
            values: Shared::new((0..width * width).map(of_pixel).collect()),
            width,
            low,
            high,
            ramp: Ramp::Reward,
        }
    }
}

/// The value at a place between nodes, over those that are free; the lowest there is where none is.
fn between([rows, columns]: [usize; 2], values: &[f32], [x, y]: [f64; 2], each: f64) -> f32 {
    let (x, y) = (x * each - 0.5, y * each - 0.5);
    let (left, top) = (x.floor(), y.floor());
    let (mut sum, mut all) = (0.0, 0.0);
    for (right, below) in [(0.0, 0.0), (1.0, 0.0), (0.0, 1.0), (1.0, 1.0)] {
        let (column, row) = (left + right, top + below);
        let inside = (0.0..columns as f64).contains(&column) && (0.0..rows as f64).contains(&row);
        if !inside {
            continue;
        }
        let weight = (1.0 - (x - column).abs()) * (1.0 - (y - row).abs());
        let value = values[row as usize * columns + column as usize];
        if !value.is_nan() {
            sum += weight * f64::from(value);
            all += weight;
        }
    }
    if all > 0.0 {
        return (sum / all) as f32;
    }
    // A cell that was a wall when the values were found.
    let known = values.iter().copied().filter(|value| !value.is_nan());
    known.fold(0.0, f32::min)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn map() -> Map {
        Map::new(&["#####", "#S.G#", "#...#", "#####"].map(str::to_owned))
    }

    #[test]
    fn walls_are_drawn_where_nothing_stands_and_letters_move() {
        let map = map();
        assert_eq!(map.cell([3.2, 1.9]), Some([1, 3]));
        assert_eq!(map.cell([3.2, 4.1]), None);
        assert_eq!(map.walled([2, 2], true).rows()[2], "#.#.#");
        assert_eq!(map.walled([2, 2], true).walled([2, 2], false), map);
        assert_eq!(map.walled([1, 3], true), map);
        let moved = map.moved(GOAL, [2, 1]);
        assert_eq!(moved.rows()[1..3], ["#S..#", "#G..#"]);
        assert_eq!(moved.moved(GOAL, [2, 1]), moved);
        assert_eq!(map.moved(START, [1, 1]).rows()[1], "#..G#");
        assert_eq!(map.letters(), [([1.5, 1.5], START), ([3.5, 1.5], GOAL)]);
    }

    #[test]
    fn values_lie_where_their_nodes_are() {
        let map = map();
        let mut values = vec![f32::NAN; 8 * 10];
        for row in 2..6 {
            for column in 2..8 {
                values[row * 10 + column] = -(column as f32);
            }
        }
        let picture = map.picture(Some(&([8, 10], values)));
        assert_eq!((picture.low, picture.high), (-7.0, -2.0));
        let square = map.square();
        let at = |place| {
            let [across, below] = square.shares(place);
            let cell = |share: f64| (share * picture.width as f64) as usize;
            picture.values[cell(below) * picture.width + cell(across)]
        };
        assert!(at([0.5, 1.5]).is_nan() && at([2.5, 3.5]).is_nan());
        let found = at([2.53, 1.5]);
        assert!((found + 4.6).abs() < 0.2, "{found}");
        assert_eq!(at([1.05, 1.05]), -2.0);
        let unknown = map.picture(None);
        assert!(unknown.values.iter().any(|value| *value == 0.0));
    }
}
