//! Ranks of true values: a histogram of each statistic, and expected coverage against the level of intervals.

use super::canvas::{Canvas, Drawn, FAINT, INK, PALE, anchored, picture, text, wrapped};
use crate::program::error::ProgramError;
use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, VPos};
use rtb::task::Ranks;
use rtb::task::calibration::band;
use std::path::Path;

/// Pixels of a picture of its own: those around it, and those of each cell.
const AROUND: i32 = 24;
const EACH: i32 = 300;
const SMALLEST: i32 = 640;
/// Most histograms: with the coverage they fill a square.
const MOST: usize = 15;
/// Levels at which the band of the coverage is drawn.
const LEVELS: usize = 50;
/// A histogram reaches at least as high as this many times the expected count.
const HIGHEST: f64 = 2.0;

const BARS: RGBColor = RGBColor(31, 119, 180);

/// Draws a picture of its own.
pub fn draw_ranks(path: &Path, ranks: &Ranks) -> Result<(), ProgramError> {
    let size = (columns(ranks) * EACH).max(SMALLEST);
    let whole = (size + 2 * AROUND) as u32;
    picture(path, (whole, whole), |canvas| {
        draw(canvas, ranks, (AROUND, AROUND), size)
    })
}

/// Draws into a square of `size` pixels.
pub fn draw(canvas: &Canvas, ranks: &Ranks, (left, top): (i32, i32), size: i32) -> Drawn {
    let columns = columns(ranks);
    let font = (size / (12 * columns)).clamp(11, 22);
    let (around, note) = (2 * font, 2 * font);
    let step = (size - note) / columns;
    let cell = |place: i32| Cell {
        origin: (
            left + place % columns * step + around,
            top + place / columns * step + around,
        ),
        side: step - 2 * around,
        font: font as u32,
    };
    for statistic in 0..drawn(ranks) {
        cell(statistic as i32).histogram(canvas, ranks, statistic)?;
    }
    cell(drawn(ranks) as i32).coverage(canvas, ranks)?;
    let more = match ranks.names.len() {
        all if all > MOST => format!("; the first {MOST} of {all} statistics"),
        _ => String::new(),
    };
    let said =
        format!("grey: where 95 % of the bars, and of the points of a line, of right posteriors lie{more}");
    let style = text(font as u32 * 3 / 4, PALE);
    let first = top + columns * step;
    for (line, words) in (0..).zip(wrapped(canvas, &said, &style, size)?) {
        canvas.draw_text(&words, &style, (left, first + line * font))?;
    }
    Ok(())
}

fn drawn(ranks: &Ranks) -> usize {
    ranks.names.len().min(MOST)
}

/// Cells along a side.
fn columns(ranks: &Ranks) -> i32 {
    ((drawn(ranks) + 1) as f64).sqrt().ceil() as i32
}

/// A square, with room for words around it.
struct Cell {
    origin: (i32, i32),
    side: i32,
    font: u32,
}

impl Cell {
    /// The pixel of a place, from 0 to 1 to the right and upwards.
    fn at(&self, (right, up): (f64, f64)) -> (i32, i32) {
        let pixels = |share: f64| (share.clamp(0.0, 1.0) * f64::from(self.side)).round() as i32;
        (
            self.origin.0 + pixels(right),
            self.origin.1 + self.side - pixels(up),
        )
    }

    fn histogram(&self, canvas: &Canvas, ranks: &Ranks, statistic: usize) -> Drawn {
        let (counts, bins) = (&ranks.counts[statistic], ranks.bins() as f64);
        let expected = ranks.truths() as f64 / bins;
        let [least, most] = band(ranks.truths(), 1.0 / bins);
        let largest = counts.iter().copied().max().unwrap_or(0).max(most) as f64;
        let high = 1.06 * largest.max(HIGHEST * expected);
        let grey = [(0.0, least as f64 / high), (1.0, most as f64 / high)].map(|place| self.at(place));
        canvas.draw(&Rectangle::new(grey, FAINT.filled()))?;
        for (bin, count) in counts.iter().enumerate() {
            let right = [bin as f64 / bins, (bin + 1) as f64 / bins];
            let bar = [(right[0], 0.0), (right[1], *count as f64 / high)].map(|place| self.at(place));
            canvas.draw(&Rectangle::new(bar, BARS.mix(0.45).filled()))?;
            canvas.draw(&Rectangle::new(bar, BARS))?;
        }
        let level = [0.0, 1.0].map(|right| self.at((right, expected / high)));
        canvas.draw(&PathElement::new(level, INK))?;
        self.frame(canvas, &ranks.names[statistic], ["rank", ""])
    }

    fn coverage(&self, canvas: &Canvas, ranks: &Ranks) -> Drawn {
        let truths = ranks.truths();
        let levels = (0..=LEVELS).map(|at| at as f64 / LEVELS as f64);
        let edge = |end: usize| {
            let of_level = move |level: f64| (level, band(truths, level)[end] as f64 / truths as f64);
            levels.clone().map(of_level).map(|place| self.at(place))
        };
        let around: Vec<_> = edge(0)
            .chain(edge(1).collect::<Vec<_>>().into_iter().rev())
            .collect();
        canvas.draw(&Polygon::new(around, FAINT.filled()))?;
        let diagonal = [(0.0, 0.0), (1.0, 1.0)].map(|place| self.at(place));
        canvas.draw(&PathElement::new(diagonal, INK))?;
        for statistic in 0..ranks.names.len() {
            let line: Vec<_> = ranks
                .coverage(statistic)
                .into_iter()
                .map(|place| self.at(place))
                .collect();
            canvas.draw(&PathElement::new(line, BARS.mix(0.7).stroke_width(2)))?;
        }
        self.frame(
            canvas,
            "coverage",
            ["level of the central interval", "true values within"],
        )
    }

    /// A frame with a heading, and words below and on the left.
    fn frame(&self, canvas: &Canvas, heading: &str, [below, beside]: [&str; 2]) -> Drawn {
        let (left, top) = self.origin;
        let corners = [(left - 1, top - 1), (left + self.side, top + self.side)];
        canvas.draw(&Rectangle::new(corners, PALE))?;
        let middle = self.side / 2;
        let font = self.font as i32;
        let style = |size, colour| anchored(text(size, colour), HPos::Center, VPos::Center);
        canvas.draw_text(
            heading,
            &style(self.font, INK),
            (left + middle, top - font * 4 / 5),
        )?;
        let small = style(self.font * 3 / 4, PALE);
        canvas.draw_text(below, &small, (left + middle, top + self.side + font * 4 / 5))?;
        let upwards = small.transform(FontTransform::Rotate270);
        canvas.draw_text(beside, &upwards, (left - font * 4 / 5, top + middle))
    }
}
