//! Points of the plane under a Gaussian mixture.

#[cfg(feature = "engine")]
pub mod energy;
mod experiments;
#[cfg(feature = "engine")]
mod fit;
#[cfg(feature = "engine")]
mod lesson;
mod messages;
#[cfg(feature = "engine")]
mod methods;
mod mixtures;
#[cfg(feature = "engine")]
mod policy;
#[cfg(feature = "engine")]
mod preconditioning;
mod presets;
#[cfg(feature = "engine")]
pub mod pretrain;
#[cfg(feature = "engine")]
mod prior;
mod problem;
#[cfg(feature = "engine")]
mod reward;
mod sheet;
#[cfg(feature = "engine")]
mod shown;
#[cfg(feature = "engine")]
mod task;
#[cfg(feature = "engine")]
mod truth;
#[cfg(feature = "engine")]
mod unseen;
mod validate;
#[cfg(feature = "cube")]
mod walk;

#[cfg(feature = "engine")]
pub use fit::{
    EXCLUDED_BELOW, PolicySamples, PriorSamples, fit, report, total_variation, within_mode_variance,
};
pub use messages::{Energy, PlaneFit, PlaneView};
#[cfg(feature = "engine")]
pub use policy::{PlanePolicy, PolicyShape};
#[cfg(feature = "engine")]
pub use preconditioning::Preconditioning;
#[cfg(feature = "engine")]
pub use prior::{ExactPrior, LearnedPrior, PlanePrior};
pub use problem::{NOWHERE, PlaneProblem, Prior, PriorKind, REWARDS, Reward, Shape};
#[cfg(feature = "engine")]
pub use reward::{LogReward, POLE};
#[cfg(feature = "engine")]
pub use task::{CHUNK, PlaneTask};
#[cfg(feature = "engine")]
pub use truth::{KL_SIDE, Mode, Truth, cell_masses, equally_weighted, weighted};
#[cfg(feature = "engine")]
pub use unseen::unseen;

pub use super::planar::{Component, HALF_WIDTH, Mixture, fitted, mixture, picture};
#[cfg(feature = "engine")]
pub use super::planar::{PICTURE_SIDE, WeightedPoint, quadrature};

use super::panel::{EXACT, LEARNED, PRIOR};
use super::sheet::Sheet;
use super::{Panel, Picture, Room, Scale, Shown};
use crate::engine::ConfigError;
use crate::message::{self, Report};
#[cfg(feature = "native")]
use crate::run::Field;
use crate::run::{AnyProblem, Experiment, Preset, Run, ShippedPrior};
use toml::Table;

#[cfg(feature = "engine")]
use super::opened::{self, Lesson, OpenRun, OpenTask};
#[cfg(feature = "engine")]
use crate::engine::EngineError;
#[cfg(feature = "engine")]
use crate::run::Files;
#[cfg(feature = "engine")]
use burn::tensor::Device;

/// The task's name, as in the TOML file.
const NAME: &str = "mixtures";

/// The lesson of a prior's density as an energy.
pub const ENERGY: &str = "energy";

/// The task.
pub struct Plane;

const fn shipped(name: &'static str, title: &'static str, preset: &'static str) -> ShippedPrior {
    ShippedPrior {
        name,
        title,
        preset: Some(preset),
    }
}

const PRIORS: &[ShippedPrior] = &[
    shipped("prior-25", "twenty-five modes", "25-to-9"),
    shipped("prior-ring", "a ring", "ring-tilt"),
    shipped("prior-moons", "two moons", "moons-one"),
    shipped("prior-checkerboard", "a checkerboard", "checkerboard-waves"),
];

/// Refuses a run that is about something else.
fn other_task(run: &Run) -> ConfigError {
    super::other_task(run, NAME)
}

impl Room for Plane {
    fn name(&self) -> &'static str {
        NAME
    }

    fn defaults(&self) -> Run {
        Run::new(PlaneProblem::default())
    }

    fn read(&self, table: Table) -> Result<AnyProblem, toml::de::Error> {
        table.try_into::<PlaneProblem>().map(AnyProblem::from)
    }

    #[cfg(feature = "native")]
    fn fields(&self) -> Vec<Field> {
        crate::run::fields_of::<PlaneProblem>()
    }

    fn ignores(&self) -> &'static [&'static str] {
        &["process.temperature", "network.rank"]
    }

    fn presets(&self) -> Vec<Preset> {
        presets::presets()
    }

    #[cfg(feature = "engine")]
    fn drawn(&self, name: &str) -> Option<Run> {
        unseen::named(name)
    }

    fn experiments(&self) -> Vec<Experiment> {
        experiments::experiments()
    }

    fn priors(&self) -> &'static [ShippedPrior] {
        PRIORS
    }

    fn rewards(&self) -> &'static [&'static str] {
        REWARDS
    }

    fn sheet(&self) -> &'static Sheet {
        &sheet::SHEET
    }

    fn basis(&self, report: &Report) -> Option<String> {
        let error = report.fit.of::<PlaneFit>()?.log_z_error;
        Some(match report.truth {
            message::Truth::Quadrature => format!("The quadrature's error of log Z is at most {error:.4}."),
            _ => format!("The standard error of the exact log Z is {error:.4}."),
        })
    }

    fn panels(&self, shown: &Shown) -> Vec<Panel> {
        let view = shown.scene.view.of::<PlaneView>().unwrap_or_default();
        let side = view.side;
        let panel = |name, title: &str, cells: &[f32], scale| Panel {
            name,
            title: title.to_owned(),
            picture: Picture::Cells {
                side,
                cells: cells.to_vec(),
                scale,
            },
        };
        let learned = picture::density(shown.samples, side, 1.0);
        vec![
            panel("prior", PRIOR, &view.prior, Scale::Density),
            panel(
                "reward",
                "reward, log r(x)",
                &view.log_reward,
                Scale::Linear("log r(x)"),
            ),
            // Learned and exact share a scale, so that equal colours mean equal densities.
            panel("learned", LEARNED, &learned, Scale::Like("exact")),
            panel("exact", EXACT, &view.exact, Scale::Density),
        ]
    }

    #[cfg(feature = "engine")]
    fn open(
        &self,
        run: Run,
        device: Device,
        files: &Files,
        weights: Option<&[u8]>,
    ) -> Result<Box<dyn OpenRun>, EngineError> {
        opened::open(PlaneTask::open(run, device, files)?, weights)
    }

    #[cfg(feature = "engine")]
    fn open_untrained(
        &self,
        run: Run,
        device: Device,
        files: &Files,
    ) -> Result<Box<dyn OpenTask>, EngineError> {
        Ok(Box::new(PlaneTask::open(run, device, files)?))
    }

    #[cfg(feature = "engine")]
    fn lesson(&self, name: &str, run: Run, iterations: usize, files: Files) -> Option<Box<dyn Lesson>> {
        (name == ENERGY).then(|| Box::new(lesson::EnergyLesson::new(run, iterations, files)) as _)
    }
}
