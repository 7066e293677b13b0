//! Ranks of true values among draws of a posterior in training.

use super::{Calibration, FEWEST_TRUTHS, rank};
use crate::engine::EngineError;
use crate::engine::learner::{Learner, Task};
use crate::engine::noise::{Purpose, uniform};

/// Samples of the exact posteriors, each under a condition of its own.
pub(in crate::task) struct Truths {
    /// Their statistics, `[count][statistics]`.
    pub values: Vec<f64>,
    /// Their conditions.
    pub conditions: Vec<usize>,
}

/// The calibration of a posterior by `draws` draws under the condition of each truth; `None` of too few truths.
/// `statistics` are those of end points under conditions, `[rows][statistics]`.
pub(in crate::task) async fn calibration<T: Task>(
    learner: &Learner<T>,
    truths: &Truths,
    draws: usize,
    statistics: impl AsyncFnOnce(&[f32], &[usize]) -> Result<Vec<f64>, EngineError>,
) -> Result<Option<Calibration>, EngineError> {
    if truths.conditions.len() < FEWEST_TRUTHS {
        return Ok(None);
    }
    let of_each = truths.conditions.iter();
    let conditions: Vec<usize> = of_each.flat_map(|of| std::iter::repeat_n(*of, draws)).collect();
    let ends = learner.sampled(&conditions, 1, false).await?.ends;
    let drawn = statistics(&ends, &conditions).await?;
    let mut rng = learner.noise().stream(Purpose::Calibration, TIES);
    let ranks = ranks(truths, &drawn, draws, || uniform(&mut rng));
    Calibration::of(&ranks, draws)
        .map(Some)
        .map_err(EngineError::Device)
}

/// The counter of the noise that orders equal values.
const TIES: u64 = (1 << 48) - 1;

/// The ranks of every statistic of the truths among that of the draws of each, `[statistics][truths]`.
fn ranks(truths: &Truths, drawn: &[f64], draws: usize, mut tie: impl FnMut() -> f64) -> Vec<Vec<usize>> {
    let size = truths.values.len() / truths.conditions.len();
    let mut of = |statistic: usize| {
        let pairs = truths
            .values
            .chunks_exact(size)
            .zip(drawn.chunks_exact(draws * size));
        let rank = |(truth, drawn): (&[f64], &[f64])| {
            let drawn = drawn.iter().skip(statistic).step_by(size).copied();
            rank(truth[statistic], drawn, tie())
        };
        pairs.map(rank).collect()
    };
    (0..size).map(&mut of).collect()
}

#[cfg(test)]
mod tests {
    use super::{Truths, ranks};

    #[test]
    fn every_statistic_has_ranks_of_its_own() {
        // Draws k and −k for k from 0 to 98, for two truths.
        let of_row = (0..99).flat_map(|k| [f64::from(k), -f64::from(k)]);
        let drawn: Vec<f64> = of_row.clone().chain(of_row).collect();
        let truths = Truths {
            values: vec![9.5, -1000.0, 1000.0, -9.5],
            conditions: vec![0, 1],
        };
        let found = ranks(&truths, &drawn, 99, || 0.0);
        assert_eq!(found, [[10, 99], [0, 89]]);
    }
}
