//! Control: policies that are posteriors.

mod actions;
mod easel;
mod episodes;
mod figures;
mod gestures;
mod maze;
mod panels;
mod picture;
mod preview;
mod prior;
mod reward;
mod words;

use super::{Facts, Room};
use crate::parts::compare::Compared;
use crate::parts::controls::numbers::{DEPTH, Numbers, WIDTH};
use crate::parts::edit::EditProps;
use crate::parts::figures::Remarks;
use crate::parts::navigation::Naming;
use crate::parts::panels::{PANELS, PanelsProps};
use crate::parts::save_open::{SampleFile, Saved};
use crate::parts::transport::Advice;
use rtb::message::{Fit, Report, Scene};
use rtb::run::{ConfigError, Run};
use rtb::task::control::{ControlFit, ControlProblem, ControlView};
use rtb::task::csv;
use std::sync::Arc;
use yew::{Html, html};

pub struct Control;

/// With so many steps and units, a maze is learned within two minutes on two cores, hardly worse.
const QUICK_STEPS: usize = 10;
const QUICK_WIDTH: usize = 64;

static FACTS: Facts = Facts {
    naming: Naming {
        name: "control",
        title: "Control",
        opens: None,
        what: "policies for a maze",
        intro: "The sixth task, Control, is about actions: a sample is one. The prior is a behaviour μ(a|s), what somebody does in a state s; the reward is what a critic says that an action is worth, r = exp(Q(s, a)/α). \
                One network learns the posterior in all states, which is a policy: with a large α it imitates the behaviour, with a small one it is greedy. \
                Draw walls, move the goal, and see where the behaviour, the learned and the exact policy go. ",
    },
    numbers: Numbers {
        steps: (
            "Number of Gaussian steps from noise to an action. The prior is the same for any number; with more steps, the chain can come closer to the exact policy.",
            None,
        ),
        exploration: "Extra variance of the policy’s steps at the start of training. It changes which trajectories are sampled, not how they are scored.",
        network: &[WIDTH, DEPTH],
        langevin: Some(
            "Adds the gradient of log r to each step, times a learned scale for every coordinate. It tells the network where walls and the goal are. Not in the WebGPU worker.",
        ),
        proposals: None,
    },
    charts: figures::CHARTS,
    rows: &figures::ROWS,
    compared: Compared {
        limits: (2000, 20_000),
        iterations: 200,
        pace: |run| 6e-6 + 9e-8 * run.network.width as f64,
        columns: &figures::COLUMNS,
        error: "total variation of an action’s coordinates",
        kept: "",
        picture: |props| html! { <picture::Picture ..props /> },
    },
    saved: Saved {
        samples: (10_000, "Save 10,000 actions (.csv)"),
        pictures: &PANELS,
    },
};

impl Room for Control {
    fn facts(&self) -> &'static Facts {
        &FACTS
    }

    fn check(&self, run: &Run) -> Result<(), ConfigError> {
        if problem(run).is_recorded() {
            let allowed = "one of `linear`, `bandit`, `maze` on the page; the native program trains above recorded steps";
            return Err(ConfigError::new("environment.kind", "`recorded`", allowed));
        }
        Ok(())
    }

    /// None ships: behaviours have a closed form.
    fn adopt(&self, _run: &mut Run) -> Option<String> {
        None
    }

    fn preview(&self, run: &Run, before: Option<(&Run, &Scene)>) -> Scene {
        preview::scene(run, before)
    }

    fn panels(&self, props: PanelsProps) -> Html {
        html! { <panels::Panels ..props /> }
    }

    fn reward(&self, edits: EditProps) -> Html {
        html! { <reward::RewardControls ..edits /> }
    }

    fn prior(&self, edits: EditProps) -> Html {
        html! { <prior::PriorControls ..edits /> }
    }

    fn advice(&self, run: &Run) -> Option<Advice> {
        let mut quick = run.clone();
        quick.process.steps = run.process.steps.min(QUICK_STEPS);
        quick.network.width = run.network.width.min(QUICK_WIDTH);
        let quicker = (quick != *run).then_some(("Use fewer steps and a smaller network", quick));
        Some(Advice {
            samples: "episodes",
            faster: "fewer steps T, a narrower network or a smaller batch",
            quicker,
        })
    }

    fn remarks(&self, _report: Option<&Report>) -> Remarks {
        Remarks {
            truth: "It comes from quadrature over actions, for the critic’s Q; returns are those of the same episodes.",
            caution: None,
            more: Html::default(),
        }
    }

    fn file(&self, scene: &Scene, samples: &[f32]) -> SampleFile {
        SampleFile::Text {
            name: "actions.csv",
            text: csv(&view(scene).action_names, samples),
        }
    }
}

/// What a run of this task asks for.
fn problem(run: &Run) -> &ControlProblem {
    ControlProblem::of(run).expect("a room is handed runs of its own task only")
}

/// The same, to change.
fn problem_mut(run: &mut Run) -> &mut ControlProblem {
    ControlProblem::of_mut(run).expect("a room is handed runs of its own task only")
}

/// The figures of this task.
fn fit(of: &Fit) -> Option<ControlFit> {
    of.of()
}

/// How a scene of this task is drawn; empty where nothing is known yet.
fn view(scene: &Scene) -> Arc<ControlView> {
    scene.view.of().unwrap_or_default()
}
