//! Where the cells of a corner plot lie on a square, in CSS pixels.

use crate::kit::axis::Axis;

/// Narrower squares have smaller letters.
const NARROW: f64 = 480.0;
/// Smaller cells have no numbers.
const NUMBERED: f64 = 40.0;
/// The width of a letter, as a share of its height.
const LETTER: f64 = 0.56;
/// The room for numbers on the left, beside a name, in heights of a letter.
const BESIDE: f64 = 3.1;

/// The cells, and the letters on their left and below.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Layout {
    pub count: usize,
    /// Of the square.
    pub side: f64,
    /// Of a cell.
    pub cell: f64,
    gap: f64,
    /// The left end of the first cell, and its top.
    pub left: f64,
    top: f64,
    /// The height of letters; 0 without any.
    pub font: f64,
}

impl Layout {
    pub fn new(count: usize, side: f64, bare: bool) -> Self {
        let font = match (bare, side < NARROW) {
            (true, _) => 0.0,
            (false, true) => 9.5,
            (false, false) => 11.0,
        };
        let (left, right) = if bare { (1.0, 1.0) } else { (4.6 * font, 8.0) };
        let gap = if bare { 2.0 } else { 5.0 };
        let gaps = gap * count.saturating_sub(1) as f64;
        Self {
            count,
            side,
            cell: ((side - left - right - gaps) / count.max(1) as f64).max(1.0),
            gap,
            left,
            top: 2.0,
            font,
        }
    }

    /// The upper left of a cell.
    pub fn at(&self, column: usize, row: usize) -> [f64; 2] {
        let step = self.cell + self.gap;
        [self.left + column as f64 * step, self.top + row as f64 * step]
    }

    /// A place in a cell, whose coordinates are shares of it from the lower left, as shares of the square.
    pub fn share(&self, column: usize, row: usize, [across, up]: [f64; 2]) -> [f64; 2] {
        let [left, top] = self.at(column, row);
        let place = [left + across * self.cell, top + (1.0 - up) * self.cell];
        place.map(|pixels| pixels / self.side.max(1.0))
    }

    /// Numbers along a range that have room beside each other, each with its share of a cell.
    pub fn numbers(&self, [low, high]: [f32; 2], across: bool) -> Vec<(f64, String)> {
        if self.font == 0.0 || self.cell < NUMBERED {
            return Vec::new();
        }
        let axis = Axis::between(f64::from(low), f64::from(high));
        let width = |text: &str| LETTER * text.chars().count() as f64;
        let long = |text: &str| {
            let letters = if across { width(text) } else { 1.0 };
            letters * self.font
        };
        let ticks = axis
            .ticks()
            .into_iter()
            .map(|(value, text)| (axis.share(value), text));
        let inside = |share: f64, text: &str| {
            let (place, half) = (share * self.cell, long(text) / 2.0);
            place - half >= -self.gap && place + half <= self.cell + self.gap
        };
        let fits = |text: &str| across || width(text) <= BESIDE;
        let ticks: Vec<_> = ticks
            .filter(|(share, text)| inside(*share, text) && fits(text))
            .collect();
        let longest = ticks.iter().map(|(_, text)| long(text)).fold(0.0, f64::max);
        let apart = match &ticks[..] {
            [first, second, ..] => self.cell * (second.0 - first.0),
            _ => self.cell,
        };
        let every = ((longest + self.font / 2.0) / apart).ceil().max(1.0) as usize;
        ticks.into_iter().step_by(every).collect()
    }

    /// A name as far as there is room for it along a cell.
    pub fn name(&self, name: &str) -> String {
        let room = (self.cell / (LETTER * self.font)) as usize;
        if name.chars().count() <= room {
            return name.to_owned();
        }
        let kept: String = name.chars().take(room.saturating_sub(1)).collect();
        format!("{kept}…")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_fill_the_square_and_numbers_do_not_touch() {
        for (count, side) in [(1, 300.0), (2, 640.0), (5, 350.0), (8, 700.0)] {
            let layout = Layout::new(count, side, false);
            let [right, bottom] = layout.share(count - 1, count - 1, [1.0, 0.0]);
            assert!((1.0 - 8.0 / side - right).abs() < 1e-9, "{right}");
            assert!(
                bottom < 1.0 - 3.0 * layout.font / side,
                "room for numbers and a name: {bottom}"
            );
            for range in [[-2.5, 2.5], [0.0, 1e-3], [-30_000.0, 12.0]] {
                let numbers = layout.numbers(range, true);
                let ends = numbers.iter().map(|(share, text)| {
                    let half = LETTER * layout.font * text.chars().count() as f64 / 2.0;
                    [share * layout.cell - half, share * layout.cell + half]
                });
                let ends: Vec<_> = ends.collect();
                assert!(ends.windows(2).all(|pair| pair[0][1] < pair[1][0]), "{numbers:?}");
            }
        }
        let layout = Layout::new(2, 640.0, false);
        assert!(
            layout.numbers([100.0, 100.000_05], false).is_empty(),
            "they would lie on the name"
        );
        assert!(layout.numbers([-1e-6, 1e-6], false).len() > 1);
        assert_eq!(
            Layout::new(5, 350.0, false)
                .name("a_long_name_of_a_coordinate")
                .chars()
                .last(),
            Some('…')
        );
        assert!(Layout::new(3, 200.0, true).numbers([0.0, 1.0], true).is_empty());
    }
}
