//! The middle of a story under a language model.

#[cfg(feature = "engine")]
mod calibrate;
#[cfg(feature = "engine")]
mod exact;
#[cfg(feature = "engine")]
mod infilling;
#[cfg(feature = "engine")]
mod language;
#[cfg(feature = "engine")]
mod lesson;
mod messages;
#[cfg(feature = "engine")]
mod methods;
#[cfg(feature = "engine")]
pub mod metric;
#[cfg(feature = "engine")]
pub mod numbers;
mod presets;
mod problem;
#[cfg(feature = "engine")]
mod reward;
mod sheet;
#[cfg(feature = "engine")]
mod shown;
#[cfg(feature = "engine")]
mod task;
#[cfg(feature = "engine")]
pub mod train;
pub mod words;

#[cfg(feature = "engine")]
pub use exact::Exact;
#[cfg(feature = "engine")]
pub use infilling::{Infilling, InfillingPrior};
#[cfg(feature = "engine")]
pub use language::LanguageModel;
pub use messages::{Answers, StoriesView, StoryFit};
pub use problem::{Corpus, Part, REWARDS, Reward, Story, TextProblem};
#[cfg(feature = "engine")]
pub use reward::StoryReward;
#[cfg(feature = "engine")]
pub use task::TextTask;
pub use words::{Layout, Reader, Vocabulary};

use super::calibration;
use super::sheet::Sheet;
use super::{Listing, Panel, Picture, Room, Shown};
use crate::engine::{ConfigError, Method};
use crate::message::Report;
#[cfg(feature = "native")]
use crate::run::Field;
use crate::run::{AnyProblem, Experiment, Preset, Run, ShippedPrior};
use toml::Table;

#[cfg(feature = "engine")]
use super::opened::{self, Lesson, OpenRun, OpenTask};
#[cfg(feature = "engine")]
use crate::engine::EngineError;
#[cfg(feature = "engine")]
use crate::run::Files;
#[cfg(feature = "engine")]
use burn::tensor::Device;

/// The task's name, as in the TOML file.
const NAME: &str = "stories";

/// The lesson of random numbers.
pub const NUMBERS: &str = "numbers";

/// Particles of a population: it has log-probabilities of all words at every place of every gap.
const PARTICLES: usize = 64;

/// The task.
pub struct Text;

const fn shipped(name: &'static str, title: &'static str) -> ShippedPrior {
    ShippedPrior {
        name,
        title,
        preset: None,
    }
}

const PRIORS: &[ShippedPrior] = &[
    shipped("prior-stories", "masked diffusion: words appear in any order"),
    shipped(
        "reward-stories",
        "causal language model: one word after the other",
    ),
];

/// What calibration looks at in a middle: words and marks, their log-probability after the beginning and log r by the
/// reward's language model.
const STATISTICS: [&str; 3] = ["words", "log p", "log r"];

/// Refuses a run that is about something else.
fn other_task(run: &Run) -> ConfigError {
    super::other_task(run, NAME)
}

/// Stories as people read them: their middles, or all of them where they are many stories.
fn lines(run: &Run, reader: &Reader, stories: &[f32]) -> Vec<String> {
    match TextProblem::of(run) {
        Ok(problem) if problem.corpus.is_some() => reader.wholes(stories),
        _ => reader.middles(stories),
    }
}

impl Room for Text {
    fn name(&self) -> &'static str {
        NAME
    }

    fn defaults(&self) -> Run {
        problem::defaults()
    }

    fn read(&self, table: Table) -> Result<AnyProblem, toml::de::Error> {
        table.try_into::<TextProblem>().map(AnyProblem::from)
    }

    #[cfg(feature = "native")]
    fn fields(&self) -> Vec<Field> {
        crate::run::fields_of::<TextProblem>()
    }

    fn ignores(&self) -> &'static [&'static str] {
        &[
            "process.variance",
            "process.spacing",
            "network.width",
            "network.depth",
            "network.langevin",
        ]
    }

    /// One story or many of them.
    fn give_way(&self, own: &mut Table, over: &Table) {
        for [said, other] in [["story", "corpus"], ["corpus", "story"]] {
            if over.contains_key(said) && !over.contains_key(other) {
                own.remove(other);
            }
        }
    }

    fn presets(&self) -> Vec<Preset> {
        presets::presets()
    }

    fn experiments(&self) -> Vec<Experiment> {
        Vec::new()
    }

    fn priors(&self) -> &'static [ShippedPrior] {
        PRIORS
    }

    fn rewards(&self) -> &'static [&'static str] {
        REWARDS
    }

    /// Words have no gradient to follow, and no expected end to look ahead to.
    fn method(&self, method: Method) -> Option<Method> {
        match method {
            Method::Guidance { .. } | Method::Dps { .. } | Method::LgdMc { .. } | Method::Hmc { .. } => None,
            Method::Smc { resample_below, .. } => Some(Method::Smc {
                particles: PARTICLES,
                resample_below,
                points: 0,
                guidance: 0.0,
            }),
            Method::AnnealedSmc {
                resample_below,
                moves,
                ..
            } => Some(Method::AnnealedSmc {
                particles: PARTICLES,
                resample_below,
                moves,
            }),
            other => Some(other),
        }
    }

    fn sheet(&self) -> &'static Sheet {
        &sheet::SHEET
    }

    fn basis(&self, report: &Report) -> Option<String> {
        let fit: StoryFit = report.fit.of()?;
        // Equal weights tell none.
        let error = fit.log_z_error.filter(|error| error.is_finite());
        let error = error.map_or("–".to_owned(), |error| format!("{error:.3}"));
        Some(format!(
            "Exact posterior: {} weighted stories of the prior, {:.1} effective samples; the standard error of its log Z is \
             {error}.",
            fit.proposals, fit.effective
        ))
    }

    fn panels(&self, shown: &Shown) -> Vec<Panel> {
        let reader = StoriesView::reader(shown.scene);
        let mut panels = Panel::of_samples(shown, |stories| {
            let texts = reader.as_ref().map(|reader| lines(shown.run, reader, stories));
            Picture::Texts(texts.unwrap_or_default())
        });
        panels.extend(calibration::panel(&STATISTICS, shown.fit));
        panels
    }

    fn listings(&self, shown: &Shown) -> Vec<Listing> {
        Vec::from_iter(calibration::listing("statistic", &STATISTICS, shown.fit))
    }

    #[cfg(feature = "engine")]
    fn open(
        &self,
        run: Run,
        device: Device,
        files: &Files,
        weights: Option<&[u8]>,
    ) -> Result<Box<dyn OpenRun>, EngineError> {
        opened::open(TextTask::open(run, device, files)?, weights)
    }

    #[cfg(feature = "engine")]
    fn open_untrained(
        &self,
        run: Run,
        device: Device,
        files: &Files,
    ) -> Result<Box<dyn OpenTask>, EngineError> {
        Ok(Box::new(TextTask::open(run, device, files)?))
    }

    #[cfg(feature = "engine")]
    fn lesson(&self, name: &str, run: Run, _iterations: usize, _files: Files) -> Option<Box<dyn Lesson>> {
        (name == NUMBERS).then(|| Box::new(lesson::NumbersLesson::new(run.seed)) as _)
    }
}
