//! Axes of charts: a range, its ticks, and where values lie.

/// A linear or logarithmic axis.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Axis {
    low: f64,
    high: f64,
    log: bool,
}

impl Axis {
    /// An axis that holds the values; a logarithmic one leaves out those that are not positive.
    pub fn over(values: impl Iterator<Item = f64>, log: bool) -> Option<Self> {
        let values = values.filter(|v| v.is_finite() && (!log || *v > 0.0));
        let map = |v: f64| if log { v.log10() } else { v };
        let (low, high) = values
            .map(map)
            .fold((f64::INFINITY, f64::NEG_INFINITY), |(l, h), v| {
                (l.min(v), h.max(v))
            });
        (low <= high).then(|| {
            let margin = (0.06 * (high - low)).max(if log { 0.1 } else { 1e-3 * (1.0 + high.abs()) });
            Self {
                low: low - margin,
                high: high + margin,
                log,
            }
        })
    }

    /// An axis from one value to another.
    pub fn between(low: f64, high: f64) -> Self {
        Self {
            low,
            high,
            log: false,
        }
    }

    /// Where a value lies, 0 at the low end and 1 at the high one.
    pub fn share(&self, value: f64) -> f64 {
        let value = if self.log {
            value.max(1e-300).log10()
        } else {
            value
        };
        (value - self.low) / (self.high - self.low)
    }

    /// The value at a share of the axis.
    pub fn value(&self, share: f64) -> f64 {
        let value = self.low + share * (self.high - self.low);
        if self.log { 10f64.powf(value) } else { value }
    }

    /// A few round values with their texts.
    pub fn ticks(&self) -> Vec<(f64, String)> {
        let decades = self.high - self.low;
        if self.log && decades > 2.2 {
            let every = (decades / 4.0).ceil() as i32;
            return (self.low.ceil() as i32..=self.high.floor() as i32)
                .filter(|e| e.rem_euclid(every) == 0)
                .map(|e| (10f64.powi(e), power(e)))
                .collect();
        }
        if self.log && decades > 0.7 {
            return (self.low.floor() as i32..=self.high.floor() as i32)
                .flat_map(|e| [1.0, 2.0, 5.0].map(|m| m * 10f64.powi(e)))
                .filter(|v| (0.0..=1.0).contains(&self.share(*v)))
                .map(|v| (v, text(v, (-v.log10().floor()).max(0.0) as usize)))
                .collect();
        }
        let (low, high) = (self.value(0.0), self.value(1.0));
        let rough = (high - low) / 4.0;
        let unit = 10f64.powf(rough.log10().floor());
        let step = [1.0, 2.0, 5.0, 10.0]
            .iter()
            .map(|m| m * unit)
            .find(|s| *s >= rough)
            .unwrap_or(rough);
        let digits = (-(step.log10().floor())).max(0.0) as usize;
        ((low / step).ceil() as i64..=(high / step).floor() as i64)
            .map(|i| (i as f64 * step, text(i as f64 * step, digits)))
            .collect()
    }
}

fn text(value: f64, digits: usize) -> String {
    if value.abs() >= 1e6 {
        return format!("{}M", value / 1e6).replace('-', "−");
    }
    if value.abs() >= 1e4 {
        return format!("{}k", value / 1000.0).replace('-', "−");
    }
    // Many zeros before the first digit take more room than they tell.
    let tiny = digits > 4 && value != 0.0 && value.abs() < 1e-3;
    let text = match digits {
        _ if tiny => {
            let kept = (digits as f64 + value.abs().log10().floor()).max(0.0) as usize;
            format!("{value:.kept$e}")
        }
        _ if digits > 4 && value == 0.0 => "0".to_owned(),
        digits => format!("{value:.digits$}"),
    };
    text.replace('-', "−")
}

fn power(exponent: i32) -> String {
    let digits = exponent.to_string();
    let raised = digits.chars().map(|c| match c {
        '-' => '⁻',
        '1' => '¹',
        '2' => '²',
        '3' => '³',
        digit => char::from_u32('⁰' as u32 + digit.to_digit(10).unwrap_or(0)).unwrap_or('⁰'),
    });
    match exponent {
        0 => "1".to_owned(),
        1 => "10".to_owned(),
        _ => format!("10{}", raised.collect::<String>()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ticks_are_few_round_and_inside() {
        for (low, high) in [(0.0, 1.0), (-3.0, 0.2), (0.0, 2000.0), (-0.013, 0.004)] {
            let axis = Axis::over([low, high].into_iter(), false).unwrap();
            let ticks = axis.ticks();
            assert!((2..=6).contains(&ticks.len()), "{ticks:?}");
            assert!(ticks.iter().all(|(v, _)| (0.0..=1.0).contains(&axis.share(*v))));
        }
        let tiny = Axis::between(-4e-6, 1.2e-5).ticks();
        let texts: Vec<_> = tiny.iter().map(|(_, t)| t.as_str()).collect();
        assert_eq!(texts, ["0", "5e−6", "1.0e−5"]);
        let few = Axis::over([0.03, 0.6].into_iter(), true).unwrap().ticks();
        let texts: Vec<_> = few.iter().map(|(_, t)| t.as_str()).collect();
        assert_eq!(texts, ["0.05", "0.1", "0.2", "0.5"]);
        let decades = Axis::over([0.02, 3000.0].into_iter(), true).unwrap().ticks();
        assert!(decades.iter().any(|(_, t)| t == "10²"), "{decades:?}");
    }
}
