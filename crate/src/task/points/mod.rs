//! Points of R^d with named coordinates.

#[cfg(feature = "engine")]
mod c2st;
#[cfg(feature = "engine")]
mod calibrate;
mod component;
#[cfg(feature = "engine")]
mod denoised;
mod energies;
#[cfg(feature = "engine")]
mod exact;
#[cfg(feature = "engine")]
mod file;
#[cfg(feature = "engine")]
pub mod flow;
mod listings;
mod marginal;
pub mod marginals;
#[cfg(feature = "engine")]
mod measured;
mod messages;
mod names;
mod observations;
#[cfg(feature = "engine")]
mod observed;
mod parts;
mod presets;
#[cfg(feature = "engine")]
pub mod pretrain;
#[cfg(feature = "engine")]
pub mod pretrain_flow;
#[cfg(feature = "engine")]
mod prior;
mod problem;
mod rename;
#[cfg(feature = "engine")]
mod reward;
#[cfg(feature = "engine")]
mod separate;
mod sheet;
#[cfg(feature = "engine")]
mod shown;
#[cfg(feature = "engine")]
mod space;
#[cfg(feature = "engine")]
mod standard;
pub mod table;
#[cfg(feature = "engine")]
mod task;
#[cfg(feature = "engine")]
mod truth;

#[cfg(feature = "engine")]
pub use c2st::c2st;
pub use component::Component;
#[cfg(feature = "engine")]
pub use denoised::DenoisedPrior;
pub use marginal::Coordinate;
pub use messages::{ObservationFit, PointsFit, PointsView};
pub use names::MOST_COORDINATES;
pub use observations::Observations;
#[cfg(feature = "engine")]
pub use observed::Observed;
#[cfg(feature = "engine")]
pub use prior::{LearnedPrior, PointsPrior};
pub use problem::{PointsProblem, Prior, REWARDS, Reference, Reward};
#[cfg(feature = "engine")]
pub use reward::PointsReward;
#[cfg(feature = "engine")]
pub use space::{Column, Space};
pub use table::Table;
#[cfg(feature = "engine")]
pub use task::PointsTask;
#[cfg(feature = "engine")]
pub use truth::Truth;

use super::calibration;
use super::room::other_prior_gives_way;
use super::sheet::Sheet;
use super::{Corner, Listing, Panel, Picture, Room, Shown};
use crate::engine::{ConfigError, Method};
use crate::message::{self, Report};
#[cfg(feature = "native")]
use crate::run::Field;
use crate::run::{AnyProblem, Experiment, Preset, Run, ShippedPrior};
use toml::Table as Toml;

#[cfg(feature = "engine")]
use super::opened::{self, OpenRun, OpenTask};
#[cfg(feature = "engine")]
use crate::engine::EngineError;
#[cfg(feature = "engine")]
use crate::run::Files;
#[cfg(feature = "engine")]
use burn::tensor::Device;

/// The task's name, as in the TOML file.
const NAME: &str = "points";
/// Points at which SMC asks for r, for each state of a particle.
const LOOKED_AHEAD: usize = 4;

/// The flows that ship.
const PRIORS: &[ShippedPrior] = &[ShippedPrior {
    name: "flow-25",
    title: "a flow of 25 Gaussians, for prior.kind `flow`",
    preset: None,
}];

/// The task.
pub struct Points;

/// Refuses a run that is about something else.
fn other_task(run: &Run) -> ConfigError {
    super::other_task(run, NAME)
}

/// Sets of points, `[count][d]` each, drawn over each other by pairs of coordinates.
fn corner(names: &[String], sets: [&[f32]; 3]) -> Picture {
    Picture::Corner(Corner::overlaid(
        names,
        ["prior", "learned posterior", "exact posterior"],
        sets,
    ))
}

impl Room for Points {
    fn name(&self) -> &'static str {
        NAME
    }

    fn defaults(&self) -> Run {
        parts::run(PointsProblem::default())
    }

    fn read(&self, table: Toml) -> Result<AnyProblem, toml::de::Error> {
        table.try_into::<PointsProblem>().map(AnyProblem::from)
    }

    #[cfg(feature = "native")]
    fn fields(&self) -> Vec<Field> {
        crate::run::fields_of::<PointsProblem>()
    }

    fn ignores(&self) -> &'static [&'static str] {
        &[
            "process.variance",
            "process.spacing",
            "process.temperature",
            "network.rank",
        ]
    }

    fn give_way(&self, own: &mut Toml, over: &Toml) {
        other_prior_gives_way(own, over);
    }

    fn presets(&self) -> Vec<Preset> {
        presets::presets()
    }

    fn experiments(&self) -> Vec<Experiment> {
        Vec::new()
    }

    fn priors(&self) -> &'static [ShippedPrior] {
        PRIORS
    }

    fn rewards(&self) -> &'static [&'static str] {
        REWARDS
    }

    /// Black boxes have no gradient, and no largest value that could be known. They may be slow: SMC looks ahead to
    /// fewer points.
    fn method(&self, method: Method) -> Option<Method> {
        match method {
            Method::Guidance { .. }
            | Method::Dps { .. }
            | Method::LgdMc { .. }
            | Method::Rejection { .. } => None,
            Method::Smc {
                particles,
                resample_below,
                guidance,
                ..
            } => Some(Method::Smc {
                particles,
                resample_below,
                points: LOOKED_AHEAD,
                guidance,
            }),
            other => Some(other),
        }
    }

    fn sheet(&self) -> &'static Sheet {
        &sheet::SHEET
    }

    fn basis(&self, report: &Report) -> Option<String> {
        let fit = report.fit.of::<PointsFit>()?;
        let log_z = match report.truth {
            _ if fit.log_z_known.is_some() => "The exact log Z is reference.log_z.".to_owned(),
            message::Truth::Quadrature => {
                format!(
                    "The quadrature's error of log Z is at most {:.4}.",
                    fit.log_z_error
                )
            }
            _ => format!(
                "The exact log Z is that of weighted samples of the prior, of which {:.1} are effective{}.",
                fit.effective,
                match fit.log_z_error.is_finite() {
                    true => format!("; its standard error is {:.4}", fit.log_z_error),
                    // Equal weights tell none.
                    false => String::new(),
                }
            ),
        };
        Some(match fit.c2st {
            Some(_) => {
                format!("{log_z} Marginals, correlations and C2ST are held against the reference's samples.")
            }
            None => log_z,
        })
    }

    fn panels(&self, shown: &Shown) -> Vec<Panel> {
        let view = shown.scene.view.of::<PointsView>().unwrap_or_default();
        let sets = [&view.prior[..], &listings::known(shown, &view), &view.exact];
        let mut panels = vec![Panel {
            name: "corner",
            title: "prior, learned and exact posterior".to_owned(),
            picture: corner(&view.names, sets),
        }];
        panels.extend(calibration::panel(&view.names, shown.fit));
        panels
    }

    fn listings(&self, shown: &Shown) -> Vec<Listing> {
        listings::of(shown)
    }

    #[cfg(feature = "engine")]
    fn open(
        &self,
        run: Run,
        device: Device,
        files: &Files,
        weights: Option<&[u8]>,
    ) -> Result<Box<dyn OpenRun>, EngineError> {
        opened::open(PointsTask::open(run, device, files)?, weights)
    }

    #[cfg(feature = "engine")]
    fn open_untrained(
        &self,
        run: Run,
        device: Device,
        files: &Files,
    ) -> Result<Box<dyn OpenTask>, EngineError> {
        Ok(Box::new(PointsTask::open(run, device, files)?))
    }
}
