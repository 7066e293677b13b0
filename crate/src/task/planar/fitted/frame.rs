//! How the points of a table lie in the drawn square.

use crate::task::planar::{Component, HALF_WIDTH, MOST_OUTSIDE};
use std::f64::consts::PI;

/// Most of the square's half side that rows lie in: beyond it there is room for what a mixture smooths out.
const REACH: f64 = 12.0;
/// Share of the rows on either side of the middle ones.
const TAIL: f64 = 0.01;
/// By what a frame shrinks at a time.
const STEP: f64 = 0.97;

/// How points (a, b) of a table lie in the square: x = scale·a + shift\[0\], y = scale·b + shift\[1\].
///
/// The scale has three digits and the shifts have four decimals, so that they can be told as they are.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Frame {
    /// Of both columns.
    pub scale: f64,
    /// Of each column.
    pub shift: [f64; 2],
}

impl Frame {
    /// A frame in which the rows fill the square. One that is farther from the middle 98 % of a column than
    /// these are wide may lie outside of it, where it would squeeze the others.
    pub(super) fn around(rows: &[[f64; 2]]) -> Result<Self, String> {
        let [a, b] = [0, 1].map(|column| interval(rows, column));
        let width = (a[1] - a[0]).max(b[1] - b[0]);
        if width == 0.0 {
            return Err("all rows are the same point; a mixture needs different ones".to_owned());
        }
        let scale = 2.0 * REACH / width;
        let center = [a, b].map(|[low, high]| low + 0.5 * (high - low));
        let frame = Self::new(scale, center);
        if (1e-9..1e9).contains(&frame.scale) && frame.shift.iter().all(|shift| shift.abs() < 1e9) {
            return Ok(frame);
        }
        Err(format!(
            "the columns reach from {:e} to {:e} and from {:e} to {:e}; scale or shift them, so that they spread around 0",
            a[0], a[1], b[0], b[1]
        ))
    }

    fn new(scale: f64, center: [f64; 2]) -> Self {
        let scale = format!("{scale:.2e}").parse().unwrap_or(scale);
        Self {
            scale,
            shift: center.map(|center| rounded(-scale * center)),
        }
    }

    /// Where a row lies.
    pub fn place(&self, row: [f64; 2]) -> [f64; 2] {
        [0, 1].map(|axis| self.scale * row[axis] + self.shift[axis])
    }

    /// What the square shows of each column, from its least to its largest.
    pub fn shows(&self) -> [[f64; 2]; 2] {
        let at = |x: f64, axis: usize| (x - self.shift[axis]) / self.scale;
        [0, 1].map(|axis| [at(-HALF_WIDTH, axis), at(HALF_WIDTH, axis)])
    }

    /// A smaller frame around the same middle, and what becomes of a mixture.
    fn shrunk(&self, components: &[Component]) -> (Self, Vec<Component>) {
        let center = self.shift.map(|shift| -shift / self.scale);
        let smaller = Self::new(STEP * self.scale, center);
        let by = smaller.scale / self.scale;
        let moved = components.iter().map(|c| Component {
            mean: [0, 1].map(|axis| by * (c.mean[axis] - self.shift[axis]) + smaller.shift[axis]),
            covariance: c.covariance.map(|v| by * by * v),
            ..*c
        });
        (smaller, moved.collect())
    }

    /// A frame that shows as much of a mixture as a prior must have in the square, and the mixture in it.
    pub(super) fn with_room(mut self, mut components: Vec<Component>) -> (Self, Vec<Component>) {
        // Numbers are rounded later.
        while outside(&components) > 0.9 * MOST_OUTSIDE {
            (self, components) = self.shrunk(&components);
        }
        (self, components)
    }
}

/// The rows of a column that the square is to hold, from the least to the largest.
fn interval(rows: &[[f64; 2]], column: usize) -> [f64; 2] {
    let mut values: Vec<f64> = rows.iter().map(|row| row[column]).collect();
    values.sort_by(f64::total_cmp);
    let last = values.len() - 1;
    let tail = (TAIL * last as f64) as usize;
    let (low, high) = (values[tail], values[last - tail]);
    match high - low {
        0.0 => [values[0], values[last]],
        width => [values[0].max(low - width), values[last].min(high + width)],
    }
}

/// A bound on the share of a mixture outside the square: what is outside along x, and what is along y.
fn outside(components: &[Component]) -> f64 {
    // Half of the smallest deviation: sums over such cells are as good as integrals.
    const CELL: f64 = 0.05;
    let total: f64 = components.iter().map(|c| c.weight).sum();
    let within = |axis: usize| {
        let cells =
            (0..(2.0 * HALF_WIDTH / CELL) as usize).map(|cell| (cell as f64 + 0.5) * CELL - HALF_WIDTH);
        let density = |x: f64| -> f64 {
            let of = components.iter().map(|c| {
                let variance = c.covariance[2 * axis];
                c.weight * (-0.5 * (x - c.mean[axis]).powi(2) / variance).exp() / (2.0 * PI * variance).sqrt()
            });
            of.sum()
        };
        cells.map(density).sum::<f64>() * CELL / total
    };
    2.0 - within(0) - within(1)
}

/// Four decimals, and no −0: links stay short.
pub(super) fn rounded(value: f64) -> f64 {
    (value * 1e4).round() / 1e4 + 0.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_frame_is_told_in_few_digits_and_fills_the_square() {
        let rows = [[1000.0, 0.25], [1007.0, 0.75], [1003.0, 0.5]];
        let frame = Frame::around(&rows).expect("a frame");
        assert_eq!(
            frame,
            Frame {
                scale: 3.43,
                shift: [-3442.005, -1.715]
            }
        );
        let placed = rows.map(|row| frame.place(row)[0]);
        assert!(
            (placed[0] + 12.005).abs() < 1e-9 && (placed[1] - 12.005).abs() < 1e-9,
            "{placed:?}"
        );
        let [a, b] = frame.shows();
        assert!((a[0] - (1003.5 - 14.0 / 3.43)).abs() < 1e-9 && (b[1] - (0.5 + 14.0 / 3.43)).abs() < 1e-9);
    }

    #[test]
    fn a_far_row_does_not_squeeze_the_others() {
        let mut rows: Vec<[f64; 2]> = (0..=1000).map(|i| [f64::from(i) / 1000.0, 0.0]).collect();
        rows.push([1e6, 0.0]);
        let frame = Frame::around(&rows).expect("a frame");
        assert!(frame.scale > 10.0 && frame.place([1e6, 0.0])[0] > HALF_WIDTH);
        assert!(frame.place([0.0, 0.0])[0] >= -HALF_WIDTH);
    }

    #[test]
    fn what_cannot_be_placed_is_refused() {
        let error = Frame::around(&[[3.0, 4.0]; 20]).expect_err("one point");
        assert!(error.contains("all rows are the same point"), "{error}");
        for [low, high] in [[-1.7e308, 1.7e308], [1e15, 1e15 + 1.0], [0.0, 1e-310]] {
            let error = Frame::around(&[[low, 0.0], [high, 0.0]]).expect_err("too large or small");
            assert!(error.contains("scale or shift them"), "{error}");
        }
    }

    #[test]
    fn a_wide_mixture_shrinks_until_it_is_inside() {
        let frame = Frame {
            scale: 2.0,
            shift: [1.0, 0.0],
        };
        let wide = Component {
            weight: 3.0,
            mean: [4.0, 0.0],
            covariance: [100.0, 90.0, 100.0],
        };
        let (smaller, mixture) = frame.with_room(vec![wide]);
        assert!(outside(&[wide]) > 0.2 && outside(&mixture) < MOST_OUTSIDE);
        // The mean is the same row: (4 − 1)/2.
        let mean = smaller.place([1.5, 0.0]);
        assert!((mean[0] - mixture[0].mean[0]).abs() < 1e-3 && (mean[1] - mixture[0].mean[1]).abs() < 1e-3);
    }
}
