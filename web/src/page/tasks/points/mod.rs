//! Points of named coordinates.

mod choice;
mod coordinates;
mod corner;
mod figures;
mod marginals;
mod mixture;
mod panels;
mod picture;
mod prior;
mod reward;

use super::common::factor::controls;
use super::{Facts, Room};
use crate::parts::compare::Compared;
use crate::parts::controls::numbers::{DEPTH, Numbers, WIDTH};
use crate::parts::edit::EditProps;
use crate::parts::figures::Remarks;
use crate::parts::navigation::Naming;
use crate::parts::panels::PanelsProps;
use crate::parts::save_open::{SampleFile, Saved};
use rtb::message::{Fit, Packed, REFERENCE, Report, Scene, Truth};
use rtb::run::{ConfigError, Run};
use rtb::task::csv;
use rtb::task::points::{PointsFit, PointsProblem, PointsView};
use std::sync::Arc;
use yew::{Callback, Html, html};

#[derive(Clone, Debug, PartialEq)]
pub struct Points;

static FACTS: Facts = Facts {
    naming: Naming {
        name: "points",
        title: "Points",
        opens: None,
        what: "your own prior and likelihood",
        intro: "The second task, Points, is for a problem of your own, such as the parameters of a statistical model. A sample has 1 to 64 named coordinates. Choose the law of each, \
                type a likelihood in their names, and press Train. The exact posterior comes from quadrature, or from weighted samples of the prior. ",
    },
    numbers: Numbers {
        steps: (
            "Number of Gaussian steps from noise to the end point. The prior is the same for any number; with more steps, the chain can come closer to the exact posterior.",
            None,
        ),
        exploration: "Extra variance of the policy’s steps at the start of training. It changes which trajectories are sampled, not how they are scored.",
        network: &[WIDTH, DEPTH],
        langevin: Some(
            "Adds the gradient of log r to each step, times a learned scale for every coordinate. Narrow and separate modes are learned in fewer iterations, but each takes longer. Only for formulas, and not in the WebGPU worker.",
        ),
        proposals: Some([
            "Prior samples for the exact posterior",
            "Number of samples that are drawn from the prior and weighted with r. One or two coordinates need none.",
        ]),
    },
    charts: figures::CHARTS,
    rows: &figures::ROWS,
    compared: Compared {
        limits: (500, 20_000),
        iterations: 300,
        pace: |_| 8e-6,
        columns: &figures::COLUMNS,
        error: "distance of the marginals",
        kept: "",
        picture: |props| html! { <picture::Picture ..props /> },
    },
    saved: Saved {
        samples: (10_000, "Save 10,000 samples (.csv)"),
        // A file has no legend.
        pictures: &[(
            panels::CORNER.0,
            "Prior (grey), learned (orange) and exact (green) posterior",
        )],
    },
};

impl Room for Points {
    fn facts(&self) -> &'static Facts {
        &FACTS
    }

    /// None ships: the engine refuses a prior from a file.
    fn adopt(&self, _run: &mut Run) -> Option<String> {
        None
    }

    /// Samples are the engine's; those of the run before stay where the prior is the same.
    fn preview(&self, run: &Run, before: Option<(&Run, &Scene)>) -> Scene {
        let stays = |old: &Run| {
            let of = |run: &Run| (run.seed, run.process.steps);
            old.task() == run.task() && of(old) == of(run) && problem(old).prior == problem(run).prior
        };
        let before = before.filter(|(old, _)| stays(old)).map(|(_, scene)| scene);
        let prior = before.map(|scene| view(scene).prior.clone());
        Scene {
            prior_paths: before.map(|scene| scene.prior_paths.clone()).unwrap_or_default(),
            view: Packed::new(&PointsView {
                names: problem(run).prior.names().unwrap_or_default(),
                prior: prior.unwrap_or_default(),
                ..PointsView::default()
            }),
            ..Scene::default()
        }
    }

    fn panels(&self, props: PanelsProps) -> Html {
        html! { <panels::Panels ..props /> }
    }

    fn reward(&self, edits: EditProps) -> Html {
        controls::<Self>(&edits)
    }

    fn prior(&self, edits: EditProps) -> Html {
        html! { <prior::PriorControls ..edits /> }
    }

    fn remarks(&self, report: Option<&Report>) -> Remarks {
        let fit = report.and_then(|report| fit(&report.fit));
        let sampled = report.is_some_and(|report| report.truth != Truth::Quadrature);
        let few = fit.filter(|fit| sampled && fit.effective < REFERENCE);
        Remarks {
            truth: match report {
                None => "It comes from quadrature, or from samples of the prior: the first measurement says which.",
                Some(_) if sampled => "It comes from samples of the prior, weighted with r.",
                Some(_) => "It comes from quadrature of p·r over the coordinates.",
            },
            caution: few.map(|fit| {
                format!(
                    "Only {:.0} of the prior’s samples are effective, so the exact values are rough. Draw more of them (“Prior samples for the exact posterior”).",
                    fit.effective
                )
            }),
            more: Html::default(),
        }
    }

    fn file(&self, scene: &Scene, samples: &[f32]) -> SampleFile {
        SampleFile::Text {
            name: "samples.csv",
            text: csv(&view(scene).names, samples),
        }
    }
}

/// What a run of this task asks for.
fn problem(run: &Run) -> &PointsProblem {
    PointsProblem::of(run).expect("a room is handed runs of its own task only")
}

/// The same, to change.
fn problem_mut(run: &mut Run) -> &mut PointsProblem {
    PointsProblem::of_mut(run).expect("a room is handed runs of its own task only")
}

/// What changes the prior, and then selects one of the things that it is made of.
fn changes_prior(
    edits: &EditProps,
    change: impl Fn(&mut PointsProblem) + 'static,
    then: Option<usize>,
) -> Callback<(), Result<(), ConfigError>> {
    let (edits, select) = (edits.clone(), edits.selects(true));
    Callback::from(move |()| {
        edits.apply(|run| change(problem_mut(run)))?;
        select.emit(then);
        Ok(())
    })
}

/// How far samples of this task are from the exact posterior.
fn fit(of: &Fit) -> Option<PointsFit> {
    of.of()
}

/// The points of a scene of this task; none where there are none.
fn view(scene: &Scene) -> Arc<PointsView> {
    scene.view.of().unwrap_or_default()
}
