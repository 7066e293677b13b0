//! Simulation-based calibration of the posteriors given many observations.

use super::PointsTask;
use crate::engine::EngineError;
use crate::engine::learner::Learner;
use crate::task::calibration::{Calibration, Truths, calibration};

/// Most observations that are looked at: the first ones.
const ROWS: usize = 500;
/// Draws of the posterior given each.
const DRAWS: usize = 99;

/// The calibration of every coordinate; `None` where no true points are known.
pub(super) async fn calibrate(learner: &Learner<PointsTask>) -> Result<Option<Calibration>, EngineError> {
    let task = &learner.task;
    let Some(points) = task.observed.truth() else {
        return Ok(None);
    };
    let rows = task.observed.rows().min(ROWS);
    let truths = Truths {
        values: points[..rows * task.size()].to_vec(),
        conditions: (0..rows).collect(),
    };
    calibration(learner, &truths, DRAWS, async |ends, _| {
        Ok(task.space.points(ends))
    })
    .await
}
