//! What is known of recorded states without a policy: figures of the behaviour's actions.

use crate::engine::statistics::{Mean, effective_share, log_mean_exp};
use crate::message::REFERENCE;
use crate::task::control::messages::Beside;

/// Actions of the behaviour among which the best is taken.
const BEST_OF: usize = 32;

/// What the behaviour does in the states that are looked at: figures that no training changes.
#[derive(Clone, Debug)]
pub struct Known {
    /// Actions, in turn in all states, `[count][a]`.
    pub actions: Vec<f32>,
    /// Their tempered log r.
    pub log_reward: Vec<f64>,
    /// log Z of every state from them.
    pub log_z: Vec<f64>,
    /// Effective actions of a state, mean over the states.
    pub effective: f64,
    /// The figures that need no policy.
    pub beside: Beside,
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

/// The mean of numbers.
pub fn mean(values: impl ExactSizeIterator<Item = f64>) -> f64 {
    let count = values.len() as f64;
    values.sum::<f64>() / count
}

impl Known {
    /// That of actions of the behaviour, `[count][a]`, in turn in so many states, with their Q and their tempered log r; and
    /// Q of what was recorded there.
    pub fn of(actions: Vec<f32>, values: &[f64], log_reward: Vec<f64>, recorded: &[f64]) -> Self {
        let states = recorded.len();
        let of_state = |at: usize| {
            let own =
                |numbers: &[f64]| -> Vec<f64> { numbers.iter().skip(at).step_by(states).copied().collect() };
            OfState::of(&own(values), &own(&log_reward))
        };
        let states: Vec<OfState> = (0..states.min(values.len())).map(of_state).collect();
        let over_states = |of: fn(&OfState) -> f64| mean(states.iter().map(of));
        let best_of: Option<Vec<f64>> = states.iter().map(|state| state.best_of).collect();
        Self {
            beside: Beside {
                q_behaviour: mean(values.iter().copied()),
                q_weighted: over_states(|state| state.weighted),
                q_best_of: best_of.map(|best_of| mean(best_of.into_iter())),
                q_recorded: mean(recorded.iter().copied()),
                log_reward_behaviour: mean(log_reward.iter().copied()),
                log_reward_weighted: over_states(|state| state.log_reward_weighted),
            },
            effective: over_states(|state| state.effective),
            log_z: states.iter().map(|state| state.log_z).collect(),
            log_reward,
            actions,
        }
    }

    /// How many actions there are.
    pub fn count(&self) -> usize {
        self.log_reward.len()
    }

    /// log Z of every state where enough effective actions stand for the posterior, else nothing: a few would say too
    /// little by far.
    pub fn reference(&self) -> Vec<f64> {
        match self.effective >= REFERENCE {
            true => self.log_z.clone(),
            false => vec![f64::NAN; self.log_z.len()],
        }
    }
}
