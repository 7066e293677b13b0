//! Q of linear dynamics with quadratic costs, by Riccati's equation or, of a behaviour, by Lyapunov's.

use super::super::behaviour::Behaviour;
use super::super::world::Linear;
use super::Target;
use crate::engine::ConfigError;

/// Most rounds of the fixed-point iteration, and the relative change at which it ends.
const MOST_ROUNDS: usize = 100_000;
const CONVERGED: f64 = 1e-13;

/// Q(s, a) = −yᵀ·M·y of y = (s, 1, a).
#[derive(Clone, Debug)]
pub(super) struct Quadratic {
    n: usize,
    d: usize,
    /// `[(n + 1 + d)²]`.
    form: Vec<f64>,
}

impl Quadratic {
    /// M = diag(q, 0, c) + γ·Fᵀ·P·F + γ·σ²·tr(P_s)·e·eᵀ, where F maps (s, 1, a) to (s', 1), e is the constant's place
    /// and V(s) = −(s, 1)ᵀ·P·(s, 1): the smallest of the form in a for the best policy, its mean over the behaviour's
    /// actions for the behaviour.
    pub fn solve(
        target: Target,
        linear: &Linear,
        behaviour: &Behaviour,
        discount: f64,
    ) -> Result<Self, ConfigError> {
        let (n, d) = (linear.state(), linear.action());
        let m = n + 1;
        let all = m + d;
        // Columns of F: what each of (s, 1, a) does to (s', 1).
        let column = |at: usize| {
            let mut y = vec![0.0; all];
            y[at] = 1.0;
            let mut next = linear.mean(&y[..n], &y[m..]);
            next.push(y[n]);
            next
        };
        let columns: Vec<Vec<f64>> = (0..all).map(column).collect();
        let [state_cost, action_cost] = linear.costs();
        let mut value = vec![0.0; m * m];
        for _ in 0..MOST_ROUNDS {
            let mut form = vec![0.0; all * all];
            for row in 0..all {
                for at in 0..all {
                    let mut sum = 0.0;
                    for i in 0..m {
                        for j in 0..m {
                            sum += columns[row][i] * value[i * m + j] * columns[at][j];
                        }
                    }
                    form[row * all + at] = discount * sum;
                }
            }
            for (at, cost) in state_cost.iter().enumerate() {
                form[at * all + at] += cost;
            }
            for (at, cost) in action_cost.iter().enumerate() {
                form[(m + at) * all + m + at] += cost;
            }
            let trace: f64 = (0..n).map(|at| value[at * m + at]).sum();
            form[n * all + n] += discount * linear.noise().powi(2) * trace;
            let quadratic = Self { n, d, form };
            let next = match target {
                Target::Optimal => quadratic.smallest(),
                Target::Behaviour | Target::Expectile(_) => quadratic.mean(behaviour),
            };
            let size = next.iter().fold(0.0f64, |most, value| most.max(value.abs()));
            let change = next.iter().zip(&value).map(|(new, old)| (new - old).abs());
            let change = change.fold(0.0f64, f64::max);
            value = next;
            if !size.is_finite() || size > 1e12 {
                break;
            }
            if change <= CONVERGED * size.max(1.0) {
                return Ok(quadratic);
            }
        }
        Err(ConfigError::new(
            "episodes.discount",
            discount,
            "one at which costs stay finite: with this environment and behaviour they grow without bound",
        ))
    }

    fn entry(&self, row: usize, column: usize) -> f64 {
        self.form[row * (self.n + 1 + self.d) + column]
    }

    /// The inverse of the form's block of actions, of at most two of them.
    fn inverse(&self) -> Vec<f64> {
        let at = |row: usize, column: usize| self.entry(self.n + 1 + row, self.n + 1 + column);
        if self.d == 1 {
            return vec![at(0, 0).recip()];
        }
        let determinant = at(0, 0) * at(1, 1) - at(0, 1) * at(1, 0);
        [at(1, 1), -at(0, 1), -at(1, 0), at(0, 0)]
            .map(|value| value / determinant)
            .to_vec()
    }

    /// a = G·(s, 1) that makes the form smallest, `[d][n + 1]`.
    fn gain(&self) -> Vec<f64> {
        let (m, d, inverse) = (self.n + 1, self.d, self.inverse());
        let of = |at: usize| {
            let (row, column) = (at / m, at % m);
            -(0..d)
                .map(|k| inverse[row * d + k] * self.entry(m + k, column))
                .sum::<f64>()
        };
        (0..d * m).map(of).collect()
    }

    /// The form in (s, 1) where a = G·(s, 1).
    fn closed(&self, gain: &[f64]) -> Vec<f64> {
        let (m, d) = (self.n + 1, self.d);
        let of = |at: usize| {
            let (row, column) = (at / m, at % m);
            let mut sum = self.entry(row, column);
            for k in 0..d {
                sum += self.entry(row, m + k) * gain[k * m + column]
                    + gain[k * m + row] * self.entry(m + k, column);
                for l in 0..d {
                    sum += gain[k * m + row] * self.entry(m + k, m + l) * gain[l * m + column];
                }
            }
            sum
        };
        (0..m * m).map(of).collect()
    }

    fn smallest(&self) -> Vec<f64> {
        self.closed(&self.gain())
    }

    fn mean(&self, behaviour: &Behaviour) -> Vec<f64> {
        let (n, m, d) = (self.n, self.n + 1, self.d);
        let components = behaviour.feedbacks().unwrap_or_default();
        let weights: f64 = components.iter().map(|component| component.weight).sum();
        let mut value = vec![0.0; m * m];
        for component in components {
            let share = component.weight / weights;
            let gain = |at: usize| {
                let (row, column) = (at / m, at % m);
                match column == n {
                    true => component.mean[row],
                    false => component.gain.get(row).map_or(0.0, |row| row[column]),
                }
            };
            let gain: Vec<f64> = (0..d * m).map(gain).collect();
            for (value, closed) in value.iter_mut().zip(self.closed(&gain)) {
                *value += share * closed;
            }
            let spread = component.variances.iter().enumerate();
            let spread = spread.map(|(at, variance)| self.entry(m + at, m + at) * variance);
            value[n * m + n] += share * spread.sum::<f64>();
        }
        value
    }

    pub fn value(&self, state: &[f64], action: &[f64]) -> f64 {
        let y: Vec<f64> = state.iter().chain([&1.0]).chain(action).copied().collect();
        let rows = self.form.chunks_exact(y.len()).zip(&y);
        let of = |(row, value): (&[f64], &f64)| {
            value
                * row
                    .iter()
                    .zip(&y)
                    .map(|(entry, other)| entry * other)
                    .sum::<f64>()
        };
        -rows.map(of).sum::<f64>()
    }

    pub fn best(&self, state: &[f64]) -> Vec<f64> {
        let gain = self.gain();
        let of = |row: &[f64]| {
            let slopes = row.iter().zip(state).map(|(gain, value)| gain * value);
            row[self.n] + slopes.sum::<f64>()
        };
        gain.chunks_exact(self.n + 1).map(of).collect()
    }
}
