//! The plane of two latents of a task: its exact posterior, and what is shown of it.

use super::plane::{CELLS, Plane};
use super::{ImagePrior, PlaneView, TaskOf};
use crate::engine::host::read;
use crate::engine::learner::{Task, shown_steps};
use crate::engine::noise::Purpose;
use crate::engine::process::Process;
use crate::engine::{EngineError, Paths};
use burn::tensor::Tensor;
use std::sync::Arc;

/// Images along a side of the map that is drawn.
const MAP: usize = 16;
/// The first counter of the noise of exact trajectories, beyond those of other pictures.
const BACK: u64 = 1 << 40;

impl<Q: ImagePrior> TaskOf<Q> {
    /// The plane of a generator with two latents, computed once; `None` of other priors.
    ///
    /// # Errors
    ///
    /// Where the device or a black box fails.
    pub(super) async fn plane(&mut self) -> Result<Option<Arc<Plane>>, EngineError> {
        if !Q::OF_NOISE || self.size() != 2 {
            return Ok(None);
        }
        if self.plane.is_none() {
            let log_r = self.reward.under_all(&self.device, &Plane::nodes()).await;
            let log_r = log_r.map_err(EngineError::Device)?;
            self.plane = Some(Arc::new(Plane::of(&log_r, self.run.tempering.beta)));
        }
        Ok(self.plane.clone())
    }

    /// The plane as it is drawn, with the prior's trajectories; `None` where there is none.
    ///
    /// # Errors
    ///
    /// Where the device or a black box fails.
    pub(super) async fn plane_view(&mut self, prior: &Paths) -> Result<Option<PlaneView>, EngineError> {
        let Some(plane) = self.plane().await? else {
            return Ok(None);
        };
        let floats = |cells: &[Vec<f64>]| cells.iter().flatten().map(|v| *v as f32).collect();
        let half_width = PlaneView::HALF_WIDTH;
        let width = 2.0 * half_width / MAP as f64;
        let middle = |at: usize| (at as f64 + 0.5) * width - half_width;
        let points = (0..MAP * MAP).flat_map(|at| [middle(at % MAP) as f32, -middle(at / MAP) as f32]);
        let images = self.prior.decoder().images(&points.collect::<Vec<f32>>()).await;
        Ok(Some(PlaneView {
            half_width,
            side: CELLS,
            exact: floats(&plane.exact),
            log_r: floats(&plane.log_r),
            map_side: MAP,
            map: images.map_err(EngineError::Device)?,
            prior_paths: prior.points.clone(),
        }))
    }

    /// Trajectories of the exact posterior to its end points, at the steps that pictures show, `[ends][states][size]`:
    /// the chain is its own reversal.
    ///
    /// # Errors
    ///
    /// Where the device fails.
    pub(super) async fn paths_to(&self, ends: &[f32]) -> Result<Vec<f32>, EngineError> {
        let steps = self.process.steps();
        let of_step = |step: usize| {
            self.noise()
                .normal(Purpose::Pictures, BACK + step as u64, ends.len())
        };
        let back = self
            .chains()
            .noise_back(ends.to_vec(), 0, (0..steps).flat_map(of_step).collect());
        let shown = shown_steps::<Self>(steps);
        let states = shown
            .iter()
            .map(|step| self.process.download(&back[*step]))
            .collect();
        let paths = read(Tensor::stack::<3>(states, 1)).await;
        paths.map_err(EngineError::Device)
    }
}
