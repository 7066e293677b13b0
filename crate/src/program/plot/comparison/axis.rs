//! Numbers along an edge of a chart.

use crate::program::output;

/// A range of numbers, along which pixels go evenly or by decades.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Axis {
    low: f64,
    high: f64,
    logarithmic: bool,
}

/// Most numbers written along an axis of more than a decade.
const MOST_TICKS: usize = 9;

impl Axis {
    /// From `low` to `high`, which are the values at the ends.
    pub fn linear(low: f64, high: f64) -> Self {
        Self {
            low,
            high,
            logarithmic: false,
        }
    }

    /// The positive values with a margin of `margin` decades, at least half a decade long; a
    /// decade where there are none.
    pub fn logarithmic(values: impl Iterator<Item = f64> + Clone, margin: f64) -> Self {
        let logs = values.filter(|v| *v > 0.0 && v.is_finite()).map(f64::log10);
        let low = logs.clone().fold(f64::INFINITY, f64::min);
        let high = logs.fold(f64::NEG_INFINITY, f64::max);
        let (low, high) = if low <= high { (low, high) } else { (-1.0, 0.0) };
        let margin = margin.max(0.25 - 0.5 * (high - low));
        Self {
            low: low - margin,
            high: high + margin,
            logarithmic: true,
        }
    }

    /// Where a value lies, 0 at the low end and 1 at the high one.
    pub fn place(&self, value: f64) -> f64 {
        let value = if self.logarithmic { value.log10() } else { value };
        (value - self.low) / (self.high - self.low)
    }

    /// The values at both ends.
    pub fn ends(&self) -> [f64; 2] {
        let value = |end: f64| if self.logarithmic { 10f64.powf(end) } else { end };
        [value(self.low), value(self.high)]
    }

    /// Round values with what is written beside them, as many as there is room for.
    pub fn ticks(&self) -> Vec<(f64, String)> {
        let usual = self.decades(&[1.0, 2.0, 5.0]);
        match usual.len() {
            0..3 => self.decades(&[1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0, 9.0]),
            3..=MOST_TICKS => usual,
            _ => self.decades(&[1.0]),
        }
    }

    fn decades(&self, steps: &[f64]) -> Vec<(f64, String)> {
        let exponents = self.low.floor() as i32..=self.high.ceil() as i32;
        exponents
            .flat_map(|exponent| steps.iter().map(move |step| (*step, exponent)))
            .map(|(step, exponent)| (step * 10f64.powi(exponent), label(step, exponent)))
            .filter(|(value, _)| (0.0..=1.0).contains(&self.place(*value)))
            .collect()
    }
}

/// step·10^exponent, in full where that is short.
fn label(step: f64, exponent: i32) -> String {
    match exponent {
        -3..0 => format!(
            "{:.*}",
            exponent.unsigned_abs() as usize,
            step * 10f64.powi(exponent)
        ),
        0..4 => output::tick(step * 10f64.powi(exponent)),
        _ if step == 1.0 => format!("10{}", superscript(exponent)),
        _ => format!("{step}·10{}", superscript(exponent)),
    }
}

fn superscript(number: i32) -> String {
    let raised = |c: char| match c {
        '-' => '⁻',
        digit => ['⁰', '¹', '²', '³', '⁴', '⁵', '⁶', '⁷', '⁸', '⁹'][digit as usize - '0' as usize],
    };
    number.to_string().chars().map(raised).collect()
}

#[cfg(test)]
mod tests {
    use super::{Axis, label};

    #[test]
    fn ticks_are_round_and_inside() {
        let labels = |values: &[f64]| -> Vec<String> {
            let axis = Axis::logarithmic(values.iter().copied(), 0.0);
            axis.ticks().into_iter().map(|(_, label)| label).collect()
        };
        assert_eq!(
            labels(&[0.009, 0.6]),
            ["0.01", "0.02", "0.05", "0.1", "0.2", "0.5"]
        );
        assert_eq!(labels(&[1e5, 1e9]), ["10⁵", "10⁶", "10⁷", "10⁸", "10⁹"]);
        assert!(labels(&[0.02]).contains(&"0.02".to_owned()));
        assert!(!labels(&[]).is_empty());
    }

    #[test]
    fn small_and_large_numbers_are_powers() {
        assert_eq!([label(2.0, -3), label(1.0, -5)], ["0.002", "10⁻⁵"]);
        assert_eq!([label(5.0, 3), label(5.0, 6)], ["5000", "5·10⁶"]);
    }
}
