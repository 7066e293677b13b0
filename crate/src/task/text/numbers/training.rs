//! The prior that learns habits, and the posterior that unlearns them.

use super::subtrajectories::Subtrajectories;
use super::{ANSWERS, LARGEST, LAYOUT, Law, answer, habits, infilling, of_number, tokens, vocabulary};
use crate::engine::Conditions;
use crate::engine::EngineError;
use crate::engine::noise::{self, Noise, Purpose};
use crate::engine::objective::objective;
use crate::engine::process::TokenChain;
use crate::engine::reward::{HostReward, OnHost, Reward};
use crate::engine::rollout::{Chains, Replay};
use crate::engine::settings::{LogZ, Objective, Optimizer, Rollout, Settings, Tempering, Training};
use crate::engine::train::Trainer;
use crate::engine::train::examples::{Pretraining, Recipe};
use crate::engine::{ConfigError, Method};
use crate::network::{Transformer, TransformerConfig};
use crate::task::text::train::Texts;
use crate::task::text::words::Vocabulary;
use crate::task::text::{Infilling, InfillingPrior};
use burn::tensor::Device;

/// Iterations in which the prior learns.
pub const PRIOR_ITERATIONS: usize = 500;
/// Answers that it learns from, and those of an iteration.
const HEARD: usize = 20_000;
const HEARD_AT_ONCE: usize = 128;
const PRIOR_LEARNING_RATE: f64 = 3e-3;
const PRIOR_EMA: f64 = 0.98;

/// log r of an answer that is no number from 0 to 100.
const FLOOR: f64 = -4.0;
/// Over this share of the iterations the target goes from the prior to the uniform law. All at once,
/// what is unlearned of invalid answers takes 100 with it, which begins like many of them.
const TEMPERED_SHARE: f64 = 0.25;
/// The prior's answers that trajectories are noised back from.
const PROPOSALS: usize = 10_000;

/// The prior in training: a causal network that learns what [`habits`] say.
///
/// # Errors
///
/// Where there are no iterations.
pub fn prior_training(
    seed: u64,
    iterations: usize,
    device: &Device,
) -> Result<Pretraining<Transformer, Texts>, ConfigError> {
    let noise = Noise::new(seed);
    let running = noise::running_sum(habits());
    let mut rng = noise.stream(Purpose::Samples, 0);
    let heard = (0..HEARD).map(|_| tokens(noise::index(&mut rng, &running), Vocabulary::NOTHING));
    let vocabulary = vocabulary();
    let texts = Texts::new(LAYOUT, &vocabulary, heard.collect()).expect("tokens of the layout");
    let config = TransformerConfig {
        words: vocabulary.len(),
        width: 32,
        heads: 2,
        layers: 2,
        embedding: 0,
        causal: true,
    };
    let recipe = Recipe {
        iterations,
        batch: HEARD_AT_ONCE,
        learning_rate: PRIOR_LEARNING_RATE,
        ema: PRIOR_EMA,
        seed,
    };
    let network = config.init(&noise, device);
    Pretraining::new(network, texts.with_ends(), recipe, device.clone())
}

/// The chain of answers under a prior with this network, and a posterior with a network like it.
pub fn chains(prior: &Transformer, device: &Device) -> Chains<TokenChain, InfillingPrior, Infilling> {
    let infilling = infilling();
    Chains {
        process: infilling.chain.clone(),
        prior: InfillingPrior::new(prior.clone(), infilling.clone()),
        policy: infilling,
        device: device.clone(),
    }
}

/// What a posterior is trained with.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Loss {
    /// Relative trajectory balance with VarGrad (arXiv 2405.20971, eq. 8; arXiv 2010.10436).
    #[default]
    Rtb,
    /// Modified subtrajectory balance (arXiv 2310.04363, eq. 3).
    Subtb,
}

/// How a posterior is trained.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct NumbersConfig {
    /// What it is trained with.
    pub loss: Loss,
    /// Iterations of training, 1 to 10,000,000.
    pub iterations: usize,
    /// Answers of an iteration.
    pub batch: usize,
    /// Share of them that are the prior's, drawn in proportion to their reward.
    pub noised_share: f64,
    /// Learning rate of the network, above 0, at most 1.
    pub learning_rate: f64,
    /// Seed of all noise, 0 to 2⁶³ − 1.
    pub seed: u64,
}

impl Default for NumbersConfig {
    fn default() -> Self {
        Self {
            loss: Loss::Rtb,
            iterations: 1000,
            batch: 256,
            noised_share: 0.25,
            learning_rate: 1e-3,
            seed: 0,
        }
    }
}

impl NumbersConfig {
    /// What the trainer is told.
    pub(super) fn settings(self) -> Settings {
        Settings {
            seed: self.seed,
            method: Method::Rtb {},
            tempering: Tempering {
                start: 0.0,
                iterations: (TEMPERED_SHARE * self.iterations as f64) as usize,
                ..Tempering::default()
            },
            objective: Objective {
                log_z: LogZ::Vargrad,
                ..Objective::default()
            },
            rollout: Rollout {
                batch: self.batch,
                noised_share: self.noised_share,
                ..Rollout::default()
            },
            optimizer: Optimizer {
                learning_rate: self.learning_rate,
                ..Optimizer::default()
            },
            training: Training {
                iterations: self.iterations,
                ..Training::default()
            },
        }
    }
}

/// A posterior in training.
pub struct NumbersTraining {
    iterations: usize,
    trainer: Kind,
}

enum Kind {
    Rtb(Box<Trainer<TokenChain, InfillingPrior, Infilling>>),
    Subtb(Box<Subtrajectories>),
}

impl NumbersTraining {
    /// Starts at a prior with this law. Its target is p·r with r(x) = 1/p(x) where x is a number from 0
    /// to 100: the uniform law.
    ///
    /// # Errors
    ///
    /// Where a value of `config` is refused.
    pub fn new(
        prior: &Transformer,
        law: &Law,
        config: NumbersConfig,
        device: &Device,
    ) -> Result<Self, ConfigError> {
        let settings = config.settings();
        settings.validate(2)?;
        let mut log_r = vec![FLOOR; ANSWERS];
        for answer in (0..=LARGEST).map(of_number) {
            log_r[answer] = -law.log_probs()[answer];
        }
        let chains = chains(prior, device);
        let given = proposals(law, &log_r, config.seed);
        let trainer = match config.loss {
            Loss::Rtb => {
                let objective = objective(settings.method, &settings.objective).expect("RTB is trained");
                let reward: Box<dyn Reward<TokenChain>> = Box::new(OnHost(Known(log_r)));
                let asked = (Conditions::all(1), reward);
                let mut trainer = Trainer::new(settings, chains, asked, objective, prior.clone());
                trainer.given()[0] = given;
                Kind::Rtb(Box::new(trainer))
            }
            Loss::Subtb => {
                let trainer = Subtrajectories::new(settings, chains, law, log_r, given)?;
                Kind::Subtb(Box::new(trainer))
            }
        };
        Ok(Self {
            iterations: config.iterations,
            trainer,
        })
    }

    /// Iterations done.
    pub fn iteration(&self) -> usize {
        match &self.trainer {
            Kind::Rtb(trainer) => trainer.iteration(),
            Kind::Subtb(trainer) => trainer.iteration(),
        }
    }

    /// Whether all iterations are done.
    pub fn finished(&self) -> bool {
        self.iteration() >= self.iterations
    }

    /// The posterior so far.
    pub fn network(&self) -> Transformer {
        match &self.trainer {
            Kind::Rtb(trainer) => trainer.network(),
            Kind::Subtb(trainer) => trainer.network().clone(),
        }
    }

    /// One iteration; the loss.
    ///
    /// # Errors
    ///
    /// Where the device fails or the loss is no longer a number.
    pub async fn step(&mut self) -> Result<f64, EngineError> {
        match &mut self.trainer {
            Kind::Rtb(trainer) => Ok(trainer.step().await?.loss),
            Kind::Subtb(trainer) => trainer.step().await,
        }
    }
}

/// Answers of the prior that are numbers, with their log r.
fn proposals(law: &Law, log_r: &[f64], seed: u64) -> Replay {
    let running = noise::running_sum(law.log_probs().iter().map(|log_prob| log_prob.exp()));
    let mut rng = Noise::new(seed).stream(Purpose::Proposal, 0);
    let mut proposals = Replay::new(PROPOSALS, LAYOUT.length());
    let drawn = (0..PROPOSALS).map(|_| noise::index(&mut rng, &running));
    for answer in drawn.filter(|answer| log_r[*answer] > FLOOR) {
        let state = tokens(answer, Vocabulary::NOTHING)
            .into_iter()
            .map(|token| token as f32);
        proposals.push(&state.collect::<Vec<_>>(), log_r[answer]);
    }
    proposals
}

/// log r of every answer, `[ANSWERS]`.
struct Known(Vec<f64>);

impl HostReward for Known {
    fn log_reward(&self, ends: &[f32], _conditions: &[usize]) -> Vec<f64> {
        let states = ends.chunks_exact(LAYOUT.length());
        states.map(|state| self.0[answer(state)]).collect()
    }
}
