//! What a run of stories is about: a language model as prior, a story or a corpus of them, a reward of
//! middles.

use super::words::words;
use crate::engine::ConfigError;
use crate::engine::check::{Checked, positive, range, whole};
use crate::run::{
    Command, Evaluation, FileKind, FileNeed, LogZ, MOST_FACTORS, OUTSIDE, Objective, Optimizer, Problem,
    Process, Rollout, Run, Tempering, Training,
};
use crate::task::network_prior::NetworkPrior;
use serde::{Deserialize, Serialize};

/// Most words that are looked for.
const MOST_WORDS: usize = 8;
/// Fewest trajectories of a story in an iteration: their mean is its log Z.
const LEAST_GROUP: usize = 2;

/// Prior and reward of the middles of stories.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "native", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct TextProblem {
    /// One story whose middle is missing, in place of `corpus`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub story: Option<Story>,
    /// Many stories whose middles are missing, in place of `story`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub corpus: Option<Corpus>,
    /// The prior p(x): a language model.
    pub prior: NetworkPrior,
    /// The reward r(x) of a middle x.
    pub reward: Reward,
}

impl Default for TextProblem {
    fn default() -> Self {
        Self {
            story: Some(story()),
            corpus: None,
            prior: NetworkPrior::new("prior-stories"),
            reward: Reward::Ending {},
        }
    }
}

impl TextProblem {
    /// The problem of a run of stories.
    ///
    /// # Errors
    ///
    /// Where the run is about something else.
    pub fn of(run: &Run) -> Result<&Self, ConfigError> {
        run.problem.get().ok_or_else(|| super::other_task(run))
    }

    /// The same to change.
    ///
    /// # Errors
    ///
    /// Where the run is about something else.
    pub fn of_mut(run: &mut Run) -> Result<&mut Self, ConfigError> {
        let refused = super::other_task(run);
        run.problem.get_mut().ok_or(refused)
    }

    /// The story or the corpus; how long a story may be is up to the prior's network.
    fn validate_stories(&self, batch: usize) -> Checked {
        let story = match (&self.story, &self.corpus) {
            (Some(story), None) => story,
            (None, Some(corpus)) => return corpus.validate(batch),
            (None, None) => {
                return Err(ConfigError::missing(
                    "story",
                    "a story with a beginning and an ending, or a corpus",
                ));
            }
            (Some(_), Some(_)) => {
                return Err(ConfigError::new(
                    "corpus",
                    "a corpus together with a story",
                    "one of the two",
                ));
            }
        };
        for (field, text) in [
            ("story.beginning", &story.beginning),
            ("story.ending", &story.ending),
        ] {
            whole(&format!("the length of {field}"), text.chars().count(), 0, 2000)?;
        }
        if story.ending.trim().is_empty() && self.reward.asks_for_ending() {
            return Err(ConfigError::missing(
                "story.ending",
                "an ending, as the reward scores it",
            ));
        }
        Ok(())
    }
}

impl Problem for TextProblem {
    fn task(&self) -> &'static str {
        super::NAME
    }

    fn validate(&self, run: &Run) -> Checked {
        self.prior.validate(super::NAME, run)?;
        self.validate_stories(run.rollout.batch)?;
        // In an iteration only some stories take part, and a parameter of each would not keep up.
        if self.corpus.is_some() && run.objective.log_z == LogZ::Learned {
            return Err(ConfigError::new(
                "objective.log_z",
                "`learned`",
                "`vargrad`, as the run has a corpus",
            ));
        }
        self.reward.validate("reward")
    }

    fn files(&self) -> Vec<FileNeed<'_>> {
        let mut files = vec![self.prior.file()];
        files.extend(self.reward.asks_for_ending().then_some(FileNeed {
            role: "reward",
            name: "reward-stories",
            field: "the network of the reward",
            kind: FileKind::ShippedWeights,
        }));
        for (factor, role) in self.reward.factors().iter().zip(OUTSIDE) {
            if let Reward::Command(command) = factor {
                files.push(FileNeed {
                    role,
                    name: command.program(),
                    field: "reward.run",
                    kind: FileKind::TextCommand(command),
                });
            }
        }
        files.extend(self.corpus.as_ref().map(|corpus| FileNeed {
            role: "corpus",
            name: &corpus.file,
            field: "corpus.file",
            kind: FileKind::Corpus {
                held_out: corpus.part == Part::HeldOut,
            },
        }));
        files
    }

    fn conditions(&self) -> usize {
        self.corpus.as_ref().map_or(1, |corpus| corpus.stories)
    }

    fn conditions_at_once(&self, batch: usize) -> usize {
        let of_corpus = |corpus: &Corpus| (batch / corpus.group).min(corpus.stories);
        self.corpus.as_ref().map_or(1, of_corpus)
    }

    fn least_batch(&self) -> usize {
        self.corpus.as_ref().map_or(2, |corpus| corpus.group)
    }

    fn why_several(&self) -> &'static str {
        "there is one posterior per story of the corpus"
    }

    fn starts_at_prior(&self, _run: &Run) -> bool {
        !self.reward.asks_for_ending()
    }

    fn without_langevin(&self) -> Option<&'static str> {
        Some("false: stories have no gradient")
    }
}

/// One story whose middle is missing.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "native", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, default)]
pub struct Story {
    /// The text before the middle. The prior sees only this.
    pub beginning: String,
    /// The text after the middle. The reward `ending` needs it.
    pub ending: String,
}

/// Many stories whose middles are missing. One network learns the posteriors of all: it is amortised over
/// them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "native", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, default)]
pub struct Corpus {
    /// The corpus: `stories` (from the folder `$RTB_DATA`), or a file with one story per line. The fourth of a
    /// story's five sentences is its middle.
    pub file: String,
    /// Which of the corpus's stories are used.
    pub part: Part,
    /// Number of stories: the first ones that fit into the prior's length. Each gets a posterior.
    pub stories: usize,
    /// Trajectories of each story in an iteration. An iteration takes `rollout.batch / group` stories, all of
    /// them in turn.
    pub group: usize,
}

/// A part of a corpus. A hash of a story's words holds one story in twenty out. No run learns from the
/// middles of the corpus itself.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "native", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Part {
    /// The stories that are not held out.
    #[default]
    Train,
    /// The stories that are held out, one in twenty. `rtb infill` measures on the first of them.
    HeldOut,
}

impl Default for Corpus {
    fn default() -> Self {
        Self {
            file: "stories".to_owned(),
            part: Part::default(),
            stories: 500,
            group: 8,
        }
    }
}

impl Corpus {
    fn validate(&self, batch: usize) -> Checked {
        if self.file.is_empty() {
            let allowed = "`stories`, or a file with one story per line";
            return Err(ConfigError::missing("corpus.file", allowed));
        }
        whole("corpus.stories", self.stories, 1, 100_000)?;
        whole("corpus.group", self.group, LEAST_GROUP, 10_000)?;
        if (LEAST_GROUP..self.group).contains(&batch) {
            return Err(ConfigError::new(
                "corpus.group",
                self.group,
                format!(
                    "a whole number from {LEAST_GROUP} to {batch}, which is rollout.batch, or a larger rollout.batch"
                ),
            ));
        }
        Ok(())
    }
}

/// The reward r(x), at most 1.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "native", derive(schemars::JsonSchema))]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum Reward {
    /// A causal language model's p(ending|beginning, middle).
    Ending {},
    /// exp(−penalty) for each wanted word that the middle lacks.
    Mention {
        /// The wanted words.
        words: Vec<String>,
        /// Decrease of log r for each missing word.
        penalty: f64,
    },
    /// A Gaussian of the middle's number of words.
    Length {
        /// The wanted number of words; punctuation does not count.
        target: f64,
        /// Standard deviation of the Gaussian, in words.
        deviation: f64,
    },
    /// exp(−penalty) for each word of the middle that repeats an earlier one.
    Distinct {
        /// Decrease of log r for each repeated word.
        penalty: f64,
    },
    /// A program that is given stories and answers with log r, at most 0. A batch is a line with a JSON array of objects
    /// with the texts `beginning`, `middle` and `ending`, and its answer a line with an array of numbers.
    Command(Command),
    /// The product of several rewards.
    All {
        /// The factors. None may be `all`.
        rewards: Vec<Reward>,
    },
}

/// The kinds of [`Reward`], as in the TOML file.
pub const REWARDS: &[&str] = &["ending", "mention", "length", "distinct", "command", "all"];

impl Reward {
    /// The name of its kind, as in the TOML file.
    pub fn kind(&self) -> &'static str {
        match self {
            Reward::Ending {} => "ending",
            Reward::Mention { .. } => "mention",
            Reward::Length { .. } => "length",
            Reward::Distinct { .. } => "distinct",
            Reward::Command(_) => "command",
            Reward::All { .. } => "all",
        }
    }

    /// Its factors, where it is a product, and itself where it is none.
    fn factors(&self) -> &[Reward] {
        match self {
            Reward::All { rewards } => rewards,
            one => std::slice::from_ref(one),
        }
    }

    /// Whether it, or a part of it, asks how well a story's ending follows.
    pub fn asks_for_ending(&self) -> bool {
        self.factors()
            .iter()
            .any(|factor| matches!(factor, Reward::Ending {}))
    }

    /// Checks the reward that is the field of this name.
    fn validate(&self, field: &str) -> Checked {
        match self {
            Reward::Ending {} => Ok(()),
            Reward::Mention { words, penalty } => {
                whole(
                    &format!("the number of {field}.words"),
                    words.len(),
                    1,
                    MOST_WORDS,
                )?;
                for (at, word) in words.iter().enumerate() {
                    single(&format!("{field}.words[{at}]"), word)?;
                }
                positive(&format!("{field}.penalty"), *penalty, 100.0)
            }
            Reward::Length { target, deviation } => {
                range(&format!("{field}.target"), *target, 0.0, 1000.0)?;
                positive(&format!("{field}.deviation"), *deviation, 1000.0)
            }
            Reward::Distinct { penalty } => positive(&format!("{field}.penalty"), *penalty, 100.0),
            Reward::Command(command) => command.validate(field),
            Reward::All { rewards } => {
                whole(
                    &format!("the number of {field}.rewards"),
                    rewards.len(),
                    1,
                    MOST_FACTORS,
                )?;
                for (at, part) in rewards.iter().enumerate() {
                    let field = format!("{field}.rewards[{at}]");
                    if let Reward::All { .. } = part {
                        return Err(ConfigError::new(
                            format!("{field}.kind"),
                            "`all`",
                            "another kind: a product cannot hold a product",
                        ));
                    }
                    part.validate(&field)?;
                }
                Ok(())
            }
        }
    }
}

/// One word.
fn single(field: &str, word: &str) -> Checked {
    match words(word).as_slice() {
        [_] => Ok(()),
        _ => Err(ConfigError::new(field, format!("`{word}`"), "a single word")),
    }
}

/// The story that opens.
pub(super) fn story() -> Story {
    Story {
        beginning: "Tom wanted to buy a new bike. He did not have enough money.".to_owned(),
        ending: "Tom rode his new bike home.".to_owned(),
    }
}

/// The values that runs of stories start from: short chains, a small batch, which is of one story, and a
/// language model asked once a trajectory, not once a step.
pub fn defaults() -> Run {
    Run {
        tempering: Tempering {
            start: 1.0,
            iterations: 0,
            floor: -150.0,
            ..Tempering::default()
        },
        process: Process {
            steps: 12,
            temperature: 0.6,
            ..Process::default()
        },
        objective: Objective {
            log_z: LogZ::Vargrad,
            chunk: 96,
            ..Objective::default()
        },
        rollout: Rollout {
            batch: 32,
            noised_share: 0.25,
            ..Rollout::default()
        },
        optimizer: Optimizer {
            learning_rate: 3e-3,
            ema: 0.9,
            ..Optimizer::default()
        },
        training: Training {
            iterations: 800,
            checkpoint_every: 100,
        },
        evaluation: Evaluation {
            samples: 1000,
            proposals: 1000,
            every: 80,
            samples_while_training: 32,
            candidates: 1,
        },
        ..Run::new(TextProblem::default())
    }
}
