//! Priors and posteriors of texts: a network that says what words are masked.

use crate::network::Transformer;
use crate::process::{Absorbing, Policy, Prior};
use crate::text::Vocabulary;
use burn::tensor::{Int, Tensor, TensorData, activation};

/// Added to the logit of the word that stands for those that are not known: nobody wants to read it.
const NEVER: f32 = -1e9;

/// log p(word|what is seen) of the gap's words, from a network that unmasks.
#[derive(Clone, Debug)]
pub struct Unmasking {
    pub process: Absorbing,
    /// Divides the logits.
    pub temperature: f64,
    /// Whether what comes after the gap is seen.
    pub shows_ending: bool,
}

impl Unmasking {
    /// `[blocks·rows, gap, words]` at as many steps as there are blocks.
    pub fn log_probs(&self, network: &Transformer, steps: &[usize], x: Tensor<2, Int>) -> Tensor<3> {
        let sequence = &self.process.sequence;
        let times: Vec<f64> = steps.iter().map(|step| self.process.time(*step)).collect();
        let (rows, device) = (x.dims()[0], x.device());
        let seen = if self.shows_ending {
            x
        } else {
            let ending = sequence.gap().end..sequence.length();
            let hidden = Tensor::full([rows, ending.len()], sequence.mask() as i32, &device);
            x.slice_assign([0..rows, ending], hidden)
        };
        let logits = network.forward(&times, seen, sequence.gap());
        let mut never = vec![0.0; sequence.words()];
        never[Vocabulary::UNKNOWN] = NEVER;
        let never = Tensor::<3>::from_data(TensorData::new(never, [1, 1, sequence.words()]), &device);
        activation::log_softmax(logits.div_scalar(self.temperature) + never, 2)
    }
}

/// The prior that a trained network is; it does not see what comes after the gap.
#[derive(Clone, Debug)]
pub struct UnmaskingPrior {
    network: Transformer,
    unmasking: Unmasking,
}

impl UnmaskingPrior {
    pub fn new(network: Transformer, process: Absorbing, temperature: f64) -> Self {
        Self {
            network,
            unmasking: Unmasking {
                process,
                temperature,
                shows_ending: false,
            },
        }
    }

    /// The network, to start a posterior from.
    pub fn network(&self) -> &Transformer {
        &self.network
    }

    /// What its network means.
    pub fn unmasking(&self) -> &Unmasking {
        &self.unmasking
    }
}

impl Prior<Absorbing> for UnmaskingPrior {
    fn kernel(&self, step: usize, x: &Tensor<2, Int>) -> Tensor<3> {
        self.unmasking.log_probs(&self.network, &[step], x.clone())
    }
}

/// The posterior: a network like the prior's, of which it starts as a copy. Where it sees the ending
/// it starts beyond the prior, which was trained to fill gaps with and without.
impl Policy<Absorbing> for Unmasking {
    type Network = Transformer;

    fn kernel(
        &self,
        network: &Transformer,
        steps: &[usize],
        _conditions: &[usize],
        x: Tensor<2, Int>,
        _prior: impl FnOnce() -> Tensor<3>,
    ) -> Tensor<3> {
        self.log_probs(network, steps, x)
    }
}
