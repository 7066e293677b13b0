//! The figures of a run above recorded steps, where nothing is exact: the policy beside the behaviour, the best and the
//! weighted of its actions, and what was recorded.

use super::known::{Known, mean};
use super::task::OfflineTask;
use crate::engine::EngineError;
use crate::engine::learner::{LEARNED, Learner, Simulated};
use crate::engine::noise::Purpose;
use crate::engine::statistics::Weighed;
use crate::message::{self, ConditionReport, Fit, Report};
use crate::task::control::messages::OfflineFit;
use std::sync::Arc;

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
        if let Some(known) = self.known.as_ref().filter(|known| known.count() == count) {
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
        let log_reward = log_r.into_iter().map(|log_r| beta * log_r).collect();
        let looked_at = self.looked_at();
        let a = judge.action_size();
        let ends = &self.ends[looked_at.start * a..looked_at.end * a];
        let [recorded, _] = of_ends(ends, &looked_at.collect::<Vec<_>>()).await?;
        let actions = judge.behaviour.actions(&drawn);
        let known = Arc::new(Known::of(actions, &values, log_reward, &recorded));
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
    let reference = known.reference();
    let states = weighed.conditions.iter().zip(&reference).enumerate();
    let states = states.map(|(at, (state, log_z))| ConditionReport {
        log_z_exact: *log_z,
        log_reward: of_state(at),
        ..state.clone()
    });
    let report = Report {
        log_z_exact: mean(reference.iter().copied()),
        log_z_prior: mean(known.log_z.iter().copied()),
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
