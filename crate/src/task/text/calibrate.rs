//! Simulation-based calibration of the posteriors of many stories.

use super::{Infilling, InfillingPrior, Reward, TextTask, Vocabulary};
use crate::engine::EngineError;
use crate::engine::learner::{Learner, Start};
use crate::engine::noise::Purpose;
use crate::engine::process::{Autoregressive, Sequence, TokenChain};
use crate::engine::reward::on_host;
use crate::engine::sampler::own_samples;
use crate::network::Transformer;
use crate::task::calibration::{Calibration, Truths, calibration};

/// Most true middles, and draws of the posterior for each.
const TRUTHS: usize = 100;
const DRAWS: usize = 19;
/// Stories that are told for them: some endings stop before they are sentences.
const TOLD: usize = 2 * TRUTHS;
/// Stories that are told at once.
const BLOCK: usize = 64;

/// The calibration by [`STATISTICS`](super::STATISTICS): a beginning of the corpus, a middle that the prior tells,
/// and an ending that the reward's language model tells after both. Given beginning and ending, the middle is an
/// exact sample of p·r where r is the probability of the ending; `None` of other rewards, of another power of r, and of
/// a single story.
pub(super) async fn calibrate(learner: &Learner<TextTask>) -> Result<Option<Calibration>, EngineError> {
    let task = &learner.task;
    let is_likelihood = task.problem.reward == Reward::Ending {} && task.run.tempering.beta == 1.0;
    let Some(teller) = task.reward.teller() else {
        return Ok(None);
    };
    let has_beginnings = task.reader().layout.before > 0;
    if !is_likelihood || !has_beginnings || task.problem.corpus.is_none() {
        return Ok(None);
    }
    let stories = told(task, teller).await?;
    if stories.is_empty() {
        return Ok(None);
    }
    // The same posterior, of these stories.
    let conditions: Vec<usize> = (0..stories.len()).collect();
    let ends: Vec<f32> = stories.iter().flatten().map(|token| *token as f32).collect();
    let weights = learner.weights().await?;
    let start = Start {
        weights: &weights,
        same: false,
    };
    let of_told = Learner::new(task.of_stories(stories)?, learner.settings().clone(), Some(start))?;
    let truths = Truths {
        values: statistics(&of_told, &ends, &conditions).await?,
        conditions,
    };
    calibration(&of_told, &truths, DRAWS, async |ends, conditions| {
        statistics(&of_told, ends, conditions).await
    })
    .await
}

/// At most [`TRUTHS`] stories, `[length]` each, whose beginnings are those of the corpus in turn.
async fn told(task: &TextTask, teller: &Transformer) -> Result<Vec<Vec<usize>>, EngineError> {
    let (noise, device) = (task.noise(), &task.device);
    let tell = async |chain: &TokenChain, prior: &InfillingPrior, conditions: usize, first: usize| {
        let numbers: Vec<usize> = (first..first + TOLD).collect();
        let drawn = (&noise, Purpose::Calibration);
        let told = own_samples(chain, prior, conditions, drawn, &numbers, BLOCK, device).await;
        let length = task.reader().layout.length();
        let tokens = |story: &[f32]| story.iter().map(|token| *token as usize).collect::<Vec<_>>();
        told.map(|told| told.chunks_exact(length).map(tokens).collect::<Vec<_>>())
            .map_err(EngineError::Device)
    };
    let begun = tell(task.prior.chain(), &task.prior, task.run.conditions(), 0).await?;
    let (vocabulary, layout) = (&task.reader().vocabulary, task.reader().layout);
    let ending = layout.gap().end..layout.length();
    let sequence = Sequence::new(vocabulary.len(), begun, ending.clone())?;
    let chain = TokenChain::Autoregressive(Autoregressive { sequence });
    // The reward knows no words that are not to be said.
    let infilling = Infilling {
        never: Vec::new(),
        ..Infilling::new(chain, vocabulary, 1.0)
    };
    let last = infilling.last.clone();
    let prior = InfillingPrior::new(teller.clone(), infilling);
    let mut stories = tell(prior.chain(), &prior, TOLD, TOLD).await?;
    stories.retain(|story| is_whole(&story[ending.clone()], &last));
    stories.truncate(TRUTHS);
    Ok(stories)
}

/// Whether an ending has the probability with which it was told: the reward passes over nothing, which a model may say
/// before the mark that ends a sentence.
fn is_whole(ending: &[usize], last: &[usize]) -> bool {
    let said = ending
        .iter()
        .take_while(|token| **token != Vocabulary::NOTHING)
        .count();
    said == ending.len() || (said > 0 && last.contains(&ending[said - 1]))
}

/// Of stories' middles under conditions, `[rows][STATISTICS]`.
async fn statistics(
    learner: &Learner<TextTask>,
    ends: &[f32],
    conditions: &[usize],
) -> Result<Vec<f64>, EngineError> {
    let task = &learner.task;
    let place = (task.prior.chain(), &task.device);
    let log_probs = on_host(place, conditions, ends, async |ends| {
        task.reward.log_prob_of_middles(&ends).await
    });
    let log_probs = log_probs.await.map_err(EngineError::Device)?;
    let log_reward = learner.log_reward(conditions, ends).await?;
    let words = ends.chunks_exact(task.reader().layout.length());
    let words = words.map(|story| task.reader().tokens(story).len() as f64);
    let rows = words.zip(log_probs).zip(log_reward);
    Ok(rows
        .flat_map(|((words, log_prob), log_r)| [words, log_prob, log_r])
        .collect())
}

#[cfg(test)]
mod tests {
    use super::is_whole;

    #[test]
    fn an_ending_is_whole_that_stops_at_a_mark() {
        for (ending, whole) in [
            ([5, 9, 0, 0], true),
            ([5, 6, 7, 9], true),
            ([5, 6, 7, 8], true),
            ([5, 6, 0, 0], false),
            ([0, 0, 0, 0], false),
        ] {
            assert_eq!(is_whole(&ending, &[9, 0]), whole, "{ending:?}");
        }
    }
}
