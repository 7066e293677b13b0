//! The autoregressive chain: it fills the gap word by word.

use super::sequence::{Sequence, divergence, log_prob_of, tempered, uniform, words_at};
use super::{Process, Rows, sum};
use burn::tensor::{Device, Int, Tensor};

/// The chain whose step i draws token i of the gap; later tokens are unknown. A kernel is log p(word|x_i)
/// of that token, `[rows, 1, words]`, normalised.
#[derive(Clone, Debug, PartialEq)]
pub struct Autoregressive {
    /// The given tokens and the gap to fill; T is the gap's length.
    pub sequence: Sequence,
}

impl Autoregressive {
    /// The token that a step makes, `[rows, 1]`.
    fn made(&self, step: usize, next: &Tensor<2, Int>) -> Tensor<2, Int> {
        next.clone().narrow(1, self.sequence.gap().start + step, 1)
    }

    /// log p_φ − log p_θ of the word that a step makes, at its place, `[rows, gap]`; 0 elsewhere.
    pub fn moved(
        &self,
        step: usize,
        next: &Tensor<2, Int>,
        posterior: &Tensor<3>,
        prior: &Tensor<3>,
    ) -> Tensor<2> {
        let made = self.made(step, next);
        let change = log_prob_of(posterior, &made) - log_prob_of(prior, &made);
        let (rows, places) = (next.dims()[0], self.sequence.gap().len());
        Tensor::zeros([rows, places], &change.device()).slice_assign([0..rows, step..step + 1], change)
    }

    fn with(&self, step: usize, x: &Tensor<2, Int>, token: Tensor<2, Int>) -> Tensor<2, Int> {
        let (rows, place) = (x.dims()[0], self.sequence.gap().start + step);
        x.clone().slice_assign([0..rows, place..place + 1], token)
    }

    /// The tokens that steps make, of rows in as many equal blocks, `[blocks·rows, 1]`.
    fn all_made(&self, steps: &[usize], next: &Tensor<2, Int>) -> Tensor<2, Int> {
        let rows = next.dims()[0] / steps.len();
        let blocks = steps.iter().enumerate();
        let made = blocks.map(|(block, step)| self.made(*step, &next.some_rows(block * rows, rows)));
        Rows::stack(made.collect())
    }
}

impl Process for Autoregressive {
    type State = Tensor<2, Int>;
    type Kernel = Tensor<3>;

    const NOISES_BACK: bool = true;

    fn steps(&self) -> usize {
        self.sequence.gap().len()
    }

    fn start(&self, conditions: &[usize], device: &Device) -> Tensor<2, Int> {
        self.sequence.start(conditions, device)
    }

    fn noise_size(&self) -> usize {
        1
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
        self.with(step, x, words_at(&tempered(log_probs, extra), uniform(noise)))
    }

    /// Makes the last drawn token unknown again.
    fn noise_back(&self, step: usize, next: &Tensor<2, Int>, _noise: Tensor<2>) -> Tensor<2, Int> {
        let unknown = self.made(step, next).full_like(self.sequence.mask() as i32);
        self.with(step, next, unknown)
    }

    fn log_ratio(
        &self,
        steps: &[usize],
        _x: &Tensor<2, Int>,
        next: &Tensor<2, Int>,
        posterior: &Tensor<3>,
        prior: &Tensor<3>,
    ) -> Tensor<1> {
        let made = self.all_made(steps, next);
        sum(log_prob_of(posterior, &made) - log_prob_of(prior, &made))
    }

    fn log_prob(
        &self,
        steps: &[usize],
        _x: &Tensor<2, Int>,
        next: &Tensor<2, Int>,
        log_probs: &Tensor<3>,
    ) -> Tensor<1> {
        sum(log_prob_of(log_probs, &self.all_made(steps, next)))
    }

    /// The noising chain is deterministic.
    fn log_noise(&self, _step: usize, x: &Tensor<2, Int>, _next: &Tensor<2, Int>) -> Tensor<1> {
        Tensor::zeros([x.dims()[0]], &x.device())
    }

    fn divergence(
        &self,
        _steps: &[usize],
        _x: &Tensor<2, Int>,
        posterior: &Tensor<3>,
        prior: &Tensor<3>,
    ) -> Tensor<1> {
        sum(divergence(posterior, prior))
    }

    fn rows_at_once(&self) -> usize {
        self.sequence.rows_at_once(1)
    }

    fn state_size(&self) -> usize {
        self.sequence.length()
    }
}
