//! Modified subtrajectory balance (arXiv 2310.04363, eq. 3), where every beginning of an answer is an
//! answer too.
//!
//! For an answer z of n digits the loss is Σ_{i<j≤n} (φ_i − φ_j)², with
//! φ_i = log R(z_1…z_i) − log q(z_1…z_i) of its first i digits as a whole answer, q the network's law of
//! answers and R = p·r^β. The paper's terms are these differences, what their two answers share
//! cancelled. They are 0 where q ∝ R, and neither log Z nor a batch is needed to know it.

use super::{LAYOUT, Law, PLACES, of_digits, said};
use crate::engine::ConfigError;
use crate::engine::EngineError;
use crate::engine::host::read;
use crate::engine::noise::{Noise, Purpose};
use crate::engine::parallel;
use crate::engine::process::{Process, Rows, TokenChain};
use crate::engine::rollout::{Batch, Chains, Follow, Replay};
use crate::engine::settings::Settings;
use crate::engine::train::Descent;
use crate::network::Transformer;
use crate::task::text::words::Vocabulary;
use crate::task::text::{Infilling, InfillingPrior};
use burn::tensor::{Device, Int, Tensor, TensorData};

/// Beginnings of an answer, the empty one and the whole.
const BEGINNINGS: usize = PLACES + 1;

/// A posterior in training by modified SubTB.
pub(super) struct Subtrajectories {
    settings: Settings,
    chains: Chains<TokenChain, InfillingPrior, Infilling>,
    /// log p and log r of every answer, `[ANSWERS]`.
    log_p: Vec<f64>,
    log_r: Vec<f64>,
    descent: Descent<Transformer>,
    /// Answers of the prior that some trajectories are noised back from.
    given: Replay,
    noise: Noise,
}

/// Answers of one thread.
struct Shard {
    /// x_0 to x_T.
    states: Vec<Tensor<2, Int>>,
    /// log R of their beginnings, `[rows][BEGINNINGS]`; 0 for those that are longer than the answer.
    log_target: Vec<f32>,
    /// The weight of (φ_i − φ_j)², `[rows][BEGINNINGS][BEGINNINGS]`.
    weights: Vec<f32>,
}

impl Subtrajectories {
    /// Starts at the prior, whose law is given.
    ///
    /// # Errors
    ///
    /// Where the learning rate or the number of iterations is refused.
    pub(super) fn new(
        settings: Settings,
        chains: Chains<TokenChain, InfillingPrior, Infilling>,
        law: &Law,
        log_r: Vec<f64>,
        given: Replay,
    ) -> Result<Self, ConfigError> {
        let network = chains.prior.network().clone();
        let (rate, iterations) = (settings.optimizer.learning_rate, settings.training.iterations);
        Ok(Self {
            // The network itself is measured, not an average of networks.
            descent: Descent::new(network, rate, 0.0, iterations, &chains.device)?,
            noise: Noise::new(settings.seed),
            log_p: law.log_probs().to_vec(),
            log_r,
            given,
            chains,
            settings,
        })
    }

    /// Iterations done.
    pub(super) fn iteration(&self) -> usize {
        self.descent.iteration()
    }

    /// The posterior so far.
    pub(super) fn network(&self) -> &Transformer {
        self.descent.network()
    }

    /// One iteration; the mean of (φ_i − φ_j)² over all pairs of beginnings.
    ///
    /// # Errors
    ///
    /// Where the device fails or the loss is no longer a number.
    pub(super) async fn step(&mut self) -> Result<f64, EngineError> {
        let shards = self.shards().await?;
        let infilling = &self.chains.policy;
        let device = &self.chains.device;
        self.descent
            .step(shards, |network, shard| shard.loss(infilling, network, device))
            .await
    }

    /// Answers of the network, and some of the prior.
    async fn shards(&self) -> Result<Vec<Shard>, EngineError> {
        let parts = parallel::parts(&self.chains.device, self.settings.rollout.batch);
        let most = self.settings.objective.chunk;
        let batches = self.batch().split(&self.chains.process, parts, most);
        let follow = Follow::Policy { exploration: 0.0 };
        let drawn = parallel::map(batches, |part| {
            let drawn = self.chains.draw(self.descent.network(), part, follow);
            drawn.states.into_each()
        });
        let mut shards = Vec::with_capacity(drawn.len());
        for states in drawn {
            let ends = self.chains.process.download(&states[PLACES]);
            let ends = read(ends).await.map_err(EngineError::Device)?;
            shards.push(self.shard(states, &ends));
        }
        let count = shards.len() as f32;
        let pairs: f32 = shards.iter().flat_map(|shard| &shard.weights).sum();
        for weight in shards.iter_mut().flat_map(|shard| &mut shard.weights) {
            // The step takes the mean over its parts.
            *weight *= count / pairs.max(1.0);
        }
        Ok(shards)
    }

    /// This iteration's part of the host.
    fn batch(&self) -> Batch {
        let rollout = &self.settings.rollout;
        let at = self.iteration() as u64;
        let given = match self.given.is_empty() {
            true => 0,
            false => (rollout.noised_share * rollout.batch as f64).round() as usize,
        };
        let fresh = rollout.batch - given;
        let mut rng = self.noise.stream(Purpose::GivenEndPoints, at);
        Batch {
            fresh: vec![0; fresh],
            noise: self.noise.normal(Purpose::Rollout, at, fresh * PLACES),
            given: self.given.draw(given, 1.0, &mut rng),
            // Forgetting is certain.
            given_noise: vec![0.0; given * PLACES],
            given_conditions: vec![0; given],
            ..Batch::default()
        }
    }

    /// Trajectories with these ends, `[rows][length]`, every pair of beginnings with weight 1.
    fn shard(&self, states: Vec<Tensor<2, Int>>, ends: &[f32]) -> Shard {
        let beta = self.settings.tempering.at(self.iteration());
        let (mut log_target, mut weights) = (Vec::new(), Vec::new());
        for end in ends.chunks_exact(LAYOUT.length()) {
            let digits = said(end);
            log_target.extend((0..BEGINNINGS).map(|i| match digits.get(..i) {
                Some(beginning) => {
                    let answer = of_digits(beginning);
                    (self.log_p[answer] + beta * self.log_r[answer]) as f32
                }
                None => 0.0,
            }));
            let weight = |i: usize, j: usize| if i < j && j <= digits.len() { 1.0 } else { 0.0 };
            let pairs = (0..BEGINNINGS).flat_map(|i| (0..BEGINNINGS).map(move |j| (i, j)));
            weights.extend(pairs.map(|(i, j)| weight(i, j)));
        }
        Shard {
            states,
            log_target,
            weights,
        }
    }
}

impl Shard {
    /// Σ weight·(φ_i − φ_j)², `[1]`.
    fn loss(self, infilling: &Infilling, network: &Transformer, device: &Device) -> Tensor<1> {
        let rows = self.log_target.len() / BEGINNINGS;
        let table = TensorData::new(self.log_target, [rows, BEGINNINGS]);
        let weights = TensorData::new(self.weights, [rows, BEGINNINGS, BEGINNINGS]);
        let log_target = Tensor::<2>::from_data(table, device);
        let phi = log_target - log_probs_of_beginnings(infilling, network, &self.states);
        let differences = phi.clone().unsqueeze_dim::<3>(2) - phi.unsqueeze_dim::<3>(1);
        (differences.square() * Tensor::from_data(weights, device)).sum()
    }
}

/// log q of the first i digits of answers as whole answers, `[rows, BEGINNINGS]`.
fn log_probs_of_beginnings(
    infilling: &Infilling,
    network: &Transformer,
    states: &[Tensor<2, Int>],
) -> Tensor<2> {
    let rows = states[0].dims()[0];
    let steps: Vec<usize> = (0..PLACES).collect();
    let kernels = infilling.log_probs(network, &steps, None, Rows::stack(states[..PLACES].to_vec()));
    let mut begun = Tensor::<1>::zeros([rows], &states[0].device());
    let mut log_probs = Vec::with_capacity(BEGINNINGS);
    for step in steps {
        let kernel = kernels.some_rows(step * rows, rows);
        let stopped = kernel.clone().narrow(2, Vocabulary::NOTHING, 1).reshape([rows]);
        log_probs.push(begun.clone() + stopped);
        let [x, next] = [step, step + 1].map(|at| &states[at]);
        begun = begun + infilling.chain.log_prob(&[step], x, next, &kernel);
    }
    // Answers that fill their place need not be ended.
    log_probs.push(begun);
    Tensor::stack(log_probs, 1)
}

#[cfg(all(test, feature = "cpu", feature = "native"))]
mod tests {
    use super::super::{ANSWERS, NumbersConfig, chains, digits, prior_training, tokens};
    use super::*;

    /// The log-probability that an answer begins with these digits: the sum over all that do.
    fn log_begins(law: &Law, beginning: &[usize]) -> f64 {
        let begins = |answer: &usize| digits(*answer).starts_with(beginning);
        let probs = (0..ANSWERS)
            .filter(begins)
            .map(|answer| law.log_probs()[answer].exp());
        probs.sum::<f64>().ln()
    }

    /// The terms of the paper's loss, as they stand there, of the beginnings of an answer.
    fn terms(law: &Law, log_target: impl Fn(&[usize]) -> f64, answer: &[usize]) -> Vec<f64> {
        let log_q = |z: &[usize]| law.log_probs()[of_digits(z)];
        let log_begins = |z: &[usize]| log_begins(law, z);
        let stop = |z: &[usize]| log_q(z) - log_begins(z);
        let said = |from: usize, to: usize| log_begins(&answer[..to]) - log_begins(&answer[..from]);
        let pairs = (0..=answer.len()).flat_map(|j| (0..j).map(move |i| (i, j)));
        let term = |(i, j): (usize, usize)| {
            let [shorter, longer] = [&answer[..i], &answer[..j]];
            log_target(shorter) + said(i, j) + stop(longer) - log_target(longer) - stop(shorter)
        };
        pairs.map(|pair| term(pair).powi(2)).collect()
    }

    #[test]
    fn differences_of_beginnings_are_the_terms_of_the_paper() {
        let device = crate::engine::device::cpu_device();
        let mut prior = prior_training(1, 20, &device).expect("it starts");
        while !prior.finished() {
            pollster::block_on(prior.continue_texts()).expect("it trains");
        }
        let network = prior.network().clone();
        let law = pollster::block_on(Law::of(&network, &device)).expect("enumerated");
        let log_r: Vec<f64> = (0..ANSWERS)
            .map(|answer| ((answer * 37) % 11) as f64 / 4.0)
            .collect();
        let chains = chains(&network, &device);
        let target = |z: &[usize]| law.log_probs()[of_digits(z)] + 0.5 * log_r[of_digits(z)];

        let mut settings = NumbersConfig::default().settings();
        (settings.tempering.iterations, settings.tempering.beta) = (0, 0.5);
        let answers: Vec<Vec<usize>> = vec![vec![], vec![7], vec![4, 2], vec![1, 0, 0], vec![1, 2, 3, 4]];
        let ends = answers
            .iter()
            .flat_map(|z| tokens(of_digits(z), Vocabulary::NOTHING));
        let ends: Vec<f32> = ends.map(|token| token as f32).collect();
        let given = Batch {
            given_noise: vec![0.0; answers.len() * PLACES],
            given_conditions: vec![0; answers.len()],
            given: ends.clone(),
            ..Batch::default()
        };
        let states = chains
            .draw(&network, given, Follow::Policy { exploration: 0.0 })
            .states
            .into_each();
        let policy = chains.policy.clone();
        let nothing = Replay::new(0, LAYOUT.length());
        let training =
            Subtrajectories::new(settings, chains, &law, log_r.clone(), nothing).expect("it starts");
        let shard = training.shard(states, &ends);
        let found = pollster::block_on(read(shard.loss(&policy, &network, &device))).expect("a number");
        let expected: f64 = answers.iter().flat_map(|z| terms(&law, target, z)).sum();
        let error = f64::from(found[0]) / expected - 1.0;
        assert!(error.abs() < 1e-4, "{} for {expected}", found[0]);
    }
}
