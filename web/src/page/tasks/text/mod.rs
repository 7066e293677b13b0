//! The missing middle of a story.

mod figures;
mod lines;
mod mention;
mod numbers;
mod panels;
mod picture;
mod reward;
mod whole;

use super::common::factor::controls;
use super::common::prior::{adopt, choice};
use super::{Facts, Room};
use crate::parts::compare::Compared;
use crate::parts::controls::numbers::{Numbers, RANK};
use crate::parts::edit::EditProps;
use crate::parts::figures::Remarks;
use crate::parts::lesson::LessonProps;
use crate::parts::navigation::Naming;
use crate::parts::panels::PanelsProps;
use crate::parts::save_open::{SampleFile, Saved};
use crate::parts::transport::Advice;
use crate::presets::preset;
use rtb::message::{Fit, Packed, Report, Scene, Truth};
use rtb::run::Run;
use rtb::task::text::{Reader, StoriesView, StoryFit, TextProblem};
use std::sync::Arc;
use yew::{Html, html};

#[derive(Clone, Debug, PartialEq)]
pub struct Text;

/// The causal language model, which also answers rewards of endings.
const CAUSAL: &str = "reward-stories";

/// A run that moves within seconds on a processor.
const QUICK: &str = "story-bike-causal";

static FACTS: Facts = Facts {
    naming: Naming {
        name: "stories",
        title: "Stories",
        opens: Some(QUICK),
        what: "the missing middle of a story",
        intro: "The fifth task, Stories, uses a language model that writes or unmasks words. The prior sees how a story begins, you write how it ends, and the \
                posterior writes what happens in between. ",
    },
    numbers: Numbers {
        steps: (
            "Number of steps that unmask the words of a middle; words of the same step are sampled independently. A causal prior makes one word per step, whatever T is.",
            None,
        ),
        exploration: "At the start of training, the policy’s log-probabilities are divided by 1 + this value, so its words vary more. This changes which words are sampled, not how they are scored.",
        network: &[RANK],
        langevin: None,
        proposals: Some([
            "Prior middles for the exact posterior",
            "Number of middles that are sampled from the prior and weighted with r. The worker does this in its spare time.",
        ]),
    },
    charts: figures::CHARTS,
    rows: &figures::ROWS,
    compared: Compared {
        limits: (16, 2_000),
        iterations: 100,
        pace: |run| {
            if problem(run).prior.weights == CAUSAL {
                5e-3
            } else {
                5e-2
            }
        },
        columns: &figures::COLUMNS,
        error: "error of mean log r",
        kept: "Effective middles",
        picture: |props| html! { <picture::Picture ..props /> },
    },
    saved: Saved {
        samples: (50, "Save 50 middles (.txt)"),
        pictures: &[],
    },
};

impl Room for Text {
    fn facts(&self) -> &'static Facts {
        &FACTS
    }

    fn adopt(&self, run: &mut Run) -> Option<String> {
        adopt(run, weights)
    }

    fn preview(&self, _run: &Run, _before: Option<(&Run, &Scene)>) -> Scene {
        Scene {
            truth: Truth::ImportanceWeighted,
            view: Packed::new(&StoriesView::default()),
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
        choice(
            &edits,
            weights,
            "A transformer trained on everyday stories of five sentences. Its own chain of T steps is the prior. The exact posterior is estimated from its middles, weighted with r.",
        )
    }

    fn advice(&self, run: &Run) -> Option<Advice> {
        let causal = problem(run).prior.weights == CAUSAL;
        Some(Advice {
            samples: "middles",
            faster: if causal {
                "a smaller batch or WebGPU"
            } else {
                "the causal prior, fewer steps T, a smaller batch or WebGPU"
            },
            quicker: preset(QUICK)
                .filter(|_| !causal)
                .map(|quick| ("Use the causal prior", above(run, &quick.run))),
        })
    }

    fn remarks(&self, _report: Option<&Report>) -> Remarks {
        Remarks {
            truth: "It is estimated from middles of the learned prior, weighted with r, and is rough while the effective number of middles is small.",
            caution: None,
            more: Html::default(),
        }
    }

    fn lesson(&self, props: LessonProps) -> Html {
        html! { <numbers::Numbers ..props /> }
    }

    fn file(&self, scene: &Scene, samples: &[f32]) -> SampleFile {
        let middles = reader(scene).map(|reader| reader.middles(samples));
        SampleFile::Text {
            name: "middles.txt",
            text: middles.unwrap_or_default().join("\n") + "\n",
        }
    }
}

/// What a run of this task asks for.
fn problem(run: &Run) -> &TextProblem {
    TextProblem::of(run).expect("a room is handed runs of its own task only")
}

/// The same, to change.
fn problem_mut(run: &mut Run) -> &mut TextProblem {
    TextProblem::of_mut(run).expect("a room is handed runs of its own task only")
}

/// A run above the prior of another one, with what goes with that.
fn above(run: &Run, other: &Run) -> Run {
    let mut run = run.clone();
    weights(&mut run).clone_from(&problem(other).prior.weights);
    (run.objective, run.optimizer) = (other.objective, other.optimizer);
    run
}

/// Where a run names its prior.
fn weights(run: &mut Run) -> &mut String {
    &mut problem_mut(run).prior.weights
}

/// How far middles are from the exact posterior.
fn fit(of: &Fit) -> Option<StoryFit> {
    of.of()
}

/// What there is of stories in a scene of this task.
fn view(scene: &Scene) -> Option<Arc<StoriesView>> {
    scene.view.of()
}

/// What reads the samples of a scene, once the engine has answered.
fn reader(scene: &Scene) -> Option<Reader> {
    StoriesView::reader(scene)
}
