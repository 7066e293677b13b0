//! Densities in the plane.

mod draggable;
mod energy;
mod figures;
mod gaussian;
mod gestures;
mod mixture;
mod panels;
mod picture;
mod pictures;
mod preview;
mod prior;
mod reward;
mod samples;
mod shape;
mod words;

use super::{Change, Facts, Room};
use crate::kit::math;
use crate::parts::compare::Compared;
use crate::parts::controls::numbers::{DEPTH, Numbers, WIDTH};
use crate::parts::edit::EditProps;
use crate::parts::figures::Remarks;
use crate::parts::lesson::LessonProps;
use crate::parts::navigation::Naming;
use crate::parts::panels::{PANELS, PanelsProps};
use crate::parts::save_open::{SampleFile, Saved};
use futures::FutureExt;
use futures::future::LocalBoxFuture;
use rtb::message::{Fit, Report, Scene, Truth};
use rtb::run::Run;
use rtb::task::csv;
use rtb::task::plane::{PlaneFit, PlaneProblem, PlaneView, PriorKind};
use std::sync::Arc;
use yew::{Html, html};

pub struct Plane;

static FACTS: Facts = Facts {
    naming: Naming {
        name: "mixtures",
        title: "Mixtures",
        opens: None,
        what: "densities in the plane",
        intro: "In the first task, Mixtures, samples are points in the plane and the exact posterior is known, so you can watch the learned one approach it. Press Train, \
                drag the prior’s components, type or paint another reward, or point at a sample to see its trajectory. A CSV file with two columns, dropped on the page, becomes the prior. At the bottom of the page you can compare other methods for the same posterior.",
    },
    numbers: Numbers {
        steps: (
            "Number of Gaussian steps from the start to the end point. With more steps, the chain can come closer to the exact posterior.",
            Some(math::CHAIN),
        ),
        exploration: "Extra variance of the policy’s steps at the start of training. It changes which trajectories are sampled, not how they are scored.",
        network: &[WIDTH, DEPTH],
        langevin: Some(
            "Adds s(x, t)·∇ log r to the drift, with a learned scale s. Only for a reward that has a gradient.",
        ),
        proposals: None,
    },
    charts: figures::CHARTS,
    rows: &figures::ROWS,
    compared: Compared {
        limits: (500, 20_000),
        iterations: 300,
        pace: |_| 4e-6,
        columns: &figures::COLUMNS,
        error: "total variation",
        kept: "",
        picture: |props| html! { <picture::Picture ..props /> },
    },
    saved: Saved {
        samples: (10_000, "Save 10,000 samples (.csv)"),
        pictures: &PANELS,
    },
};

impl Room for Plane {
    fn facts(&self) -> &'static Facts {
        &FACTS
    }

    fn adopt(&self, run: &mut Run) -> Option<String> {
        prior::adopt(run)
    }

    fn preview(&self, run: &Run, _before: Option<(&Run, &Scene)>) -> Scene {
        preview::scene(run)
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

    fn note(&self, run: &Run) -> Option<&'static str> {
        (problem(run).prior.kind == PriorKind::Learned).then_some(
            "With a learned prior, the posterior starts as a copy of the prior’s network. The width and depth below then have no effect, and there is no Langevin term.",
        )
    }

    fn remarks(&self, report: Option<&Report>) -> Remarks {
        let learned = report.is_some_and(|r| r.truth == Truth::ImportanceWeighted);
        Remarks {
            truth: if learned {
                "It comes from importance-weighted samples of the learned prior’s own chain."
            } else {
                "It comes from quadrature of p·r on a grid, with the mixture itself as the prior."
            },
            caution: None,
            more: Html::default(),
        }
    }

    fn lesson(&self, props: LessonProps) -> Html {
        html! { <energy::Energy ..props /> }
    }

    fn read_samples<'a>(
        &self,
        file: &'a str,
        bytes: &'a [u8],
    ) -> Option<LocalBoxFuture<'a, Result<Change, String>>> {
        let read = async move {
            let samples = samples::Samples::read(file, bytes).await?;
            Ok(Box::new(|shown: &Run| samples.put(shown)) as Change)
        };
        Some(read.boxed_local())
    }

    fn file(&self, _scene: &Scene, samples: &[f32]) -> SampleFile {
        SampleFile::Text {
            name: "samples.csv",
            text: csv(&["x", "y"], samples),
        }
    }
}

/// What a run of this task asks for.
fn problem(run: &Run) -> &PlaneProblem {
    PlaneProblem::of(run).expect("a room is handed runs of its own task only")
}

/// The same, to change.
fn problem_mut(run: &mut Run) -> &mut PlaneProblem {
    PlaneProblem::of_mut(run).expect("a room is handed runs of its own task only")
}

/// How far samples of this task are from the exact posterior.
fn fit(of: &Fit) -> Option<PlaneFit> {
    of.of()
}

/// The pictures of a scene of this task; empty ones where there are none.
fn view(scene: &Scene) -> Arc<PlaneView> {
    scene.view.of().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use crate::kit;
    use rtb::task::planar::PAINT_LEVELS;
    use rtb::task::plane::HALF_WIDTH;

    #[test]
    fn panels_show_the_square_of_the_plane_and_paint_its_levels() {
        assert_eq!(kit::surface::HALF_WIDTH, HALF_WIDTH);
        assert_eq!(u32::from(kit::paint::LEVELS), PAINT_LEVELS);
        assert_eq!(super::csv(&["x", "y"], &[0.5, -1.0]), "x,y\n0.5,-1\n");
    }
}
