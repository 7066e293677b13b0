//! Images that a generator makes of noise.

mod figures;
mod paths;
mod pictures;
mod planes;
mod prior;
mod remarks;
mod words;

use super::common::factor::controls;
use super::images::panels::{Panels, Said};
use super::images::{Images, file, picture, refit, reward};
use super::{Facts, Room};
use crate::kit::shared::Fixed;
use crate::parts::compare::Compared;
use crate::parts::controls::numbers::{DEPTH, Numbers, WIDTH};
use crate::parts::edit::EditProps;
use crate::parts::figures::Remarks;
use crate::parts::navigation::Naming;
use crate::parts::panels::{PANELS, PanelsProps};
use crate::parts::save_open::{SampleFile, Saved};
use rtb::message::{Packed, Report, Scene, Truth};
use rtb::run::Run;
use rtb::task::images::{ImageView, LatentsProblem, PlaneView};
use std::sync::Arc;
use yew::{Html, html};

pub struct Latents;

/// The generator whose latents are a plane.
const FLAT: &str = "vae-digits-2";

static FACTS: Facts = Facts {
    naming: Naming {
        name: "latents",
        title: "Latents",
        opens: None,
        what: "a generator’s map of digits",
        intro: "The fourth task, Latents, has a generator: the decoder f of a variational autoencoder, which makes a digit f(z) of standard normal noise z. Here the diffusion model moves z, \
                so that the digits f(z) follow prior × reward. It only needs to call f and r: no density of the digits, no inverse of f and no gradient of either (outsourced diffusion sampling, arXiv 2502.06999). \
                Where z has two coordinates, you see all digits on a map, and the exact posterior on it is known.",
    },
    numbers: Numbers {
        steps: (
            "Number of Gaussian steps from noise to z. The prior is the same for any number; with more steps, the chain can come closer to the exact posterior.",
            None,
        ),
        exploration: "Extra variance of the policy’s steps at the start of training. It changes which trajectories are sampled, not how they are scored.",
        network: &[WIDTH, DEPTH],
        langevin: None,
        proposals: Some([
            "Prior images for the exact posterior",
            "Number of images that are sampled from the prior and kept with probability r. The worker does this in its spare time. The densities on the plane of two latents do not need them.",
        ]),
    },
    charts: figures::CHARTS,
    rows: &figures::ROWS,
    compared: Compared {
        limits: (36, 20_000),
        iterations: 200,
        pace: |_| 8e-6,
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
        "Images f(z) of the prior’s noise z. Select one by pointer or arrow keys to see its trajectory below.",
        "",
        "Images f(z) of the z that the trained model draws, with the same noise.",
        "The target of the learned posterior: images f(z) of the prior’s z, each kept with probability r.",
    ],
    flow: "Every z starts at 0. The first step makes it noise, which the other steps move; the images are what f makes of it on the way.",
};

impl Room for Latents {
    fn facts(&self) -> &'static Facts {
        &FACTS
    }

    fn adopt(&self, run: &mut Run) -> Option<String> {
        let changed = prior::adopt(run)?;
        refit(run);
        Some(changed)
    }

    /// The prior's trajectories and the map are the engine's; those of the run before stay where they are this run's
    /// too, and so does the exact posterior.
    fn preview(&self, run: &Run, before: Option<(&Run, &Scene)>) -> Scene {
        let before = before.filter(|(old, _)| old.task() == run.task());
        let of_prior = |run: &Run| (problem(run).prior.clone(), run.process.steps, run.seed);
        let of_reward = |run: &Run| (reward(run).clone(), run.tempering.beta, run.tempering.floor);
        let scene = before.filter(|(old, _)| of_prior(old) == of_prior(run));
        let old = scene.and_then(|(_, scene)| view(scene).plane.clone());
        let empty = (problem(run).prior.name() == FLAT).then(|| PlaneView {
            half_width: PlaneView::HALF_WIDTH,
            ..PlaneView::default()
        });
        let mut plane = old.or(empty);
        if let Some(plane) = &mut plane
            && before.is_none_or(|(old, _)| of_reward(old) != of_reward(run))
        {
            plane.exact.clear();
            plane.log_r.clear();
        }
        Scene {
            truth: if plane.is_some() {
                Truth::Quadrature
            } else {
                Truth::Rejection
            },
            prior_paths: scene
                .map(|(_, scene)| scene.prior_paths.clone())
                .unwrap_or_default(),
            view: Packed::new(&ImageView {
                plane,
                ..ImageView::default()
            }),
            ..Scene::default()
        }
    }

    fn panels(&self, props: PanelsProps) -> Html {
        match view(&props.stage.scene).plane {
            Some(_) => html! { <planes::Planes ..props /> },
            None => html! { <Panels {props} said={Fixed(&SAID)} /> },
        }
    }

    fn reward(&self, edits: EditProps) -> Html {
        controls::<Images>(&edits)
    }

    fn prior(&self, edits: EditProps) -> Html {
        prior::choice(&edits)
    }

    fn remarks(&self, report: Option<&Report>) -> Remarks {
        remarks::remarks(report)
    }

    fn file(&self, _scene: &Scene, samples: &[f32]) -> SampleFile {
        file(samples)
    }
}

/// What a run of this task asks for.
fn problem(run: &Run) -> &LatentsProblem {
    LatentsProblem::of(run).expect("a room is handed runs of its own task only")
}

/// The same, to change.
fn problem_mut(run: &mut Run) -> &mut LatentsProblem {
    LatentsProblem::of_mut(run).expect("a room is handed runs of its own task only")
}

/// How a scene of this task is drawn.
fn view(scene: &Scene) -> Arc<ImageView> {
    scene.view.of().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use rtb::run::Preset;
    use rtb::task::images::Reward;

    fn run(preset: &str) -> Run {
        Preset::find(preset).unwrap().run
    }

    #[test]
    fn the_map_stays_while_the_reward_changes_and_the_posterior_does_not() {
        let old = run("latents-3");
        let scene = Scene {
            view: Packed::new(&ImageView {
                plane: Some(PlaneView {
                    exact: vec![1.0],
                    log_r: vec![0.0],
                    map_side: 1,
                    map: vec![0.5],
                    ..PlaneView::default()
                }),
                ..ImageView::default()
            }),
            ..Scene::default()
        };
        let plane = |run: &Run| {
            let scene = Latents.preview(run, Some((&old, &scene)));
            view(&scene).plane.clone()
        };
        let mut other = old.clone();
        other.optimizer.learning_rate *= 2.0;
        assert!(plane(&other).is_some_and(|plane| plane.exact == [1.0] && plane.map == [0.5]));
        *super::super::images::reward_mut(&mut other) = Reward::Symmetry { deviation: 0.1 };
        assert!(plane(&other).is_some_and(|plane| plane.exact.is_empty() && plane.map == [0.5]));
        assert_eq!(plane(&run("latents-12-8")), None);
        let another = plane(&Run {
            seed: 9,
            ..old.clone()
        });
        assert!(
            another.is_some_and(|plane| plane.map.is_empty() && plane.half_width == PlaneView::HALF_WIDTH)
        );
    }
}
