//! Painting: a grid of digits and a round brush.

use rtb::config::{HALF_WIDTH, Reward};
use rtb::image::SIDE;

/// Cells on a side of a painted reward.
const CELLS: usize = 56;
/// Marks of cells that are not painted: a reward of 0, and a pixel that is free.
const NO_REWARD: char = '0';
const FREE: char = '.';

/// How the brush paints.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Brush {
    /// Radius in units of the plane.
    pub radius: f64,
    /// The digit it leaves, 0 to 9; none takes off what is painted.
    pub level: Option<u8>,
}

impl Default for Brush {
    fn default() -> Self {
        Self {
            radius: 1.5,
            level: Some(9),
        }
    }
}

/// What is painted on: as many rows as columns, over the square of the plane.
#[derive(Clone, Debug, PartialEq)]
pub struct Grid {
    pub rows: Vec<String>,
    /// The mark of a cell that is not painted.
    blank: char,
}

impl Grid {
    /// A painted reward of the plane.
    pub fn reward(rows: Vec<String>) -> Self {
        Self {
            rows,
            blank: NO_REWARD,
        }
    }

    /// The known pixels of an image.
    pub fn constraint(rows: Vec<String>) -> Self {
        Self { rows, blank: FREE }
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
            .map_or(self.blank, |level| char::from(b'0' + level.min(9)));
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

/// A reward of the plane with a round spot in the middle: all zeros is not a reward.
pub fn start() -> Reward {
    let empty = Grid::reward(vec![NO_REWARD.to_string().repeat(CELLS); CELLS]);
    let spot = Brush {
        radius: 3.0,
        ..Brush::default()
    };
    Reward::Painted {
        rows: empty.stroke([0.0, 0.0], spot).rows,
    }
}

/// The known pixels of an image where next to nothing is known: paper in the corners, where no digit
/// has ink. Some pixel has to be known.
pub fn blank_constraint() -> Vec<String> {
    let mut rows = vec![FREE.to_string().repeat(SIDE); SIDE];
    let corners = format!("0{}0", FREE.to_string().repeat(SIDE - 2));
    (rows[0], rows[SIDE - 1]) = (corners.clone(), corners);
    rows
}

/// The painted pixels of a reward, or of the first factor that has any.
pub fn constraint(reward: &Reward) -> Option<&Vec<String>> {
    match reward {
        Reward::Inpaint { rows, .. } => Some(rows),
        Reward::All { rewards } => rewards.iter().find_map(constraint),
        _ => None,
    }
}

/// The same, to change.
pub fn constraint_mut(reward: &mut Reward) -> Option<&mut Vec<String>> {
    match reward {
        Reward::Inpaint { rows, .. } => Some(rows),
        Reward::All { rewards } => rewards.iter_mut().find_map(constraint_mut),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rtb::config::{Preset, Run};

    const ERASER: Brush = Brush {
        radius: 1.5,
        level: None,
    };

    fn count(grid: &Grid, mark: char) -> usize {
        grid.rows
            .iter()
            .flat_map(|r| r.chars())
            .filter(|c| *c == mark)
            .count()
    }

    #[test]
    fn painting_and_erasing_change_only_what_the_brush_covers() {
        let Reward::Painted { rows } = start() else {
            unreachable!()
        };
        let grid = Grid::reward(rows);
        let painted = grid.stroke([10.0, 10.0], Brush::default());
        assert!(count(&painted, '9') > count(&grid, '9'));
        assert_eq!(painted.rows[8].as_bytes()[48], b'9');
        assert_eq!(painted.stroke([10.0, 10.0], ERASER), grid);
    }

    #[test]
    fn a_constraint_knows_ink_and_paper_and_is_freed_again() {
        let blank = Grid::constraint(blank_constraint());
        let paper = Brush {
            level: Some(0),
            ..Brush::default()
        };
        let inked = blank.line([-3.0, 0.0], [3.0, 0.0], Brush::default());
        let both = inked.stroke([0.0, 8.0], paper);
        assert!(count(&both, '9') > 12 && count(&both, '0') == 8);
        assert_eq!(both.stroke([0.0, 8.0], ERASER), inked);
        for grid in [blank, inked, both] {
            let mut run: Run = Preset::find("digits-inpaint").unwrap().run;
            *constraint_mut(&mut run.reward).unwrap() = grid.rows;
            assert_eq!(run.validate(), Ok(()));
        }
    }

    #[test]
    fn the_first_factor_with_pixels_is_painted() {
        let inpaint = Preset::find("digits-inpaint").unwrap().run.reward;
        let holes = Preset::find("digits-two-holes").unwrap().run.reward;
        assert_eq!(constraint(&holes), None);
        let product = Reward::All {
            rewards: vec![holes, inpaint.clone()],
        };
        assert_eq!(constraint(&product), constraint(&inpaint));
    }
}
