//! Random numbers: a language model that has favourites, and the posterior that has none.

use super::clock;
use burn::tensor::Device;
use rtb::message::{Answers, Event};
use rtb::network::Transformer;
use rtb::numbers::{Law, NumbersConfig, NumbersTraining, PRIOR_ITERATIONS, prior_training};
use rtb::session::SessionError;
use rtb::train::examples::Pretraining;
use rtb::train::texts::Texts;

/// Least time between two looks at the law, ms.
const SHOW_INTERVAL: f64 = 500.0;

/// Both trainings, one after the other.
pub struct Numbers {
    seed: u64,
    stage: Stage,
    shown: f64,
}

enum Stage {
    Begun,
    Prior(Box<Pretraining<Transformer, Texts>>),
    Posterior(Box<NumbersTraining>),
    Ended,
}

impl Numbers {
    pub fn new(seed: u64) -> Self {
        Self {
            seed,
            stage: Stage::Begun,
            shown: clock::now(),
        }
    }

    /// Goes on by one iteration; what there is to tell.
    ///
    /// # Errors
    ///
    /// Where the device fails or something is refused.
    pub async fn advance(&mut self, device: &Device) -> Result<Option<Event>, SessionError> {
        let config = NumbersConfig {
            seed: self.seed,
            ..NumbersConfig::default()
        };
        let shown = self.shown;
        let waits = |finished: bool| !finished && clock::now() - shown < SHOW_INTERVAL;
        let posterior = matches!(self.stage, Stage::Posterior(_));
        let (network, iterations, all) = match &mut self.stage {
            Stage::Begun => {
                let training = prior_training(self.seed, PRIOR_ITERATIONS, device)?;
                self.stage = Stage::Prior(Box::new(training));
                return Ok(None);
            }
            Stage::Prior(training) => {
                training.continue_texts().await?;
                if waits(training.finished()) {
                    return Ok(None);
                }
                (training.network().clone(), training.iteration(), PRIOR_ITERATIONS)
            }
            Stage::Posterior(training) => {
                training.step().await?;
                if waits(training.finished()) {
                    return Ok(None);
                }
                (training.network(), training.iteration(), config.iterations)
            }
            Stage::Ended => return Ok(Some(Event::ComparisonEnded)),
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
        self.shown = clock::now();
        Ok(Some(Event::Answers(Box::new(Answers {
            posterior,
            iterations,
            progress: iterations as f64 / all as f64,
            numbers: law.numbers(),
            kl_of_uniform: fit.kl_of_uniform,
            total_variation: fit.total_variation,
            invalid: fit.invalid,
        }))))
    }
}
