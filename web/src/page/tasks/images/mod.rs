//! Images of handwriting, and what other rooms of images share with this one.

mod canvas;
mod classes;
mod constraint;
pub mod figures;
mod journey;
pub mod panels;
pub mod remarks;
mod reward;
mod shares;
mod words;

use super::common::factor::controls;
use super::common::prior::{adopt, choice};
use super::{Facts, Room};
use crate::kit::mosaic::Mosaic;
use crate::kit::shared::Fixed;
use crate::kit::thumbnail::Thumbnail;
use crate::parts::compare::{Compared, PictureProps, Shown};
use crate::parts::controls::numbers::{Numbers, RANK};
use crate::parts::edit::EditProps;
use crate::parts::figures::Remarks;
use crate::parts::navigation::Naming;
use crate::parts::panels::{PANELS, PanelsProps};
use crate::parts::save_open::{SampleFile, Saved};
use crate::parts::transport::Advice;
use panels::Said;
use rtb::message::{Fit, Report, Scene, Truth};
use rtb::run::Run;
use rtb::task::images::{ImageFit, ImagesProblem, LatentsProblem, PIXELS, Reward, SIDE};
use yew::{Html, html};

#[derive(Clone, Debug, PartialEq)]
pub struct Images;

/// The images that stand for a distribution.
pub const GRID: Mosaic = Mosaic {
    columns: 6,
    rows: 6,
    side: SIDE,
};

/// The prior for processors.
const SMALL: &str = "prior-digits-small";

static FACTS: Facts = Facts {
    naming: Naming {
        name: "digits",
        title: "Digits",
        opens: None,
        what: "images of handwritten digits",
        intro: "The third task, Digits, uses the same method for images. The prior is a small diffusion model of MNIST’s digits. The reward \
                may ask a classifier, count holes, measure strokes or compare the image with pixels that you paint. The exact posterior consists of the prior’s own images, each kept with probability r. ",
    },
    numbers: Numbers {
        steps: (
            "Number of denoising steps from noise to image. More steps draw better digits, but training and evaluation take longer.",
            None,
        ),
        exploration: "Extra variance of the policy’s steps at the start of training. It changes which trajectories are sampled, not how they are scored.",
        network: &[RANK],
        langevin: Some(
            "Adds guidance to each step: ∇ log r at the end point that the prior expects, times a learned scale. Training needs fewer iterations, but each takes longer. Only for a reward that has a gradient, or a factor with one.",
        ),
        proposals: Some([
            "Prior images for the exact posterior",
            "Number of images that are sampled from the prior and kept with probability r. The worker does this in its spare time.",
        ]),
    },
    charts: figures::CHARTS,
    rows: &figures::ROWS,
    compared: Compared {
        limits: (36, 5_000),
        iterations: 100,
        pace: |run| {
            if problem(run).prior.weights == SMALL {
                2e-4
            } else {
                1e-3
            }
        },
        columns: &figures::COLUMNS,
        error: "FID",
        kept: "Images kept",
        picture,
    },
    saved: Saved {
        samples: (100, "Save 100 samples (.png)"),
        pictures: &PANELS,
    },
};

static SAID: Said = Said {
    help: [
        "Images drawn by the pretrained model. Select one by pointer or arrow keys to see its trajectory below.",
        "",
        "Images drawn by the trained model with the same noise: training turns each prior image into one that the reward wants.",
        "The target of the learned posterior: the prior’s own images, each kept with probability r.",
    ],
    flow: "Every image starts at x₀ = 0, which is grey. The first step makes it noise, the other steps denoise it.",
};

impl Room for Images {
    fn facts(&self) -> &'static Facts {
        &FACTS
    }

    fn adopt(&self, run: &mut Run) -> Option<String> {
        let changed = adopt(run, weights)?;
        refit(run);
        Some(changed)
    }

    /// The prior's images are the engine's; those of the run before stay where they are this run's too.
    fn preview(&self, run: &Run, before: Option<(&Run, &Scene)>) -> Scene {
        let stays = |old: &Run| {
            let same_prior = || problem(old).prior == problem(run).prior;
            (old.task(), old.process.steps, old.seed) == (run.task(), run.process.steps, run.seed)
                && same_prior()
        };
        let before = before.filter(|(old, _)| stays(old));
        Scene {
            truth: Truth::Rejection,
            prior_paths: before
                .map(|(_, scene)| scene.prior_paths.clone())
                .unwrap_or_default(),
            ..Scene::default()
        }
    }

    fn panels(&self, props: PanelsProps) -> Html {
        html! { <panels::Panels {props} said={Fixed(&SAID)} /> }
    }

    fn reward(&self, edits: EditProps) -> Html {
        controls::<Self>(&edits)
    }

    fn prior(&self, edits: EditProps) -> Html {
        choice(
            &edits,
            weights,
            "A network trained on MNIST’s digits. Its own chain of T steps is the prior. The exact posterior consists of its images, each kept with probability r.",
        )
    }

    fn advice(&self, run: &Run) -> Option<Advice> {
        let small = problem(run).prior.weights == SMALL;
        let quicker = || {
            let mut run = run.clone();
            problem_mut(&mut run).prior.weights = SMALL.to_owned();
            ("Use the small prior", run)
        };
        Some(Advice {
            samples: "digits",
            faster: if small {
                "fewer steps T, a smaller batch or WebGPU"
            } else {
                "the small prior, fewer steps T, a smaller batch or WebGPU"
            },
            quicker: (!small).then(quicker),
        })
    }

    fn remarks(&self, report: Option<&Report>) -> Remarks {
        remarks::remarks(report)
    }

    fn file(&self, _scene: &Scene, samples: &[f32]) -> SampleFile {
        file(samples)
    }
}

/// Images as a picture to save.
pub fn file(samples: &[f32]) -> SampleFile {
    let count = samples.len() / PIXELS;
    let columns = (count as f64).sqrt().ceil().max(1.0) as usize;
    let mosaic = Mosaic {
        columns,
        rows: count.div_ceil(columns),
        side: SIDE,
    };
    SampleFile::Picture {
        name: "samples.png",
        picture: mosaic.picture(samples),
    }
}

/// The picture on a card of the comparison.
pub fn picture(props: PictureProps) -> Html {
    let images = match &props.shown {
        Shown::Exact => props.stage.truth.as_ref().map(|truth| &truth.samples),
        Shown::Samples(outcome) => outcome.as_ref().map(|outcome| &outcome.points),
    };
    let picture = images.map(|images| GRID.picture(images));
    html! { <Thumbnail label={props.label} {picture} paths={None} dark={props.dark} /> }
}

/// The reward of a run on images, whatever its prior is.
///
/// # Panics
///
/// Where a run is about something else: a room is handed runs of its own task only.
pub fn reward(run: &Run) -> &Reward {
    let latents = || run.problem.get::<LatentsProblem>().map(|problem| &problem.reward);
    let images = run.problem.get::<ImagesProblem>().map(|problem| &problem.reward);
    images.or_else(latents).expect("a run on images")
}

/// The same, to change.
///
/// # Panics
///
/// As [`reward`].
pub fn reward_mut(run: &mut Run) -> &mut Reward {
    if run.problem.get::<ImagesProblem>().is_some() {
        return &mut problem_mut(run).reward;
    }
    let latents = run.problem.get_mut::<LatentsProblem>();
    &mut latents.expect("a run on images").reward
}

/// Makes what is painted fit another prior, whose images may have another size.
pub fn refit(run: &mut Run) {
    if let Some(rows) = constraint::known_mut(reward_mut(run))
        && !constraint::fits(rows)
    {
        *rows = constraint::blank();
    }
}

/// What a run of this task asks for.
fn problem(run: &Run) -> &ImagesProblem {
    ImagesProblem::of(run).expect("a room is handed runs of its own task only")
}

/// The same, to change.
fn problem_mut(run: &mut Run) -> &mut ImagesProblem {
    ImagesProblem::of_mut(run).expect("a room is handed runs of its own task only")
}

/// Where a run names its prior.
fn weights(run: &mut Run) -> &mut String {
    &mut problem_mut(run).prior.weights
}

/// How far images are from the exact posterior.
pub fn fit(of: &Fit) -> Option<ImageFit> {
    of.of()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::state::{Action, State};
    use rtb::message::{Event, Paths};
    use rtb::run::Preset;
    use std::rc::Rc;
    use yew::Reducible;

    #[test]
    fn a_prior_that_does_not_ship_gives_way_to_the_first_one() {
        let mut run = Preset::find("digit-3").unwrap().run;
        *weights(&mut run) = SMALL.to_owned();
        assert_eq!(Images.adopt(&mut run), None);
        *weights(&mut run) = "mine".to_owned();
        assert!(
            Images
                .adopt(&mut run)
                .is_some_and(|said| said.contains("not provide mine"))
        );
        assert_eq!(weights(&mut run), "prior-digits");
    }

    #[test]
    fn what_is_painted_has_the_size_of_a_prior_that_ships() {
        let mut run = Preset::find("digits-inpaint").unwrap().run;
        let painted = constraint::known(reward(&run)).cloned();
        *weights(&mut run) = "mine".to_owned();
        assert!(Images.adopt(&mut run).is_some());
        assert_eq!(constraint::known(reward(&run)).cloned(), painted);
        *constraint::known_mut(reward_mut(&mut run)).unwrap() = vec!["9".repeat(16); 16];
        *weights(&mut run) = "mine".to_owned();
        assert_eq!(run.validate(), Ok(()));
        assert!(Images.adopt(&mut run).is_some());
        assert_eq!(run.validate(), Ok(()));
    }

    #[test]
    fn the_priors_images_stay_while_a_constraint_is_painted() {
        let run = Preset::find("digits-inpaint").unwrap().run;
        let scene = Scene {
            prior_paths: Paths {
                steps: vec![0],
                size: 1,
                points: vec![0.5],
            },
            ..Scene::default()
        };
        let opened = Action::Events(vec![Event::Opened(Box::new(scene))]);
        let state = Rc::new(State::new(run.clone(), None)).reduce(opened);
        assert_eq!(
            state.history.snapshots.items()[0].paths.points,
            [0.5],
            "nothing is trained yet"
        );
        let truth = Action::Events(vec![Event::Truth(Box::default())]);
        let state = state.reduce(truth);
        assert!(state.stage.log_z().is_some());
        let mut painted = run.clone();
        *constraint::known_mut(reward_mut(&mut painted)).unwrap() = constraint::blank();
        let state = state.reduce(Action::Edit(painted));
        assert_eq!(state.stage.scene.prior_paths.points, [0.5]);
        assert_eq!(state.stage.log_z(), None, "it is another posterior");
        let mut other = run;
        other.seed = 7;
        assert!(
            state
                .reduce(Action::Edit(other))
                .stage
                .scene
                .prior_paths
                .points
                .is_empty()
        );
    }
}
