//! The tasks of images.

#[cfg(feature = "native")]
use super::problem::Checkpoint;
use super::problem::{self, DescribedPrior, Generator, ProblemOf, REWARDS};
use super::{ImageFit, ImageView, STATISTICS, experiments, presets, sheet};
use crate::message::{ConditionReport, Report};
#[cfg(feature = "native")]
use crate::run::Field;
use crate::run::{AnyProblem, Experiment, Preset, Run, ShippedPrior};
use crate::task::calibration;
use crate::task::network_prior::NetworkPrior;
use crate::task::room::other_prior_gives_way;
use crate::task::sheet::Sheet;
use crate::task::{Listing, PROMPTS, Panel, Room, Shown};
use std::marker::PhantomData;
use toml::Table;

#[cfg(feature = "engine")]
use super::TaskOf;
#[cfg(feature = "engine")]
use crate::engine::EngineError;
#[cfg(feature = "engine")]
use crate::run::Files;
#[cfg(feature = "engine")]
use crate::task::Memory;
#[cfg(feature = "engine")]
use crate::task::opened::{self, OpenRun, OpenTask};
#[cfg(feature = "engine")]
use burn::tensor::Device;

/// What a task of images differs by from the other.
pub trait ImageRoom: DescribedPrior + serde::de::DeserializeOwned + Schema {
    /// The prior once it is open.
    #[cfg(feature = "engine")]
    type Opened: super::ImagePrior<Described = Self>;

    /// Its shipped priors.
    const PRIORS: &'static [ShippedPrior];
    /// The dotted paths of common fields that it ignores.
    const IGNORES: &'static [&'static str];

    /// As [`Room::defaults`].
    fn defaults() -> Run;

    /// What gives way besides a prior of another kind ([`Room::give_way`]).
    fn give_way(_own: &mut Table, _over: &Table) {}

    /// As [`Room::memory`].
    #[cfg(feature = "engine")]
    fn memory(_run: &Run, _files: &Files, _device: &Device) -> Result<Option<Memory>, EngineError> {
        Ok(None)
    }

    /// As [`Room::presets`].
    fn presets() -> Vec<Preset>;

    /// As [`Room::experiments`].
    fn experiments() -> Vec<Experiment>;
}

/// What the reference of fields is made of, where there is one.
#[cfg(feature = "native")]
pub trait Schema: schemars::JsonSchema {}
#[cfg(feature = "native")]
impl<P: schemars::JsonSchema> Schema for P {}
#[cfg(not(feature = "native"))]
pub trait Schema {}
#[cfg(not(feature = "native"))]
impl<P> Schema for P {}

impl ImageRoom for NetworkPrior {
    #[cfg(feature = "engine")]
    type Opened = super::DenoiserPrior;

    const PRIORS: &'static [ShippedPrior] = super::PRIORS;
    const IGNORES: &'static [&'static str] = &[
        "process.variance",
        "process.spacing",
        "process.temperature",
        "network.width",
        "network.depth",
    ];

    fn defaults() -> Run {
        problem::defaults()
    }

    fn presets() -> Vec<Preset> {
        presets::digits()
    }

    fn experiments() -> Vec<Experiment> {
        experiments::experiments()
    }
}

impl ImageRoom for Generator {
    #[cfg(feature = "engine")]
    type Opened = super::GeneratorPrior;

    const PRIORS: &'static [ShippedPrior] = super::GENERATORS;
    const IGNORES: &'static [&'static str] = &[
        "process.variance",
        "process.spacing",
        "process.temperature",
        "network.rank",
        "network.langevin",
    ];

    fn defaults() -> Run {
        problem::latent_defaults()
    }

    fn presets() -> Vec<Preset> {
        presets::latents()
    }

    fn experiments() -> Vec<Experiment> {
        Vec::new()
    }
}

/// The posterior of every prompt in figures, where there are several.
fn prompts(prompts: &[String], shown: &Shown) -> Option<Listing> {
    let row = |(prompt, of): (&String, &ConditionReport)| {
        let bound = of.fit.number("elbo").unwrap_or(f64::NAN);
        let figures = vec![of.log_reward, bound, of.log_z_importance, of.log_z_exact];
        (vec![prompt.clone()], figures)
    };
    (!prompts.is_empty()).then(|| Listing {
        name: PROMPTS,
        title: "The posterior of every prompt".to_owned(),
        headings: [
            vec!["prompt"],
            vec!["mean log r", "log Z from below", "importance-weighted", "exact"],
        ],
        rows: prompts.iter().zip(shown.conditions).map(row).collect(),
    })
}

#[cfg(feature = "native")]
impl ImageRoom for Checkpoint {
    type Opened = super::CheckpointPrior;

    const PRIORS: &'static [ShippedPrior] = &[];
    const IGNORES: &'static [&'static str] = &[
        "process.variance",
        "process.spacing",
        "process.temperature",
        "network.depth",
        "network.langevin",
    ];

    fn defaults() -> Run {
        problem::checkpoint_defaults()
    }

    /// A model in another place, other texts.
    fn give_way(own: &mut Table, over: &Table) {
        let said = |field: &&str| over.get("prior").is_some_and(|prior| prior.get(field).is_some());
        let Some(prior) = own.get_mut("prior").and_then(toml::Value::as_table_mut) else {
            return;
        };
        for (fields, of_all) in [
            (["folder", "hub", "onnx"], Some("revision")),
            (["prompt", "prompts", "prompts_file"], None),
        ] {
            if fields.iter().filter(|field| said(field)).count() == 1 {
                prior.retain(|field, _| !fields.contains(&field) && of_all != Some(field));
            }
        }
    }

    fn memory(run: &Run, files: &Files, device: &Device) -> Result<Option<Memory>, EngineError> {
        // Nobody but its file knows what an ONNX model needs.
        if super::CheckpointsProblem::of(run)?.prior.onnx.is_some() {
            return Ok(None);
        }
        super::expected_memory(run, files, device).map(Some)
    }

    fn presets() -> Vec<Preset> {
        presets::checkpoints()
    }

    fn experiments() -> Vec<Experiment> {
        Vec::new()
    }
}

/// A task of images whose priors are described so.
pub struct RoomOf<P>(PhantomData<fn() -> P>);

/// Images under a diffusion model.
pub type Images = RoomOf<NetworkPrior>;
/// Images that a generator makes of noise.
pub type Latents = RoomOf<Generator>;

/// Images under a diffusion model of others, which the native program reads.
#[cfg(feature = "native")]
pub type Checkpoints = RoomOf<Checkpoint>;

impl<P> RoomOf<P> {
    /// The task.
    pub const ROOM: Self = Self(PhantomData);
}

impl<P: ImageRoom> Room for RoomOf<P> {
    fn name(&self) -> &'static str {
        P::TASK
    }

    fn defaults(&self) -> Run {
        P::defaults()
    }

    fn read(&self, table: Table) -> Result<AnyProblem, toml::de::Error> {
        table.try_into::<ProblemOf<P>>().map(AnyProblem::from)
    }

    #[cfg(feature = "native")]
    fn fields(&self) -> Vec<Field> {
        crate::run::fields_of::<ProblemOf<P>>()
    }

    fn ignores(&self) -> &'static [&'static str] {
        P::IGNORES
    }

    fn give_way(&self, own: &mut Table, over: &Table) {
        other_prior_gives_way(own, over);
        P::give_way(own, over);
    }

    fn presets(&self) -> Vec<Preset> {
        P::presets()
    }

    fn experiments(&self) -> Vec<Experiment> {
        P::experiments()
    }

    fn priors(&self) -> &'static [ShippedPrior] {
        P::PRIORS
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
        let calibrated = calibration::listing("statistic", &STATISTICS, shown.fit);
        let view = shown.scene.view.of::<ImageView>().unwrap_or_default();
        let told = prompts(&view.prompts, shown);
        told.into_iter().chain(calibrated).collect()
    }

    #[cfg(feature = "engine")]
    fn memory(&self, run: &Run, files: &Files, device: &Device) -> Result<Option<Memory>, EngineError> {
        P::memory(run, files, device)
    }

    #[cfg(feature = "engine")]
    fn open(
        &self,
        run: Run,
        device: Device,
        files: &Files,
        weights: Option<&[u8]>,
    ) -> Result<Box<dyn OpenRun>, EngineError> {
        opened::open(TaskOf::<P::Opened>::open(run, device, files)?, weights)
    }

    #[cfg(feature = "engine")]
    fn open_untrained(
        &self,
        run: Run,
        device: Device,
        files: &Files,
    ) -> Result<Box<dyn OpenTask>, EngineError> {
        Ok(Box::new(TaskOf::<P::Opened>::open(run, device, files)?))
    }
}
