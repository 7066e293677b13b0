//! A square that is painted by hand.

use crate::engine::ConfigError;
use crate::engine::check::whole;

/// The digit of a cell that stands for 1; 0 stands for 0.
pub const PAINT_LEVELS: u32 = 9;

/// Most cells along a side.
const MOST: usize = 256;

/// Shares from 0 to 1 over a square: linear between the centres of its cells, constant beyond the outermost.
#[derive(Clone, Debug, PartialEq)]
pub struct Painted {
    side: usize,
    /// Row by row from the top.
    cells: Vec<f64>,
}

impl Painted {
    /// Rows of digits, the first at the top, each of as many as there are rows.
    ///
    /// # Errors
    ///
    /// Where there are fewer than 2 rows or more than 256, a row has another length or something else than digits, or all
    /// are 0.
    pub fn new(field: &str, rows: &[String]) -> Result<Self, ConfigError> {
        whole(&format!("the number of {field}"), rows.len(), 2, MOST)?;
        for (i, row) in rows.iter().enumerate() {
            let length = format!("the length of {field}[{i}]");
            whole(&length, row.chars().count(), rows.len(), rows.len())?;
            if let Some(c) = row.chars().find(|c| !c.is_ascii_digit()) {
                let place = format!("{field}[{i}]");
                return Err(ConfigError::new(
                    place,
                    format!("`{c}`"),
                    "only digits from 0 to 9",
                ));
            }
        }
        let digits = rows.iter().flat_map(|row| row.bytes());
        let cells: Vec<_> = digits
            .map(|digit| f64::from(digit - b'0') / f64::from(PAINT_LEVELS))
            .collect();
        if cells.iter().all(|cell| *cell == 0.0) {
            return Err(ConfigError::new(
                field,
                "0 everywhere",
                "at least one cell above 0",
            ));
        }
        Ok(Self {
            side: rows.len(),
            cells,
        })
    }

    /// The share at a point whose coordinates are −1 and 1 at the edges of the square.
    pub fn at(&self, [x, y]: [f64; 2]) -> f64 {
        let scale = 0.5 * self.side as f64;
        let last = (self.side - 1) as f64;
        let column = ((x + 1.0) * scale - 0.5).clamp(0.0, last);
        let row = ((1.0 - y) * scale - 0.5).clamp(0.0, last);
        let (c, r) = (column.floor().min(last - 1.0), row.floor().min(last - 1.0));
        let cell = |dr: usize, dc: usize| self.cells[(r as usize + dr) * self.side + c as usize + dc];
        let (u, v) = (column - c, row - r);
        (1.0 - v) * ((1.0 - u) * cell(0, 0) + u * cell(0, 1)) + v * ((1.0 - u) * cell(1, 0) + u * cell(1, 1))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(rows: &[&str]) -> Vec<String> {
        rows.iter().map(|row| (*row).to_owned()).collect()
    }

    #[test]
    fn it_is_linear_between_centres_and_constant_beyond() {
        let painted = Painted::new("rows", &rows(&["90", "03"])).expect("it is allowed");
        assert_eq!(painted.at([-0.5, 0.5]), 1.0);
        assert_eq!(painted.at([-3.0, 2.0]), 1.0);
        assert!((painted.at([0.0, 0.5]) - 0.5).abs() < 1e-12);
        assert!((painted.at([0.0, 0.0]) - (1.0 + 1.0 / 3.0) / 4.0).abs() < 1e-12);
        assert!((painted.at([0.9, -0.9]) - 1.0 / 3.0).abs() < 1e-12);
    }

    #[test]
    fn what_is_no_square_of_digits_is_refused_by_its_row() {
        let refused = |of: &[&str]| {
            Painted::new("reward.rows", &rows(of))
                .expect_err("refused")
                .to_string()
        };
        assert!(refused(&["1"]).contains("the number of reward.rows"));
        assert!(refused(&["12", "1"]).contains("reward.rows[1]"));
        assert!(refused(&["12", "1x"]).contains("`x`"));
        assert!(refused(&["12", "1٣"]).contains("`٣`"));
        assert!(refused(&["00", "00"]).contains("at least one cell"));
    }
}
