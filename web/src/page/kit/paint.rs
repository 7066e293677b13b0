//! Painting: a grid of digits and a round brush.

use super::surface::HALF_WIDTH;

/// The digit that stands for the most.
pub const LEVELS: u8 = 9;

/// How the brush paints.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Brush {
    /// Radius in units of the square.
    pub radius: f64,
    /// The digit it leaves, 0 to 9; none takes off what is painted.
    pub level: Option<u8>,
}

impl Default for Brush {
    fn default() -> Self {
        Self {
            radius: 1.5,
            level: Some(LEVELS),
        }
    }
}

/// What is painted on: as many rows as columns, over the square.
#[derive(Clone, Debug, PartialEq)]
pub struct Grid {
    pub rows: Vec<String>,
    /// The mark of a cell that is not painted.
    blank: char,
}

impl Grid {
    pub fn new(rows: Vec<String>, blank: char) -> Self {
        Self { rows, blank }
    }

    /// As many cells on a side, none of them painted.
    pub fn blank(cells: usize, blank: char) -> Self {
        Self::new(vec![blank.to_string().repeat(cells); cells], blank)
    }

    /// With a round spot in the middle: all blank is no reward.
    pub fn spot(cells: usize, blank: char) -> Self {
        let brush = Brush {
            radius: 3.0,
            ..Brush::default()
        };
        Self::blank(cells, blank).stroke([0.0; 2], brush)
    }

    /// The side of a cell.
    pub fn cell(&self) -> f64 {
        2.0 * HALF_WIDTH / self.rows.len() as f64
    }

    /// This after one touch of the brush.
    pub fn stroke(&self, [x, y]: [f64; 2], brush: Brush) -> Self {
        let width = self.cell();
        let mark = brush
            .level
            .map_or(self.blank, |level| char::from(b'0' + level.min(LEVELS)));
        let painted = |row: usize, column: usize| {
            let cx = -HALF_WIDTH + (column as f64 + 0.5) * width;
            let cy = HALF_WIDTH - (row as f64 + 0.5) * width;
            // The cell under the brush counts however small the brush is.
            (cx - x).hypot(cy - y) <= brush.radius.max(0.75 * width)
        };
        let row = |(row, line): (usize, &String)| {
            let cells = line.chars().enumerate();
            cells
                .map(|(column, old)| if painted(row, column) { mark } else { old })
                .collect()
        };
        Self {
            rows: self.rows.iter().enumerate().map(row).collect(),
            blank: self.blank,
        }
    }

    /// This after the brush moved along a line.
    pub fn line(&self, from: [f64; 2], to: [f64; 2], brush: Brush) -> Self {
        let length = (to[0] - from[0]).hypot(to[1] - from[1]);
        let touches = (length / brush.radius.max(0.3)).ceil().max(1.0) as usize;
        (1..=touches).fold(self.clone(), |grid, i| {
            let share = i as f64 / touches as f64;
            let at = [0, 1].map(|axis| from[axis] + share * (to[axis] - from[axis]));
            grid.stroke(at, brush)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn count(grid: &Grid, mark: char) -> usize {
        let cells = grid.rows.iter().flat_map(|row| row.chars());
        cells.filter(|c| *c == mark).count()
    }

    #[test]
    fn painting_and_erasing_change_only_what_the_brush_covers() {
        let eraser = Brush {
            level: None,
            ..Brush::default()
        };
        let paper = Brush {
            level: Some(0),
            ..Brush::default()
        };
        for cells in [28, 56] {
            let grid = Grid::blank(cells, '.').stroke([0.0, 0.0], Brush::default());
            let painted = grid.stroke([10.0, 10.0], Brush::default());
            assert!(count(&painted, '9') > count(&grid, '9'));
            let (row, column) = (cells * 4 / 28, cells * 24 / 28);
            assert_eq!(painted.rows[row].as_bytes()[column], b'9');
            assert_eq!(painted.stroke([10.0, 10.0], eraser), grid);
            let both = painted.line([-10.0, 8.0], [-4.0, 8.0], paper);
            assert!(count(&both, '0') > 8 && count(&both, '9') == count(&painted, '9'));
        }
    }
}
