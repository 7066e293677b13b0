//! A point among walls.

use crate::engine::ConfigError;
use crate::engine::check::{range, whole};
#[cfg(feature = "engine")]
use crate::engine::noise;
#[cfg(feature = "engine")]
use rand_chacha::rand_core::Rng;

/// Most rows and columns of a map.
const MOST_SIDE: usize = 40;
/// How near the point comes to a wall, in cells.
const GAP: f64 = 0.02;

/// Cells of walls and free ground. A place is (x, y): columns from the left, rows from the top, in cells.
#[derive(Clone, Debug, PartialEq)]
pub struct Maze {
    rows: usize,
    columns: usize,
    /// `[rows·columns]`.
    cells: Vec<Cell>,
    speed: f64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Cell {
    Wall,
    Free,
    Start,
    Goal,
}

impl Maze {
    pub(super) fn new(map: &[String], speed: f64) -> Result<Self, ConfigError> {
        const FIELD: &str = "environment.rows";
        whole(&format!("the number of {FIELD}"), map.len(), 3, MOST_SIDE)?;
        let columns = map[0].chars().count();
        whole(&format!("the length of {FIELD}[0]"), columns, 3, MOST_SIDE)?;
        let mut cells = Vec::new();
        for (at, row) in map.iter().enumerate() {
            if row.chars().count() != columns {
                return Err(ConfigError::new(
                    FIELD,
                    format!("row {} of {} cells", at + 1, row.chars().count()),
                    format!("{columns} cells, as in the first row"),
                ));
            }
            for letter in row.chars() {
                cells.push(match letter {
                    '#' => Cell::Wall,
                    '.' => Cell::Free,
                    'S' => Cell::Start,
                    'G' => Cell::Goal,
                    other => {
                        return Err(ConfigError::new(
                            FIELD,
                            format!("`{other}` in row {}", at + 1),
                            "`#` for walls, `.` for free cells, `S` for starts and `G` for goals",
                        ));
                    }
                });
            }
        }
        let maze = Self {
            rows: map.len(),
            columns,
            cells,
            speed,
        };
        // A step of at most a cell passes no wall.
        range("environment.speed", speed, 0.05, 0.9)?;
        let border = (0..maze.rows * columns).filter(|at| {
            let (row, column) = (at / columns, at % columns);
            row == 0 || column == 0 || row + 1 == maze.rows || column + 1 == columns
        });
        if border.clone().any(|at| maze.cells[at] != Cell::Wall) {
            return Err(ConfigError::new(FIELD, "an open border", "walls all around"));
        }
        let known = |cell: Cell| maze.cells.contains(&cell);
        if !known(Cell::Goal) || !(known(Cell::Start) || known(Cell::Free)) {
            return Err(ConfigError::new(
                FIELD,
                "a map without a goal or without a free cell",
                "at least one `G`, and one `S` or `.`",
            ));
        }
        maze.check_ways()?;
        Ok(maze)
    }

    /// Refuses a free cell from which no way leads to a goal.
    fn check_ways(&self) -> Result<(), ConfigError> {
        let mut seen: Vec<bool> = self.cells.iter().map(|cell| *cell == Cell::Goal).collect();
        let mut left: Vec<usize> = (0..seen.len()).filter(|at| seen[*at]).collect();
        while let Some(at) = left.pop() {
            for next in [at - 1, at + 1, at - self.columns, at + self.columns] {
                if !seen[next] && self.cells[next] != Cell::Wall {
                    seen[next] = true;
                    // Walls are all around, so a free cell has four neighbours.
                    left.push(next);
                }
            }
        }
        let lost = (0..seen.len()).find(|at| !seen[*at] && self.cells[*at] != Cell::Wall);
        lost.map_or(Ok(()), |at| {
            Err(ConfigError::new(
                "environment.rows",
                format!(
                    "a free cell in row {}, column {} from which no way leads to a goal",
                    at / self.columns + 1,
                    at % self.columns + 1
                ),
                "a way to a goal from every free cell",
            ))
        })
    }

    /// Rows and columns.
    pub fn size(&self) -> [usize; 2] {
        [self.rows, self.columns]
    }

    /// Longest step, in cells.
    pub fn speed(&self) -> f64 {
        self.speed
    }

    fn cell(&self, [x, y]: [f64; 2]) -> Cell {
        if !(0.0..self.columns as f64).contains(&x) || !(0.0..self.rows as f64).contains(&y) {
            return Cell::Wall;
        }
        self.cells[y as usize * self.columns + x as usize]
    }

    /// Whether there is a wall.
    pub fn is_wall(&self, place: [f64; 2]) -> bool {
        self.cell(place) == Cell::Wall
    }

    /// Whether the goal is reached.
    pub fn is_goal(&self, place: [f64; 2]) -> bool {
        self.cell(place) == Cell::Goal
    }

    /// The step of an action: no longer than the longest.
    pub fn cut(&self, [dx, dy]: [f64; 2]) -> [f64; 2] {
        let share = (self.speed / dx.hypot(dy)).min(1.0);
        if share.is_nan() {
            [0.0; 2]
        } else {
            [share * dx, share * dy]
        }
    }

    /// Where an action leads: first along x, then along y, each cut at a wall.
    pub fn step(&self, [x, y]: [f64; 2], action: [f64; 2]) -> [f64; 2] {
        let [dx, dy] = self.cut(action);
        let along = |from: f64, by: f64, wall: &dyn Fn(f64) -> bool| {
            let to = from + by;
            // The point keeps its distance from the wall, not only its middle.
            let ahead = to + GAP * by.signum();
            if by == 0.0 || !wall(ahead) {
                return to;
            }
            match by > 0.0 {
                true => (ahead.floor() - GAP).max(from),
                false => (ahead.ceil() + GAP).min(from),
            }
        };
        let x = along(x, dx, &|x| self.is_wall([x, y]));
        [x, along(y, dy, &|y| self.is_wall([x, y]))]
    }

    /// How far the way is free in a direction, at most `most` cells.
    pub fn clearance(&self, [x, y]: [f64; 2], [along_x, along_y]: [f64; 2], most: f64) -> f64 {
        const STEP: f64 = 0.05;
        let steps = (most / STEP).round() as usize;
        let free = (1..=steps)
            .take_while(|step| {
                let far = *step as f64 * STEP;
                !self.is_wall([x + far * along_x, y + far * along_y])
            })
            .count();
        free as f64 * STEP
    }
}

#[cfg(feature = "engine")]
impl Maze {
    /// A place where episodes start, or, unless that is asked for, any that is not the goal.
    pub fn somewhere(&self, rng: &mut impl Rng, start: bool) -> [f64; 2] {
        let starts = start && self.cells.contains(&Cell::Start);
        let of = |cell: &Cell| match cell {
            Cell::Start => true,
            Cell::Free => !starts,
            Cell::Wall | Cell::Goal => false,
        };
        let places: Vec<usize> = (0..self.cells.len()).filter(|at| of(&self.cells[*at])).collect();
        let at = places[(noise::uniform(rng) * places.len() as f64) as usize];
        let inside = |rng: &mut _| GAP + (1.0 - 2.0 * GAP) * noise::uniform(rng);
        let (x, y) = (inside(rng), inside(rng));
        [(at % self.columns) as f64 + x, (at / self.columns) as f64 + y]
    }
}

#[cfg(test)]
mod tests {
    use super::Maze;

    fn maze(rows: &[&str]) -> Result<Maze, String> {
        let map: Vec<String> = rows.iter().map(|row| (*row).to_owned()).collect();
        Maze::new(&map, 0.5).map_err(|error| error.to_string())
    }

    #[test]
    fn walls_stop_a_step_and_let_it_slide() {
        let maze = maze(&["#####", "#..G#", "#.#.#", "#####"]).expect("a maze");
        let [x, y] = maze.step([1.5, 1.5], [0.3, 0.2]);
        assert!((x - 1.8).abs() < 1e-12 && (y - 1.7).abs() < 1e-12);
        // Into the wall above: only the part along it is left.
        let [x, y] = maze.step([1.5, 1.1], [0.3, -0.4]);
        assert!((x - 1.8).abs() < 1e-12 && (y - 1.02).abs() < 1e-12, "{x} {y}");
        // A longer step is cut to the longest.
        let [x, y] = maze.step([1.1, 1.5], [3.0, 0.0]);
        assert!((x - 1.6).abs() < 1e-12 && (y - 1.5).abs() < 1e-12);
        // No place is ever inside a wall.
        let mut place = [1.5, 1.5];
        for turn in 0..1000 {
            let angle = 2.4 * f64::from(turn);
            place = maze.step(place, [angle.cos(), angle.sin()]);
            assert!(!maze.is_wall(place), "{place:?}");
        }
        assert!(maze.is_goal([3.5, 1.5]) && !maze.is_goal([1.5, 1.5]));
    }

    #[test]
    fn other_maps_are_refused_by_what_is_wrong() {
        for (rows, said) in [
            (&["###", "#G#"][..], "the number of environment.rows"),
            (&["####", "#SG#", "###"], "row 3 of 3 cells"),
            (&["####", "#xG#", "####"], "`x` in row 2"),
            (&["####", "#SG.", "####"], "an open border"),
            (&["####", "#S.#", "####"], "without a goal"),
            (
                &["#####", "#S#G#", "#####"],
                "row 2, column 2 from which no way leads",
            ),
        ] {
            let error = maze(rows).expect_err(said);
            assert!(error.contains(said), "{error}");
        }
    }
}
