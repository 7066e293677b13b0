//! Rewards of stories: how well the ending follows, and what can be counted in the middle.

use crate::config::{ConfigError, Reward, Task};
use crate::host::read;
use crate::network::{Seen, Transformer};
use crate::parallel;
use crate::process::{Rows, distinct};
use crate::text::{Layout, Reader, Vocabulary};
use crate::train::{Answer, EndReward};
use burn::tensor::{Device, Int, Tensor, TensorData, activation};
use std::collections::HashSet;
use std::ops::Range;

/// Texts that go through the network at once.
const BLOCK: usize = 64;

/// log r of stories, at most 0, floored. States are tokens, `[rows][length]`.
#[derive(Clone, Debug)]
pub struct StoryLogReward {
    wishes: Vec<Wish>,
    floor: f64,
    layout: Layout,
    /// Whether a token is a word, not a mark.
    is_word: Vec<bool>,
    teller: Option<Transformer>,
    device: Device,
}

/// A compiled factor of a reward.
#[derive(Clone, Debug)]
enum Wish {
    Ending,
    Mention { words: Vec<usize>, penalty: f64 },
    Length { target: f64, deviation: f64 },
    Distinct { penalty: f64 },
}

impl Wish {
    fn new(reward: &Reward, vocabulary: &Vocabulary) -> Result<Self, ConfigError> {
        Ok(match reward {
            Reward::Ending {} => Self::Ending,
            Reward::Mention { words, penalty } => Self::Mention {
                words: words
                    .iter()
                    .map(|word| known(word, vocabulary))
                    .collect::<Result<_, _>>()?,
                penalty: *penalty,
            },
            &Reward::Length { target, deviation } => Self::Length { target, deviation },
            &Reward::Distinct { penalty } => Self::Distinct { penalty },
            _ => return Err(reward.foreign("reward.kind", Task::Stories)),
        })
    }
}

/// The number of a word.
fn known(word: &str, vocabulary: &Vocabulary) -> Result<usize, ConfigError> {
    let encoded = vocabulary.encode(word);
    match encoded.tokens[..] {
        [token] if encoded.unknown.is_empty() => Ok(token),
        _ => Err(ConfigError::new(
            "reward.words",
            format!("`{word}`"),
            format!("one of the {} words that the prior knows", vocabulary.len()),
        )),
    }
}

impl StoryLogReward {
    /// Compiles a validated reward of stories in the words and places of a prior; `teller`, of the same
    /// ones, says how likely an ending is.
    ///
    /// # Errors
    ///
    /// Where the reward is one of another task, a word is not known, or there is nobody to ask for
    /// the ending.
    pub fn new(
        reward: &Reward,
        floor: f64,
        reader: &Reader,
        teller: Option<Transformer>,
        device: Device,
    ) -> Result<Self, ConfigError> {
        let vocabulary = &reader.vocabulary;
        let parts = match reward {
            Reward::All { rewards } => rewards.as_slice(),
            one => std::slice::from_ref(one),
        };
        if reward.asks_for_ending() && teller.is_none() {
            return Err(ConfigError::new(
                "reward.kind",
                "`ending`",
                "a reward for which there is a network",
            ));
        }
        let wishes: Result<_, ConfigError> = parts.iter().map(|part| Wish::new(part, vocabulary)).collect();
        let words = (0..vocabulary.len()).map(|token| vocabulary.word(token));
        Ok(Self {
            wishes: wishes?,
            floor,
            layout: reader.layout,
            is_word: words
                .map(|word| word.chars().any(char::is_alphanumeric))
                .collect(),
            teller,
            device,
        })
    }

    /// log p(ending|beginning, middle), one a row.
    async fn endings(&self, network: &Transformer, states: &[f32]) -> Result<Vec<f64>, String> {
        let (length, gap) = (self.layout.length(), self.layout.gap());
        let rows = states.len() / length;
        let mut log_probs = Vec::with_capacity(rows);
        for group in parallel::ranges(&self.device, rows, BLOCK) {
            let scored = parallel::map(group, |range| {
                let rows = range.len();
                let states = &states[range.start * length..range.end * length];
                let tokens = TensorData::new(states.to_vec(), [rows, length]);
                let tokens = Tensor::<2>::from_data(tokens, &self.device).int();
                let beginnings = states.chunks_exact(length).map(|story| &story[..gap.start]);
                log_prob(network, tokens, &gap, distinct(beginnings))
            });
            log_probs.extend(read(Tensor::cat(scored, 0)).await?.into_iter().map(f64::from));
        }
        Ok(log_probs)
    }

    /// The words, without marks, of a story's middle.
    fn middle<'a>(&'a self, story: &'a [f32]) -> impl Iterator<Item = usize> + 'a {
        let tokens = story[self.layout.gap()].iter().map(|token| *token as usize);
        // Before its last step a chain has tokens that are no words yet.
        tokens.filter(|token| {
            *token > Vocabulary::NOTHING && self.is_word.get(*token).copied().unwrap_or(false)
        })
    }

    /// log r of a middle by what can be counted in it.
    fn counted(&self, wish: &Wish, story: &[f32]) -> f64 {
        match wish {
            Wish::Ending => 0.0,
            Wish::Mention { words, penalty } => {
                let said: HashSet<usize> = self.middle(story).collect();
                -penalty * words.iter().filter(|word| !said.contains(word)).count() as f64
            }
            Wish::Length { target, deviation } => {
                -0.5 * ((self.middle(story).count() as f64 - target) / deviation).powi(2)
            }
            Wish::Distinct { penalty } => {
                let said: HashSet<usize> = self.middle(story).collect();
                -penalty * (self.middle(story).count() - said.len()) as f64
            }
        }
    }

    async fn sum(&self, states: &[f32]) -> Result<Vec<f64>, String> {
        let mut log_r: Vec<f64> = states
            .chunks_exact(self.layout.length())
            .map(|story| self.wishes.iter().map(|wish| self.counted(wish, story)).sum())
            .collect();
        let endings = self
            .wishes
            .iter()
            .filter(|wish| matches!(wish, Wish::Ending))
            .count();
        if let Some(network) = self.teller.as_ref().filter(|_| endings > 0) {
            let log_probs = self.endings(network, states).await?;
            for (sum, log_prob) in log_r.iter_mut().zip(log_probs) {
                *sum += endings as f64 * log_prob;
            }
        }
        Ok(log_r)
    }
}

/// log p of the words after the gap, each from all before it, `[rows]`. Of the rows, some are the first
/// with their beginning, and every row has the beginning of one of these.
fn log_prob(
    network: &Transformer,
    tokens: Tensor<2, Int>,
    gap: &Range<usize>,
    (firsts, like): (Vec<usize>, Vec<usize>),
) -> Tensor<1> {
    let [rows, length] = tokens.dims();
    let next = tokens.clone().narrow(1, gap.end, length - gap.end);
    let mut seen = match gap.start {
        0 => Seen::default(),
        start => network
            .see(tokens.select_rows(&firsts).narrow(1, 0, start))
            .select_rows(&like),
    };
    let rest = tokens.narrow(1, gap.start, length - 1 - gap.start);
    let asked = gap.len() - 1..length - 1 - gap.start;
    let log_probs = activation::log_softmax(network.go_on(&mut seen, rest, asked), 2);
    let of_next: Tensor<2> = log_probs.gather(2, next.clone().unsqueeze_dim(2)).squeeze_dim(2);
    let nothing = next.equal_elem(Vocabulary::NOTHING as i32);
    of_next.mask_fill(nothing, 0.0).sum_dim(1).reshape([rows])
}

impl EndReward for StoryLogReward {
    fn log_reward<'a>(&'a self, states: &'a [f32]) -> Answer<'a, Vec<f64>> {
        Box::pin(async move {
            let log_r = self.sum(states).await?;
            Ok(log_r.into_iter().map(|l| l.max(self.floor)).collect())
        })
    }

    fn log_reward_unfloored<'a>(&'a self, states: &'a [f32]) -> Answer<'a, Vec<f64>> {
        Box::pin(self.sum(states))
    }

    fn log_bound(&self) -> Option<f64> {
        Some(0.0)
    }
}
