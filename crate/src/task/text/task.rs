//! The task of stories: a middle under a language model that knows the beginning, and a reward of it.
//!
//! The exact posterior is what weights make of many middles of the prior's own chain.

use super::problem::{Corpus, Story};
use super::words::{MISREAD, Reader, TextError, Vocabulary, named};
use super::{Infilling, InfillingPrior, LanguageModel, StoryReward, TextProblem};
use crate::engine::Conditions;
use crate::engine::learner::Task;
use crate::engine::noise::{Noise, Purpose};
use crate::engine::process::{Absorbing, Autoregressive, Prior, Process, Sequence, TokenChain};
use crate::engine::reward::Reward;
use crate::engine::rollout::{Chains, Drawn, Replay};
use crate::engine::sampler::Setting;
use crate::engine::{ConfigError, EngineError};
use crate::network::Transformer;
use crate::run::{Files, Run};
use crate::task::opened::prior_network;
use burn::tensor::{Device, Tensor};

/// Most middles of the prior that trajectories are noised back from, and how many of them an iteration
/// adds: a run starts at once, and what it has at an iteration does not depend on time.
const GIVEN: usize = 1024;
const GIVEN_AN_ITERATION: usize = 16;
/// The same of each story of a corpus, once it takes part.
const GIVEN_OF_EACH: usize = 32;

/// A story's state is its tokens, `[length]`. The posterior is the prior's network with low-rank
/// corrections, or a whole copy of it, which sees the ending where the reward asks for it.
pub struct TextTask {
    /// The run it was opened for.
    pub run: Run,
    /// What it is about.
    pub problem: TextProblem,
    /// What it is computed on.
    pub device: Device,
    pub(super) prior: InfillingPrior,
    pub(super) reader: Reader,
    /// Words of the story that are not known.
    unknown: Vec<String>,
    pub(super) reward: StoryReward,
    /// The first stories of the prior's own chain, `[made][length]`, and their log r, floored and not
    /// tempered.
    pub(super) proposals: Vec<f32>,
    pub(super) log_r: Vec<f64>,
    /// Stories that trajectories may be noised back from, so far.
    given: usize,
}

impl TextTask {
    /// The task of a run on a device.
    ///
    /// # Errors
    ///
    /// Where the run, its story, the file of the prior or that of the reward's network is refused.
    pub fn open(run: Run, device: Device, files: &Files) -> Result<Self, EngineError> {
        run.validate()?;
        let problem = TextProblem::of(&run)?.clone();
        let LanguageModel { network, reader } =
            prior_network(&run, files, |file| LanguageModel::read(file, &device))?;
        let stories = match (&problem.story, &problem.corpus) {
            (Some(story), _) => vec![story_tokens(story, &reader)?],
            (None, Some(corpus)) => corpus_tokens(corpus, files, &reader)?,
            (None, None) => Vec::new(),
        };
        let sequence = Sequence::new(reader.vocabulary.len(), stories, reader.layout.gap())?;
        let chain = chain(&network, run.process.steps, sequence);
        let infilling = Infilling::new(chain, &reader.vocabulary, run.process.temperature);
        let teller = problem
            .reward
            .asks_for_ending()
            .then(|| teller(files, &reader, &device))
            .transpose()?;
        let reward = StoryReward::new(&problem.reward, run.tempering.floor, &reader, teller, files)?;
        let parts = problem.story.iter();
        let parts = parts.flat_map(|story| [story.beginning.as_str(), &story.ending]);
        Ok(Self {
            prior: InfillingPrior::new(network, infilling),
            unknown: reader.vocabulary.unknown(parts),
            reader,
            reward,
            proposals: Vec::new(),
            log_r: Vec::new(),
            given: 0,
            device,
            run,
            problem,
        })
    }

    /// The noise of the run.
    pub(super) fn noise(&self) -> Noise {
        Noise::new(self.run.seed)
    }

    /// The words that the prior knows, and where the parts of a story stand.
    pub fn reader(&self) -> &Reader {
        &self.reader
    }

    /// Words of the story's beginning and ending that the prior does not know.
    pub fn unknown(&self) -> &[String] {
        &self.unknown
    }

    /// The field of the story with words that the prior does not know, and these words.
    pub(super) fn misread(&self) -> Option<ConfigError> {
        let story = self.problem.story.as_ref()?;
        let parts = [
            ("story.beginning", &story.beginning),
            ("story.ending", &story.ending),
        ];
        let refused = parts.into_iter().map(|(field, text)| {
            let unknown = self.reader.vocabulary.unknown([text.as_str()]);
            let refusal = || ConfigError::new(field, named(&unknown), format!("other words: {MISREAD}"));
            (!unknown.is_empty()).then(refusal)
        });
        refused.flatten().next()
    }

    /// The middle of a corpus' story as it was told, without what stands for nothing.
    pub fn told(&self, condition: usize) -> Vec<usize> {
        let sequence = self.prior.chain().sequence();
        sequence.given(condition)[sequence.gap()]
            .iter()
            .copied()
            .filter(|t| *t != Vocabulary::NOTHING)
            .collect()
    }

    /// The stories of a corpus as they were told, `[conditions][length]`.
    pub fn stories_told(&self) -> Vec<f32> {
        let sequence = self.prior.chain().sequence();
        let stories = (0..self.run.conditions()).flat_map(|condition| sequence.given(condition));
        stories.map(|token| *token as f32).collect()
    }

    /// The same task of other stories, `[length]` each, in place of its corpus.
    pub(super) fn of_stories(&self, stories: Vec<Vec<usize>>) -> Result<Self, ConfigError> {
        let mut run = self.run.clone();
        let problem = TextProblem::of_mut(&mut run)?;
        if let Some(corpus) = &mut problem.corpus {
            corpus.stories = stories.len();
        }
        let problem = problem.clone();
        let network = self.prior.network().clone();
        let gap = self.reader.layout.gap();
        let sequence = Sequence::new(self.reader.vocabulary.len(), stories, gap)?;
        let infilling = Infilling {
            chain: chain(&network, run.process.steps, sequence),
            ..self.prior.infilling().clone()
        };
        Ok(Self {
            prior: InfillingPrior::new(network, infilling),
            reader: self.reader.clone(),
            unknown: Vec::new(),
            reward: self.reward.clone(),
            proposals: Vec::new(),
            log_r: Vec::new(),
            given: 0,
            device: self.device.clone(),
            run,
            problem,
        })
    }

    /// The task as training-free methods see it, for which there is one story.
    pub fn setting(&self) -> Setting<'_, TokenChain, InfillingPrior> {
        Setting {
            process: self.prior.chain(),
            prior: &self.prior,
            reward: &self.reward,
            beta: self.run.tempering.beta,
            noise: self.noise(),
            device: &self.device,
        }
    }

    /// log p_φ − log p_θ of every token in the gap of trajectories, when it was made,
    /// `[rows, gap]`.
    pub fn moved(&self, drawn: &Drawn<TokenChain>) -> Tensor<2> {
        let chain = self.prior.chain();
        let prior = self
            .prior
            .kernels(drawn.conditions(), &drawn.states[..chain.steps()]);
        let of_step = |step: usize| {
            let states = [step, step + 1].map(|at| &drawn.states[at]);
            chain.moved(step, states, &drawn.posterior()[step], &prior[step])
        };
        let steps = (0..chain.steps()).map(of_step);
        steps.reduce(|a, b| a + b).expect("a chain has at least one step")
    }
}

/// The chain that fits a network.
fn chain(network: &Transformer, steps: usize, sequence: Sequence) -> TokenChain {
    match network.is_causal() {
        true => TokenChain::Autoregressive(Autoregressive { sequence }),
        false => TokenChain::Absorbing(Absorbing { steps, sequence }),
    }
}

/// The tokens of a story whose middle is missing; what is wrong with it is said of its field.
fn story_tokens(story: &Story, reader: &Reader) -> Result<Vec<usize>, ConfigError> {
    let (beginning, ending) = (story.beginning.as_str(), story.ending.as_str());
    reader
        .layout
        .tokens(&reader.vocabulary, [beginning, "", ending])
        .map_err(|error| match error {
            TextError::Length { name, tokens, most } => ConfigError::new(
                format!("story.{name}"),
                format!("{tokens} words and punctuation marks"),
                format!("at most {most}, the length that the prior was trained for"),
            ),
            TextError::Empty => ConfigError::missing("story", "a beginning or an ending"),
            other => ConfigError::new("story", "this text", other.to_string()),
        })
}

/// The tokens of a corpus' stories, their middles as they were told.
fn corpus_tokens(corpus: &Corpus, files: &Files, reader: &Reader) -> Result<Vec<Vec<usize>>, ConfigError> {
    let file = files.get("corpus").unwrap_or_default();
    let text = std::str::from_utf8(file).map_err(|error| {
        let allowed = format!("a text file in UTF-8 ({error})");
        ConfigError::new("corpus.file", format!("`{}`", corpus.file), allowed)
    })?;
    let stories: Vec<_> = reader.stories(text).take(corpus.stories).collect();
    if stories.len() < corpus.stories {
        let allowed = format!(
            "at most {}, the number of stories in `{}` that fit the prior",
            stories.len(),
            corpus.file
        );
        return Err(ConfigError::new("corpus.stories", corpus.stories, allowed));
    }
    Ok(stories)
}

/// The network that says how likely an ending is.
fn teller(files: &Files, reader: &Reader, device: &Device) -> Result<Transformer, EngineError> {
    let file = files
        .get("reward")
        .ok_or_else(|| "its file of weights is missing".to_owned());
    let model = file.and_then(|file| LanguageModel::read(file, device));
    model
        .and_then(|model| {
            if !model.network.is_causal() {
                Err("its attention goes both ways, but the reward needs a causal language model".to_owned())
            } else if model.reader != *reader {
                Err("its vocabulary or text length differs from the prior's".to_owned())
            } else {
                Ok(model.network)
            }
        })
        .map_err(|why| EngineError::Weights(format!("the reward's network: {why}")))
}

impl Task for TextTask {
    type Process = TokenChain;
    type Prior = InfillingPrior;
    type Policy = Infilling;

    const CHUNK: usize = 16;
    const PICTURED: usize = 8;
    const PICTURED_STEPS: usize = 41;

    fn device(&self) -> &Device {
        &self.device
    }

    fn chains(&self) -> Chains<TokenChain, InfillingPrior, Infilling> {
        let policy = Infilling {
            shows_ending: self.problem.reward.asks_for_ending(),
            ..self.prior.infilling().clone()
        };
        Chains {
            process: policy.chain.clone(),
            policy,
            prior: self.prior.clone(),
            device: self.device.clone(),
        }
    }

    fn network(&self, noise: &Noise) -> Transformer {
        let network = self.prior.network().clone();
        match self.run.network.rank {
            0 => network,
            rank => network.adapted(rank, noise, &self.device),
        }
    }

    fn reward(&self) -> Box<dyn Reward<TokenChain>> {
        Box::new(self.reward.clone())
    }

    fn conditions(&self) -> Conditions {
        Conditions {
            count: self.run.conditions(),
            at_once: self.run.conditions_at_once(),
        }
    }

    /// Stories of the prior, more of them with every iteration, without those whose log r is floored. Of a
    /// corpus, those of the stories that take part for the first time.
    async fn give(
        &mut self,
        iteration: usize,
        conditions: &[usize],
        given: &mut [Replay],
    ) -> Result<(), EngineError> {
        let count = self.run.conditions();
        let numbers: Vec<usize> = if self.problem.corpus.is_some() {
            let new = conditions
                .iter()
                .filter(|condition| given[**condition].is_empty());
            let of = |condition: &usize| {
                let condition = *condition;
                (0..GIVEN_OF_EACH).map(move |turn| condition + turn * count)
            };
            new.flat_map(of).collect()
        } else {
            let before = self.given;
            self.given = before.max((GIVEN_AN_ITERATION * (iteration + 1)).min(GIVEN));
            (before..self.given).collect()
        };
        if numbers.is_empty() {
            return Ok(());
        }
        let (stories, log_r) = self.numbered(Purpose::GivenPriorSamples, &numbers).await?;
        let floor = self.run.tempering.floor;
        let stories = stories.chunks_exact(self.reader.layout.length());
        for ((number, story), log_r) in numbers.iter().zip(stories).zip(log_r) {
            if log_r > floor {
                given[number % count].push(story, log_r);
            }
        }
        Ok(())
    }
}
