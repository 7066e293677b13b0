//! Chains whose every state can be enumerated, with what a perfect network would say.

use crate::support::numbers;
use burn::module::{Module, Param};
use burn::tensor::{Device, Int, Tensor, TensorData, activation};
use rtb::engine::device::cpu_device;
use rtb::engine::process::{Absorbing, Autoregressive, Policy, Prior, Process, Sequence, Uniform};
use rtb::engine::rollout::Chains;

pub const WORDS: usize = 3;
/// The unknown token.
pub const MASK: usize = WORDS;

/// Tokens in the gap; a word stands before it and one after it.
pub fn gap(length: usize) -> Sequence {
    let given = |before, after| [vec![before], vec![WORDS; length], vec![after]].concat();
    Sequence::new(WORDS, vec![given(0, 1), given(2, 0)], 1..1 + length).expect("a gap of words")
}

/// The distribution of the token at a place, given the one before.
pub fn bigram(place: usize, before: usize) -> [f64; WORDS] {
    const NEXT: [[f64; WORDS]; WORDS] = [[0.6, 0.3, 0.1], [0.2, 0.2, 0.6], [0.5, 0.25, 0.25]];
    if place == 0 { [0.5, 0.3, 0.2] } else { NEXT[before] }
}

/// The prior's probability of a text.
pub fn prior_of(text: &[usize]) -> f64 {
    let places = text.iter().enumerate();
    places
        .map(|(place, token)| bigram(place, text[place.saturating_sub(1)])[*token])
        .product()
}

/// Everything that a gap can hold with so many kinds of token, in the order of `number`.
pub fn contents(length: usize, kinds: usize) -> Vec<Vec<usize>> {
    let digit = |number: usize, place: usize| number / kinds.pow(place as u32) % kinds;
    (0..kinds.pow(length as u32))
        .map(|number| (0..length).map(|place| digit(number, place)).collect())
        .collect()
}

/// The numbers of states, unknown tokens counted as a kind.
pub fn numbers_of(sequence: &Sequence, x: &Tensor<2, Int>) -> Tensor<1, Int> {
    let gap = sequence.gap();
    let places: Vec<i32> = (0..gap.len()).map(|p| (WORDS + 1).pow(p as u32) as i32).collect();
    let places = Tensor::<1, Int>::from_ints(places.as_slice(), &x.device());
    let tokens = x.clone().narrow(1, gap.start, gap.len());
    (tokens * places.unsqueeze::<2>())
        .sum_dim(1)
        .reshape([x.dims()[0]])
}

/// A chain with what a perfect network would say.
pub trait Chain: Process<State = Tensor<2, Int>, Kernel = Tensor<3>> + Clone {
    fn sequence(&self) -> &Sequence;

    /// Whether a transition can lead from one content of the gap to another.
    fn leads(&self, step: usize, from: &[usize], to: &[usize]) -> bool;

    /// The likelihood of a text where the gap holds this.
    fn likelihood(&self, step: usize, gap: &[usize], text: &[usize]) -> f64;

    /// The places that a kernel speaks of.
    fn places(&self, step: usize) -> Vec<usize>;
}

impl Chain for Absorbing {
    fn sequence(&self) -> &Sequence {
        &self.sequence
    }
    fn leads(&self, step: usize, from: &[usize], to: &[usize]) -> bool {
        let last = step + 1 == self.steps;
        let mut pairs = from.iter().zip(to);
        pairs.all(|(from, to)| (*from == MASK || from == to) && !(last && *to == MASK))
    }
    fn likelihood(&self, _: usize, gap: &[usize], text: &[usize]) -> f64 {
        let agrees = gap
            .iter()
            .zip(text)
            .all(|(token, word)| *token == MASK || token == word);
        f64::from(u8::from(agrees))
    }
    fn places(&self, _: usize) -> Vec<usize> {
        (0..self.sequence.gap().len()).collect()
    }
}

impl Chain for Uniform {
    fn sequence(&self) -> &Sequence {
        &self.sequence
    }
    fn leads(&self, step: usize, from: &[usize], to: &[usize]) -> bool {
        from.iter().all(|token| (*token == MASK) == (step == 0)) && !to.contains(&MASK)
    }
    fn likelihood(&self, step: usize, gap: &[usize], text: &[usize]) -> f64 {
        let kept = 1.0 - self.time(step);
        let same = |(token, word)| kept * f64::from(u8::from(token == word)) + (1.0 - kept) / WORDS as f64;
        gap.iter().zip(text).map(same).product()
    }
    fn places(&self, _: usize) -> Vec<usize> {
        (0..self.sequence.gap().len()).collect()
    }
}

impl Chain for Autoregressive {
    fn sequence(&self) -> &Sequence {
        &self.sequence
    }
    fn leads(&self, step: usize, from: &[usize], to: &[usize]) -> bool {
        let known = |gap: &[usize], count| gap.iter().position(|t| *t == MASK).unwrap_or(gap.len()) == count;
        known(from, step)
            && known(to, step + 1)
            && from[..step] == to[..step]
            && from[step..].iter().all(|t| *t == MASK)
            && to[step + 1..].iter().all(|t| *t == MASK)
    }
    fn likelihood(&self, step: usize, gap: &[usize], text: &[usize]) -> f64 {
        f64::from(u8::from(gap[..step] == text[..step]))
    }
    fn places(&self, step: usize) -> Vec<usize> {
        vec![step]
    }
}

/// p(word|state) of the prior, as it is, for every step and state.
#[derive(Clone)]
pub struct Perfect {
    pub sequence: Sequence,
    /// `[steps·states, places·WORDS]`.
    pub log_probs: Tensor<2>,
}

impl Perfect {
    pub fn new<P: Chain>(chain: &P, device: &Device) -> Self {
        let length = chain.sequence().gap().len();
        let texts = contents(length, WORDS);
        let mut values: Vec<f32> = Vec::new();
        let mut rows = 0;
        for step in 0..chain.steps() {
            for state in contents(length, WORDS + 1) {
                rows += 1;
                let weights: Vec<f64> = texts
                    .iter()
                    .map(|text| prior_of(text) * chain.likelihood(step, &state, text))
                    .collect();
                let total: f64 = weights.iter().sum();
                for place in chain.places(step) {
                    for word in 0..WORDS {
                        let of_word = texts.iter().zip(&weights).filter(|(text, _)| text[place] == word);
                        let mass: f64 = of_word.map(|(_, weight)| weight).sum();
                        // No state that a chain comes to has no mass.
                        let share = if total > 0.0 {
                            mass / total
                        } else {
                            1.0 / WORDS as f64
                        };
                        values.push(share.max(1e-30).ln() as f32);
                    }
                }
            }
        }
        let columns = values.len() / rows;
        Self {
            sequence: chain.sequence().clone(),
            log_probs: Tensor::from_data(TensorData::new(values, [rows, columns]), device),
        }
    }
}

/// Rows of a table as kernels.
pub fn looked_up(table: Tensor<2>, rows: Tensor<1, Int>) -> Tensor<3> {
    let ([count], [_, columns]) = (rows.dims(), table.dims());
    table.select(0, rows).reshape([count, columns / WORDS, WORDS])
}

impl<P: Chain> Prior<P> for Perfect {
    fn kernel(&self, step: usize, x: &Tensor<2, Int>) -> Tensor<3> {
        let states = (WORDS + 1).pow(self.sequence.gap().len() as u32);
        let rows = numbers_of(&self.sequence, x).add_scalar((step * states) as i32);
        looked_up(self.log_probs.clone(), rows)
    }
}

/// What is added to the prior's log-probabilities, for every condition, step and state.
#[derive(Module, Debug)]
pub struct Table {
    pub logits: Param<Tensor<2>>,
}

impl Table {
    pub fn like(prior: &Perfect, conditions: usize) -> Self {
        let [rows, columns] = prior.log_probs.dims();
        let logits = Tensor::zeros([conditions * rows, columns], &prior.log_probs.device());
        Self {
            logits: Param::from_tensor(logits),
        }
    }
}

#[derive(Clone)]
pub struct ByState {
    pub sequence: Sequence,
    pub steps: usize,
}

impl<P: Chain> Policy<P> for ByState {
    type Network = Table;

    fn kernel(
        &self,
        network: &Table,
        steps: &[usize],
        conditions: &[usize],
        x: Tensor<2, Int>,
        _guide: Option<&Tensor<3>>,
        prior: impl FnOnce() -> Tensor<3>,
    ) -> Tensor<3> {
        assert_eq!(conditions.len() * steps.len(), x.dims()[0]);
        let states = (WORDS + 1).pow(self.sequence.gap().len() as u32);
        let first = |step: usize, condition: usize| ((condition * self.steps + step) * states) as i32;
        let first: Vec<i32> = steps
            .iter()
            .flat_map(|step| conditions.iter().map(|condition| first(*step, *condition)))
            .collect();
        let first = Tensor::<1, Int>::from_ints(first.as_slice(), &x.device());
        let added = looked_up(network.logits.val(), numbers_of(&self.sequence, &x) + first);
        activation::log_softmax(prior() + added, 2)
    }
}

pub type TokenChains<P> = Chains<P, Perfect, ByState>;

pub fn chains<P: Chain>(process: P) -> TokenChains<P> {
    let device = cpu_device();
    Chains {
        prior: Perfect::new(&process, &device),
        policy: ByState {
            sequence: process.sequence().clone(),
            steps: process.steps(),
        },
        process,
        device,
    }
}

/// The gap's contents as states.
pub fn states<P: Chain>(process: &P, contents: &[Vec<usize>]) -> Tensor<2, Int> {
    let states = contents
        .iter()
        .flat_map(|gap| [vec![0], gap.clone(), vec![1]].concat());
    process.upload(states.map(|token| token as f32).collect(), &cpu_device())
}

/// p(to|from) of every pair of states, `[from][to]`.
pub fn transitions<P: Chain>(
    process: &P,
    step: usize,
    kernel: impl Fn(&Tensor<2, Int>) -> Tensor<3>,
) -> Vec<Vec<f64>> {
    let all = contents(process.sequence().gap().len(), WORDS + 1);
    let to = states(process, &all);
    all.iter()
        .map(|from| {
            let x = states(process, &vec![from.clone(); all.len()]);
            let log_probs = numbers(process.log_prob(&[step], &x, &to, &kernel(&x)));
            let pairs = all.iter().zip(log_probs);
            pairs
                .map(|(to, log_prob)| {
                    if process.leads(step, from, to) {
                        log_prob.exp()
                    } else {
                        0.0
                    }
                })
                .collect()
        })
        .collect()
}

/// Where a chain is after each step, `[steps + 1][states]`.
pub fn marginals<P: Chain>(
    process: &P,
    kernel: impl Fn(usize, &Tensor<2, Int>) -> Tensor<3>,
) -> Vec<Vec<f64>> {
    let count = (WORDS + 1).pow(process.sequence().gap().len() as u32);
    let mut all = vec![vec![0.0; count]];
    all[0][count - 1] = 1.0;
    for step in 0..process.steps() {
        let moves = transitions(process, step, |x| kernel(step, x));
        let mut next = vec![0.0; count];
        for (mass, row) in all[step].iter().zip(&moves).filter(|(mass, _)| **mass > 0.0) {
            let total: f64 = row.iter().sum();
            assert!((total - 1.0).abs() < 1e-4, "step {step}: {total} of 1");
            next.iter_mut().zip(row).for_each(|(next, p)| *next += mass * p);
        }
        all.push(next);
    }
    all
}

pub fn prior_marginals<P: Chain>(chains: &TokenChains<P>) -> Vec<Vec<f64>> {
    marginals(&chains.process, |step, x| {
        Prior::<P>::kernel(&chains.prior, step, x)
    })
}

pub fn total_variation(a: &[f64], b: &[f64]) -> f64 {
    0.5 * a.iter().zip(b).map(|(a, b)| (a - b).abs()).sum::<f64>()
}

/// Shares of the states among rows.
pub fn shares<P: Chain>(process: &P, x: &Tensor<2, Int>) -> Vec<f64> {
    let found = numbers_of(process.sequence(), x).into_data();
    let mut shares = vec![0.0; (WORDS + 1).pow(process.sequence().gap().len() as u32)];
    let rows = x.dims()[0] as f64;
    for number in found.iter::<i32>() {
        shares[number as usize] += 1.0 / rows;
    }
    shares
}
