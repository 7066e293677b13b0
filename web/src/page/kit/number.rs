//! Numbers as people read them.

/// A figure as people read it.
pub fn figure(value: f64) -> String {
    let size = value.abs();
    let text = if !value.is_finite() {
        return "–".to_owned();
    } else if value == 0.0 {
        return "0".to_owned();
    } else if !(1e-3..1e5).contains(&size) {
        format!("{value:.1e}")
    } else if size < 1.0 {
        format!("{value:.4}")
    } else if size < 100.0 {
        format!("{value:.3}")
    } else {
        format!("{value:.1}")
    };
    text.replace('-', "−")
}

/// A large number as people read it.
pub fn count(value: f64) -> String {
    let scaled = |by: f64, unit: &str| {
        let value = value / by;
        let digits = if value < 9.95 { 1 } else { 0 };
        format!("{value:.digits$} {unit}")
    };
    match value {
        v if v >= 1e9 => scaled(1e9, "G"),
        v if v >= 1e6 => scaled(1e6, "M"),
        v if v >= 1e4 => scaled(1e3, "k"),
        v if v.fract() == 0.0 => format!("{v:.0}"),
        v => figure(v),
    }
}

/// Two decimals are what an eye compares.
pub fn short(value: f64) -> String {
    let text = format!("{value:.2}").replace('-', "−");
    if text == "−0.00" {
        "0.00".to_owned()
    } else {
        text
    }
}

pub fn percent(share: f64) -> String {
    format!("{:.0} %", 100.0 * share)
}

/// log r of one sample.
pub fn log_r(value: Option<f32>) -> String {
    value.map_or("log r –".to_owned(), |v| {
        format!("log r {}", short(f64::from(v)))
    })
}

/// The mean of some log r, where there are any.
pub fn mean(values: &[f32]) -> Option<f64> {
    let sum: f64 = values.iter().map(|v| f64::from(*v)).sum();
    (!values.is_empty()).then(|| sum / values.len() as f64)
}

/// A time in words.
pub fn duration(seconds: f64) -> String {
    match seconds {
        s if s < 1.0 => format!("{:.0} ms", 1000.0 * s),
        s if s < 90.0 => format!("{s:.0} s"),
        s if s < 5400.0 => format!("{:.0} minutes", s / 60.0),
        s => format!("{:.1} hours", s / 3600.0),
    }
}

#[cfg(test)]
mod tests {
    use super::short;

    #[test]
    fn small_numbers_have_no_minus_before_zero() {
        assert_eq!((short(-0.001).as_str(), short(-1.5).as_str()), ("0.00", "−1.50"));
    }
}
