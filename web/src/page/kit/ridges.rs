//! Histograms one above the other on a common axis.

use super::surface::Surface;

/// Bars of a histogram.
const BARS: usize = 24;

/// One histogram.
#[derive(Clone, Debug, PartialEq)]
pub struct Ridge {
    pub name: &'static str,
    pub color: &'static str,
    pub values: Vec<f32>,
    /// Written at its right end.
    pub note: String,
    /// A value to point out.
    pub marked: Option<f32>,
}

/// The range that all of the values need; 1 wide at least.
pub fn range(ridges: &[Ridge]) -> (f64, f64) {
    let values = || ridges.iter().flat_map(|r| &r.values).map(|v| f64::from(*v));
    let high = values().fold(f64::NEG_INFINITY, f64::max);
    let low = values().fold(f64::INFINITY, f64::min);
    if low > high {
        return (-1.0, 0.0);
    }
    (low.min(high - 1.0), high)
}

/// How many values fall into each bar of a range, its ends included.
fn counts(values: &[f32], (low, high): (f64, f64)) -> [usize; BARS] {
    let mut counts = [0; BARS];
    for value in values {
        let share = (f64::from(*value) - low) / (high - low);
        counts[((share * BARS as f64) as usize).min(BARS - 1)] += 1;
    }
    counts
}

/// Draws them from the top; the ends of the axis below bear these texts.
pub fn draw(surface: &Surface, ridges: &[Ridge], ends: [&str; 2]) {
    let range = range(ridges);
    let (left, right, foot) = (0.05, 0.95, 0.9);
    let height = foot / ridges.len() as f64;
    let across = |value: f64| left + (right - left) * (value - range.0) / (range.1 - range.0);
    for (at, ridge) in ridges.iter().enumerate() {
        let base = height * (at + 1) as f64;
        let room = 0.62 * height;
        surface.line([left, base], [right, base], surface.ink.grid, 1.0);
        surface.text([left, base - 0.93 * height], ridge.name, "left");
        surface.text([right, base - 0.93 * height], &ridge.note, "right");
        let counts = counts(&ridge.values, range);
        let most = counts.iter().max().copied().unwrap_or(0).max(1) as f64;
        let width = (right - left) / BARS as f64;
        for (bar, count) in counts.iter().enumerate().filter(|(_, count)| **count > 0) {
            let tall = room * *count as f64 / most;
            let corner = [left + (bar as f64 + 0.1) * width, base - tall];
            surface.bar(corner, [0.8 * width, tall], ridge.color);
        }
        if let Some(marked) = ridge.marked {
            let x = across(f64::from(marked));
            surface.line([x, base], [x, base - 0.72 * height], surface.ink.text, 1.6);
        }
    }
    surface.text([left, 0.925], ends[0], "left");
    surface.text([right, 0.925], ends[1], "right");
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ridge(values: &[f32]) -> Ridge {
        Ridge {
            name: "",
            color: "",
            values: values.to_vec(),
            note: String::new(),
            marked: None,
        }
    }

    #[test]
    fn every_value_is_in_a_bar_of_the_range() {
        let all = [ridge(&[-20.0, -3.0, 0.0]), ridge(&[]), ridge(&[-25.0])];
        let range = range(&all);
        assert_eq!(range, (-25.0, 0.0));
        for ridge in &all {
            assert_eq!(
                counts(&ridge.values, range).iter().sum::<usize>(),
                ridge.values.len()
            );
        }
        assert_eq!(counts(&[0.0], range)[BARS - 1], 1);
    }

    #[test]
    fn one_value_or_none_still_have_a_range() {
        assert_eq!(range(&[ridge(&[-2.0, -2.0])]), (-3.0, -2.0));
        assert_eq!(range(&[]), (-1.0, 0.0));
    }
}
