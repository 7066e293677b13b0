//! Chains of tokens of a tiny vocabulary, whose every state can be enumerated: no second engine is
//! needed for them.

mod chain;

use crate::support::numbers;
use burn::tensor::{Int, Tensor, TensorData};
use chain::{
    ByState, Chain, MASK, Perfect, Table, WORDS, chains, contents, gap, marginals, prior_marginals, prior_of,
    shares, states, total_variation, transitions,
};
use rtb::engine::Conditions;
use rtb::engine::device::cpu_device;
use rtb::engine::noise::{Noise, Purpose};
use rtb::engine::objective::objective;
use rtb::engine::process::{Absorbing, Autoregressive, Policy, Prior, Process, Sequence, Uniform};
use rtb::engine::reward::{HostReward, OnHost};
use rtb::engine::rollout::{Batch, Chains, Follow};
use rtb::engine::sampler::{Blind, Look, LookAhead, Population, Sampler, Setting, Smc, Tilted};
use rtb::engine::settings::Settings;
use rtb::engine::statistics::log_mean_exp;
use rtb::engine::train::Trainer;
use std::sync::atomic::{AtomicUsize, Ordering};

/// A reward for the number of different tokens, 1 to 3, that no product of per-token factors can
/// express.
struct Distinct([f64; WORDS]);

const VARIED: Distinct = Distinct([0.2, 1.0, 4.0]);
const EVEN: Distinct = Distinct([5.0, 1.0, 0.5]);

impl Distinct {
    fn of(&self, text: &[usize]) -> f64 {
        let distinct = (0..WORDS).filter(|k| text.contains(k)).count();
        self.0[distinct - 1]
    }
}

/// One a condition.
struct Rewards<const CONDITIONS: usize>([Distinct; CONDITIONS]);

impl<const CONDITIONS: usize> HostReward for Rewards<CONDITIONS> {
    fn log_reward(&self, ends: &[f32], conditions: &[usize]) -> Vec<f64> {
        let length = 5;
        let texts = ends.chunks_exact(length).map(|state| -> Vec<usize> {
            let gap = &state[1..length - 1];
            gap.iter().map(|token| *token as usize).collect()
        });
        let pairs = texts.zip(conditions);
        pairs
            .map(|(text, condition)| self.0[*condition].of(&text).ln())
            .collect()
    }
}

/// Samples follow the densities, and the prior's chain ends near the prior.
fn samples_follow_densities<P: Chain>(process: P, near: f64) {
    let chains = chains(process);
    let exact = prior_marginals(&chains);
    let end = &exact[chains.process.steps()];
    let rows = 20_000;
    let numbers = rows * chains.process.steps() * chains.process.noise_size();
    let noise = Noise::new(8).normal(Purpose::Samples, 0, numbers);
    let made = chains.walk_prior(&vec![1; rows], noise);
    for (step, x) in made.iter().enumerate() {
        let found = total_variation(&shares(&chains.process, x), &exact[step]);
        assert!(found < 0.03, "step {step}: total variation {found}");
    }
    let texts = contents(3, WORDS + 1);
    let wanted = texts
        .iter()
        .map(|text| if text.contains(&MASK) { 0.0 } else { prior_of(text) });
    let found = total_variation(end, &wanted.collect::<Vec<_>>());
    assert!(found < near, "total variation {found} from the prior");
    // What is given stays as it is.
    let last = made[chains.process.steps()].clone().into_data();
    let last: Vec<i32> = last.iter::<i32>().collect();
    assert!(last.chunks_exact(5).all(|state| state[0] == 2 && state[4] == 0));
}

#[test]
fn chains_of_tokens_sample_their_densities() {
    let sequence = gap(3);
    samples_follow_densities(
        Autoregressive {
            sequence: sequence.clone(),
        },
        1e-5,
    );
    let (steps, of) = (12, sequence.clone());
    samples_follow_densities(Absorbing { steps, sequence: of }, 0.03);
    samples_follow_densities(Uniform { steps, sequence }, 0.05);
}

/// Bayes' rule: for one token a perfect network's chain is the noising chain, turned round.
fn bayes<P: Chain>(process: P) {
    let chains = chains(process);
    let process = &chains.process;
    let marginals = prior_marginals(&chains);
    let all = contents(1, WORDS + 1);
    for step in 1..process.steps() {
        let moves = transitions(process, step, |x| Prior::<P>::kernel(&chains.prior, step, x));
        for (to, gap) in all
            .iter()
            .enumerate()
            .filter(|(_, gap)| marginals[step + 1][gap[0]] > 0.0)
        {
            let next = states(process, &vec![gap.clone(); all.len()]);
            let back = numbers(process.log_noise(step, &states(process, &all), &next));
            let mut of_back = vec![0.0; all.len()];
            for (from, before) in all
                .iter()
                .enumerate()
                .filter(|(_, x)| process.leads(step, x, gap))
            {
                of_back[from] = back[from].exp();
                let forth = marginals[step][before[0]] * moves[from][to];
                let error = forth - marginals[step + 1][to] * of_back[from];
                assert!(error.abs() < 1e-5, "step {step}, {before:?} to {gap:?}: {error}");
            }
            let rows = 10_000;
            let noise = Noise::new(9).normal(Purpose::Samples, step as u64, rows * process.noise_size());
            let noise = TensorData::new(noise, [rows, process.noise_size()]);
            let noise = Tensor::from_data(noise, &chains.device);
            let x = process.noise_back(step, &states(process, &vec![gap.clone(); rows]), noise);
            assert!(
                total_variation(&shares(process, &x), &of_back) < 0.02,
                "step {step}"
            );
        }
    }
    let unknown = process.noise_back(
        0,
        &states(process, &[vec![1]]),
        Tensor::zeros([1, process.noise_size()], &chains.device),
    );
    assert_eq!(shares(process, &unknown)[MASK], 1.0);
}

#[test]
fn noise_and_denoising_of_a_token_agree() {
    let sequence = gap(1);
    bayes(Absorbing {
        steps: 7,
        sequence: sequence.clone(),
    });
    bayes(Uniform {
        steps: 7,
        sequence: sequence.clone(),
    });
    bayes(Autoregressive { sequence });
}

/// Of one f32 that has decided that a token in 128 changes, 17 bits are left: of 50,257 words it would make
/// some by three of its values and the others by two.
#[test]
fn many_words_are_drawn_as_often_as_they_should_be() {
    const MANY: usize = 50_257;
    const VALUES: usize = 1 << 17;
    let device = cpu_device();
    let (rows, places, steps) = (40_000, 64, 128);
    let sequence = Sequence::new(MANY, vec![vec![0; places]], 0..places).expect("a gap");
    let process = Uniform { steps, sequence };
    let noise = Noise::new(10).normal(Purpose::Samples, 0, rows * process.noise_size());
    let noise = Tensor::from_data(TensorData::new(noise, [rows, process.noise_size()]), &device);
    let text = Tensor::zeros([rows, places], &device);
    let words = numbers(process.noise_back(steps - 1, &text, noise).float());
    let values = |word: usize| ((word + 1) * VALUES).div_ceil(MANY) - (word * VALUES).div_ceil(MANY);
    let share = |words: &mut dyn Iterator<Item = usize>| {
        let (three, all) = words.fold((0, 0), |(three, all), word| {
            (three + usize::from(values(word) == 3), all + 1)
        });
        assert!(all > 15_000, "{all}");
        three as f64 / all as f64
    };
    let changed = words.iter().map(|word| *word as usize).filter(|word| *word > 0);
    let (found, wanted) = (share(&mut changed.into_iter()), share(&mut (0..MANY)));
    assert!((found - wanted).abs() < 0.02, "{found} of them, {wanted} of all");
}

/// Whether a token is filled and what it becomes are two numbers, in masked diffusion too.
#[test]
fn what_a_token_becomes_does_not_depend_on_how_nearly_it_stayed() {
    let process = Absorbing {
        steps: 128,
        sequence: gap(1),
    };
    let device = cpu_device();
    let rows = 3 * WORDS;
    let mask = states(&process, &vec![vec![MASK]; rows]);
    let even = Tensor::zeros([rows, 1, WORDS], &device).sub_scalar((WORDS as f64).ln());
    // All are filled: those of a row by a number just above what fills one, and by far larger ones.
    let [whether, what] = [[3.0, 4.0, 5.0], [-1.0, 0.0, 1.0]];
    let pairs = whether
        .iter()
        .flat_map(|one| what.iter().flat_map(move |other| [*one, *other]));
    let noise: Vec<f32> = pairs.collect();
    let noise = Tensor::from_data(TensorData::new(noise, [rows, 2]), &device);
    let filled = numbers(process.transition(0, &mask, &even, noise, 0.0).float());
    let made: Vec<_> = filled.chunks_exact(3).map(|state| state[1]).collect();
    assert_eq!(made, [0.0, 1.0, 2.0].repeat(3));
}

#[test]
fn hardly_a_token_is_left_to_the_last_step() {
    let chains = chains(Absorbing {
        steps: 15,
        sequence: gap(3),
    });
    let before_last = &prior_marginals(&chains)[14];
    let masked: f64 = contents(3, WORDS + 1)
        .iter()
        .zip(before_last)
        .map(|(gap, mass)| mass * gap.iter().filter(|t| **t == MASK).count() as f64 / 3.0)
        .sum();
    assert!(masked > 0.0 && masked < 1e-4, "{masked}");
}

/// Trains two posteriors in one table, and holds what it learned against the enumerated ones.
fn learns<P: Chain>(process: P, baseline: bool) {
    let name = std::any::type_name::<P>();
    let chains = chains(process);
    let mut settings = Settings {
        seed: 3,
        ..Settings::default()
    };
    settings.objective.baseline = baseline;
    settings.tempering.iterations = 0;
    settings.rollout.batch = 512;
    settings.rollout.replay_share = 0.25;
    settings.rollout.noised_share = 0.0;
    // Whatever makes the trajectories, the posterior is the same.
    settings.rollout.prior_share = 0.1;
    settings.rollout.exploration = 0.5;
    settings.rollout.exploration_iterations = 400;
    settings.training.iterations = 800;
    settings.optimizer.learning_rate = 0.1;
    settings.optimizer.log_z_learning_rate = 0.1;
    let prior_end = prior_marginals(&chains).pop().expect("the end");
    let table = Table::like(&chains.prior, 2);
    let objective = objective(settings.method, &settings.objective).expect("RTB is trained");
    let rewards = Box::new(OnHost(Rewards([VARIED, EVEN])));
    let asked = (Conditions::all(2), rewards as _);
    let mut trainer = Trainer::new(settings, chains, asked, objective, table);
    for _ in 0..800 {
        pollster::block_on(trainer.step()).expect("it trains");
    }
    let (network, chains) = (trainer.network(), &trainer.chains);
    for (condition, reward) in [VARIED, EVEN].iter().enumerate() {
        let texts = contents(3, WORDS + 1);
        let tilted = texts.iter().zip(&prior_end).map(|(text, mass)| match mass {
            0.0 => 0.0,
            mass => mass * reward.of(text),
        });
        let tilted: Vec<f64> = tilted.collect();
        let z: f64 = tilted.iter().sum();
        let log_z = trainer.log_z()[condition];
        assert!(
            (log_z - z.ln()).abs() < 0.02,
            "{name}: log Z {log_z}, exact {}",
            z.ln()
        );
        let learned = marginals(&chains.process, |step, x| {
            let conditions = vec![condition; x.dims()[0]];
            let prior = || Prior::<P>::kernel(&chains.prior, step, x);
            Policy::<P>::kernel(
                &chains.policy,
                &network,
                &[step],
                &conditions,
                x.clone(),
                None,
                prior,
            )
        });
        let exact: Vec<f64> = tilted.iter().map(|mass| mass / z).collect();
        let before = total_variation(&prior_end, &exact);
        let after = total_variation(&learned[chains.process.steps()], &exact);
        assert!(before > 0.15, "{name}: there is something to learn, {before}");
        assert!(after < 0.03, "{name}: total variation {after}");
    }
}

/// Three rows a condition have no share of 15 % each, six have one.
#[test]
fn shares_are_those_of_the_batch() {
    let chains = chains(Autoregressive { sequence: gap(3) });
    let mut settings = Settings::default();
    settings.rollout.batch = 6;
    settings.rollout.replay_share = 0.15;
    settings.rollout.prior_share = 0.15;
    settings.rollout.noised_share = 0.0;
    let table = Table::like(&chains.prior, 2);
    let objective = objective(settings.method, &settings.objective).expect("RTB is trained");
    let rewards = Box::new(OnHost(Rewards([VARIED, EVEN])));
    let asked = (Conditions::all(2), rewards as _);
    let mut trainer = Trainer::new(settings, chains, asked, objective, table);
    pollster::block_on(trainer.step()).expect("it trains");
    let batch = trainer.batch();
    let [given, walked, fresh] = [&batch.given_conditions, &batch.walked, &batch.fresh].map(Vec::len);
    assert_eq!([given, walked, fresh], [1, 1, 4]);
}

#[test]
fn autoregressive_chains_reach_their_enumerated_posteriors() {
    learns(Autoregressive { sequence: gap(3) }, false);
}

#[test]
fn masked_diffusion_reaches_its_enumerated_posteriors() {
    let process = Absorbing {
        steps: 20,
        sequence: gap(3),
    };
    learns(process, false);
}

/// With replayed and the prior's trajectories among them, whose steps have none.
#[test]
fn baselines_leave_the_posterior_where_it_is() {
    let process = Absorbing {
        steps: 20,
        sequence: gap(3),
    };
    learns(process, true);
}

#[test]
fn a_preview_fills_masks_with_the_likeliest_words() {
    let chains = chains(Absorbing {
        steps: 20,
        sequence: gap(3),
    });
    let x = states(&chains.process, &[vec![2, MASK, MASK], vec![MASK, 1, 0]]);
    let likely = [[0.1, 0.2, 0.7], [0.3, 0.6, 0.1], [0.5, 0.2, 0.3]];
    let log_probs = likely.concat().repeat(2).into_iter().map(|p: f32| p.ln());
    let log_probs = TensorData::new(log_probs.collect(), [2, 3, WORDS]);
    let log_probs = Tensor::<3>::from_data(log_probs, &x.device());
    let preview = chains.process.preview(4, &x, &log_probs).expect("words");
    let expected = [[0.0, 2.0, 1.0, 0.0, 1.0], [0.0, 2.0, 1.0, 0.0, 1.0]];
    assert_eq!(numbers(preview), expected.concat());
}

#[test]
fn uniform_diffusion_reaches_its_enumerated_posteriors() {
    let process = Uniform {
        steps: 20,
        sequence: gap(3),
    };
    learns(process, false);
}

#[test]
fn gaps_that_make_no_sense_are_refused() {
    let refused =
        |given: Vec<Vec<usize>>, gap| Sequence::new(WORDS, given, gap).expect_err("refused").to_string();
    assert!(refused(Vec::new(), 0..1).contains("at least one"));
    assert!(refused(vec![vec![0; 3], vec![0; 4]], 0..1).contains("[3, 4]"));
    assert!(refused(vec![vec![0; 3]], 2..2).contains("the gap"));
    assert!(refused(vec![vec![0; 3]], 2..4).contains("within 0..3"));
    assert!(refused(vec![vec![0, 9, 3]], 1..2).contains("a given word"));
}

/// Hopes for tokens that are not there yet, and proposes each as often as any other.
struct Hope;

impl LookAhead<Autoregressive, Perfect> for Hope {
    async fn look(
        &self,
        setting: &Setting<'_, Autoregressive, Perfect>,
        step: usize,
        x: &Tensor<2, Int>,
        rows: usize,
    ) -> Result<Look<Autoregressive>, String> {
        let made = numbers(x.clone().narrow(1, 1, 3).float());
        let distinct = made.chunks_exact(3).map(|gap| {
            let seen = |k: &usize| gap.contains(&(*k as f64));
            (0..WORDS).filter(seen).count()
        });
        let even = -(WORDS as f64).ln();
        Ok(Look {
            proposal: Tensor::full([rows, 1, WORDS], even, setting.device),
            priors: vec![Prior::<Autoregressive>::kernel(setting.prior, step, x)],
            factor: distinct.map(|count| 0.7 * count as f64).collect(),
        })
    }

    fn evaluations(&self) -> u64 {
        1
    }
}

fn smc_of_tokens<A: LookAhead<Autoregressive, Perfect>>(ahead: A) -> Population {
    let chains = chains(Autoregressive { sequence: gap(3) });
    let setting = Setting {
        process: &chains.process,
        prior: &chains.prior,
        reward: &OnHost(Rewards([VARIED])),
        beta: 1.0,
        noise: Noise::new(4),
        device: &chains.device,
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
    let texts = contents(3, WORDS);
    let weight_of = |text: &Vec<usize>| prior_of(text) * VARIED.of(text);
    let z: f64 = texts.iter().map(weight_of).sum();
    for population in [smc_of_tokens(Hope), smc_of_tokens(Blind)] {
        assert_eq!(population.evaluations, 20_000 * 3);
        let log_weights = &population.log_weights;
        let log_z = log_mean_exp(log_weights.iter().copied());
        assert!((log_z - z.ln()).abs() < 0.02, "log Z {log_z}, exact {}", z.ln());
        let mut mass = vec![0.0; texts.len()];
        for (state, log_weight) in population.ends.chunks_exact(5).zip(log_weights) {
            let places = state[1..4].iter().enumerate();
            let number: usize = places.map(|(i, v)| *v as usize * WORDS.pow(i as u32)).sum();
            mass[number] += (log_weight - log_z).exp() / log_weights.len() as f64;
        }
        let exact: Vec<f64> = texts.iter().map(|text| weight_of(text) / z).collect();
        let found = total_variation(&mass, &exact);
        assert!(found < 0.02, "total variation {found}");
        for place in 0..3 {
            for token in 0..WORDS {
                let marginal = |of: &[f64]| -> f64 {
                    let pairs = texts.iter().zip(of).filter(|(text, _)| text[place] == token);
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
    struct Counted(AtomicUsize, Perfect);
    impl Prior<Autoregressive> for Counted {
        fn kernel(&self, step: usize, x: &Tensor<2, Int>) -> Tensor<3> {
            self.0.fetch_add(1, Ordering::Relaxed);
            Prior::<Autoregressive>::kernel(&self.1, step, x)
        }
    }
    struct Alone(ByState);
    impl Policy<Autoregressive> for Alone {
        type Network = Table;
        fn kernel(
            &self,
            network: &Table,
            steps: &[usize],
            conditions: &[usize],
            x: Tensor<2, Int>,
            _: Option<&Tensor<3>>,
            _: impl FnOnce() -> Tensor<3>,
        ) -> Tensor<3> {
            let zeros = || Tensor::zeros([x.dims()[0], 1, WORDS], &x.device());
            Policy::<Autoregressive>::kernel(&self.0, network, steps, conditions, x.clone(), None, zeros)
        }
    }
    fn evaluations<K: Policy<Autoregressive, Network = Table>>(policy: K, follow: Follow) -> [usize; 2] {
        let known = chains(Autoregressive { sequence: gap(3) });
        let table = Table::like(&known.prior, 1);
        let chains = Chains {
            process: known.process,
            prior: Counted(AtomicUsize::new(0), known.prior),
            policy,
            device: known.device,
        };
        let batch = Batch {
            fresh: vec![0; 40],
            noise: Noise::new(8).normal(Purpose::Samples, 0, 40 * 3),
            ..Batch::default()
        };
        let drawn = chains.draw(&table, batch, follow);
        let drawing = chains.prior.0.load(Ordering::Relaxed);
        assert_eq!(chains.score(drawn).log_ratio().dims(), [40]);
        [drawing, chains.prior.0.load(Ordering::Relaxed)]
    }
    let by_state = || chains(Autoregressive { sequence: gap(3) }).policy;
    let policy = Follow::Policy { exploration: 0.0 };
    assert_eq!(evaluations(Alone(by_state()), policy), [0, 3]);
    assert_eq!(evaluations(by_state(), policy), [3, 3]);
    assert_eq!(evaluations(Alone(by_state()), Follow::Prior), [3, 3]);
}
