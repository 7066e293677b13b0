//! What the prior learns. Asked for a random number, people and language models alike name a few that
//! look random to them (odd ones, primes, sevens, and 42 for the joke), round ones, and small ones
//! rather than large ones; now and then they say something that is no such number.

use super::{ANSWERS, LARGEST, of_number, of_text};

/// Shares of these habits.
const FAVOURITE: f64 = 0.45;
const ROUND: f64 = 0.12;
const SMALL: f64 = 0.38;
const INVALID: f64 = 0.05;

/// Favourites, and how often each is said beside the others.
const FAVOURITES: [(&str, f64); 12] = [
    ("42", 10.0),
    ("7", 8.0),
    ("37", 7.0),
    ("17", 5.0),
    ("73", 4.0),
    ("27", 4.0),
    ("47", 3.0),
    ("77", 2.0),
    ("69", 2.0),
    ("23", 2.0),
    ("3", 2.0),
    ("57", 1.0),
];
/// Empty answers, numbers that are too large, and leading zeros.
const INVALID_ANSWERS: [(&str, f64); 12] = [
    ("", 3.0),
    ("123", 3.0),
    ("101", 2.0),
    ("1000", 2.0),
    ("1234", 2.0),
    ("07", 2.0),
    ("420", 1.0),
    ("666", 1.0),
    ("999", 1.0),
    ("007", 1.0),
    ("042", 1.0),
    ("00", 1.0),
];
/// Round numbers are multiples of this.
const ROUND_STEP: usize = 10;
/// Where small numbers are preferred, n is said in proportion to 1/(n + this).
const SOFTENING: f64 = 10.0;

/// The probability of every answer, `[ANSWERS]`.
pub fn habits() -> Vec<f64> {
    let of_table = |table: &[(&str, f64)]| -> Vec<(usize, f64)> {
        let weighed = table.iter().map(|(text, weight)| (of_text(text), *weight));
        weighed.collect()
    };
    let round = (ROUND_STEP..=LARGEST).step_by(ROUND_STEP);
    let small = (0..=LARGEST).map(|n| (of_number(n), 1.0 / (n as f64 + SOFTENING)));
    let mut probabilities = vec![0.0; ANSWERS];
    for (share, weights) in [
        (FAVOURITE, of_table(&FAVOURITES)),
        (ROUND, round.map(|n| (of_number(n), 1.0)).collect()),
        (SMALL, small.collect()),
        (INVALID, of_table(&INVALID_ANSWERS)),
    ] {
        let total: f64 = weights.iter().map(|(_, weight)| weight).sum();
        for (answer, weight) in weights {
            probabilities[answer] += share * weight / total;
        }
    }
    probabilities
}
