//! Ways to fill the gaps of stories.

use crate::program::assets;
use crate::program::error::ProgramError;
use crate::program::outside::Permission;
use burn::tensor::Device;
use pollster::block_on;
use rtb::engine::EngineError;
use rtb::engine::train::examples::{Pretraining, Recipe};
use rtb::run::{Preset, Run};
use rtb::session::Session;
use rtb::task::text::train::Texts;
use rtb::task::text::{Corpus, LanguageModel, StoryFit, TextProblem, TextTask};
use std::time::Instant;

/// Supervised fine-tuning goes at a small rate, since there are few texts.
const TUNING_RATE: f64 = 5e-4;
const TUNING_BATCH: usize = 64;
const TUNING_EMA: f64 = 0.9;

/// What makes the middles.
#[derive(Clone)]
enum How {
    Told,
    Prior,
    /// Taken from so many samples of the prior for a story.
    Resampled(usize),
    /// The network of a posterior, before training where there are no weights.
    Posterior(Option<Vec<u8>>),
}

/// A method with a seed.
#[derive(Clone)]
pub struct Entrant {
    pub method: String,
    run: Run,
    /// The prior's file.
    pub prior: Vec<u8>,
    how: How,
}

/// The middles of a method, and their figures.
pub struct Made {
    pub method: String,
    pub seed: u64,
    pub fit: StoryFit,
    /// Seconds for a thousand middles; none where nothing was made.
    pub seconds: Option<f64>,
    /// All stories with their parts, and log r.
    pub stories: Vec<(String, f64)>,
}

impl Made {
    /// Mean log r, not tempered: runs may differ in β.
    pub fn log_reward(&self) -> f64 {
        let sum: f64 = self.stories.iter().map(|(_, log_r)| log_r).sum();
        sum / self.stories.len() as f64
    }
}

impl Entrant {
    /// The posterior of a run, whose name is the method's.
    pub fn trained(run: Run, prior: Vec<u8>, weights: Vec<u8>) -> Self {
        Self {
            method: run.name.clone(),
            run,
            prior,
            how: How::Posterior(Some(weights)),
        }
    }

    /// The shipped prior of masked words, above a corpus.
    pub fn of_shipped_prior(data: &str) -> Result<Self, ProgramError> {
        let mut run = Preset::find("stories-each")?.run;
        let problem = TextProblem::of_mut(&mut run)?;
        problem.corpus = Some(Corpus {
            file: data.to_owned(),
            ..Corpus::default()
        });
        Ok(Self {
            prior: assets::weights("prior.weights", &problem.prior.weights)?,
            method: run.name.clone(),
            run,
            how: How::Posterior(None),
        })
    }

    /// The middles as they were told.
    pub fn told(&self) -> Self {
        Self {
            method: "told by people".to_owned(),
            how: How::Told,
            ..self.clone()
        }
    }

    /// The methods that need only its prior: they choose in proportion to the run's r^β, or not at all.
    pub fn untrained(&self, seed: u64, proposals: usize) -> Vec<Self> {
        let name = self.run.file("prior").unwrap_or_default();
        let power = match self.run.tempering.beta {
            1.0 => String::new(),
            beta => format!(", β = {beta}"),
        };
        let entrant = |method: String, how| Self {
            method,
            how,
            run: Run {
                seed,
                ..self.run.clone()
            },
            ..self.clone()
        };
        vec![
            entrant(format!("{name}, beginning"), How::Prior),
            entrant(format!("{name}, beginning and ending"), How::Posterior(None)),
            entrant(
                format!("{name}, one of {proposals} by importance{power}"),
                How::Resampled(proposals),
            ),
        ]
    }

    /// Its prior's network after supervised fine-tuning on the first stories of a text.
    pub fn tuned(
        &self,
        text: &[u8],
        count: usize,
        (seed, iterations): (u64, usize),
        device: Device,
    ) -> Result<Self, ProgramError> {
        let LanguageModel { network, reader } =
            LanguageModel::read(&self.prior, &device).map_err(EngineError::Weights)?;
        let text = String::from_utf8_lossy(text);
        let tokens: Vec<_> = reader.stories(&text).take(count).collect();
        let learned = tokens.len();
        let texts = Texts::new(reader.layout, &reader.vocabulary, tokens)
            .ok_or_else(|| ProgramError::Data("every story is too long for the prior".to_owned()))?;
        let recipe = Recipe {
            iterations,
            batch: TUNING_BATCH,
            learning_rate: TUNING_RATE,
            ema: TUNING_EMA,
            seed,
        };
        let mut training = Pretraining::new(network, texts, recipe, device).map_err(EngineError::from)?;
        while !training.finished() {
            block_on(training.fill())?;
        }
        let model = LanguageModel {
            network: training.network().clone(),
            reader,
        };
        Ok(Self {
            method: format!("supervised fine-tuning on {learned}"),
            prior: block_on(model.file()).map_err(EngineError::Device)?,
            run: Run {
                seed,
                ..self.run.clone()
            },
            how: How::Posterior(None),
        })
    }

    /// Words of the first stories of a corpus that its prior does not know, each once.
    pub fn unknown(&self, corpus: &[u8], count: usize, device: &Device) -> Result<Vec<String>, ProgramError> {
        let LanguageModel { reader, .. } =
            LanguageModel::read(&self.prior, device).map_err(EngineError::Weights)?;
        let text = String::from_utf8_lossy(corpus);
        let fitting = text.lines().filter(|line| reader.stories(line).next().is_some());
        Ok(reader.vocabulary.unknown(fitting.take(count)))
    }

    pub fn title(&self) -> String {
        format!("{}, seed {}", self.method, self.run.seed)
    }

    /// Fills the gaps of the first stories of a corpus, one middle each.
    pub fn fill(&self, corpus: &[u8], count: usize, device: Device) -> Result<Made, ProgramError> {
        let mut run = self.run.clone();
        if let Some(corpus) = &mut TextProblem::of_mut(&mut run)?.corpus {
            corpus.stories = count;
        }
        let files = assets::files_beside(&run, &Permission::default(), |need| {
            Ok(match need.role {
                "corpus" => corpus.to_vec(),
                _ => self.prior.clone(),
            })
        })?;
        let weights = match &self.how {
            How::Posterior(weights) => weights.as_deref(),
            _ => None,
        };
        let mut session = block_on(Session::open(run, device, &files, weights))?;
        let begun = Instant::now();
        let samples = match &self.how {
            How::Posterior(_) => Some(block_on(session.samples(count, 1))?),
            _ => None,
        };
        let task: &mut TextTask = session.task().expect("a corpus is of stories");
        let stories = match (&self.how, samples) {
            (_, Some(samples)) => samples,
            (How::Told, None) => task.stories_told(),
            (How::Resampled(proposals), None) => {
                block_on(task.grow(count * proposals))?;
                task.resampled()
            }
            (_, None) => {
                block_on(task.grow(count))?;
                task.prior_samples().to_vec()
            }
        };
        let seconds = 1e3 * begun.elapsed().as_secs_f64() / count as f64;
        self.made(task, &stories, seconds)
    }

    fn made(&self, task: &TextTask, stories: &[f32], seconds: f64) -> Result<Made, ProgramError> {
        let log_r = block_on(task.log_reward(stories))?;
        Ok(Made {
            method: self.method.clone(),
            seed: self.run.seed,
            fit: block_on(task.measured(stories))?,
            seconds: (!matches!(self.how, How::Told)).then_some(seconds),
            stories: task.reader().wholes(stories).into_iter().zip(log_r).collect(),
        })
    }
}
