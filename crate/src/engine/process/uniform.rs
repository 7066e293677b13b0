//! Uniform-state diffusion: noising replaces tokens by random words (D3PM with uniform transitions,
//! arXiv 2107.03006, §3.1).

use super::sequence::{Sequence, divergence, log_prob_of, tempered, uniform_pair, words_at};
use super::{Process, per_step, sum};
use burn::tensor::{Device, Int, Tensor};

/// Smallest probability of a transition, so that its logarithm is a number.
const SMALLEST: f64 = 1e-30;

/// The chain that reverses a schedule under which a token at time t is the data's with probability
/// 1 − t and else any word; T transitions over even times from 1 to 0. At time 1 a token says
/// nothing and is the unknown one, so that the first transition draws it.
///
/// A kernel is log p(data|x_i) of the gap's tokens, `[rows, gap, words]`, normalised; the next token
/// is drawn from Σ_data p(data|x_i)·q(x_{i+1}|x_i, data) (arXiv 2107.03006, eq. 4).
#[derive(Clone, Debug, PartialEq)]
pub struct Uniform {
    /// T, the number of transitions.
    pub steps: usize,
    /// The given tokens and the gap to fill.
    pub sequence: Sequence,
}

impl Uniform {
    /// The time of a step, from 1, pure noise, to 0.
    pub fn time(&self, step: usize) -> f64 {
        1.0 - step as f64 / self.steps as f64
    }

    /// The probability that a token of x_i is the data's.
    fn alpha(&self, step: usize) -> f64 {
        1.0 - self.time(step)
    }

    /// The probability that noising keeps a token of x_{i+1} in x_i.
    fn keeps(&self, step: usize) -> f64 {
        self.alpha(step) / self.alpha(step + 1)
    }

    /// Numbers of blocks of rows, each multiplied by its step's.
    fn scaled(steps: &[usize], x: Tensor<3>, factor: impl Fn(usize) -> f64) -> Tensor<3> {
        let [rows, places, words] = x.dims();
        per_step(steps, x.reshape([rows, places * words]), factor).reshape([rows, places, words])
    }

    /// log p(x_{i+1}|x_i) of every word in the gap's places, `[rows, gap, words]`.
    fn next_words(&self, steps: &[usize], x: &Tensor<2, Int>, log_probs: &Tensor<3>) -> Tensor<3> {
        let words = self.sequence.words() as f64;
        let [rows, places, count] = log_probs.dims();
        let numbers = Tensor::<1, Int>::arange(0..count as i64, &x.device()).reshape([1, 1, count]);
        let now = self.sequence.gap_of(x).reshape([rows, places, 1]);
        let same = now
            .expand([rows, places, count])
            .equal(numbers.expand([rows, places, count]))
            .float();
        let flat = same.ones_like();
        // share·[word is the same] + (1 − share)/words.
        let mixed = |share: &dyn Fn(usize) -> f64| {
            Self::scaled(steps, same.clone(), share)
                + Self::scaled(steps, flat.clone(), |step| (1.0 - share(step)) / words)
        };
        let of_data = log_probs.clone().exp() / mixed(&|step| self.alpha(step));
        let all = of_data.clone().sum_dim(2).expand([rows, places, count]);
        let of_next = Self::scaled(steps, of_data, |step| self.alpha(step + 1))
            + Self::scaled(steps, all, |step| self.time(step + 1) / words);
        (mixed(&|step| self.keeps(step)) * of_next)
            .clamp_min(SMALLEST)
            .log()
    }
}

impl Process for Uniform {
    type State = Tensor<2, Int>;
    type Kernel = Tensor<3>;

    const NOISES_BACK: bool = true;

    fn steps(&self) -> usize {
        self.steps
    }

    fn start(&self, conditions: &[usize], device: &Device) -> Tensor<2, Int> {
        self.sequence.start(conditions, device)
    }

    fn noise_size(&self) -> usize {
        2 * self.sequence.gap().len()
    }

    /// `extra` tempers the words' distribution.
    fn transition(
        &self,
        step: usize,
        x: &Tensor<2, Int>,
        log_probs: &Tensor<3>,
        noise: Tensor<2>,
        extra: f64,
    ) -> Tensor<2, Int> {
        let next = self.next_words(&[step], x, &tempered(log_probs, extra));
        let [_, what] = uniform_pair(noise);
        self.sequence.with_gap(x, words_at(&next, what))
    }

    fn noise_back(&self, step: usize, next: &Tensor<2, Int>, noise: Tensor<2>) -> Tensor<2, Int> {
        let tokens = self.sequence.gap_of(next);
        if step == 0 {
            let unknown = tokens.full_like(self.sequence.mask() as i32);
            return self.sequence.with_gap(next, unknown);
        }
        let (words, keeps) = (self.sequence.words(), self.keeps(step));
        let [whether, what] = uniform_pair(noise);
        let changes = whether.greater_equal_elem(keeps);
        // A uniform number of 1 would be one word too far.
        let word = what.mul_scalar(words as f64);
        let word = word.clamp_max(words as f64 - 0.5).floor().int();
        self.sequence.with_gap(next, tokens.mask_where(changes, word))
    }

    fn log_ratio(
        &self,
        steps: &[usize],
        x: &Tensor<2, Int>,
        next: &Tensor<2, Int>,
        posterior: &Tensor<3>,
        prior: &Tensor<3>,
    ) -> Tensor<1> {
        let tokens = self.sequence.gap_of(next);
        let of = |log_probs| log_prob_of(&self.next_words(steps, x, log_probs), &tokens);
        sum(of(posterior) - of(prior))
    }

    fn log_prob(
        &self,
        steps: &[usize],
        x: &Tensor<2, Int>,
        next: &Tensor<2, Int>,
        log_probs: &Tensor<3>,
    ) -> Tensor<1> {
        let of_words = self.next_words(steps, x, log_probs);
        sum(log_prob_of(&of_words, &self.sequence.gap_of(next)))
    }

    fn log_noise(&self, step: usize, x: &Tensor<2, Int>, next: &Tensor<2, Int>) -> Tensor<1> {
        if step == 0 {
            return Tensor::zeros([x.dims()[0]], &x.device());
        }
        let (keeps, words) = (self.keeps(step), self.sequence.words() as f64);
        let same = self.sequence.gap_of(x).equal(self.sequence.gap_of(next));
        let other = (1.0 - keeps) / words;
        sum(same.float().mul_scalar(keeps).add_scalar(other).log())
    }

    fn divergence(
        &self,
        steps: &[usize],
        x: &Tensor<2, Int>,
        posterior: &Tensor<3>,
        prior: &Tensor<3>,
    ) -> Tensor<1> {
        let next = |log_probs| self.next_words(steps, x, log_probs);
        sum(divergence(&next(posterior), &next(prior)))
    }

    fn rows_at_once(&self) -> usize {
        self.sequence.rows_at_once(self.sequence.gap().len())
    }

    fn state_size(&self) -> usize {
        self.sequence.length()
    }
}
