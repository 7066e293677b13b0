//! Networks of texts: a prior that unmasks, a causal one that says how likely an ending is.

use super::examples::Pretraining;
use crate::network::Transformer;
use crate::noise;
use crate::parallel;
use crate::session::SessionError;
use crate::text::{Layout, Vocabulary};
use burn::tensor::{Device, Int, Tensor, TensorData, activation};

/// Times of one batch; its rows are divided among them.
const LEVELS: usize = 32;
/// Share of the examples whose ending is hidden: the network is the prior p(gap|beginning) there, and
/// p(gap|beginning, ending) elsewhere.
const HIDDEN_ENDINGS: f64 = 0.5;

/// Texts with a gap, in numbers.
#[derive(Clone, Debug, PartialEq)]
pub struct Texts {
    layout: Layout,
    words: usize,
    /// `[count][length]`, the gap filled.
    tokens: Vec<Vec<usize>>,
}

impl Texts {
    /// Texts of this layout and vocabulary, of which there is at least one.
    pub fn new(layout: Layout, vocabulary: &Vocabulary, tokens: Vec<Vec<usize>>) -> Option<Self> {
        let fits = |text: &Vec<usize>| {
            text.len() == layout.length() && text.iter().all(|token| *token < vocabulary.len())
        };
        (!tokens.is_empty() && tokens.iter().all(fits)).then_some(Self {
            layout,
            words: vocabulary.len(),
            tokens,
        })
    }
}

/// A batch's part: what a network sees, the words it should say, and how much each counts.
#[derive(Default)]
struct Shard {
    times: Vec<f64>,
    seen: Vec<i32>,
    wanted: Vec<i32>,
    weights: Vec<f32>,
}

impl Shard {
    /// Σ weight·(−log p(wanted)) over the words at the places, `[1]`.
    fn loss(self, network: &Transformer, layout: Layout, from: usize, device: &Device) -> Tensor<1> {
        let length = layout.length();
        let rows = self.seen.len() / length;
        let places = self.wanted.len() / rows;
        let seen = Tensor::<2, Int>::from_data(TensorData::new(self.seen, [rows, length]), device);
        let wanted = Tensor::<3, Int>::from_data(TensorData::new(self.wanted, [rows, places, 1]), device);
        let weights = Tensor::<2>::from_data(TensorData::new(self.weights, [rows, places]), device);
        let logits = network.forward(&self.times, seen, from..from + places);
        let log_probs = activation::log_softmax(logits, 2).gather(2, wanted);
        (log_probs.reshape([rows, places]) * weights).sum().neg()
    }
}

impl Pretraining<Transformer, Texts> {
    /// One iteration of masked diffusion: the gap's words are masked with probability t, evenly
    /// spaced over the batch with a random offset, and said from what is left. Returns the negative
    /// ELBO of a word of the gap, in nats (MDLM, arXiv 2406.07524).
    ///
    /// # Errors
    ///
    /// Where the device fails.
    pub async fn unmask(&mut self) -> Result<f64, SessionError> {
        let mut rng = self.rng();
        let (layout, mask) = (self.examples.layout, self.examples.words as i32);
        let rows = self.recipe.batch.div_ceil(LEVELS);
        let offset = noise::uniform(&mut rng);
        let mut levels = Vec::with_capacity(LEVELS);
        for level in 0..LEVELS {
            // Never 0, where nothing is masked.
            let time = (level as f64 + 1.0 - offset) / LEVELS as f64;
            let mut shard = Shard {
                times: vec![time],
                ..Shard::default()
            };
            let weight = 1.0 / (time * (LEVELS * rows * layout.gap) as f64);
            for index in self.draw(&mut rng, self.examples.tokens.len(), rows) {
                let text = &self.examples.tokens[index];
                let hides = noise::uniform(&mut rng) < HIDDEN_ENDINGS;
                for (place, token) in text.iter().enumerate() {
                    let inside = layout.gap().contains(&place);
                    let masked = inside && noise::uniform(&mut rng) < time;
                    let hidden = place >= layout.gap().end && hides;
                    shard
                        .seen
                        .push(if masked || hidden { mask } else { *token as i32 });
                    if inside {
                        shard.wanted.push(*token as i32);
                        shard.weights.push(if masked { weight as f32 } else { 0.0 });
                    }
                }
            }
            levels.push(shard);
        }
        self.descend(levels, layout.gap().start).await
    }

    /// One iteration of a causal network on the words of the endings, each from all before it.
    /// Returns the negative log-probability of a word, in nats.
    ///
    /// # Errors
    ///
    /// Where the device fails.
    pub async fn continue_endings(&mut self) -> Result<f64, SessionError> {
        let mut rng = self.rng();
        let layout = self.examples.layout;
        let drawn = self.draw(&mut rng, self.examples.tokens.len(), self.recipe.batch);
        let ending = layout.gap().end;
        let words = |text: &[usize]| {
            text[ending..]
                .iter()
                .filter(|t| **t != Vocabulary::NOTHING)
                .count()
        };
        let all: usize = drawn
            .iter()
            .map(|index| words(&self.examples.tokens[*index]))
            .sum();
        let shards = drawn.into_iter().map(|index| {
            let text = &self.examples.tokens[index];
            let weight = |token: &usize| match *token {
                Vocabulary::NOTHING => 0.0,
                _ => 1.0 / all.max(1) as f32,
            };
            Shard {
                times: Vec::new(),
                seen: text.iter().map(|token| *token as i32).collect(),
                wanted: text[ending..].iter().map(|token| *token as i32).collect(),
                weights: text[ending..].iter().map(weight).collect(),
            }
        });
        self.descend(shards.collect(), ending - 1).await
    }

    /// A step down the sum of the parts' losses; what they say of is at `from` and after it.
    async fn descend(&mut self, parts: Vec<Shard>, from: usize) -> Result<f64, SessionError> {
        let layout = self.examples.layout;
        let count = parallel::parts(&self.device, self.recipe.batch);
        let shards = parallel::split(parts, count);
        let (device, scale) = (&self.device, shards.len() as f64);
        self.descent
            .step(shards, |network, shard| {
                let whole = shard.into_iter().fold(Shard::default(), Shard::and);
                // The step takes the mean over its parts.
                whole.loss(network, layout, from, device).mul_scalar(scale)
            })
            .await
    }
}

impl Shard {
    fn and(mut self, more: Self) -> Self {
        self.times.extend(more.times);
        self.seen.extend(more.seen);
        self.wanted.extend(more.wanted);
        self.weights.extend(more.weights);
        self
    }
}
