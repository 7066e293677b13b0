//! Which files of weights a run needs.

use super::{PriorKind, Run, Task};

/// Names of weights that a run needs before it can be opened; whoever opens it has to find them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct FileNames<'a> {
    /// A learned prior, as the run names it: shipped weights, or a file of the native program.
    pub prior: Option<&'a str>,
    /// The network that the reward asks, a classifier of images or a language model of endings:
    /// shipped weights.
    pub reward: Option<&'static str>,
    /// The classifier that only measures images: shipped weights.
    pub judge: Option<&'static str>,
    /// The stories of a corpus, as the run names them.
    pub corpus: Option<&'a str>,
}

impl Run {
    /// The files this run needs.
    pub fn files(&self) -> FileNames<'_> {
        FileNames {
            prior: match self.prior.kind {
                PriorKind::Exact => None,
                PriorKind::Learned => self.prior.weights.as_deref(),
            },
            reward: match self.task {
                Task::Mixtures => None,
                Task::Digits => Some("classifier"),
                Task::Stories => self.reward.asks_for_ending().then_some("reward-stories"),
            },
            judge: (self.task == Task::Digits).then_some("classifier-evaluation"),
            corpus: self.corpus.as_ref().map(|corpus| corpus.file.as_str()),
        }
    }
}
