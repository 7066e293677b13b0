//! Sequences of tokens, some of which are given: what the chains through them share.

use super::per_step;
use crate::config::ConfigError;
use burn::tensor::{Device, Int, Tensor, TensorData};
use std::ops::Range;

/// The shape of a chain of tokens. A state is `[rows, length]`, numbers of words from 0 on, and
/// `words` itself for a token that is not known yet. Words outside the gap are given by the
/// condition; a kernel speaks of the gap's tokens alone.
#[derive(Clone, Debug, PartialEq)]
pub struct Sequence {
    /// Words of the vocabulary.
    words: usize,
    /// What is given under each condition, `[conditions][length]`; ignored in the gap.
    given: Vec<Vec<usize>>,
    /// Places of the tokens that are not given.
    gap: Range<usize>,
}

impl Sequence {
    /// Sequences with this gap, and what is given under each condition.
    ///
    /// # Errors
    ///
    /// Where there is no condition, the sequences differ in length, the gap is empty or lies outside
    /// of them, or a word is not one of the vocabulary's.
    pub fn new(words: usize, given: Vec<Vec<usize>>, gap: Range<usize>) -> Result<Self, ConfigError> {
        let length = given.first().map_or(0, Vec::len);
        if given.is_empty() || given.iter().any(|of| of.len() != length) {
            let lengths: Vec<_> = given.iter().map(Vec::len).collect();
            return Err(ConfigError::new(
                "the lengths of the sequences",
                format!("{lengths:?}"),
                "one length, of at least one sequence",
            ));
        }
        if gap.is_empty() || gap.end > length {
            return Err(ConfigError::new(
                "the gap",
                format!("{gap:?}"),
                format!("one token or more within 0..{length}"),
            ));
        }
        let unknown = |sequence: &Vec<usize>| {
            let outside = (0..length).filter(|place| !gap.contains(place));
            outside.map(|place| sequence[place]).find(|word| *word >= words)
        };
        if let Some(word) = given.iter().find_map(unknown) {
            return Err(ConfigError::new(
                "a given word",
                word,
                format!("a number below {words}, the words of the vocabulary"),
            ));
        }
        Ok(Self { words, given, gap })
    }

    /// Words of the vocabulary.
    pub fn words(&self) -> usize {
        self.words
    }

    /// The number of a token that is not known.
    pub fn mask(&self) -> usize {
        self.words
    }

    /// Tokens of a sequence.
    pub fn length(&self) -> usize {
        self.given[0].len()
    }

    /// Places of the tokens that are not given.
    pub fn gap(&self) -> Range<usize> {
        self.gap.clone()
    }

    /// What is given, and nothing known in the gap, `[rows, length]`.
    pub(super) fn start(&self, conditions: &[usize], device: &Device) -> Tensor<2, Int> {
        let word = |condition: usize, place: usize| match self.gap.contains(&place) {
            true => self.mask(),
            false => self.given[condition][place],
        };
        let tokens: Vec<i32> = conditions
            .iter()
            .flat_map(|condition| (0..self.length()).map(|place| word(*condition, place) as i32))
            .collect();
        Tensor::from_data(TensorData::new(tokens, [conditions.len(), self.length()]), device)
    }

    /// The tokens in the gap, `[rows, gap]`.
    pub(super) fn gap_of(&self, x: &Tensor<2, Int>) -> Tensor<2, Int> {
        x.clone().narrow(1, self.gap.start, self.gap.len())
    }

    /// x with other tokens in the gap.
    pub(super) fn with_gap(&self, x: &Tensor<2, Int>, tokens: Tensor<2, Int>) -> Tensor<2, Int> {
        let rows = x.dims()[0];
        x.clone().slice_assign([0..rows, self.gap.clone()], tokens)
    }

    /// States from the host, `[rows][length]`.
    pub(super) fn upload(&self, states: Vec<f32>, device: &Device) -> Tensor<2, Int> {
        let rows = states.len() / self.length();
        Tensor::<2>::from_data(TensorData::new(states, [rows, self.length()]), device).int()
    }
}

/// The distribution function of the normal, which makes normal noise uniform.
pub(super) fn uniform(noise: Tensor<2>) -> Tensor<2> {
    noise
        .div_scalar(2f64.sqrt())
        .erf()
        .add_scalar(1.0)
        .mul_scalar(0.5)
}

/// Words from their log-probabilities, `[rows, places, words]`, by the inverse of the distribution
/// function at `uniform`, `[rows, places]`.
pub(super) fn words_at(log_probs: &Tensor<3>, uniform: Tensor<2>) -> Tensor<2, Int> {
    let [rows, places, words] = log_probs.dims();
    let below = log_probs.clone().exp().cumsum(2);
    // Rounding leaves the sum a little beside 1.
    let all = below.clone().narrow(2, words - 1, 1);
    let passed = below.lower_equal(uniform.reshape([rows, places, 1]) * all);
    let count: Tensor<2, Int> = passed.int().sum_dim(2).reshape([rows, places]);
    count.clamp_max((words - 1) as i32)
}

/// The log-probability of each word, `[rows, places]`; of word 0 where it is none of them.
pub(super) fn log_prob_of(log_probs: &Tensor<3>, tokens: &Tensor<2, Int>) -> Tensor<2> {
    let [rows, places, words] = log_probs.dims();
    let known = tokens
        .clone()
        .mask_fill(tokens.clone().greater_equal_elem(words as i32), 0);
    log_probs
        .clone()
        .gather(2, known.reshape([rows, places, 1]))
        .reshape([rows, places])
}

/// KL of distributions of words, `[rows, places]`.
pub(super) fn divergence(posterior: &Tensor<3>, prior: &Tensor<3>) -> Tensor<2> {
    let [rows, places, _] = posterior.dims();
    let terms = posterior.clone().exp() * (posterior.clone() - prior.clone());
    terms.sum_dim(2).reshape([rows, places])
}

/// A number of a step for every place of `like`, whose rows are `steps.len()` equal blocks.
pub(super) fn of_step(steps: &[usize], like: &Tensor<2>, number: impl Fn(usize) -> f64) -> Tensor<2> {
    per_step(steps, like.ones_like(), number)
}
