//! Random numbers: a language model that has favourites, and the posterior that has none.

use super::Answers;
use super::numbers::{Law, NumbersConfig, NumbersTraining, PRIOR_ITERATIONS, prior_training};
use super::train::Texts;
use crate::engine::train::examples::Pretraining;
use crate::message::Packed;
use crate::network::Transformer;
use crate::task::opened::{Later, Lesson, Progress};
use burn::tensor::Device;
use std::time::Duration;
use web_time::Instant;

/// Least time between two looks at the law.
const SHOW_INTERVAL: Duration = Duration::from_millis(500);

/// Both trainings, one after the other.
pub(super) struct NumbersLesson {
    seed: u64,
    stage: Stage,
    shown: Instant,
}

enum Stage {
    Begun,
    Prior(Box<Pretraining<Transformer, Texts>>),
    Posterior(Box<NumbersTraining>),
    Ended,
}

impl NumbersLesson {
    pub(super) fn new(seed: u64) -> Self {
        Self {
            seed,
            stage: Stage::Begun,
            shown: Instant::now(),
        }
    }
}

impl Lesson for NumbersLesson {
    fn advance<'a>(&'a mut self, device: &'a Device) -> Later<'a, Progress> {
        Box::pin(async move {
            let config = NumbersConfig {
                seed: self.seed,
                ..NumbersConfig::default()
            };
            let shown = self.shown;
            let waits = |finished: bool| !finished && shown.elapsed() < SHOW_INTERVAL;
            let posterior = matches!(self.stage, Stage::Posterior(_));
            let (network, iterations, all) = match &mut self.stage {
                Stage::Begun => {
                    let training = prior_training(self.seed, PRIOR_ITERATIONS, device)?;
                    self.stage = Stage::Prior(Box::new(training));
                    return Ok(Progress::Nothing);
                }
                Stage::Prior(training) => {
                    training.continue_texts().await?;
                    if waits(training.finished()) {
                        return Ok(Progress::Nothing);
                    }
                    (training.network().clone(), training.iteration(), PRIOR_ITERATIONS)
                }
                Stage::Posterior(training) => {
                    training.step().await?;
                    if waits(training.finished()) {
                        return Ok(Progress::Nothing);
                    }
                    (training.network(), training.iteration(), config.iterations)
                }
                Stage::Ended => return Ok(Progress::Ended),
            };
            let law = Law::of(&network, device).await?;
            let fit = law.fit();
            if iterations >= all {
                self.stage = if posterior {
                    Stage::Ended
                } else {
                    Stage::Posterior(Box::new(NumbersTraining::new(&network, &law, config, device)?))
                };
            }
            self.shown = Instant::now();
            Ok(Progress::Told(Packed::new(&Answers {
                posterior,
                iterations,
                progress: iterations as f64 / all as f64,
                numbers: law.numbers(),
                kl_of_uniform: fit.kl_of_uniform,
                total_variation: fit.total_variation,
                invalid: fit.invalid,
            })))
        })
    }
}
