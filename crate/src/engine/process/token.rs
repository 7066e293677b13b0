//! The chain of tokens that fits a language model.

use super::{Absorbing, Autoregressive, Process, Sequence};
use burn::tensor::{Device, Int, Tensor};

/// A chain of tokens whose kernels a language model gives.
#[derive(Clone, Debug, PartialEq)]
pub enum TokenChain {
    /// For a network with attention in both directions.
    Absorbing(Absorbing),
    /// For a causal network.
    Autoregressive(Autoregressive),
}

/// Does the same with either chain.
macro_rules! either {
    ($chain:expr, $of:ident => $what:expr) => {
        match $chain {
            TokenChain::Absorbing($of) => $what,
            TokenChain::Autoregressive($of) => $what,
        }
    };
}

impl TokenChain {
    /// Its sequences.
    pub fn sequence(&self) -> &Sequence {
        either!(self, chain => &chain.sequence)
    }

    /// log p_φ − log p_θ of the words that a transition makes, at their places, `[rows, gap]`; 0
    /// elsewhere.
    pub fn moved(
        &self,
        step: usize,
        [x, next]: [&Tensor<2, Int>; 2],
        posterior: &Tensor<3>,
        prior: &Tensor<3>,
    ) -> Tensor<2> {
        match self {
            Self::Absorbing(chain) => chain.moved(x, next, posterior, prior),
            Self::Autoregressive(chain) => chain.moved(step, next, posterior, prior),
        }
    }
}

impl Process for TokenChain {
    type State = Tensor<2, Int>;
    type Kernel = Tensor<3>;

    const NOISES_BACK: bool = true;

    fn steps(&self) -> usize {
        either!(self, chain => chain.steps())
    }

    fn start(&self, conditions: &[usize], device: &Device) -> Tensor<2, Int> {
        self.sequence().start(conditions, device)
    }

    fn noise_size(&self) -> usize {
        either!(self, chain => chain.noise_size())
    }

    fn transition(
        &self,
        step: usize,
        x: &Tensor<2, Int>,
        log_probs: &Tensor<3>,
        noise: Tensor<2>,
        extra: f64,
    ) -> Tensor<2, Int> {
        either!(self, chain => chain.transition(step, x, log_probs, noise, extra))
    }

    fn noise_back(&self, step: usize, next: &Tensor<2, Int>, noise: Tensor<2>) -> Tensor<2, Int> {
        either!(self, chain => chain.noise_back(step, next, noise))
    }

    fn log_ratio(
        &self,
        steps: &[usize],
        x: &Tensor<2, Int>,
        next: &Tensor<2, Int>,
        posterior: &Tensor<3>,
        prior: &Tensor<3>,
    ) -> Tensor<1> {
        either!(self, chain => chain.log_ratio(steps, x, next, posterior, prior))
    }

    fn log_prob(
        &self,
        steps: &[usize],
        x: &Tensor<2, Int>,
        next: &Tensor<2, Int>,
        log_probs: &Tensor<3>,
    ) -> Tensor<1> {
        either!(self, chain => chain.log_prob(steps, x, next, log_probs))
    }

    fn log_noise(&self, step: usize, x: &Tensor<2, Int>, next: &Tensor<2, Int>) -> Tensor<1> {
        either!(self, chain => chain.log_noise(step, x, next))
    }

    fn divergence(
        &self,
        steps: &[usize],
        x: &Tensor<2, Int>,
        posterior: &Tensor<3>,
        prior: &Tensor<3>,
    ) -> Tensor<1> {
        either!(self, chain => chain.divergence(steps, x, posterior, prior))
    }

    fn rows_at_once(&self) -> usize {
        either!(self, chain => chain.rows_at_once())
    }

    fn preview(&self, step: usize, x: &Tensor<2, Int>, kernel: &Tensor<3>) -> Option<Tensor<2>> {
        either!(self, chain => chain.preview(step, x, kernel))
    }

    fn state_size(&self) -> usize {
        self.sequence().length()
    }
}
