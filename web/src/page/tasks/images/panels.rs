//! Three grids of images, the reward, the way of a chosen one from noise, and the classes.

use super::canvas::{self, Constraint};
use super::journey::Journey;
use super::reward::wish;
use super::shares::shares;
use super::{GRID, constraint, fit, reward, words};
use crate::kit::number::{log_r, mean, short};
use crate::kit::picture::Picture;
use crate::kit::shared::Fixed;
use crate::kit::sheet::Sheet;
use crate::kit::surface::state_at;
use crate::parts::panels::{EXACT, LEARNED, PANELS, PRIOR, PanelsProps, REWARD, stage};
use crate::tasks::common::log_rewards::{self, LogRewards};
use crate::tasks::common::samples::{Samples, gathered, use_samples};
use rtb::message::Paths;
use rtb::run::Run;
use rtb::task::images::ExactFit;
use std::rc::Rc;
use yew::prelude::*;

/// The ids of what stands below other pictures in the panels.
const BELOW: [&str; 4] = ["prior-images", "reward-images", "learned-images", "exact-images"];

/// What a room says of its panels.
pub struct Said {
    /// The sentences under each; of the reward, what comes before what it wants.
    pub help: [&'static str; 4],
    /// What the slider of diffusion time shows.
    pub flow: &'static str,
}

/// The images of a run, at the times that the sliders show.
pub struct Grids {
    pub samples: Samples,
    prior: Rc<Option<Picture>>,
    learned: Rc<Option<Picture>>,
    exact: Rc<Option<Picture>>,
}

#[hook]
pub fn use_grids(props: &PanelsProps) -> Grids {
    let samples = use_samples(props);
    let of_prior = (props.stage.scene.clone(), samples.step());
    let of_learned = (samples.snapshot.clone(), samples.step());
    Grids {
        prior: use_memo(of_prior, |(scene, step)| at(&scene.prior_paths, *step)),
        learned: use_memo(of_learned, |(snapshot, step)| {
            snapshot.as_ref().and_then(|s| at(&s.paths, *step))
        }),
        exact: use_memo(props.stage.truth.clone(), |truth| {
            truth.as_ref().map(|t| GRID.picture(&t.samples))
        }),
        samples,
    }
}

#[derive(Properties, PartialEq)]
pub struct ImagesProps {
    pub props: PanelsProps,
    pub said: Fixed<Said>,
}

/// What a run on images shows.
#[component]
pub fn Panels(props: &ImagesProps) -> Html {
    let ImagesProps { props, said } = props;
    let grids = use_grids(props);
    stage("digits", grids.shown(props, said, None))
}

impl Grids {
    /// All panels, the way of the chosen image and the sliders; `above` is what stands above the images.
    pub fn shown(&self, props: &PanelsProps, said: &Said, above: Option<[Html; 4]>) -> Html {
        let Self { samples, .. } = self;
        let (snapshot, truth) = (&samples.snapshot, props.stage.truth.as_ref());
        let measured = snapshot.as_ref().and_then(|s| match &s.report.chosen {
            Some(chosen) => fit(&chosen.fit),
            None => fit(&s.report.fit),
        });
        let exact = truth.and_then(|t| t.fit.of::<ExactFit>());
        html! {
            <>
                <div class="panels">{ for (0..PANELS.len()).map(|panel| self.panel(panel, props, said, above.as_ref())) }</div>
                <div class="beside">
                    <Journey stage={props.stage.clone()} snapshot={snapshot.clone()} chosen={samples.chosen()} step={samples.step()}
                        on_step={samples.times.on_step(samples.steps)} dark={props.dark} />
                    { shares(reward(&props.run), measured.map(|fit| fit.classes), exact.map(|e| e.classes)) }
                </div>
                { samples.timeline(said.flow) }
            </>
        }
    }

    fn panel(&self, panel: usize, props: &PanelsProps, said: &Said, above: Option<&[Html; 4]>) -> Html {
        let id = match above {
            Some(_) => BELOW[panel],
            None => PANELS[panel].0,
        };
        let said = said.help[panel];
        let (own, help) = match panel {
            REWARD => {
                let (own, help) = self.reward(id, props);
                (own, format!("{said}{help}"))
            }
            _ => (self.sheet(id, panel, props), said.to_owned()),
        };
        let children = match above {
            Some(above) => {
                html! { <div class="pair"><div>{ above[panel].clone() }</div><div>{ own }</div></div> }
            }
            None => own,
        };
        self.samples.frame(panel, help, children)
    }

    /// What is wanted, and what is said of it: a canvas to paint on, or log r of the images.
    fn reward(&self, id: &'static str, props: &PanelsProps) -> (Html, String) {
        let reward = reward(&props.run);
        match constraint::known(reward) {
            Some(rows) => {
                let canvas = html! {
                    <Constraint {id} run={props.run.clone()} rows={rows.clone()} selection={props.selection}
                        dispatch={props.dispatch.clone()} dark={props.dark} />
                };
                (canvas, canvas::HELP.to_owned())
            }
            None => {
                let histograms = html! {
                    <LogRewards {id} stage={props.stage.clone()} snapshot={self.samples.snapshot.clone()} what="image"
                        chosen={self.samples.chosen()} dark={props.dark} />
                };
                (histograms, log_rewards::help(&wish(reward), "image"))
            }
        }
    }

    fn sheet(&self, id: &'static str, panel: usize, props: &PanelsProps) -> Html {
        let Self { samples, .. } = self;
        let (snapshot, truth) = (samples.snapshot.as_deref(), props.stage.truth.as_deref());
        let (picture, log_reward) = match panel {
            PRIOR => (&*self.prior, props.stage.log_reward()),
            LEARNED => (&*self.learned, snapshot.map_or(&[][..], |s| &s.log_reward)),
            _ => (&*self.exact, truth.map_or(&[][..], |t| &t.log_reward)),
        };
        let label = match panel {
            PRIOR => {
                let step = samples.step();
                format!("Images of the prior at step {step:.0} of {}.", samples.steps)
            }
            LEARNED => words::learned(snapshot),
            _ => words::exact(truth),
        };
        let place = samples.chosen_on(panel);
        html! {
            <>
                <Sheet {id} {label} picture={picture.clone()} mosaic={GRID} chosen={place} choose={samples.choose_on(panel)} dark={props.dark} />
                { tally(log_reward, place, &props.run) }
                if panel == EXACT { { gathered(truth, "Prior images sampled", words::progress(truth)) } }
            </>
        }
    }
}

/// The images of trajectories at a step.
fn at(paths: &Paths, step: f64) -> Option<Picture> {
    let images: Vec<f32> = (0..paths.count())
        .flat_map(|path| state_at(paths, path, step))
        .collect();
    (!images.is_empty()).then(|| GRID.picture(&images))
}

/// What is asked of the chosen image and its log r, and that of all.
fn tally(values: &[f32], chosen: Option<usize>, run: &Run) -> Html {
    let Some(mean) = mean(values).map(short) else {
        return html! { <p class="tally">{ "no images yet" }</p> };
    };
    html! {
        <p class="tally">
            if let Some(place) = chosen.filter(|place| *place < values.len()) {
                <span>
                    { format!("{}: ", place + 1) }
                    if let Some(class) = words::asked(run, place, values.len()) {
                        { format!("asked for {class}, ") }
                    }
                    { log_r(Some(values[place])) }
                </span>
            }
            <span>{ format!("mean log r {mean}") }</span>
        </p>
    }
}
