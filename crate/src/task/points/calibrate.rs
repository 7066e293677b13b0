//! Simulation-based calibration of the posteriors given many observations.

use super::marginals::{coverage, rank, uniformity};
use super::{Calibration, PointsTask};
use crate::engine::EngineError;
use crate::engine::learner::Learner;

/// Most observations that are looked at: the first ones.
const ROWS: usize = 500;
/// Draws of the posterior given each.
const DRAWS: usize = 99;
/// Bins of the ranks: at most `BINS`, each expecting at least `EXPECTED`.
const BINS: usize = 20;
const EXPECTED: usize = 5;

/// The calibration of a posterior in training; `None` where no true points are known.
pub(super) async fn calibration(learner: &Learner<PointsTask>) -> Result<Option<Calibration>, EngineError> {
    let task = &learner.task;
    let Some(truth) = task.observed.truth() else {
        return Ok(None);
    };
    let (rows, d) = (task.observed.rows().min(ROWS), task.size());
    let conditions: Vec<usize> = (0..rows * DRAWS).map(|at| at / DRAWS).collect();
    let ends = learner.sampled(&conditions, 1, false).await?.ends;
    let draws = task.space.points(&ends);
    of_ranks(&ranks(truth, &draws, d), (rows / EXPECTED).min(BINS))
        .map(Some)
        .map_err(EngineError::Device)
}

/// The ranks of every coordinate of true points among the draws of each, `[d][rows]`.
fn ranks(truth: &[f64], draws: &[f64], d: usize) -> Vec<Vec<usize>> {
    let of = |coordinate: usize| {
        let pairs = truth.chunks_exact(d).zip(draws.chunks_exact(DRAWS * d));
        let rank = |(truth, draws): (&[f64], &[f64])| {
            let draws = draws.iter().skip(coordinate).step_by(d).copied();
            rank(truth[coordinate], draws)
        };
        pairs.map(rank).collect()
    };
    (0..d).map(of).collect()
}

fn of_ranks(ranks: &[Vec<usize>], bins: usize) -> Result<Calibration, String> {
    let mut calibration = Calibration::default();
    for ranks in ranks {
        calibration.sbc_p.push(uniformity(ranks, DRAWS, bins)?.p_value);
        let [half, most, nearly_all] = coverage(ranks, DRAWS)?;
        calibration.coverage_50.push(half);
        calibration.coverage_80.push(most);
        calibration.coverage_95.push(nearly_all);
    }
    Ok(calibration)
}

#[cfg(test)]
mod tests {
    use super::{DRAWS, ranks};

    #[test]
    fn every_coordinate_has_ranks_of_its_own() {
        // Draws k and −k for k from 0 to 98, for two rows.
        let of_row = (0..DRAWS).flat_map(|k| [k as f64, -(k as f64)]);
        let draws: Vec<f64> = of_row.clone().chain(of_row).collect();
        let found = ranks(&[9.5, -1000.0, 1000.0, -9.5], &draws, 2);
        assert_eq!(found, [[10, DRAWS], [0, DRAWS - 10]]);
    }
}
