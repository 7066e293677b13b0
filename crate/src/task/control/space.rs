//! The standardised spaces of states and actions.

use super::behaviour::Behaviour;
use super::standard::Standard;

/// Actions and states in units of their own spread: a = center + scale·z.
#[derive(Clone, Debug, PartialEq)]
pub struct Space {
    /// Of actions, `[d]`.
    centers: Vec<f64>,
    scales: Vec<f64>,
    /// Of states; none where there is a single one without numbers.
    states: Standard,
}

fn narrowed(values: &[f64]) -> Vec<f32> {
    values.iter().map(|value| *value as f32).collect()
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
        Self {
            centers: first,
            scales,
            states: match n {
                0 => Standard::default(),
                n => Standard::of(&narrowed(states), n),
            },
        }
    }

    /// d.
    pub fn size(&self) -> usize {
        self.centers.len()
    }

    /// n.
    pub fn state(&self) -> usize {
        self.states.size()
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
        self.states.standardised(&narrowed(states))
    }
}
