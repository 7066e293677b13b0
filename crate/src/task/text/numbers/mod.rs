//! Random numbers: a language model that is asked for a whole number from 0 to 100, and the posterior
//! that says all of them equally often (arXiv 2310.04363, §2).
//!
//! An answer is a string of at most [`PLACES`] digits, said one after the other, and then nothing. There
//! are so few of them that a network's probability of each is known, and with them every figure.

mod habits;
mod law;
mod subtrajectories;
mod training;

pub use habits::habits;
pub use law::{Fit, Law};
pub use training::{Loss, NumbersConfig, NumbersTraining, PRIOR_ITERATIONS, chains, prior_training};

use super::Infilling;
use super::words::{Layout, Vocabulary};
use crate::engine::process::{Autoregressive, Sequence, TokenChain};

/// The largest number that is asked for.
pub const LARGEST: usize = 100;
/// Most digits of an answer: one more than are needed, so that a model has to know when to stop.
pub const PLACES: usize = 4;
/// Answers there are: all strings of at most [`PLACES`] digits, the empty one too.
pub const ANSWERS: usize = shorter_than(PLACES + 1);

/// An answer follows one token that is always the same.
const LAYOUT: Layout = Layout {
    before: 1,
    gap: PLACES,
    after: 0,
};
/// The digits follow the words for nothing and for what is not known.
const WORDS: &str = "<nothing>\n<unknown>\n0\n1\n2\n3\n4\n5\n6\n7\n8\n9\n";
const DIGITS: usize = 10;
const ZERO: usize = 2;

/// Strings of fewer digits. Answers are numbered by length, then by value: this is the first number of
/// those of a length.
const fn shorter_than(digits: usize) -> usize {
    (DIGITS.pow(digits as u32) - 1) / (DIGITS - 1)
}

/// The number of an answer.
fn of_digits(digits: &[usize]) -> usize {
    digits.iter().fold(0, |answer, digit| DIGITS * answer + digit + 1)
}

/// The digits of an answer.
fn digits(answer: usize) -> Vec<usize> {
    let mut digits = Vec::with_capacity(PLACES);
    let mut rest = answer;
    while rest > 0 {
        digits.push((rest - 1) % DIGITS);
        rest = (rest - 1) / DIGITS;
    }
    digits.reverse();
    digits
}

/// The number of the answer that is written so, in digits alone.
fn of_text(text: &str) -> usize {
    let digits: Vec<usize> = text.bytes().map(|digit| usize::from(digit - b'0')).collect();
    of_digits(&digits)
}

/// The answer that is the number `n`, without leading zeros.
pub fn of_number(n: usize) -> usize {
    of_text(&n.to_string())
}

/// The digits that are said in a state of the chain, `[length]`.
fn said(state: &[f32]) -> Vec<usize> {
    let tokens = state[LAYOUT.gap()].iter().map(|token| *token as usize);
    let said = tokens.take_while(|token| *token != Vocabulary::NOTHING);
    said.map(|token| token - ZERO).collect()
}

/// The number of the answer that the last state of a trajectory is, `[length]`.
pub fn answer(state: &[f32]) -> usize {
    of_digits(&said(state))
}

/// The tokens of an answer, `[length]`, with `rest` behind its digits.
fn tokens(answer: usize, rest: usize) -> Vec<usize> {
    let mut tokens = vec![Vocabulary::NOTHING; LAYOUT.before];
    tokens.extend(digits(answer).into_iter().map(|digit| ZERO + digit));
    tokens.resize(LAYOUT.length(), rest);
    tokens
}

fn vocabulary() -> Vocabulary {
    Vocabulary::read(WORDS).expect("a word a line")
}

/// What a network says of the next token. It has learned when to stop, and goes on saying nothing.
fn infilling() -> Infilling {
    let given = vec![vec![Vocabulary::NOTHING; LAYOUT.length()]];
    let sequence = Sequence::new(vocabulary().len(), given, LAYOUT.gap()).expect("the layout's gap");
    Infilling {
        chain: TokenChain::Autoregressive(Autoregressive { sequence }),
        temperature: 1.0,
        shows_ending: false,
        never: vec![Vocabulary::UNKNOWN],
        last: vec![Vocabulary::NOTHING],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_are_numbered_by_length_and_value() {
        assert_eq!((ANSWERS, of_text("")), (11_111, 0));
        assert_eq!(
            [of_text("0"), of_text("9"), of_text("00"), of_text("9999")],
            [1, 10, 11, 11_110]
        );
        assert_eq!(of_number(100), of_text("100"));
        for answer in 0..ANSWERS {
            assert_eq!(of_digits(&digits(answer)), answer);
            let state: Vec<f32> = tokens(answer, Vocabulary::NOTHING)
                .into_iter()
                .map(|t| t as f32)
                .collect();
            assert_eq!(super::answer(&state), answer);
        }
    }
}
