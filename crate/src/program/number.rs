//! Numbers on the command line, and what is said of others.

/// Reads a whole number from `low` to `high`; `u64::MAX` is no bound.
pub fn whole<T: TryFrom<u64>>(low: u64, high: u64) -> impl Fn(&str) -> Result<T, String> + Clone {
    move |text| {
        let number = text.parse().ok().filter(|number| (low..=high).contains(number));
        let number = number.and_then(|number| T::try_from(number).ok());
        number.ok_or_else(|| match high {
            u64::MAX => format!("use a whole number, {low} or more"),
            _ => format!("use a whole number from {low} to {high}"),
        })
    }
}

/// Reads any number; what the number is for may allow fewer.
pub fn any(text: &str) -> Result<f64, String> {
    text.parse().map_err(|_| "use a number, such as 0.5".to_owned())
}

/// Reads a number from `low` to `high`.
pub fn within(low: f64, high: f64) -> impl Fn(&str) -> Result<f64, String> + Clone {
    move |text| {
        let number = text.parse().ok().filter(|number| (low..=high).contains(number));
        number.ok_or_else(|| format!("use a number from {low} to {high}"))
    }
}

#[cfg(test)]
mod tests {
    use super::{any, whole, within};

    #[test]
    fn numbers_are_read_or_what_is_allowed_is_said() {
        let small = whole::<u32>(2, 40);
        assert_eq!(small("40"), Ok(40));
        for text in ["1", "41", "-3", "2.5", "many", "", "1e1", "99999999999999999999"] {
            assert_eq!(
                small(text),
                Err("use a whole number from 2 to 40".to_owned()),
                "{text}"
            );
        }
        let seed = whole::<u64>(0, u64::MAX);
        assert_eq!(seed("7"), Ok(7));
        assert_eq!(seed("-7"), Err("use a whole number, 0 or more".to_owned()));
        assert_eq!(any("-1e-3"), Ok(-1e-3));
        assert_eq!(any("0,5"), Err("use a number, such as 0.5".to_owned()));
        let share = within(0.25, 2.0);
        assert_eq!(share("0.25"), Ok(0.25));
        for text in ["0.2", "2.1", "nan", "inf", "half", ""] {
            assert_eq!(
                share(text),
                Err("use a number from 0.25 to 2".to_owned()),
                "{text}"
            );
        }
    }
}
