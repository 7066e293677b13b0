//! The exact posterior of stories, and how others compare to it.

use super::StoryFit;
use super::metric::{Pair, bleu, distinct_pairs, gleu};
use super::task::TextTask;
use crate::engine::EngineError;
use crate::engine::learner::Task;
use crate::engine::noise::Purpose;
use crate::engine::reward::tempered;
use crate::engine::sampler::{own_samples, systematic};
use crate::engine::settings::Tempering;
use crate::engine::statistics::LogMean;
use crate::message::{Fit, SampledTruth};

/// Stories that are made at once.
const BLOCK: usize = 64;
/// Middles among which repetition is counted; its share depends on how many there are.
const COMPARED: usize = 100;
/// Effective stories of the prior below which nothing is told of the posterior.
const LEAST: f64 = 2.0;
/// Stories of the prior for each of several conditions from which its posterior is known.
const ENOUGH: usize = 32;

/// What weights make of the first stories of the prior's own chain.
#[derive(Clone, Debug, PartialEq)]
pub struct Exact {
    /// Stories there are of that chain.
    pub proposals: usize,
    /// Whether they are enough to tell anything of it.
    pub known: bool,
    /// Of r^β: log Z, its standard error, and the effective number of the proposals.
    pub log_z: LogMean,
    /// Mean tempered log r of the posterior; no number without proposals.
    pub log_reward: f64,
    /// Mean number of words and marks of a middle of the posterior.
    pub words: f64,
    /// Share of the posterior whose log r is floored.
    pub floored_mass: f64,
}

impl TextTask {
    /// Stories of the prior that the exact posterior is known from.
    pub fn proposals(&self) -> usize {
        self.log_r.len()
    }

    pub(super) fn proposal(&self, at: usize) -> &[f32] {
        let length = self.reader.layout.length();
        &self.proposals[at * length..(at + 1) * length]
    }

    /// Makes stories of the prior until there are `count`. What they are does not depend on how they
    /// were asked for.
    ///
    /// # Errors
    ///
    /// Where the device fails.
    pub async fn grow(&mut self, count: usize) -> Result<(), EngineError> {
        let made = self.proposals();
        if made >= count {
            return Ok(());
        }
        let numbers: Vec<usize> = (made..count).collect();
        let (more, log_r) = self.numbered(Purpose::PriorEvaluation, &numbers).await?;
        self.log_r.extend(log_r);
        self.proposals.extend(more);
        Ok(())
    }

    /// The prior's stories of a purpose with these numbers, of so many conditions in turn, and their log r,
    /// floored and not tempered.
    pub(super) async fn numbered(
        &self,
        purpose: Purpose,
        numbers: &[usize],
    ) -> Result<(Vec<f32>, Vec<f64>), EngineError> {
        let noise = self.noise();
        let made = own_samples(
            self.prior.chain(),
            &self.prior,
            self.run.conditions(),
            (&noise, purpose),
            numbers,
            BLOCK,
            &self.device,
        );
        let made = made.await.map_err(EngineError::Device)?;
        let conditions: Vec<usize> = numbers.iter().map(|number| self.run.in_turn(*number)).collect();
        let place = (self.prior.chain(), &self.device);
        let log_r = tempered(place, &self.reward, 1.0, &conditions, &made).await;
        Ok((made, log_r.map_err(EngineError::Device)?))
    }

    /// Makes `more` stories of the prior, up to `evaluation.proposals`. Whether there are more to make.
    ///
    /// # Errors
    ///
    /// Where the device fails.
    pub(crate) async fn grow_by(&mut self, more: usize) -> Result<bool, EngineError> {
        let wanted = self.run.evaluation.proposals;
        self.grow((self.proposals() + more).min(wanted)).await?;
        Ok(self.proposals() < wanted)
    }

    /// The exact posterior as far as the stories of the prior tell it that there are; of several
    /// conditions the mean.
    pub fn exact(&self) -> Exact {
        let log_weights = self.log_weights();
        let conditions = self.run.conditions();
        let proposals = |condition: usize| (condition..log_weights.len()).step_by(conditions);
        let Tempering { beta, floor, .. } = self.run.tempering;
        // The power 0 of a floored reward is 1 as well.
        let lowest = if beta > 0.0 {
            beta * floor
        } else {
            f64::NEG_INFINITY
        };
        let log_z = |condition| LogMean::of_floored(proposals(condition).map(|at| log_weights[at]), lowest);
        let log_z: Vec<LogMean> = (0..conditions).map(log_z).collect();
        let weight = |at: usize| {
            let condition = at % conditions;
            (log_weights[at] - log_z[condition].value).exp() / proposals(condition).len() as f64
        };
        let count = log_weights.len();
        let mean = |of: &dyn Fn(usize) -> f64| {
            (0..count).map(|at| weight(at) * of(at)).sum::<f64>() / conditions as f64
        };
        Exact {
            proposals: count,
            known: match conditions {
                // Of fewer, or where all are at the floor, nothing can be told.
                1 => LogMean::mean(&log_z).effective >= LEAST,
                several => count >= ENOUGH * several,
            },
            log_reward: mean(&|at| log_weights[at]),
            words: mean(&|at| self.reader.tokens(self.proposal(at)).len() as f64),
            floored_mass: mean(&|at| f64::from(u8::from(self.log_r[at] <= floor))),
            log_z: LogMean::mean(&log_z),
        }
    }

    /// One of the prior's stories for every condition, drawn by their weights, `[conditions][length]`:
    /// importance resampling.
    pub fn resampled(&self) -> Vec<f32> {
        let log_weights = self.log_weights();
        let conditions = self.run.conditions();
        let drawn = |condition: usize| {
            let proposals = (condition..log_weights.len()).step_by(conditions);
            let of_condition: Vec<f64> = proposals.map(|at| log_weights[at]).collect();
            let mut rng = self.noise().stream(Purpose::Resampling, condition as u64);
            condition + conditions * systematic(&of_condition, 1, &mut rng)[0]
        };
        let drawn = (0..conditions).map(drawn);
        drawn.flat_map(|at| self.proposal(at)).copied().collect()
    }

    /// What there is to tell of one story's exact posterior; `None` below two samples of the prior.
    pub fn known(&self) -> Option<SampledTruth> {
        let exact = self.exact();
        let log_weights = self.log_weights();
        let mut rng = self.noise().stream(Purpose::Resampling, (1 << 48) - 1);
        (exact.proposals > 1 && self.problem.corpus.is_none()).then(|| {
            let drawn = systematic(&log_weights, Self::PICTURED, &mut rng);
            SampledTruth {
                samples: drawn.iter().flat_map(|at| self.proposal(*at)).copied().collect(),
                log_reward: drawn.iter().map(|at| log_weights[*at] as f32).collect(),
                log_z: exact.log_z.value,
                log_z_error: exact.log_z.error,
                log_reward_mean: exact.log_reward,
                fit: Fit::default(),
                proposals: exact.proposals,
                kept: exact.log_z.effective.round() as usize,
                wanted: self.run.evaluation.proposals,
            }
        })
    }

    /// β·log r of the proposals.
    fn log_weights(&self) -> Vec<f64> {
        let beta = self.run.tempering.beta;
        self.log_r.iter().map(|l| beta * l).collect()
    }

    /// Mean tempered log r of the prior, of as many stories of a corpus as are compared with it.
    fn log_reward_prior(&self, count: usize) -> Option<f64> {
        let mut log_weights = self.log_weights();
        if self.problem.corpus.is_some() {
            log_weights.truncate(count);
        }
        let count = log_weights.len();
        (count > 1).then(|| log_weights.iter().sum::<f64>() / count as f64)
    }

    /// The stories that the prior has made so far, `[made][length]`, the conditions in turn.
    pub fn prior_samples(&self) -> &[f32] {
        &self.proposals
    }

    /// log r of stories, `[count][length]`, the conditions in turn, floored and not tempered.
    ///
    /// # Errors
    ///
    /// Where the device fails.
    pub async fn log_reward(&self, stories: &[f32]) -> Result<Vec<f64>, EngineError> {
        let rows = stories.len() / self.reader.layout.length();
        let conditions: Vec<usize> = (0..rows).map(|row| self.run.in_turn(row)).collect();
        let place = (self.prior.chain(), &self.device);
        let log_r = tempered(place, &self.reward, 1.0, &conditions, stories).await;
        log_r.map_err(EngineError::Device)
    }

    /// Holds stories, `[count][length]`, the conditions in turn, against the exact ones.
    ///
    /// # Errors
    ///
    /// Where the device fails.
    pub async fn measured(&self, stories: &[f32]) -> Result<StoryFit, EngineError> {
        let beta = self.run.tempering.beta;
        let log_r = self.log_reward(stories).await?;
        let log_reward: Vec<f64> = log_r.iter().map(|l| beta * l).collect();
        Ok(self.fit(&self.exact(), stories, &log_reward))
    }

    /// Holds stories, `[count][length]`, the conditions in turn, with their tempered log r against the
    /// exact ones.
    pub fn fit(&self, exact: &Exact, stories: &[f32], log_reward: &[f64]) -> StoryFit {
        let middles: Vec<Vec<usize>> = stories
            .chunks_exact(self.reader.layout.length())
            .map(|story| self.reader.tokens(story))
            .collect();
        let compared = COMPARED.min(middles.len());
        let of_prior: Vec<Vec<usize>> = (0..compared.min(exact.proposals))
            .map(|at| self.reader.tokens(self.proposal(at)))
            .collect();
        let distinct = |of: &[Vec<usize>]| distinct_pairs(of.iter().map(Vec::as_slice));
        let told: Option<Vec<Vec<usize>>> = self.problem.corpus.as_ref().map(|_| {
            let conditions = (0..middles.len()).map(|at| self.run.in_turn(at));
            conditions.map(|condition| self.told(condition)).collect()
        });
        let told: Option<Vec<Pair>> = told.as_ref().map(|told| {
            let pairs = middles.iter().zip(told);
            pairs
                .map(|(made, told)| (made.as_slice(), told.as_slice()))
                .collect()
        });
        let count = middles.len() as f64;
        let log_reward_stories = log_reward.iter().sum::<f64>() / count;
        StoryFit {
            log_reward_stories,
            log_reward_error: exact.known.then(|| (log_reward_stories - exact.log_reward).abs()),
            log_reward_prior: self.log_reward_prior(middles.len()),
            log_reward_exact: exact.known.then_some(exact.log_reward),
            distinct: distinct(&middles[..compared]),
            distinct_prior: (of_prior.len() == compared).then(|| distinct(&of_prior)),
            bleu: told.as_deref().map(bleu),
            gleu: told.as_deref().map(gleu),
            words: middles.iter().map(Vec::len).sum::<usize>() as f64 / count,
            words_exact: exact.known.then_some(exact.words),
            log_z_error: exact.known.then_some(exact.log_z.error),
            proposals: exact.proposals,
            effective: if exact.known {
                exact.log_z.effective
            } else {
                f64::NAN
            },
        }
    }
}
