//! Masked diffusion: unknown tokens become words and then stay (absorbing state, D3PM,
//! arXiv 2107.03006; MDLM, arXiv 2406.07524; SEDD, arXiv 2310.16834).

use super::sequence::{Sequence, divergence, log_prob_of, of_step, tempered, uniform_pair, words_at};
use super::{Process, sum};
use burn::tensor::{Bool, Device, Int, Tensor};

/// Time of the last but one state, at which so small a share of the tokens is masked.
const LAST_MASKED: f64 = 1e-5;

/// The chain that reverses the log-linear schedule, under which a token is masked at time t with
/// probability t: T − 1 transitions over even times from 1 to 10⁻⁵, and one that fills what is left.
///
/// A kernel is log p(word|x_i) of the gap's tokens, `[rows, gap, words]`, normalised. Going from time
/// t to s, a masked token stays so with probability s/t, else it becomes a word by the kernel (the
/// analytic step of SEDD, §4.2, which has no error of discretisation but for tokens that are
/// unmasked at once).
#[derive(Clone, Debug, PartialEq)]
pub struct Absorbing {
    /// T, the number of transitions, at least 2.
    pub steps: usize,
    /// The given tokens and the gap to fill.
    pub sequence: Sequence,
}

impl Absorbing {
    /// The time of a step, from 1, all masked, to 0.
    pub fn time(&self, step: usize) -> f64 {
        if step == self.steps {
            return 0.0;
        }
        1.0 - (1.0 - LAST_MASKED) * step as f64 / (self.steps - 1) as f64
    }

    /// The probability that a masked token stays masked.
    fn stays(&self, step: usize) -> f64 {
        self.time(step + 1) / self.time(step)
    }

    fn masked(&self, tokens: &Tensor<2, Int>) -> Tensor<2, Bool> {
        tokens.clone().equal_elem(self.sequence.mask() as i32)
    }

    /// log p_φ − log p_θ of the words that a transition makes, `[rows, gap]`; 0 for others.
    pub fn moved(
        &self,
        x: &Tensor<2, Int>,
        next: &Tensor<2, Int>,
        posterior: &Tensor<3>,
        prior: &Tensor<3>,
    ) -> Tensor<2> {
        let tokens = self.sequence.gap_of(next);
        let change = log_prob_of(posterior, &tokens) - log_prob_of(prior, &tokens);
        change.mask_fill(self.filled(x, next).bool_not(), 0.0)
    }

    /// Where a transition makes words.
    fn filled(&self, x: &Tensor<2, Int>, next: &Tensor<2, Int>) -> Tensor<2, Bool> {
        let (before, after) = (self.sequence.gap_of(x), self.sequence.gap_of(next));
        self.masked(&before).bool_and(self.masked(&after).bool_not())
    }
}

impl Process for Absorbing {
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
        let (tokens, stays) = (self.sequence.gap_of(x), self.stays(step));
        let [whether, what] = uniform_pair(noise);
        let fills = self.masked(&tokens).bool_and(whether.greater_equal_elem(stays));
        let words = words_at(&tempered(log_probs, extra), what);
        self.sequence.with_gap(x, tokens.mask_where(fills, words))
    }

    fn noise_back(&self, step: usize, next: &Tensor<2, Int>, noise: Tensor<2>) -> Tensor<2, Int> {
        let (from, to) = (self.time(step + 1), self.time(step));
        // Equal too: at step 0 all are masked, also where rounding makes a uniform number 1.
        let [whether, _] = uniform_pair(noise);
        let masks = whether.lower_equal_elem((to - from) / (1.0 - from));
        let tokens = self.sequence.gap_of(next);
        let masked = tokens.mask_fill(masks, self.sequence.mask() as i32);
        self.sequence.with_gap(next, masked)
    }

    /// Σ of log p_φ − log p_θ over the words that the transition makes.
    fn log_ratio(
        &self,
        _steps: &[usize],
        x: &Tensor<2, Int>,
        next: &Tensor<2, Int>,
        posterior: &Tensor<3>,
        prior: &Tensor<3>,
    ) -> Tensor<1> {
        sum(self.moved(x, next, posterior, prior))
    }

    fn log_prob(
        &self,
        steps: &[usize],
        x: &Tensor<2, Int>,
        next: &Tensor<2, Int>,
        log_probs: &Tensor<3>,
    ) -> Tensor<1> {
        let (before, after) = (self.sequence.gap_of(x), self.sequence.gap_of(next));
        let word = log_prob_of(log_probs, &after);
        let fills = of_step(steps, &word, |step| (1.0 - self.stays(step)).ln()) + word.clone();
        // The last step leaves nothing masked.
        let stays = of_step(steps, &word, |step| {
            self.stays(step).ln().max(f64::from(f32::MIN))
        });
        let of_masked = fills.mask_where(self.masked(&after), stays);
        sum(of_masked.mask_fill(self.masked(&before).bool_not(), 0.0))
    }

    fn log_noise(&self, step: usize, x: &Tensor<2, Int>, next: &Tensor<2, Int>) -> Tensor<1> {
        let (from, to) = (self.time(step + 1), self.time(step));
        let (before, after) = (self.sequence.gap_of(next), self.sequence.gap_of(x));
        let (masked, known) = (self.masked(&after), self.masked(&before).bool_not());
        let one = before.float().ones_like();
        // At the first step nothing is kept: the logarithm of 0, held finite.
        let kept = one
            .clone()
            .mul_scalar(((1.0 - to) / (1.0 - from)).ln().max(f64::from(f32::MIN)));
        let lost = one.mul_scalar(((to - from) / (1.0 - from)).ln());
        sum(kept.mask_where(masked, lost).mask_fill(known.bool_not(), 0.0))
    }

    /// Σ over the masked tokens of the probability to become a word, times the words' KL.
    fn divergence(
        &self,
        steps: &[usize],
        x: &Tensor<2, Int>,
        posterior: &Tensor<3>,
        prior: &Tensor<3>,
    ) -> Tensor<1> {
        let of_words = divergence(posterior, prior);
        let fills = of_step(steps, &of_words, |step| 1.0 - self.stays(step));
        let known = self.masked(&self.sequence.gap_of(x)).bool_not();
        sum((of_words * fills).mask_fill(known, 0.0))
    }

    fn rows_at_once(&self) -> usize {
        self.sequence.rows_at_once(self.sequence.gap().len())
    }

    /// Replaces each masked token by its likeliest word.
    fn preview(&self, _step: usize, x: &Tensor<2, Int>, log_probs: &Tensor<3>) -> Option<Tensor<2>> {
        let tokens = self.sequence.gap_of(x);
        let likeliest = log_probs.clone().argmax(2).squeeze_dim::<2>(2);
        let filled = tokens.clone().mask_where(self.masked(&tokens), likeliest);
        Some(self.download(&self.sequence.with_gap(x, filled)))
    }

    fn state_size(&self) -> usize {
        self.sequence.length()
    }
}
