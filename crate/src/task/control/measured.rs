//! The figures of actions, beside those of the exact policies.

use super::exact::Exact;
use super::others::OfPrior;
use super::{ControlFit, ControlTask, StateFit};
use crate::engine::EngineError;
use crate::engine::learner::{LEARNED, Learner, Simulated};
use crate::engine::noise::Purpose;
use crate::engine::rollout::Follow;
use crate::engine::statistics::{Weighed, total_variation};
use crate::message::{self, ConditionReport, Fit, Report};

/// Cells along a coordinate.
const CELLS: usize = 24;

/// The figures of actions in a state, `[count][d]`.
pub(super) fn fit(exact: &Exact, actions: &[Vec<f64>]) -> ControlFit {
    let d = exact.size();
    let mut fit = ControlFit::default();
    for coordinate in 0..d {
        let mut counts = vec![0.0; CELLS];
        for cell in actions
            .iter()
            .filter_map(|action| exact.cell(action, coordinate, CELLS))
        {
            counts[cell] += 1.0;
        }
        let [found, floor] = total_variation(&counts, actions.len(), &exact.marginal(coordinate, CELLS));
        fit.total_variation += found / d as f64;
        fit.total_variation_exact += floor / d as f64;
    }
    let mut counts = vec![0.0; CELLS.pow(d as u32)];
    for action in actions {
        let mut cells = (0..d).map(|coordinate| exact.cell(action, coordinate, CELLS));
        if let Some(cell) = cells.try_fold(0, |at, cell| Some(at * CELLS + cell?)) {
            counts[cell] += 1.0;
        }
    }
    [fit.total_variation_joint, fit.total_variation_joint_exact] =
        total_variation(&counts, actions.len(), &exact.joint(CELLS));
    fit
}

/// The means of figures.
fn mean_fit(fits: &[ControlFit]) -> ControlFit {
    let mean = |of: fn(&ControlFit) -> f64| fits.iter().map(of).sum::<f64>() / fits.len() as f64;
    ControlFit {
        total_variation: mean(|fit| fit.total_variation),
        total_variation_exact: mean(|fit| fit.total_variation_exact),
        total_variation_joint: mean(|fit| fit.total_variation_joint),
        total_variation_joint_exact: mean(|fit| fit.total_variation_joint_exact),
        ..ControlFit::default()
    }
}

impl ControlTask {
    /// The figures of end points under their conditions: their means, and those of each state.
    pub(super) fn fit(
        &self,
        exact: &[Exact],
        ends: &[f32],
        conditions: &[usize],
    ) -> (ControlFit, Vec<ControlFit>) {
        let mut actions = vec![Vec::new(); exact.len()];
        let rows = ends.chunks_exact(self.judge.space.size()).zip(conditions);
        for (end, condition) in rows {
            if let Some(actions) = actions.get_mut(*condition) {
                actions.push(self.judge.space.action(end));
            }
        }
        let pairs = exact
            .iter()
            .zip(&actions)
            .filter(|(_, actions)| !actions.is_empty());
        let each: Vec<ControlFit> = pairs.map(|(exact, actions)| fit(exact, actions)).collect();
        (mean_fit(&each), each)
    }

    /// The mean of log Z over the states that are looked at.
    pub(super) fn mean_log_z(&self, exact: &[Exact]) -> f64 {
        (0..exact.len()).map(|at| self.log_z(exact, at)).sum::<f64>() / exact.len() as f64
    }

    /// log Z of a state as the reward counts it: from its own peak.
    pub(super) fn log_z(&self, exact: &[Exact], condition: usize) -> f64 {
        let exact = &exact[condition];
        exact.log_z + (exact.peak - self.reward.0.peak(condition)) / self.alpha()
    }
}

/// The report over `count` actions as the policy draws them, in turn in all states that are looked at.
pub(super) async fn measure(
    learner: &mut Learner<ControlTask>,
    count: usize,
    candidates: usize,
) -> Result<(Report, Simulated), EngineError> {
    let exact = learner.task.exact();
    let looked_at = exact.len();
    let conditions: Vec<usize> = (0..count).map(|row| row % looked_at).collect();
    let made = learner
        .simulate_round(LEARNED, Purpose::Evaluation, 0, &conditions)
        .await?;
    let known = learner.task.of_prior.filter(|known| known.samples == count);
    let of_prior = match known {
        Some(known) => known,
        None => {
            // With the prior's own chain there is no ratio of kernels: the weights are the rewards.
            let prior = learner
                .simulate_round(Follow::Prior, Purpose::PriorEvaluation, 0, &conditions)
                .await?;
            let weighed = Weighed::of(&prior.log_reward, &conditions, learner.log_z());
            OfPrior {
                samples: count,
                log_z: weighed.log_z_importance,
                effective: weighed.ess * count as f64,
            }
        }
    };
    learner.task.of_prior = Some(of_prior);
    let task = &learner.task;
    let (mut fit, each) = task.fit(&exact, &made.ends, &made.conditions);
    let log_zs: Vec<f64> = (0..looked_at).map(|at| task.log_z(&exact, at)).collect();
    // E[w] is Z, so this is ½·E|w/Z − 1|; unlike that it stays below 1, and near it where heavy weights are missed.
    let weights = made.log_weights().into_iter().zip(&made.conditions);
    let off = weights.map(|(log_weight, at)| (1.0 - (log_weight - log_zs[*at]).exp()).max(0.0));
    fit.total_variation_bound = Some(off.sum::<f64>() / count as f64);
    let weighed = learner.weighed(&made);
    let off = weighed.conditions.iter().zip(&log_zs);
    let off = off.map(|(found, exact)| (found.log_z_importance - exact).abs());
    fit.log_z_off = Some(match looked_at {
        1 => (weighed.log_z_importance - log_zs[0]).abs(),
        _ => off.sum::<f64>() / looked_at as f64,
    });
    let floor = task.run.tempering.beta * task.run.tempering.floor;
    let floored = made.log_reward.iter().filter(|log_r| **log_r <= floor).count();
    let log_reward = |at: usize| {
        let of_state = made.log_reward.iter().skip(at).step_by(looked_at);
        of_state.clone().sum::<f64>() / of_state.len() as f64
    };
    let known = weighed.conditions.iter().zip(&each).enumerate();
    let conditions = known.map(|(at, (known, fit))| ConditionReport {
        log_z_exact: log_zs[at],
        log_reward: log_reward(at),
        fit: Fit::new(&StateFit {
            total_variation: fit.total_variation,
            total_variation_joint: fit.total_variation_joint,
        }),
        ..known.clone()
    });
    let report = Report {
        log_z_exact: task.mean_log_z(&exact),
        log_z_prior: of_prior.log_z,
        prior_samples_effective: of_prior.effective,
        fit: Fit::new(&fit),
        log_reward: made.log_reward.iter().sum::<f64>() / count as f64,
        floored_mass: floored as f64 / count as f64,
        truth: message::Truth::Quadrature,
        conditions: conditions.collect(),
        ..weighed
    };
    let fit = async |taken: &Simulated| {
        Ok(Fit::new(
            &learner.task.fit(&exact, &taken.ends, &taken.conditions).0,
        ))
    };
    learner
        .with_choice(learner.signed(report), made, candidates, fit)
        .await
}
