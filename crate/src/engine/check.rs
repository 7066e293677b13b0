//! Bounds of numbers: a value outside of them is refused by the name of its field.

use super::ConfigError;

/// What a check answers.
pub(crate) type Checked = Result<(), ConfigError>;

/// A number from `low` to `high`.
pub(crate) fn range(field: &str, value: f64, low: f64, high: f64) -> Checked {
    if (low..=high).contains(&value) {
        return Ok(());
    }
    Err(ConfigError::new(
        field,
        value,
        format!("a number from {low} to {high}"),
    ))
}

/// A whole number from `low` to `high`.
pub(crate) fn whole(field: &str, value: usize, low: usize, high: usize) -> Checked {
    if (low..=high).contains(&value) {
        return Ok(());
    }
    Err(ConfigError::new(
        field,
        value,
        format!("a whole number from {low} to {high}"),
    ))
}

/// A number above 0, at most `high`.
pub(crate) fn positive(field: &str, value: f64, high: f64) -> Checked {
    if value > 0.0 && value <= high {
        return Ok(());
    }
    Err(ConfigError::new(
        field,
        value,
        format!("a number above 0, at most {high}"),
    ))
}

/// A share that is above `most`, in percent, with as many digits as tell both apart.
#[cfg(feature = "engine")]
pub(crate) fn percent_above(share: f64, most: f64) -> String {
    let shown = |share: f64, digits: usize| format!("{:.digits$} %", 100.0 * share);
    let mut told = (0..=15).filter(|digits| shown(share, *digits) != shown(most, *digits));
    shown(share, told.next().unwrap_or_default())
}

#[cfg(all(test, feature = "engine"))]
mod tests {
    use super::percent_above;

    #[test]
    fn a_refused_share_is_not_the_one_that_is_allowed() {
        let shown = [0.3, 0.02104, 0.0200004, 0.02 + f64::EPSILON].map(|share| percent_above(share, 0.02));
        assert_eq!(shown[..3], ["30 %", "2.1 %", "2.00004 %"]);
        assert!(
            shown[3].starts_with("2.00000") && shown[3] != "2.000000000000000 %",
            "{}",
            shown[3]
        );
    }
}
