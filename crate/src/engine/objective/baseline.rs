//! What of δ a step's noise had no part in.

use super::centred;

/// Control variates of the gradient on policy, a number for every step of every trajectory.
///
/// There E\[∇log p_φ(x_{i+1}|x_i) · anything that x_i determines\] = 0, and the gradient of the squared
/// δ is that of KL(policy ‖ posterior) (arXiv 2210.00580). So a step need not answer for all of δ: the
/// ratios of earlier steps can go, and so can what x_i predicts of the rest, by a line through
/// log r of the end point that is expected there. The line of one half of the trajectories serves the
/// other, which leaves the gradient unbiased.
#[derive(Clone, Debug)]
pub struct Baseline<'a> {
    /// log p_φ − log p_θ of every step, `[T][rows]`.
    pub log_ratios: &'a [Vec<f64>],
    /// Tempered log r of the end points, `[rows]`.
    pub log_reward: &'a [f64],
    /// Tempered log r of the end points that are expected at every state, `[T][rows]`; empty where none
    /// are.
    pub expected: &'a [Vec<f64>],
    /// `[rows]`.
    pub condition: &'a [usize],
}

/// Added to the sum of squares that a slope is divided by: a line through few points near each other
/// predicts nothing.
const RIDGE: f64 = 1.0;

impl Baseline<'_> {
    /// What is left of δ at every step, `[T][rows]`, with mean 0 over a condition's trajectories.
    pub fn residuals(&self) -> Vec<Vec<f64>> {
        // From the end back: at step i the ratios from i on, less log r.
        let mut to_go: Vec<f64> = self.log_reward.iter().map(|log_r| -log_r).collect();
        let mut left = Vec::with_capacity(self.log_ratios.len());
        for (step, ratios) in self.log_ratios.iter().enumerate().rev() {
            to_go
                .iter_mut()
                .zip(ratios)
                .for_each(|(sum, ratio)| *sum += ratio);
            let to_go = centred(self.condition, &to_go);
            left.push(match self.expected.get(step) {
                Some(expected) => less_prediction(to_go, &centred(self.condition, expected)),
                None => to_go,
            });
        }
        left.reverse();
        left
    }
}

/// `values` less what the line of the other half of the rows says of them.
fn less_prediction(mut values: Vec<f64>, known: &[f64]) -> Vec<f64> {
    let slope = |half: usize| {
        let rows = || values.iter().zip(known).skip(half).step_by(2);
        let products: f64 = rows().map(|(value, known)| value * known).sum();
        let squares: f64 = rows().map(|(_, known)| known * known).sum();
        products / (squares + RIDGE)
    };
    let slopes = [slope(1), slope(0)];
    for (row, (value, known)) in values.iter_mut().zip(known).enumerate() {
        *value -= slopes[row % 2] * known;
    }
    values
}
