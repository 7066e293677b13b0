//! The figures of a run above recorded steps, where nothing is exact: the policy beside the behaviour, the best and the
//! weighted of its actions, and what was recorded.

use super::OfflineTask;
use crate::engine::EngineError;
use crate::engine::learner::{LEARNED, Learner, Simulated};
use crate::engine::noise::Purpose;
use crate::engine::statistics::{Mean, Weighed, effective_share, log_mean_exp};
use crate::message::{self, ConditionReport, Fit, Report};
use crate::task::control::messages::{Beside, OfflineFit};
use std::sync::Arc;

/// Actions of the behaviour among which the best is taken.
const BEST_OF: usize = 32;

/// What the behaviour does in the states that are looked at: figures that no training changes.
#[derive(Clone, Debug)]
pub struct Known {
    /// Actions, in turn in all states.
    count: usize,
    /// The actions, `[count][a]`.
    pub actions: Vec<f32>,
    /// Their tempered log r.
    pub log_reward: Vec<f64>,
    /// log Z of every state from them.
    log_z: Vec<f64>,
    /// Effective actions of a state, mean over the states.
    pub effective: f64,
    /// The figures that need no policy.
    beside: Beside,
}

/// The figures of one state's actions of the behaviour.
struct OfState {
    log_z: f64,
    effective: f64,
    weighted: f64,
    log_reward_weighted: f64,
    best_of: Option<f64>,
}

impl OfState {
    fn of(values: &[f64], log_reward: &[f64]) -> Self {
        let groups = values.chunks_exact(BEST_OF);
        let count = groups.len();
        let best = groups.map(|group| group.iter().copied().fold(f64::NEG_INFINITY, f64::max));
        Self {
            log_z: log_mean_exp(log_reward.iter().copied()),
            effective: effective_share(log_reward) * log_reward.len() as f64,
            weighted: Mean::weighted(log_reward, values.iter().copied()).value,
            log_reward_weighted: Mean::weighted(log_reward, log_reward.iter().copied()).value,
            best_of: (count > 0).then(|| best.sum::<f64>() / count as f64),
        }
    }
}

fn mean(values: impl ExactSizeIterator<Item = f64>) -> f64 {
    let count = values.len() as f64;
    values.sum::<f64>() / count
}

impl OfflineTask {
    /// The conditions of `count` actions, in turn in all states that are looked at.
    fn in_turn(&self, count: usize) -> Vec<usize> {
        let looked_at = self.looked_at();
        (0..count)
            .map(|row| looked_at.start + row % looked_at.len())
            .collect()
    }

    /// `count` actions of the behaviour in the states that are looked at.
    pub(super) async fn known(&mut self, count: usize) -> Result<Arc<Known>, EngineError> {
        if let Some(known) = self.known.as_ref().filter(|known| known.count == count) {
            return Ok(known.clone());
        }
        let (judge, device, s) = (&self.judge, &self.device, self.judge.state_size());
        let conditions = self.in_turn(count);
        let states: Vec<f32> = conditions
            .iter()
            .flat_map(|condition| self.states[condition * s..(condition + 1) * s].iter().copied())
            .collect();
        let round = (Purpose::PriorEvaluation, 0);
        let drawn = judge.behaviour.sample_ends(&states, &self.noise, round, device);
        let drawn = drawn.await.map_err(EngineError::Device)?;
        let of_ends = async |ends: &[f32], conditions: &[usize]| {
            let values = self.reward.values(ends, conditions, device).await;
            values.map_err(EngineError::Device)
        };
        let [values, log_r] = of_ends(&drawn, &conditions).await?;
        let beta = self.run.tempering.beta;
        let log_reward: Vec<f64> = log_r.into_iter().map(|log_r| beta * log_r).collect();
        let looked_at = self.looked_at();
        let of_state = |at: usize| {
            let own = |numbers: &[f64]| -> Vec<f64> {
                numbers
                    .iter()
                    .skip(at)
                    .step_by(looked_at.len())
                    .copied()
                    .collect()
            };
            OfState::of(&own(&values), &own(&log_reward))
        };
        let states: Vec<OfState> = (0..looked_at.len().min(count)).map(of_state).collect();
        let over_states = |of: fn(&OfState) -> f64| mean(states.iter().map(of));
        let best_of: Option<Vec<f64>> = states.iter().map(|state| state.best_of).collect();
        let a = judge.action_size();
        let recorded: Vec<usize> = looked_at.clone().collect();
        let ends = &self.ends[looked_at.start * a..looked_at.end * a];
        let [of_recorded, _] = of_ends(ends, &recorded).await?;
        let known = Arc::new(Known {
            count,
            beside: Beside {
                q_behaviour: mean(values.iter().copied()),
                q_weighted: over_states(|state| state.weighted),
                q_best_of: best_of.map(|best_of| mean(best_of.into_iter())),
                q_recorded: mean(of_recorded.into_iter()),
                log_reward_behaviour: mean(log_reward.iter().copied()),
                log_reward_weighted: over_states(|state| state.log_reward_weighted),
            },
            effective: over_states(|state| state.effective),
            log_z: states.iter().map(|state| state.log_z).collect(),
            log_reward,
            actions: judge.behaviour.actions(&drawn),
        });
        self.known = Some(known.clone());
        Ok(known)
    }

    /// The figures of end points of the policy.
    pub(super) async fn fit(&self, known: &Known, made: &Simulated) -> Result<OfflineFit, EngineError> {
        let values = self
            .reward
            .values(&made.ends, &made.conditions, &self.device)
            .await;
        let [values, _] = values.map_err(EngineError::Device)?;
        Ok(OfflineFit {
            q_learned: mean(values.into_iter()),
            divergence: Some(mean(made.log_ratio.iter().copied())),
            beside: Some(known.beside),
        })
    }
}

impl Known {
    /// log Z, mean over the states.
    pub(super) fn log_z(&self) -> f64 {
        mean(self.log_z.iter().copied())
    }
}

/// The report over `count` actions as the policy draws them, in turn in all states that are looked at.
pub(super) async fn measure(
    learner: &mut Learner<OfflineTask>,
    count: usize,
    candidates: usize,
) -> Result<(Report, Simulated), EngineError> {
    let known = learner.task.known(count).await?;
    let task = &learner.task;
    let conditions = task.in_turn(count);
    let made = learner
        .simulate_round(LEARNED, Purpose::Evaluation, 0, &conditions)
        .await?;
    let fit = task.fit(&known, &made).await?;
    // A state that is looked at is not trained on: no log Z was learned of it.
    let unknown = vec![f64::NAN; task.looked_at().end];
    let weighed: Report = Weighed::of(&made.log_weights(), &made.conditions, &unknown).into();
    let floor = task.run.tempering.beta * task.run.tempering.floor;
    let floored = made.log_reward.iter().filter(|log_r| **log_r <= floor).count();
    let of_state = |at: usize| {
        let own = made.log_reward.iter().skip(at).step_by(known.log_z.len());
        mean(own.copied())
    };
    let states = weighed.conditions.iter().zip(&known.log_z).enumerate();
    let states = states.map(|(at, (state, log_z))| ConditionReport {
        log_z_exact: *log_z,
        log_reward: of_state(at),
        ..state.clone()
    });
    let report = Report {
        log_z_exact: known.log_z(),
        log_z_prior: known.log_z(),
        prior_samples_effective: known.effective,
        fit: Fit::new(&fit),
        log_reward: mean(made.log_reward.iter().copied()),
        floored_mass: floored as f64 / count as f64,
        truth: message::Truth::ImportanceWeighted,
        conditions: states.collect(),
        ..weighed
    };
    let fit = async |taken: &Simulated| Ok(Fit::new(&learner.task.fit(&known, taken).await?));
    learner
        .with_choice(learner.signed(report), made, candidates, fit)
        .await
}
