//! What there is to see of a run before anything is trained.

use crate::kit::shared::Shared;
use crate::tasks;
use rtb::message::{SampledTruth, Scene, Truth};
use rtb::run::Run;

/// What is fixed of a run, and what is known of its exact posterior.
#[derive(Clone, PartialEq)]
pub struct Stage {
    pub scene: Shared<Scene>,
    /// The exact posterior where it is made of the prior's samples.
    pub truth: Option<Shared<SampledTruth>>,
}

impl Stage {
    pub fn new(scene: Scene) -> Self {
        let truth = scene.exact.clone();
        Self {
            scene: Shared::new(scene),
            truth: truth.map(Shared::new),
        }
    }

    /// What there is to see of a run before the engine answers, given the run before and its stage.
    pub fn preview(run: &Run, before: Option<(&Run, &Self)>) -> Self {
        let before = before.map(|(run, stage)| (run, &*stage.scene));
        Self::new(tasks::room(run).preview(run, before))
    }

    /// T of the chain that is shown; the run's before there is anything to show.
    pub fn steps(&self, run: &Run) -> usize {
        let shown = self.scene.prior_paths.steps.last();
        shown.copied().unwrap_or(run.process.steps)
    }

    /// Tempered log r of the ends of the prior's trajectories, where they are looked at one by one.
    pub fn log_reward(&self) -> &[f32] {
        &self.scene.log_reward
    }

    /// Whether log Z of the truth rests on too few samples.
    pub fn is_estimate(&self) -> bool {
        let few = self.truth.as_deref().is_some_and(SampledTruth::is_estimate);
        few && self.scene.truth != Truth::Quadrature
    }

    /// log Z of the truth, as far as it is known.
    pub fn log_z(&self) -> Option<f64> {
        let of_scene = self.scene.log_z.filter(|log_z| log_z.is_finite());
        self.truth.as_ref().map(|truth| truth.log_z).or(of_scene)
    }
}
