//! What is told of a run on stories.

use super::words::{Layout, Reader};
use crate::message::Scene;
use serde::{Deserialize, Serialize};

/// How far stories are from those of the exact posterior.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct StoryFit {
    /// Mean tempered log r of these stories.
    pub log_reward_stories: f64,
    /// The same of the prior's stories; nothing below two of them.
    pub log_reward_prior: Option<f64>,
    /// The same of the exact posterior; like all that is about it, nothing while there are too few
    /// samples of the prior: fewer than two, or, for several stories, fewer than 32 of each.
    pub log_reward_exact: Option<f64>,
    /// How far the mean log r is from the exact one.
    pub log_reward_error: Option<f64>,
    /// Distinct pairs of neighbouring words over all pairs, in the first hundred middles: repetition is
    /// how rewards of words are cheated (distinct-2, arXiv 1510.03055).
    pub distinct: f64,
    /// The same of as many middles of the prior; nothing while there are fewer.
    pub distinct_prior: Option<f64>,
    /// BLEU-4 of the middles against those that were told, 0 to 1; nothing where there is no corpus.
    pub bleu: Option<f64>,
    /// GLEU of the same middles, 0 to 1.
    pub gleu: Option<f64>,
    /// Mean number of words and marks of a middle.
    pub words: f64,
    /// The same of the exact posterior.
    pub words_exact: Option<f64>,
    /// Standard error of the exact log Z.
    pub log_z_error: Option<f64>,
    /// Samples of the prior that the exact figures are known from.
    pub proposals: usize,
    /// Effective number of these samples, weighted by r^β; not a number while they are too few.
    pub effective: f64,
}

/// Stories are tokens, `[count][length]`: numbers of words, and the number of words for a token that
/// is masked.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct StoriesView {
    /// The prior's words, a line each ([`Vocabulary::read`](super::words::Vocabulary::read)).
    pub words: String,
    /// Where the parts of a story stand.
    pub layout: Layout,
    /// Words of the beginning and of the ending that the prior does not know.
    pub unknown: Vec<String>,
}

impl StoriesView {
    /// What reads the samples of a scene, where they are stories.
    pub fn reader(scene: &Scene) -> Option<Reader> {
        let view = scene.view.of::<Self>()?;
        Reader::new(&view.words, view.layout).ok()
    }
}

/// How often a language model names each number when it is asked for one from 0 to 100.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Answers {
    /// Whether they are the posterior's; else the prior's.
    pub posterior: bool,
    /// Iterations of its training that are done.
    pub iterations: usize,
    /// Share of its training that is done, 1 at the end.
    pub progress: f64,
    /// The exact probabilities of the numbers 0 to 100.
    pub numbers: Vec<f64>,
    /// KL(uniform ‖ model) over the numbers, in nats.
    pub kl_of_uniform: f64,
    /// Total variation to the uniform law.
    pub total_variation: f64,
    /// The mass of answers that are no number from 0 to 100.
    pub invalid: f64,
}
