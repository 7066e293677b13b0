//! The law of a network's answers, and how far it is from the uniform one.

use super::{ANSWERS, LARGEST, PLACES, ZERO, infilling, of_number, shorter_than, tokens};
use crate::engine::EngineError;
use crate::engine::host::read;
use crate::engine::process::Process;
use crate::network::Transformer;
use crate::task::text::words::Vocabulary;
use burn::tensor::Device;

/// The probabilities of all answers.
#[derive(Clone, Debug, PartialEq)]
pub struct Law {
    log_probs: Vec<f64>,
}

/// How far a law p of answers is from the uniform one over the numbers 0 to 100.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Fit {
    /// KL(uniform ‖ model) = Σ_n 1/101·log(1/(101·p(n))) over the numbers n, in nats. The mass of
    /// invalid answers counts: the numbers lack it.
    pub kl_of_uniform: f64,
    /// KL(model ‖ uniform) = Σ_n q(n)·log(101·q(n)), in nats, where q(n) = p(n)/(1 − `invalid`) is the
    /// model whose answer is known to be a number; without that it is infinite.
    pub kl_of_model: f64,
    /// ½·Σ_x |p(x) − u(x)| over all answers x, with u(x) = 0 where x is invalid.
    pub total_variation: f64,
    /// The mass of the answers that are no number from 0 to 100.
    pub invalid: f64,
}

impl Law {
    /// The exact law of a network's answers: its kernels' log-probabilities summed along each, one pass
    /// a step over all strings that an answer can begin with.
    ///
    /// # Errors
    ///
    /// Where the device fails.
    pub async fn of(network: &Transformer, device: &Device) -> Result<Self, EngineError> {
        let infilling = infilling();
        let sequence = infilling.chain.sequence();
        let mut log_probs = Vec::with_capacity(ANSWERS);
        let mut begun = vec![0.0];
        for step in 0..PLACES {
            let beginnings = shorter_than(step)..shorter_than(step + 1);
            let states = beginnings.flat_map(|digits| tokens(digits, sequence.mask()));
            let x = infilling
                .chain
                .upload(states.map(|token| token as f32).collect(), device);
            let kernel = read(infilling.log_probs(network, &[step], None, x)).await;
            let kernel = kernel.map_err(EngineError::Device)?;
            let rows = || begun.iter().zip(kernel.chunks_exact(sequence.words()));
            log_probs.extend(rows().map(|(sum, row)| sum + f64::from(row[Vocabulary::NOTHING])));
            begun = rows()
                .flat_map(|(sum, row)| row[ZERO..].iter().map(move |digit| sum + f64::from(*digit)))
                .collect();
        }
        // Answers that fill their place need not be ended.
        log_probs.extend(begun);
        Ok(Self { log_probs })
    }

    /// log p of every answer, `[ANSWERS]`: the empty one, then by length, then by value.
    pub fn log_probs(&self) -> &[f64] {
        &self.log_probs
    }

    /// p of the numbers 0 to 100, in their order.
    pub fn numbers(&self) -> Vec<f64> {
        let prob = |n| self.log_probs[of_number(n)].exp();
        (0..=LARGEST).map(prob).collect()
    }

    /// How far it is from the uniform law.
    pub fn fit(&self) -> Fit {
        let mut others: Vec<f64> = self.log_probs.iter().map(|log_prob| log_prob.exp()).collect();
        (0..=LARGEST).for_each(|n| others[of_number(n)] = 0.0);
        Fit::of(&self.numbers(), others.iter().sum())
    }
}

impl Fit {
    /// Of the probabilities of the numbers, `[101]`, and the mass of all other answers.
    pub fn of(numbers: &[f64], invalid: f64) -> Self {
        let count = numbers.len() as f64;
        let mean =
            |of: fn(f64) -> f64, scale: f64| numbers.iter().map(|p| of(scale * p)).sum::<f64>() / count;
        let valid: f64 = numbers.iter().sum();
        let times_log = |ratio: f64| if ratio > 0.0 { ratio * ratio.ln() } else { 0.0 };
        Self {
            kl_of_uniform: mean(|ratio| -ratio.ln(), count),
            kl_of_model: mean(times_log, count / valid),
            total_variation: 0.5 * (mean(|ratio| (ratio - 1.0).abs(), count) + invalid),
            invalid,
        }
    }
}
