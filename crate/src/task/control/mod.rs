//! Control: a behaviour μ(a|s) is the prior, a critic's Q(s, a)/α is log r, and one policy learns
//! π(a|s) ∝ μ(a|s)·exp(Q(s, a)/α) in all states (arXiv 2405.20971, §4.4).

pub mod behaviour;
#[cfg(feature = "engine")]
pub mod critic;
mod description;
#[cfg(feature = "engine")]
pub mod episodes;
#[cfg(feature = "engine")]
pub mod exact;
#[cfg(feature = "engine")]
mod measured;
mod messages;
#[cfg(feature = "engine")]
pub mod offline;
#[cfg(feature = "engine")]
mod others;
mod presets;
mod problem;
#[cfg(feature = "engine")]
mod returns;
#[cfg(feature = "engine")]
mod reward;
mod sheet;
#[cfg(feature = "engine")]
mod shown;
#[cfg(feature = "engine")]
mod space;
#[cfg(feature = "engine")]
mod standard;
#[cfg(feature = "engine")]
mod task;
#[cfg(feature = "engine")]
mod told;
pub mod world;

pub use description::{Environment, Episodes, Feedback, Prior, REWARDS, Reward};
pub use messages::{Beside, ControlFit, ControlView, Earned, OfflineFit, Returns, Spot, StateFit, Traces};
#[cfg(feature = "native")]
pub use offline::OfflineTask;
pub use problem::ControlProblem;
#[cfg(feature = "engine")]
pub use reward::{ControlReward, Judge};
#[cfg(feature = "engine")]
pub use space::Space;
#[cfg(feature = "engine")]
pub use task::ControlTask;

use super::room::other_prior_gives_way;
use super::sheet::Sheet;
use super::{Corner, Panel, Picture, Room, Scale, Shown};
use crate::engine::{ConfigError, Method};
use crate::message::{Report, Truth};
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
const NAME: &str = "control";

/// The task.
pub struct Control;

/// Refuses a run that is about something else.
fn other_task(run: &Run) -> ConfigError {
    super::other_task(run, NAME)
}

/// Sets of actions, `[count][d]` each, drawn over each other.
fn corner(names: &[String], sets: [&[f32]; 3]) -> Picture {
    Picture::Corner(Corner::overlaid(
        names,
        ["behaviour", "learned policy", "exact policy"],
        sets,
    ))
}

/// V on a square, with the lowest value in walls.
fn value_panel(([rows, columns], values): &([usize; 2], Vec<f32>)) -> Panel {
    let side = *rows.max(columns);
    let lowest = values.iter().copied().fold(0.0, f32::min);
    let cell = |at: usize| {
        let (row, column) = (at / side, at % side);
        let inside = row < *rows && column < *columns;
        let value = if inside {
            values[row * columns + column]
        } else {
            f32::NAN
        };
        if value.is_nan() { lowest } else { value }
    };
    Panel {
        name: "value",
        title: "V(s)".to_owned(),
        picture: Picture::Cells {
            side,
            cells: (0..side * side).map(cell).collect(),
            scale: Scale::Linear("V"),
        },
    }
}

/// Densities at a spot where actions lie in the plane.
fn density_panels(spot: &Spot) -> Vec<Panel> {
    if spot.low.len() != 2 {
        return Vec::new();
    }
    let panel = |name, title: &str, cells: &[f32], scale| Panel {
        name,
        title: title.to_owned(),
        picture: Picture::Cells {
            side: spot.side,
            cells: cells.to_vec(),
            scale,
        },
    };
    vec![
        panel(
            "behaviour",
            "μ(a|s) in the first state",
            &spot.prior,
            Scale::Density,
        ),
        panel("advantage", "log r(a|s)", &spot.log_r, Scale::Linear("log r")),
        panel("policy", "exact π(a|s)", &spot.exact, Scale::Density),
    ]
}

impl Room for Control {
    fn name(&self) -> &'static str {
        NAME
    }

    fn defaults(&self) -> Run {
        presets::run(ControlProblem::default())
    }

    fn read(&self, table: Table) -> Result<AnyProblem, toml::de::Error> {
        table.try_into::<ControlProblem>().map(AnyProblem::from)
    }

    #[cfg(feature = "native")]
    fn fields(&self) -> Vec<Field> {
        crate::run::fields_of::<ControlProblem>()
    }

    fn ignores(&self) -> &'static [&'static str] {
        &[
            "process.variance",
            "process.spacing",
            "process.temperature",
            "network.rank",
            "evaluation.proposals",
        ]
    }

    fn give_way(&self, own: &mut Table, over: &Table) {
        other_prior_gives_way(own, over);
    }

    fn presets(&self) -> Vec<Preset> {
        presets::presets()
    }

    fn experiments(&self) -> Vec<Experiment> {
        Vec::new()
    }

    fn priors(&self) -> &'static [ShippedPrior] {
        &[]
    }

    fn rewards(&self) -> &'static [&'static str] {
        REWARDS
    }

    /// What is the largest Q of a state is known only on a grid, and rejection needs a bound.
    fn method(&self, method: Method) -> Option<Method> {
        match method {
            Method::Rejection { .. } => None,
            other => Some(other),
        }
    }

    fn sheet(&self) -> &'static Sheet {
        &sheet::SHEET
    }

    fn basis(&self, report: &Report) -> Option<String> {
        let basis = match report.truth {
            Truth::Quadrature => {
                "The exact policies are known by quadrature over a grid of actions, for the critic's Q."
            }
            Truth::ImportanceWeighted | Truth::Rejection => {
                "Q is the learned critic's, in the units of the data's rewards. log r is (Q − V)/α: V moves the log Z of a \
                 state alone. The states are ones that the policy was not trained on."
            }
        };
        Some(basis.to_owned())
    }

    fn panels(&self, shown: &Shown) -> Vec<Panel> {
        let view = shown.scene.view.of::<ControlView>().unwrap_or_default();
        let mut panels: Vec<Panel> = view.value.iter().map(value_panel).collect();
        panels.extend(view.spots.first().map(density_panels).unwrap_or_default());
        panels.push(Panel {
            name: "actions",
            title: "actions in all states, behaviour and learned policy".to_owned(),
            picture: corner(
                &view.action_names,
                [&shown.scene.prior_paths.ends(), shown.samples, &[]],
            ),
        });
        panels
    }

    #[cfg(feature = "engine")]
    fn open(
        &self,
        run: Run,
        device: Device,
        #[cfg_attr(
            not(feature = "native"),
            expect(unused_variables, reason = "only recorded steps need files")
        )]
        files: &Files,
        weights: Option<&[u8]>,
    ) -> Result<Box<dyn OpenRun>, EngineError> {
        #[cfg(feature = "native")]
        if ControlProblem::of(&run)?.is_recorded() {
            return opened::open(OfflineTask::open(run, device, files)?, weights);
        }
        opened::open(ControlTask::open(run, device)?, weights)
    }

    #[cfg(feature = "engine")]
    fn open_untrained(
        &self,
        run: Run,
        device: Device,
        #[cfg_attr(
            not(feature = "native"),
            expect(unused_variables, reason = "only recorded steps need files")
        )]
        files: &Files,
    ) -> Result<Box<dyn OpenTask>, EngineError> {
        #[cfg(feature = "native")]
        if ControlProblem::of(&run)?.is_recorded() {
            return Ok(Box::new(OfflineTask::open(run, device, files)?));
        }
        Ok(Box::new(ControlTask::open(run, device)?))
    }
}
