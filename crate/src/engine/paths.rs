//! Trajectories as they are shown.

use serde::{Deserialize, Serialize};

/// Trajectories, thinned in time.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Paths {
    /// The steps shown, from 0 to T.
    pub steps: Vec<usize>,
    /// Numbers of a state as it is shown.
    pub size: usize,
    /// `[count][steps][size]`.
    pub points: Vec<f32>,
}

impl Paths {
    /// Number of trajectories.
    pub fn count(&self) -> usize {
        self.points.len() / (self.size * self.steps.len()).max(1)
    }

    /// The numbers of trajectory `path` at the shown step `step`.
    pub fn state(&self, path: usize, step: usize) -> &[f32] {
        let at = self.size * (path * self.steps.len() + step);
        &self.points[at..at + self.size]
    }

    /// The states at the last shown step, `[count][size]`.
    pub fn ends(&self) -> Vec<f32> {
        let last = self.steps.len().saturating_sub(1);
        let ends = (0..self.count()).flat_map(|path| self.state(path, last));
        ends.copied().collect()
    }

    /// The first two numbers of a state.
    pub fn point(&self, path: usize, step: usize) -> [f32; 2] {
        let state = self.state(path, step);
        [state[0], state[1]]
    }
}
