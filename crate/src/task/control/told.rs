//! What the network is told of a state.

use super::reward::Judge;
use crate::engine::parallel;
use crate::task::noise_policy::Told;

/// Probe actions along a side, and how far they reach, in deviations of all actions.
const PROBES: usize = 5;
const REACH: f64 = 2.0;
/// Below the best probe by so much, an action's log r says no more.
const DEEPEST: f64 = 10.0;

/// End points of the probe actions, `[PROBES^d][d]`.
fn probes(d: usize) -> Vec<Vec<f32>> {
    let along = |at: usize| REACH * (2.0 * at as f64 / (PROBES - 1) as f64 - 1.0);
    let place = |at: usize| (0..d).map(move |side| along(at / PROBES.pow(side as u32) % PROBES) as f32);
    (0..PROBES.pow(d as u32)).map(|at| place(at).collect()).collect()
}

impl Judge {
    /// The standardised numbers of states `[count][n]`, and log r^β of a few actions in each: a wall or an edge of Q lies
    /// between two states that are near each other, and the policy follows Q, not the place.
    pub(super) fn told(&self, states: &[f64], beta: f64) -> Told {
        let n = self.space.state();
        if n == 0 {
            return Told::new(0, Vec::new());
        }
        let actions: Vec<Vec<f64>> = probes(self.space.size())
            .iter()
            .map(|end| self.space.action(end))
            .collect();
        let rows = parallel::over_rows(states, n, |state| {
            let values = actions.iter().map(|action| self.critic.value(state, action));
            let log_r: Vec<f64> = values.map(|q| beta * q / self.alpha).collect();
            let most = log_r.iter().copied().fold(f64::NEG_INFINITY, f64::max);
            let from_top = log_r.iter().map(|log_r| log_r - most);
            // From −1 to 1; where Q is no number it is as bad as can be.
            let told = from_top.map(|log_r| (2.0 * log_r.max(-DEEPEST) / DEEPEST + 1.0) as f32);
            let mut row = self.space.seen(state);
            row.extend(told);
            row
        });
        Told::new(n + actions.len(), rows.concat())
    }
}

#[cfg(all(test, feature = "cpu"))]
mod tests {
    use super::super::{ControlProblem, ControlTask, Environment, presets};
    use super::*;
    use burn::tensor::Device;

    #[test]
    fn a_state_is_told_with_what_actions_are_worth_in_it() {
        let problem = ControlProblem {
            environment: Environment::Bandit {
                state: 1,
                action: 2,
                expression: "100*s1*a1".to_owned(),
            },
            ..ControlProblem::default()
        };
        let task = ControlTask::open(presets::run(problem), Device::flex()).expect("a task");
        let told = task.judge.told(&[0.7, -0.7, 0.0], 1.0);
        let rows: Vec<Vec<f32>> = (0..3)
            .map(|at| {
                let row = told.of(&[at], &Device::flex()).expect("numbers");
                row.into_data().try_to_vec().expect("numbers")
            })
            .collect();
        assert_eq!(rows[0].len(), 26);
        for probe in 0..PROBES * PROBES {
            let best = |side: usize| if probe % PROBES == side { 1.0 } else { -1.0 };
            assert_eq!(rows[0][1 + probe], best(PROBES - 1), "{probe}");
            assert_eq!(rows[1][1 + probe], best(0), "{probe}");
            assert_eq!(rows[2][1 + probe], 1.0, "{probe}");
        }
    }
}
