//! What is measured of texts.

use std::collections::HashSet;

/// Distinct pairs of neighbouring words over all pairs of these texts (distinct-2, arXiv 1510.03055);
/// 1 where there are none.
pub fn distinct_pairs<'a>(texts: impl Iterator<Item = &'a [usize]>) -> f64 {
    let (mut known, mut all) = (HashSet::new(), 0);
    for pair in texts.flat_map(|text| text.windows(2)) {
        known.insert([pair[0], pair[1]]);
        all += 1;
    }
    if all == 0 {
        1.0
    } else {
        known.len() as f64 / f64::from(all)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn repetition_shows() {
        let of = |texts: &[&[usize]]| distinct_pairs(texts.iter().copied());
        assert_eq!(of(&[&[1, 2, 3], &[2, 3, 4]]), 0.75);
        assert_eq!(of(&[&[5, 5, 5, 5, 5]]), 0.25);
        assert_eq!(of(&[&[7], &[]]), 1.0);
    }
}
