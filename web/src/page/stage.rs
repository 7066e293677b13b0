//! What there is to see of a run before anything is trained.

use crate::kit::shared::Shared;
use crate::preview;
use rtb::config::{Run, Task};
use rtb::message::{Paths, PlaneView, SampledTruth, Scene, View};

/// The pictures and trajectories of a run.
#[derive(Clone, PartialEq)]
pub struct Stage {
    pub scene: Shared<Scene>,
    /// Bridges to samples of the exact posterior, in the plane.
    pub exact_paths: Shared<Paths>,
    /// What is known of the exact posterior of images or stories.
    pub truth: Option<Shared<SampledTruth>>,
}

impl Stage {
    pub fn new(scene: Scene, run: &Run) -> Self {
        let exact_paths = match &scene.view {
            View::Plane(view) => preview::bridge(&view.exact, view.side, run),
            View::Digits(_) | View::Stories(_) => Paths::default(),
        };
        let truth = scene.view.exact().cloned();
        Self {
            scene: Shared::new(scene),
            exact_paths: Shared::new(exact_paths),
            truth: truth.map(Shared::new),
        }
    }

    /// What there is to see of a run before the engine answers. Images of the prior are the
    /// engine's; those of the run before stay where they are this run's too.
    pub fn preview(run: &Run, before: Option<(&Run, &Self)>) -> Self {
        let mut scene = preview::scene(run);
        if let Some((old, stage)) = before
            && run.task == Task::Digits
            && (&run.prior, run.process.steps, run.seed) == (&old.prior, old.process.steps, old.seed)
        {
            scene.prior_paths = stage.scene.prior_paths.clone();
        }
        Self::new(scene, run)
    }

    /// T of the chain that is shown; the run's before there is anything to show.
    pub fn steps(&self, run: &Run) -> usize {
        let shown = self.scene.prior_paths.steps.last();
        shown.copied().unwrap_or(run.process.steps)
    }

    /// log Z of the truth, as far as it is known.
    pub fn log_z(&self) -> Option<f64> {
        let of_plane = self.scene.log_z.filter(|_| !self.plane().exact.is_empty());
        self.truth.as_ref().map(|truth| truth.log_z).or(of_plane)
    }

    /// The pictures of the plane, empty ones for another task.
    pub fn plane(&self) -> &PlaneView {
        static NOTHING: PlaneView = PlaneView {
            side: 0,
            prior: Vec::new(),
            log_reward: Vec::new(),
            exact: Vec::new(),
        };
        self.scene.view.plane().unwrap_or(&NOTHING)
    }
}
