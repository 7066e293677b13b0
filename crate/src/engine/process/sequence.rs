//! Sequences of tokens with a gap, as all chains of tokens use them.

use super::per_step;
use crate::engine::ConfigError;
use burn::tensor::{Device, Int, Tensor, TensorData, activation};
use std::ops::Range;

/// Log-probabilities of words that are compared at once.
const NUMBERS_AT_ONCE: usize = 8_000_000;

/// The sequences of a chain of tokens. A state is `[rows, length]`: indices of words from 0, and the index
/// `words` for an unknown token. The condition gives the tokens outside the gap; kernels cover only the
/// tokens in the gap.
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
                "the length of the sequences",
                format!("{lengths:?}"),
                "at least one sequence, all of the same length",
            ));
        }
        if gap.is_empty() || gap.end > length {
            return Err(ConfigError::new(
                "the gap",
                format!("{gap:?}"),
                format!("a range of at least one token within 0..{length}"),
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
                format!("a number below {words}, the size of the vocabulary"),
            ));
        }
        Ok(Self { words, given, gap })
    }

    /// Words of the vocabulary.
    pub fn words(&self) -> usize {
        self.words
    }

    /// The index that marks an unknown token.
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

    /// The sequence of a condition, `[length]`, including its tokens in the gap, which chains do not
    /// see.
    pub fn given(&self, condition: usize) -> &[usize] {
        &self.given[condition]
    }

    /// The given tokens, with the gap unknown, `[rows, length]`.
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

    /// Rows whose kernels, each of this many places, are compared at once.
    pub(super) fn rows_at_once(&self, places: usize) -> usize {
        (NUMBERS_AT_ONCE / (places * self.words)).max(1)
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

/// Two uniform numbers per token, each `[rows, tokens]`: the first decides whether it changes, the second
/// what it becomes. A single number would be too coarse for both: near 1 an f32 has 24 bits, of which a
/// change with probability 1/128 leaves 17, for 50,257 words.
pub(super) fn uniform_pair(noise: Tensor<2>) -> [Tensor<2>; 2] {
    let tokens = noise.dims()[1] / 2;
    [0, tokens].map(|from| uniform(noise.clone().narrow(1, from, tokens)))
}

/// The kernel under exploration: log-probabilities of words divided by 1 + `extra`, normalised.
pub(super) fn tempered(log_probs: &Tensor<3>, extra: f64) -> Tensor<3> {
    if extra == 0.0 {
        return log_probs.clone();
    }
    activation::log_softmax(log_probs.clone().div_scalar(1.0 + extra), 2)
}

/// Words that are summed at once: a GPU's running sum takes time that grows with the square of its
/// length.
const GROUP: usize = 64;

/// Words from their log-probabilities, `[rows, places, words]`, by the inverse of the distribution
/// function at `uniform`, `[rows, places]`.
pub(super) fn words_at(log_probs: &Tensor<3>, uniform: Tensor<2>) -> Tensor<2, Int> {
    let [rows, places, words] = log_probs.dims();
    let groups = words.div_ceil(GROUP);
    let none = Tensor::zeros([rows, places, groups * GROUP - words], &log_probs.device());
    let probs = Tensor::cat(vec![log_probs.clone().exp(), none], 2);
    let probs: Tensor<4> = probs.reshape([rows, places, groups, GROUP]);
    let of_group: Tensor<3> = probs.clone().sum_dim(3).reshape([rows, places, groups]);
    let below = of_group.clone().cumsum(2);
    // Rounding leaves the sum a little beside 1.
    let all = below.clone().narrow(2, groups - 1, 1);
    let wanted = uniform.reshape([rows, places, 1]) * all;
    let group = passed(&below, &wanted, groups);
    let rest = wanted - (below - of_group).gather(2, group.clone());
    let index = group
        .clone()
        .reshape([rows, places, 1, 1])
        .expand([rows, places, 1, GROUP]);
    let within: Tensor<3> = probs.gather(2, index).reshape([rows, places, GROUP]);
    let word = passed(&within.cumsum(2), &rest, GROUP);
    let number = group.mul_scalar(GROUP as i32) + word;
    // The last group is padded: rounding must not lead to a word that there is not.
    number.reshape([rows, places]).clamp_max((words - 1) as i32)
}

/// How many of `count` running sums, `[rows, places, count]`, a number has passed, `[rows, places, 1]`;
/// never all of them.
fn passed(below: &Tensor<3>, number: &Tensor<3>, count: usize) -> Tensor<3, Int> {
    let passed = below.clone().lower_equal(number.clone());
    passed.int().sum_dim(2).clamp_max((count - 1) as i32)
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

#[cfg(all(test, feature = "cpu"))]
mod tests {
    use super::*;

    #[test]
    fn words_are_where_the_distribution_function_is() {
        let (places, words) = (40, 150);
        let device = crate::engine::device::cpu_device();
        let logit = |at: usize| ((at * 37) % 101) as f32 / 20.0;
        let logits: Vec<f32> = (0..places * words).map(logit).collect();
        let logits = Tensor::<3>::from_data(TensorData::new(logits, [1, places, words]), &device);
        let log_probs = activation::log_softmax(logits, 2);
        let uniform: Vec<f32> = (0..places).map(|place| place as f32 / places as f32).collect();
        let at = Tensor::<2>::from_data(TensorData::new(uniform.clone(), [1, places]), &device);
        let found = words_at(&log_probs, at).into_data().convert::<i64>();
        let found = found.as_slice::<i64>().expect("numbers").to_vec();
        let probs = log_probs.exp().into_data();
        let probs = probs.as_slice::<f32>().expect("numbers");
        for place in 0..places {
            let mut sum = 0.0;
            let wanted = f64::from(uniform[place]);
            let of_place = &probs[place * words..(place + 1) * words];
            let expected = of_place.iter().position(|p| {
                sum += f64::from(*p);
                sum > wanted + 1e-6
            });
            assert_eq!(Some(found[place] as usize), expected, "place {place}");
        }
    }
}
