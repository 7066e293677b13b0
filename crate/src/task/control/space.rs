//! The standardised spaces of states and actions.

use super::behaviour::Behaviour;

/// Least deviation of a coordinate of the states that counts as one.
const LEAST: f64 = 1e-9;

/// Actions and states in units of their own spread: a = center + scale·z.
#[derive(Clone, Debug, PartialEq)]
pub struct Space {
    /// Of actions, `[d]`.
    centers: Vec<f64>,
    scales: Vec<f64>,
    /// Of states, `[n]`.
    middles: Vec<f64>,
    spreads: Vec<f64>,
}

impl Space {
    /// That of the behaviour's actions in these states, `[count][n]`.
    pub(super) fn of(behaviour: &Behaviour, states: &[f64], n: usize) -> Self {
        let d = behaviour.variances()[0].len();
        let rows: Vec<&[f64]> = match n {
            0 => vec![&[]],
            n => states.chunks_exact(n).collect(),
        };
        let count = rows.len() as f64;
        let (mut first, mut second) = (vec![0.0; d], vec![0.0; d]);
        for row in &rows {
            for (gaussian, variances) in behaviour.at(row).iter().zip(behaviour.variances()) {
                let weight = gaussian.log_weight.exp() / count;
                for at in 0..d {
                    first[at] += weight * gaussian.mean[at];
                    second[at] += weight * (gaussian.mean[at].powi(2) + variances[at]);
                }
            }
        }
        let scales = first.iter().zip(&second);
        let scales = scales
            .map(|(first, second)| (second - first * first).sqrt())
            .collect();
        let mean = |of: &dyn Fn(&[f64]) -> f64| rows.iter().map(|row| of(row)).sum::<f64>() / count;
        let middles: Vec<f64> = (0..n).map(|at| mean(&|row| row[at])).collect();
        let spreads = (0..n).map(|at| {
            let spread = mean(&|row| (row[at] - middles[at]).powi(2)).sqrt();
            if spread > LEAST { spread } else { 1.0 }
        });
        Self {
            spreads: spreads.collect(),
            centers: first,
            scales,
            middles,
        }
    }

    /// d.
    pub fn size(&self) -> usize {
        self.centers.len()
    }

    /// n.
    pub fn state(&self) -> usize {
        self.middles.len()
    }

    /// The scales of actions, `[d]`.
    pub fn scales(&self) -> &[f64] {
        &self.scales
    }

    /// The action of an end point.
    pub fn action(&self, end: &[f32]) -> Vec<f64> {
        let numbers = end.iter().zip(self.centers.iter().zip(&self.scales));
        numbers
            .map(|(z, (center, scale))| center + scale * f64::from(*z))
            .collect()
    }

    /// The end point of an action.
    pub fn end(&self, action: &[f64]) -> Vec<f64> {
        let numbers = action.iter().zip(self.centers.iter().zip(&self.scales));
        numbers
            .map(|(value, (center, scale))| (value - center) / scale)
            .collect()
    }

    /// States as networks see them.
    pub fn seen(&self, states: &[f64]) -> Vec<f32> {
        let n = self.state();
        let number =
            |(at, value): (usize, &f64)| ((value - self.middles[at % n]) / self.spreads[at % n]) as f32;
        states.iter().enumerate().map(number).collect()
    }
}
