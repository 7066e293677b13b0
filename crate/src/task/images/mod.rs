//! Images, such as digits, under a learned diffusion prior.

#[cfg(feature = "engine")]
mod calibrate;
#[cfg(feature = "engine")]
mod classifiers;
pub mod data;
#[cfg(feature = "engine")]
mod exact;
mod experiments;
#[cfg(feature = "engine")]
mod growth;
mod messages;
#[cfg(feature = "engine")]
mod methods;
#[cfg(feature = "engine")]
mod metric;
#[cfg(feature = "engine")]
mod network;
#[cfg(feature = "engine")]
mod policy;
#[cfg(feature = "engine")]
mod pool;
mod presets;
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
pub mod train;

pub use data::{CLASSES, PIXELS, SIDE, Shape};
#[cfg(feature = "engine")]
pub use exact::Exact;
pub use messages::{ClassFit, ExactFit, ImageFit, ImageView};
#[cfg(feature = "engine")]
pub use metric::{Moments, Seen, see};
#[cfg(feature = "engine")]
pub use network::{
    Autoencoder, Classify, DECODER, Denoise, Denoiser, FEATURES, Learned, MNIST, PooledClassifier,
    StridedClassifier, UNet, UNetConfig,
};
#[cfg(feature = "engine")]
pub use policy::ImagePolicy;
#[cfg(feature = "engine")]
pub use pool::Pool;
#[cfg(feature = "engine")]
pub use prior::{Decoder, DenoiserPrior, Denoising};
pub use problem::{Class, ClassesBy, ImagesProblem, Judge, PAINT_LEVELS, REWARDS, Reward};
#[cfg(feature = "engine")]
pub use reward::ImageReward;
#[cfg(feature = "engine")]
pub use task::ImagesTask;

use super::calibration;
use super::sheet::Sheet;
use super::{Listing, Panel, Room, Shown};
use crate::engine::ConfigError;
use crate::message::Report;
#[cfg(feature = "native")]
use crate::run::Field;
use crate::run::{AnyProblem, Experiment, Preset, Run, ShippedPrior};
use toml::Table;

#[cfg(feature = "engine")]
use super::opened::{self, OpenRun, OpenTask};
#[cfg(feature = "engine")]
use crate::engine::EngineError;
#[cfg(feature = "engine")]
use crate::run::Files;
#[cfg(feature = "engine")]
use burn::tensor::Device;

/// The task's name, as in the TOML file.
const NAME: &str = "digits";

/// The task.
pub struct Images;

const fn shipped(name: &'static str, title: &'static str) -> ShippedPrior {
    ShippedPrior {
        name,
        title,
        preset: None,
    }
}

const PRIORS: &[ShippedPrior] = &[
    shipped("prior-digits", "latents: fast, also on a CPU"),
    shipped("prior-digits-small", "latents, small: faster but coarser"),
    shipped("prior-digits-pixels", "pixels: a U-Net, for a GPU"),
];

/// What calibration looks at in an image: the share of ink, its deviations across and down, and tempered log r.
const STATISTICS: [&str; 4] = ["ink", "width", "height", "log r"];

/// Refuses a run that is about something else.
fn other_task(run: &Run) -> ConfigError {
    super::other_task(run, NAME)
}

impl Room for Images {
    fn name(&self) -> &'static str {
        NAME
    }

    fn defaults(&self) -> Run {
        problem::defaults()
    }

    fn read(&self, table: Table) -> Result<AnyProblem, toml::de::Error> {
        table.try_into::<ImagesProblem>().map(AnyProblem::from)
    }

    #[cfg(feature = "native")]
    fn fields(&self) -> Vec<Field> {
        crate::run::fields_of::<ImagesProblem>()
    }

    fn ignores(&self) -> &'static [&'static str] {
        &[
            "process.variance",
            "process.temperature",
            "network.width",
            "network.depth",
        ]
    }

    fn presets(&self) -> Vec<Preset> {
        presets::presets()
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
        let fit: ImageFit = report.fit.of()?;
        let error = fit
            .log_z_error
            .map_or("–".to_owned(), |error| format!("{error:.3}"));
        Some(format!(
            "Exact posterior: rejection kept {} of {} images of the prior; the standard error of its log Z is {error}. The \
             exact FID is that of equally many perfect images.",
            fit.kept, fit.proposals
        ))
    }

    fn panels(&self, shown: &Shown) -> Vec<Panel> {
        let view = shown.scene.view.of::<ImageView>().unwrap_or_default();
        let mut panels = Panel::of_samples(shown, |pixels| view.picture(pixels));
        panels.extend(calibration::panel(&STATISTICS, shown.fit));
        panels
    }

    fn listings(&self, shown: &Shown) -> Vec<Listing> {
        Vec::from_iter(calibration::listing("statistic", &STATISTICS, shown.fit))
    }

    #[cfg(feature = "engine")]
    fn open(
        &self,
        run: Run,
        device: Device,
        files: &Files,
        weights: Option<&[u8]>,
    ) -> Result<Box<dyn OpenRun>, EngineError> {
        opened::open(ImagesTask::open(run, device, files)?, weights)
    }

    #[cfg(feature = "engine")]
    fn open_untrained(
        &self,
        run: Run,
        device: Device,
        files: &Files,
    ) -> Result<Box<dyn OpenTask>, EngineError> {
        Ok(Box::new(ImagesTask::open(run, device, files)?))
    }
}
