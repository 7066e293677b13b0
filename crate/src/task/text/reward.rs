//! Rewards of stories: how well the ending follows, and what can be counted in the middle.

use super::problem::Reward as Wanted;
use super::words::{Reader, Vocabulary};
use crate::engine::ConfigError;
use crate::engine::host::read;
use crate::engine::parallel;
use crate::engine::process::{Rows, TokenChain, distinct};
use crate::engine::reward::{Answer, Ends, Reward, TextBlackBox};
use crate::network::{Seen, Transformer};
use crate::run::{Files, OUTSIDE};
use crate::task::bounded::at_most_one;
use burn::tensor::{Int, Tensor, activation};
use std::collections::HashSet;
use std::fmt;
use std::ops::Range;
use std::sync::Arc;

/// Texts that go through the network at once.
const BLOCK: usize = 64;

/// log r of stories, at most 0, floored. States are tokens, `[rows][length]`.
#[derive(Clone, Debug)]
pub struct StoryReward {
    wishes: Vec<Wish>,
    floor: f64,
    reader: Reader,
    /// Whether a token is a word, not a mark.
    is_word: Vec<bool>,
    teller: Option<Transformer>,
}

/// A compiled factor of a reward.
#[derive(Clone, Debug)]
enum Wish {
    Ending,
    Mention { words: Vec<usize>, penalty: f64 },
    Length { target: f64, deviation: f64 },
    Distinct { penalty: f64 },
    Outside(Outside),
}

/// A black box that is given stories.
#[derive(Clone)]
struct Outside {
    /// Its name in errors: the field, and the program.
    name: String,
    black_box: Arc<dyn TextBlackBox>,
}

impl fmt::Debug for Outside {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.debug_tuple("Outside").field(&self.name).finish()
    }
}

impl Outside {
    /// log r of stories, `[rows][length]`, at most 0.
    fn log_reward(&self, stories: &[f32], reader: &Reader) -> Result<Vec<f64>, String> {
        let text = |story: &[f32]| {
            let [beginning, middle, ending] = reader.parts(story);
            serde_json::json!({ "beginning": beginning, "middle": middle, "ending": ending }).to_string()
        };
        let texts: Vec<String> = stories.chunks_exact(reader.layout.length()).map(text).collect();
        at_most_one(&self.name, "a story", self.black_box.log_reward(&texts)?)
    }
}

impl Wish {
    /// The factors of a validated reward, which is the field of this name and a factor at this place.
    fn new(
        reward: &Wanted,
        (field, place): (&str, usize),
        vocabulary: &Vocabulary,
        files: &Files,
    ) -> Result<Vec<Self>, ConfigError> {
        let one = match reward {
            Wanted::Ending {} => Self::Ending,
            Wanted::Mention { words, penalty } => Self::Mention {
                words: known(words, field, vocabulary)?,
                penalty: *penalty,
            },
            &Wanted::Length { target, deviation } => Self::Length { target, deviation },
            &Wanted::Distinct { penalty } => Self::Distinct { penalty },
            Wanted::Command(command) => {
                let (field, name) = (format!("{field}.run"), command.run.join(" "));
                Self::Outside(Outside {
                    black_box: files.text_black_box(OUTSIDE[place], &field, &name)?,
                    name: format!("{field}: `{name}`"),
                })
            }
            Wanted::All { rewards } => {
                let part =
                    |(at, part)| Self::new(part, (&format!("{field}.rewards[{at}]"), at), vocabulary, files);
                let parts = rewards.iter().enumerate().map(part);
                let parts: Vec<Vec<Self>> = parts.collect::<Result<_, _>>()?;
                return Ok(parts.concat());
            }
        };
        Ok(vec![one])
    }
}

/// The numbers of this reward's words.
fn known(words: &[String], field: &str, vocabulary: &Vocabulary) -> Result<Vec<usize>, ConfigError> {
    let mut numbers = Vec::with_capacity(words.len());
    let mut unknown = Vec::new();
    for word in words {
        let encoded = vocabulary.encode(word);
        match encoded.tokens[..] {
            [number] if encoded.unknown.is_empty() => numbers.push(number),
            _ => unknown.push(format!("`{word}`")),
        }
    }
    if unknown.is_empty() {
        return Ok(numbers);
    }
    let allowed = format!("some of the {} words in the prior's vocabulary", vocabulary.len());
    Err(ConfigError::new(
        format!("{field}.words"),
        unknown.join(", "),
        allowed,
    ))
}

impl StoryReward {
    /// Compiles a validated reward of stories in the words and places of a prior; `teller`, of the same
    /// ones, says how likely an ending is, and `files` hold the programs.
    ///
    /// # Errors
    ///
    /// Where a word is not known, there is nobody to ask for the ending, or a program is missing.
    pub fn new(
        reward: &Wanted,
        floor: f64,
        reader: &Reader,
        teller: Option<Transformer>,
        files: &Files,
    ) -> Result<Self, ConfigError> {
        let vocabulary = &reader.vocabulary;
        if reward.asks_for_ending() && teller.is_none() {
            return Err(ConfigError::new(
                "reward.kind",
                "`ending`",
                "another reward, or give the weights of the ending's language model",
            ));
        }
        let words = (0..vocabulary.len()).map(|token| vocabulary.word(token));
        Ok(Self {
            wishes: Wish::new(reward, ("reward", 0), vocabulary, files)?,
            floor,
            reader: reader.clone(),
            is_word: words
                .map(|word| word.chars().any(char::is_alphanumeric))
                .collect(),
            teller,
        })
    }

    /// The language model that says how likely an ending is, where one is asked.
    pub(super) fn teller(&self) -> Option<&Transformer> {
        self.teller.as_ref()
    }

    /// log p(middle|beginning) by the language model of endings, one a row; none where there is no such model.
    pub(super) async fn log_prob_of_middles(&self, ends: &Ends<'_, TokenChain>) -> Result<Vec<f64>, String> {
        let gap = self.reader.layout.gap();
        match &self.teller {
            Some(network) => Self::log_probs(network, ends, (gap.start - 1, &gap)).await,
            None => Ok(Vec::new()),
        }
    }

    /// log p of the words at some places, each from all before it, one a row. Rows under one condition share the
    /// tokens before `known`, and the work on them.
    async fn log_probs(
        network: &Transformer,
        ends: &Ends<'_, TokenChain>,
        (known, places): (usize, &Range<usize>),
    ) -> Result<Vec<f64>, String> {
        let rows = ends.conditions.len();
        let mut log_probs = Vec::with_capacity(rows);
        for group in parallel::ranges(ends.device, rows, BLOCK) {
            let scored = parallel::map(group, |range| {
                let tokens = ends.states.some_rows(range.start, range.len());
                let shared = distinct(ends.conditions[range].iter().copied());
                log_prob(network, tokens, (known, places), shared)
            });
            log_probs.extend(read(Tensor::cat(scored, 0)).await?.into_iter().map(f64::from));
        }
        Ok(log_probs)
    }

    /// The words, without marks, of a story's middle.
    fn middle<'a>(&'a self, story: &'a [f32]) -> impl Iterator<Item = usize> + 'a {
        let tokens = story[self.reader.layout.gap()]
            .iter()
            .map(|token| *token as usize);
        // Before its last step a chain has tokens that are no words yet.
        tokens.filter(|token| {
            *token > Vocabulary::NOTHING && self.is_word.get(*token).copied().unwrap_or(false)
        })
    }

    /// log r of a middle by what can be counted in it.
    fn counted(&self, wish: &Wish, story: &[f32]) -> f64 {
        match wish {
            Wish::Ending | Wish::Outside(_) => 0.0,
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

    async fn sum(&self, ends: Ends<'_, TokenChain>) -> Result<Vec<f64>, String> {
        let endings = self
            .wishes
            .iter()
            .filter(|wish| matches!(wish, Wish::Ending))
            .count();
        let mut log_r = vec![0.0; ends.conditions.len()];
        if self.looks_at_middles() {
            let stories = ends.numbers().await?;
            for (sum, story) in log_r
                .iter_mut()
                .zip(stories.chunks_exact(self.reader.layout.length()))
            {
                *sum = self.wishes.iter().map(|wish| self.counted(wish, story)).sum();
            }
            for wish in &self.wishes {
                if let Wish::Outside(outside) = wish {
                    let answers = outside.log_reward(&stories, &self.reader)?;
                    log_r.iter_mut().zip(answers).for_each(|(sum, l)| *sum += l);
                }
            }
        }
        if let Some(network) = self.teller.as_ref().filter(|_| endings > 0) {
            let (gap, length) = (self.reader.layout.gap(), self.reader.layout.length());
            let log_probs = Self::log_probs(network, &ends, (gap.start, &(gap.end..length))).await?;
            for (sum, log_prob) in log_r.iter_mut().zip(log_probs) {
                *sum += endings as f64 * log_prob;
            }
        }
        Ok(log_r)
    }

    /// Whether middles are looked at on the host.
    fn looks_at_middles(&self) -> bool {
        self.wishes.iter().any(|wish| !matches!(wish, Wish::Ending))
    }
}

/// log p of the words at some places, each from all before it, `[rows]`. Of the rows, some are the first
/// with their tokens before `known`, and every row has those of one of these.
fn log_prob(
    network: &Transformer,
    tokens: Tensor<2, Int>,
    (known, places): (usize, &Range<usize>),
    (firsts, like): (Vec<usize>, Vec<usize>),
) -> Tensor<1> {
    let rows = tokens.dims()[0];
    let next = tokens.clone().narrow(1, places.start, places.len());
    let mut seen = match known {
        0 => Seen::default(),
        known => network
            .see(tokens.select_rows(&firsts).narrow(1, 0, known))
            .select_rows(&like),
    };
    // What is said after a token speaks of the next one.
    let asked = places.start - 1 - known..places.end - 1 - known;
    let rest = tokens.narrow(1, known, asked.end);
    let log_probs = activation::log_softmax(network.go_on(&mut seen, rest, asked), 2);
    let of_next: Tensor<2> = log_probs.gather(2, next.clone().unsqueeze_dim(2)).squeeze_dim(2);
    let nothing = next.equal_elem(Vocabulary::NOTHING as i32);
    of_next.mask_fill(nothing, 0.0).sum_dim(1).reshape([rows])
}

impl Reward<TokenChain> for StoryReward {
    fn log_reward<'a>(&'a self, ends: Ends<'a, TokenChain>) -> Answer<'a, Vec<f64>> {
        Box::pin(async move {
            let log_r = self.sum(ends).await?;
            Ok(log_r.into_iter().map(|l| l.max(self.floor)).collect())
        })
    }

    fn log_reward_unfloored<'a>(&'a self, ends: Ends<'a, TokenChain>) -> Answer<'a, Vec<f64>> {
        Box::pin(self.sum(ends))
    }

    fn log_bound(&self) -> Option<f64> {
        Some(0.0)
    }

    fn looks_on_host(&self) -> bool {
        self.looks_at_middles()
    }
}
