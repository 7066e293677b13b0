//! A painted reward: a grid of digits and a round brush.

use rtb::config::{HALF_WIDTH, Reward};

/// Cells on a side.
pub const SIDE: usize = 56;

/// How the brush paints.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Brush {
    /// Radius in units of the plane.
    pub radius: f64,
    /// The digit it leaves, 0 to 9.
    pub level: u8,
}

impl Default for Brush {
    fn default() -> Self {
        Self {
            radius: 1.5,
            level: 9,
        }
    }
}

/// A grid with a round spot in the middle: all zeros is not a reward.
pub fn start() -> Reward {
    let empty = vec!["0".repeat(SIDE); SIDE];
    Reward::Painted {
        rows: stroke(
            &empty,
            [0.0, 0.0],
            Brush {
                radius: 3.0,
                level: 9,
            },
        ),
    }
}

/// The rows after one touch of the brush.
pub fn stroke(rows: &[String], [x, y]: [f64; 2], brush: Brush) -> Vec<String> {
    let width = 2.0 * HALF_WIDTH / rows.len() as f64;
    let digit = char::from(b'0' + brush.level.min(9));
    rows.iter()
        .enumerate()
        .map(|(row, line)| {
            let cy = HALF_WIDTH - (row as f64 + 0.5) * width;
            let painted = |column: usize| {
                let cx = -HALF_WIDTH + (column as f64 + 0.5) * width;
                // The cell under the brush counts however small the brush is.
                (cx - x).hypot(cy - y) <= brush.radius.max(0.75 * width)
            };
            line.chars()
                .enumerate()
                .map(|(column, old)| if painted(column) { digit } else { old })
                .collect()
        })
        .collect()
}

/// The rows after the brush moved along a line.
pub fn line(rows: &[String], from: [f64; 2], to: [f64; 2], brush: Brush) -> Vec<String> {
    let length = (to[0] - from[0]).hypot(to[1] - from[1]);
    let touches = (length / brush.radius.max(0.3)).ceil().max(1.0) as usize;
    (1..=touches).fold(rows.to_vec(), |rows, i| {
        let share = i as f64 / touches as f64;
        stroke(
            &rows,
            [0, 1].map(|axis| from[axis] + share * (to[axis] - from[axis])),
            brush,
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn painting_and_erasing_change_only_what_the_brush_covers() {
        let Reward::Painted { rows } = start() else {
            unreachable!()
        };
        let count = |rows: &[String]| rows.iter().flat_map(|r| r.bytes()).filter(|b| *b == b'9').count();
        let before = count(&rows);
        let painted = stroke(&rows, [10.0, 10.0], Brush::default());
        assert!(count(&painted) > before);
        assert_eq!(painted[8].as_bytes()[48], b'9');
        let erased = stroke(
            &painted,
            [10.0, 10.0],
            Brush {
                level: 0,
                ..Brush::default()
            },
        );
        assert_eq!(erased, rows);
    }
}
