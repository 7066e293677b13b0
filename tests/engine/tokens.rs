//! The engine on a chain that is nothing like a diffusion: tokens of a tiny vocabulary, one after
//! the other, whose posterior can be enumerated. No second engine is needed for it.

use crate::support::numbers;
use burn::module::{Module, Param};
use burn::tensor::{Device, Tensor, TensorData, activation};
use rtb::config::Run;
use rtb::metric::log_mean_exp;
use rtb::noise::{Noise, Purpose};
use rtb::objective::objective;
use rtb::process::{Policy, Prior, Process, Rows};
use rtb::rollout::{Batch, Chains, Follow};
use rtb::sampler::{Blind, Look, LookAhead, Population, Sampler, Setting, Smc, Tilted};
use rtb::session::cpu_device;
use rtb::train::{Answer, EndReward, Trainer, at_once};
use std::sync::atomic::{AtomicUsize, Ordering};

const WORDS: usize = 3;
const LENGTH: usize = 3;

/// x_i: the first i tokens, the rest 0; a row is LENGTH columns of token numbers. The kernel is
/// [rows, WORDS] logits of the next token.
struct Tokens;

impl Tokens {
    /// log p of the token that was chosen, [rows].
    fn chosen(&self, step: usize, next: &Tensor<2>, logits: &Tensor<2>) -> Tensor<1> {
        let token = next.clone().narrow(1, step, 1).int();
        let rows = token.dims()[0];
        activation::log_softmax(logits.clone(), 1)
            .gather(1, token)
            .reshape([rows])
    }

    fn by_step(&self, steps: &[usize], next: &Tensor<2>, logits: &Tensor<2>) -> Tensor<1> {
        let rows = next.dims()[0] / steps.len();
        let blocks = steps.iter().enumerate().map(|(block, step)| {
            self.chosen(
                *step,
                &next.some_rows(block * rows, rows),
                &logits.some_rows(block * rows, rows),
            )
        });
        Tensor::cat(blocks.collect(), 0)
    }
}

impl Process for Tokens {
    type State = Tensor<2>;
    type Kernel = Tensor<2>;

    fn steps(&self) -> usize {
        LENGTH
    }
    fn start(&self, rows: usize, device: &Device) -> Tensor<2> {
        Tensor::zeros([rows, LENGTH], device)
    }
    fn noise_size(&self) -> usize {
        WORDS
    }
    /// The Gumbel trick, from normal noise by its distribution function.
    fn transition(
        &self,
        step: usize,
        x: &Tensor<2>,
        logits: &Tensor<2>,
        noise: Tensor<2>,
        _: f64,
    ) -> Tensor<2> {
        let uniform = noise
            .div_scalar(2f64.sqrt())
            .erf()
            .add_scalar(1.0)
            .mul_scalar(0.5)
            .clamp(1e-6, 1.0 - 1e-6);
        let gumbel = uniform.log().neg().log().neg();
        let token = (logits.clone() + gumbel).argmax(1).float();
        let rows = x.dims()[0];
        x.clone().slice_assign([0..rows, step..step + 1], token)
    }
    fn noise_back(&self, step: usize, next: &Tensor<2>, _: Tensor<2>) -> Tensor<2> {
        let rows = next.dims()[0];
        next.clone().slice_fill([0..rows, step..step + 1], 0.0)
    }
    fn log_ratio(
        &self,
        steps: &[usize],
        _: &Tensor<2>,
        next: &Tensor<2>,
        q: &Tensor<2>,
        p: &Tensor<2>,
    ) -> Tensor<1> {
        self.by_step(steps, next, q) - self.by_step(steps, next, p)
    }
    fn log_prob(&self, steps: &[usize], _: &Tensor<2>, next: &Tensor<2>, q: &Tensor<2>) -> Tensor<1> {
        self.by_step(steps, next, q)
    }
    /// Forgetting the last token is certain.
    fn log_noise(&self, _: usize, x: &Tensor<2>, _: &Tensor<2>) -> Tensor<1> {
        Tensor::zeros([x.dims()[0]], &x.device())
    }
    fn divergence(&self, _: &[usize], q: &Tensor<2>, p: &Tensor<2>) -> Tensor<1> {
        let (q, p) = (
            activation::log_softmax(q.clone(), 1),
            activation::log_softmax(p.clone(), 1),
        );
        (q.clone().exp() * (q - p)).sum_dim(1).squeeze_dim::<1>(1)
    }
    fn state_size(&self) -> usize {
        LENGTH
    }
    fn upload(&self, states: Vec<f32>, device: &Device) -> Tensor<2> {
        let rows = states.len() / LENGTH;
        Tensor::from_data(TensorData::new(states, [rows, LENGTH]), device)
    }
    fn download(&self, state: &Tensor<2>) -> Tensor<2> {
        state.clone()
    }
}

/// Token k has probability ∝ k + 1, whatever came before.
struct Unigram;

impl Prior<Tokens> for Unigram {
    fn kernel(&self, _: usize, x: &Tensor<2>) -> Tensor<2> {
        let logits: Vec<f32> = (1..=WORDS).map(|k| (k as f32).ln()).collect();
        Tensor::<1>::from_floats(logits.as_slice(), &x.device())
            .unsqueeze::<2>()
            .repeat_dim(0, x.dims()[0])
    }
}

/// A table of logits for every prefix under every condition.
#[derive(Module, Debug)]
struct Table {
    logits: Param<Tensor<2>>,
}

impl Table {
    /// For so many conditions.
    fn new(conditions: usize, device: &Device) -> Self {
        let prefixes = LENGTH * WORDS.pow(LENGTH as u32);
        Self {
            logits: Param::from_tensor(Tensor::zeros([conditions * prefixes, WORDS], device)),
        }
    }
}

struct ByPrefix;

impl Policy<Tokens> for ByPrefix {
    type Network = Table;

    fn kernel(
        &self,
        network: &Table,
        steps: &[usize],
        conditions: &[usize],
        x: Tensor<2>,
        prior: impl FnOnce() -> Tensor<2>,
    ) -> Tensor<2> {
        let rows = x.dims()[0] / steps.len();
        let device = x.device();
        assert_eq!(conditions.len(), rows);
        let row_of = |step: usize, condition: usize| (condition * LENGTH + step) * WORDS.pow(LENGTH as u32);
        let offsets: Vec<f32> = steps
            .iter()
            .flat_map(|s| conditions.iter().map(|c| row_of(*s, *c) as f32))
            .collect();
        let places: Vec<f32> = (0..LENGTH).map(|i| WORDS.pow(i as u32) as f32).collect();
        let prefix = (x * Tensor::<1>::from_floats(places.as_slice(), &device).unsqueeze::<2>()).sum_dim(1);
        let index =
            prefix.reshape([rows * steps.len()]) + Tensor::<1>::from_floats(offsets.as_slice(), &device);
        prior() + network.logits.val().select(0, index.int())
    }
}

/// All words, in the order of their numbers.
fn words() -> Vec<Vec<usize>> {
    (0..WORDS.pow(LENGTH as u32))
        .map(|n| (0..LENGTH).map(|i| n / WORDS.pow(i as u32) % WORDS).collect())
        .collect()
}

fn number_of(word: &[f64]) -> usize {
    let places = word.iter().enumerate();
    places.map(|(i, v)| *v as usize * WORDS.pow(i as u32)).sum()
}

fn prior_of(word: &[usize]) -> f64 {
    let total: usize = (1..=WORDS).sum();
    word.iter().map(|k| (k + 1) as f64 / total as f64).product()
}

/// A reward for the number of different tokens, 1 to 3, that no product of per-token factors can
/// express.
struct Distinct([f64; WORDS]);

const VARIED: Distinct = Distinct([0.2, 1.0, 4.0]);
const UNIFORM: Distinct = Distinct([5.0, 1.0, 0.5]);

impl Distinct {
    fn of(&self, word: &[usize]) -> f64 {
        let distinct = (0..WORDS).filter(|k| word.contains(k)).count();
        self.0[distinct - 1]
    }
}

impl EndReward for Distinct {
    fn log_reward<'a>(&'a self, states: &'a [f32]) -> Answer<'a, Vec<f64>> {
        let words = states.chunks_exact(LENGTH);
        at_once(
            words
                .map(|w| self.of(&w.iter().map(|v| *v as usize).collect::<Vec<_>>()).ln())
                .collect(),
        )
    }
}

#[test]
fn tokens_reach_their_enumerated_posteriors() {
    let device = cpu_device();
    let mut run = Run {
        seed: 3,
        ..Run::default()
    };
    run.tempering.iterations = 0;
    run.rollout.batch = 512;
    run.rollout.replay_share = 0.25;
    run.training.iterations = 300;
    run.optimizer.learning_rate = 0.1;
    run.optimizer.log_z_learning_rate = 0.1;

    let words = words();
    let table = Table::new(2, &device);
    let chains = Chains {
        process: Tokens,
        prior: Unigram,
        policy: ByPrefix,
        device,
    };
    let objective = objective(&run).expect("RTB is trained");
    let mut trainer = Trainer::new(
        run,
        chains,
        vec![Box::new(VARIED), Box::new(UNIFORM)],
        objective,
        table,
    );
    let mut last = None;
    for _ in 0..300 {
        last = Some(pollster::block_on(trainer.step()).expect("it trains"));
    }
    let last = last.expect("300 iterations were made");
    assert!(last.residual_std < 0.05, "a table can be exact: {last:?}");

    // Two posteriors in one network, drawn in one batch.
    let rows = 40_000;
    let noise = Noise::new(8).normal(Purpose::Samples, 0, rows * LENGTH * WORDS);
    let batch = Batch {
        fresh: (0..rows).map(|row| row % 2).collect(),
        noise,
        ..Batch::default()
    };
    let made = trainer
        .chains
        .roll_out(&trainer.network(), batch, Follow::Policy { exploration: 0.0 });
    let ends = numbers(made.states[LENGTH].clone());
    for (condition, reward) in [VARIED, UNIFORM].iter().enumerate() {
        let z: f64 = words.iter().map(|w| prior_of(w) * reward.of(w)).sum();
        let log_z = trainer.log_z()[condition];
        assert!((log_z - z.ln()).abs() < 0.02, "log Z {log_z}, exact {}", z.ln());
        let mut counts = vec![0.0; words.len()];
        for word in ends.chunks_exact(LENGTH).skip(condition).step_by(2) {
            counts[number_of(word)] += 2.0 / rows as f64;
        }
        let total_variation: f64 = words
            .iter()
            .zip(&counts)
            .map(|(w, c)| (prior_of(w) * reward.of(w) / z - c).abs())
            .sum::<f64>()
            / 2.0;
        assert!(total_variation < 0.03, "total variation {total_variation}");
    }
}

/// A chain of tokens: the next one has probability ∝ its entry in the row of the one before.
struct Bigram;

const NEXT: [[f64; WORDS]; WORDS] = [[0.6, 0.3, 0.1], [0.2, 0.2, 0.6], [0.5, 0.25, 0.25]];

/// The distribution of the token at a place, given the one before.
fn bigram(place: usize, before: usize) -> [f64; WORDS] {
    if place == 0 { [0.5, 0.3, 0.2] } else { NEXT[before] }
}

impl Prior<Tokens> for Bigram {
    fn kernel(&self, step: usize, x: &Tensor<2>) -> Tensor<2> {
        let before = numbers(x.clone().narrow(1, step.saturating_sub(1), 1));
        let logits: Vec<f32> = before
            .iter()
            .flat_map(|token| bigram(step, *token as usize).map(|p| p.ln() as f32))
            .collect();
        Tensor::from_data(TensorData::new(logits, [before.len(), WORDS]), &x.device())
    }
}

/// Hopes for tokens that are not there yet, and proposes each as often as any other.
struct Hope;

impl LookAhead<Tokens, Bigram> for Hope {
    async fn look(
        &self,
        setting: &Setting<'_, Tokens, Bigram>,
        step: usize,
        x: &Tensor<2>,
        rows: usize,
    ) -> Result<Look<Tokens>, String> {
        let prefixes = numbers(x.clone());
        let distinct = prefixes.chunks_exact(LENGTH).map(|prefix| {
            let seen = |k: &usize| prefix[..step].contains(&(*k as f64));
            (0..WORDS).filter(seen).count()
        });
        Ok(Look {
            proposal: Tensor::zeros([rows, WORDS], setting.device),
            priors: vec![setting.prior.kernel(step, x)],
            factor: distinct.map(|count| 0.7 * count as f64).collect(),
        })
    }

    fn evaluations(&self) -> u64 {
        1
    }
}

fn smc_of_tokens<A: LookAhead<Tokens, Bigram>>(ahead: A) -> Population {
    let device = cpu_device();
    let setting = Setting {
        process: &Tokens,
        prior: &Bigram,
        reward: &VARIED,
        beta: 1.0,
        noise: Noise::new(4),
        device: &device,
    };
    let smc = Smc {
        target: Tilted { ahead },
        // At every step.
        resample_below: 1.1,
    };
    pollster::block_on(smc.population(&setting, 20_000, 0)).expect("it samples")
}

/// The training-free samplers ask no more of a chain than the trainer does.
#[test]
fn smc_on_tokens_meets_their_enumerated_posterior() {
    let words = words();
    let weight_of = |word: &Vec<usize>| {
        let pairs = word.iter().enumerate();
        let prior: f64 = pairs
            .map(|(i, token)| bigram(i, word[i.saturating_sub(1)])[*token])
            .product();
        prior * VARIED.of(word)
    };
    let z: f64 = words.iter().map(weight_of).sum();
    for population in [smc_of_tokens(Hope), smc_of_tokens(Blind)] {
        assert_eq!(population.evaluations, 20_000 * LENGTH as u64);
        let log_weights = &population.log_weights;
        let log_z = log_mean_exp(log_weights.iter().copied());
        assert!((log_z - z.ln()).abs() < 0.02, "log Z {log_z}, exact {}", z.ln());
        let mut mass = vec![0.0; words.len()];
        for (word, log_weight) in population.ends.chunks_exact(LENGTH).zip(log_weights) {
            let word: Vec<f64> = word.iter().map(|v| f64::from(*v)).collect();
            mass[number_of(&word)] += (log_weight - log_z).exp() / log_weights.len() as f64;
        }
        let exact: Vec<f64> = words.iter().map(|w| weight_of(w) / z).collect();
        let errors = mass.iter().zip(&exact).map(|(m, e)| (m - e).abs());
        let total_variation = 0.5 * errors.sum::<f64>();
        assert!(total_variation < 0.02, "total variation {total_variation}");
        for place in 0..LENGTH {
            for token in 0..WORDS {
                let marginal = |of: &[f64]| -> f64 {
                    let pairs = words.iter().zip(of).filter(|(word, _)| word[place] == token);
                    pairs.map(|(_, mass)| mass).sum()
                };
                let (found, wanted) = (marginal(&mass), marginal(&exact));
                assert!(
                    (found - wanted).abs() < 0.015,
                    "token {token} at {place}: {found} for {wanted}"
                );
            }
        }
    }
}

/// Drawing asks the prior only where the policy does; scoring asks for the rest, once.
#[test]
fn drawing_does_not_score() {
    struct Counted(AtomicUsize);
    impl Prior<Tokens> for Counted {
        fn kernel(&self, step: usize, x: &Tensor<2>) -> Tensor<2> {
            self.0.fetch_add(1, Ordering::Relaxed);
            Unigram.kernel(step, x)
        }
    }
    struct Alone;
    impl Policy<Tokens> for Alone {
        type Network = Table;
        fn kernel(
            &self,
            network: &Table,
            steps: &[usize],
            conditions: &[usize],
            x: Tensor<2>,
            _: impl FnOnce() -> Tensor<2>,
        ) -> Tensor<2> {
            let zeros = Tensor::zeros([x.dims()[0], WORDS], &x.device());
            ByPrefix.kernel(network, steps, conditions, x, || zeros)
        }
    }
    fn evaluations<K: Policy<Tokens, Network = Table>>(policy: K, follow: Follow) -> [usize; 2] {
        let device = cpu_device();
        let table = Table::new(1, &device);
        let chains = Chains {
            process: Tokens,
            prior: Counted(AtomicUsize::new(0)),
            policy,
            device,
        };
        let batch = Batch {
            fresh: vec![0; 40],
            noise: Noise::new(8).normal(Purpose::Samples, 0, 40 * LENGTH * WORDS),
            ..Batch::default()
        };
        let drawn = chains.draw(&table, batch, follow);
        let drawing = chains.prior.0.load(Ordering::Relaxed);
        assert_eq!(chains.score(drawn).log_ratio.dims(), [40]);
        [drawing, chains.prior.0.load(Ordering::Relaxed)]
    }
    let policy = Follow::Policy { exploration: 0.0 };
    assert_eq!(evaluations(Alone, policy), [0, LENGTH]);
    assert_eq!(evaluations(ByPrefix, policy), [LENGTH, LENGTH]);
    assert_eq!(evaluations(Alone, Follow::Prior), [LENGTH, LENGTH]);
}
