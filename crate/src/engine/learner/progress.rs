//! Training progress in the header of a file of weights.

use crate::engine::weights::Weights;

/// Training progress, as the header of a posterior's weights holds it.
#[derive(Clone, Debug, PartialEq)]
pub struct Header {
    /// Iterations done, at most 10,000,000.
    pub iteration: usize,
    /// log Z of every condition.
    pub log_z: Vec<f64>,
}

impl Header {
    /// Reads it; `conditions` are those of the task.
    ///
    /// # Errors
    ///
    /// If it is missing or invalid.
    pub fn of(weights: &Weights, conditions: usize) -> Result<Self, String> {
        let numbers = |key: &str| -> Option<Vec<f64>> {
            let number = |text: &str| text.parse::<f64>().ok().filter(|v| v.is_finite());
            weights.metadata.get(key)?.split(' ').map(number).collect()
        };
        let number = |key: &str| numbers(key).filter(|all| all.len() == 1).map(|all| all[0]);
        let log_z = numbers("log_z").filter(|all| all.len() == conditions);
        match (number("iteration"), log_z) {
            (Some(iteration), Some(log_z)) if (0.0..=1e7).contains(&iteration) => Ok(Self {
                iteration: iteration as usize,
                log_z,
            }),
            _ => Err("its header lacks a valid iteration and log_z".into()),
        }
    }

    /// Writes it. No time is part of it: equal runs have equal files.
    pub(super) fn write(&self, weights: &mut Weights) {
        let log_z: Vec<_> = self.log_z.iter().map(f64::to_string).collect();
        for (key, value) in [
            ("iteration", self.iteration.to_string()),
            ("log_z", log_z.join(" ")),
        ] {
            weights.metadata.insert(key.into(), value);
        }
    }
}
