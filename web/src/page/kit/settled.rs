//! A number that is measured again and again, and told in words.

use yew::prelude::*;

/// What it has to change by, as a share of what is told, to be told anew.
const STEP: f64 = 0.2;

/// The number as it is told: small changes would only flicker.
#[hook]
pub fn use_settled(measured: Option<f64>) -> Option<f64> {
    let told = use_mut_ref(|| None);
    let settled = settle(*told.borrow(), measured);
    told.replace(settled);
    settled
}

fn settle(told: Option<f64>, measured: Option<f64>) -> Option<f64> {
    match (told, measured) {
        (Some(told), Some(measured)) if (measured - told).abs() <= STEP * told => Some(told),
        _ => measured,
    }
}

#[cfg(test)]
mod tests {
    use super::settle;

    #[test]
    fn only_what_has_changed_much_is_told_anew() {
        let series = [
            Some(1.0),
            Some(1.15),
            Some(0.85),
            Some(1.3),
            Some(1.1),
            None,
            Some(1.0),
        ];
        let told = series.into_iter().scan(None, |told, measured| {
            *told = settle(*told, measured);
            Some(*told)
        });
        let expected = [
            Some(1.0),
            Some(1.0),
            Some(1.0),
            Some(1.3),
            Some(1.3),
            None,
            Some(1.0),
        ];
        assert!(told.eq(expected));
    }
}
