//! Networks of texts: a prior that unmasks, a causal one that says how likely an ending is.

use super::examples::Pretraining;
use crate::host::read;
use crate::network::Transformer;
use crate::noise::{self, Noise, Purpose};
use crate::parallel;
use crate::session::SessionError;
use crate::text::{Layout, Vocabulary};
use burn::tensor::{Device, Int, Tensor, TensorData, activation};
use rand_chacha::ChaCha8Rng;

/// Times of one batch; its rows are divided among them.
const LEVELS: usize = 32;
/// Share of the examples whose ending is hidden: the network is the prior p(gap|beginning) there, and
/// p(gap|beginning, ending) elsewhere.
const HIDDEN_ENDINGS: f64 = 0.5;

/// Whether a network that unmasks sees what comes after the gap.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    Hidden,
    Shown,
    /// One or the other, text by text.
    Either,
}

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

impl Texts {
    /// Texts there are.
    pub fn len(&self) -> usize {
        self.tokens.len()
    }

    pub fn is_empty(&self) -> bool {
        self.tokens.is_empty()
    }

    /// These texts with words of their gap masked, those of a part with the probability that its time
    /// is: the times are evenly spaced with a random offset, and all parts have equally many texts.
    fn masked(&self, texts: &[usize], ending: Ending, rng: &mut ChaCha8Rng) -> Vec<Shard> {
        let (layout, mask) = (self.layout, self.words as i32);
        let rows = texts.len().div_ceil(LEVELS);
        let levels = texts.len() / rows;
        let offset = noise::uniform(rng);
        let part = |(level, texts): (usize, &[usize])| {
            // Never 0, where nothing is masked.
            let time = (level as f64 + 1.0 - offset) / levels as f64;
            let mut shard = Shard {
                times: vec![time],
                ..Shard::default()
            };
            let weight = 1.0 / (time * (levels * rows * layout.gap) as f64);
            for text in texts.iter().map(|index| &self.tokens[*index]) {
                let hides = match ending {
                    Ending::Hidden => true,
                    Ending::Shown => false,
                    Ending::Either => noise::uniform(rng) < HIDDEN_ENDINGS,
                };
                for (place, token) in text.iter().enumerate() {
                    let inside = layout.gap().contains(&place);
                    let masked = inside && noise::uniform(rng) < time;
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
            shard
        };
        texts
            .chunks_exact(rows)
            .take(levels)
            .enumerate()
            .map(part)
            .collect()
    }

    /// These texts, whose endings' words are wanted.
    fn endings(&self, texts: &[usize]) -> Vec<Shard> {
        let ending = self.layout.gap().end;
        let texts = || texts.iter().map(|index| &self.tokens[*index]);
        let words = texts().flat_map(|text| &text[ending..]);
        let all = words
            .filter(|token| **token != Vocabulary::NOTHING)
            .count()
            .max(1);
        let weight = |token: &usize| match *token {
            Vocabulary::NOTHING => 0.0,
            _ => 1.0 / all as f32,
        };
        texts()
            .map(|text| Shard {
                times: Vec::new(),
                seen: text.iter().map(|token| *token as i32).collect(),
                wanted: text[ending..].iter().map(|token| *token as i32).collect(),
                weights: text[ending..].iter().map(weight).collect(),
            })
            .collect()
    }

    /// The negative ELBO of a place of the gap, in nats, of these texts under a network that unmasks:
    /// one draw of its time and its masks for each.
    ///
    /// # Errors
    ///
    /// Where the device fails.
    pub async fn unmasking_loss(
        &self,
        network: &Transformer,
        ending: Ending,
        noise: &Noise,
        device: &Device,
    ) -> Result<f64, SessionError> {
        let mut rng = noise.stream(Purpose::Evaluation, 0);
        let all: Vec<usize> = (0..self.len()).collect();
        let blocks = all.chunks(LEVELS).map(|block| {
            let parts = self.masked(block, ending, &mut rng);
            (block.len(), parts, self.layout.gap().start)
        });
        self.mean_loss(network, blocks.collect(), device).await
    }

    /// −log p of a word of the endings, in nats, of these texts under a causal network.
    ///
    /// # Errors
    ///
    /// Where the device fails.
    pub async fn ending_loss(&self, network: &Transformer, device: &Device) -> Result<f64, SessionError> {
        let all: Vec<usize> = (0..self.len()).collect();
        let blocks = all
            .chunks(LEVELS)
            .map(|block| (block.len(), self.endings(block), self.layout.gap().end - 1));
        self.mean_loss(network, blocks.collect(), device).await
    }

    async fn mean_loss(
        &self,
        network: &Transformer,
        blocks: Vec<(usize, Vec<Shard>, usize)>,
        device: &Device,
    ) -> Result<f64, SessionError> {
        let mut sum = 0.0;
        for (count, parts, from) in blocks {
            let whole = parts.into_iter().fold(Shard::default(), Shard::and);
            let loss = read(whole.loss(network, self.layout, from, device)).await;
            sum += count as f64 * f64::from(loss.map_err(SessionError::Device)?[0]);
        }
        Ok(sum / self.len() as f64)
    }
}

impl Pretraining<Transformer, Texts> {
    /// One iteration of masked diffusion: the gap's words are masked with probability t and said from
    /// what is left. Returns the negative ELBO of a place of the gap, in nats (MDLM, arXiv 2406.07524).
    ///
    /// # Errors
    ///
    /// Where the device fails.
    pub async fn unmask(&mut self) -> Result<f64, SessionError> {
        let mut rng = self.rng();
        let drawn = self.draw(&mut rng, self.examples.len(), self.recipe.batch);
        let parts = self.examples.masked(&drawn, Ending::Either, &mut rng);
        self.descend(parts, self.examples.layout.gap().start).await
    }

    /// One iteration of a causal network on the words of the endings, each from all before it.
    /// Returns the negative log-probability of a word, in nats.
    ///
    /// # Errors
    ///
    /// Where the device fails.
    pub async fn continue_endings(&mut self) -> Result<f64, SessionError> {
        let drawn = self.draw(&mut self.rng(), self.examples.len(), self.recipe.batch);
        let parts = self.examples.endings(&drawn);
        self.descend(parts, self.examples.layout.gap().end - 1).await
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
