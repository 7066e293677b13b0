//! The plane of z in four panels, each above images: a map of all digits, densities and trajectories on it.

use super::paths::curves;
use super::pictures::Pictures;
use super::view;
use super::words::{SAID, label};
use crate::kit::canvas::{Canvas, Pointer, Touch, arrow};
use crate::kit::color;
use crate::kit::lens::Lens;
use crate::kit::shared::Shared;
use crate::kit::surface::{SQUARE, Square, nearest};
use crate::kit::traces::Traces;
use crate::parts::panels::{EXACT, LEARNED, PANELS, PRIOR, PanelsProps, REWARD, stage};
use crate::tasks::images::panels::use_grids;
use crate::tasks::images::reward;
use rtb::message::Paths;
use rtb::run::Run;
use rtb::task::images::{ExactFit, PlaneSnapshot, PlaneView, Reward};
use yew::prelude::*;

/// How far apart lines and numbers of the axes are.
const LINES: f64 = 2.0;
const NUMBERS: f64 = 2.0;

/// Where the pointer or a key is: a panel, a place on it, and the trajectory there.
#[derive(Clone, Copy, PartialEq)]
struct Look {
    panel: usize,
    at: [f64; 2],
    path: Option<usize>,
}

/// What a run with two latents shows.
#[component]
pub fn Planes(props: &PanelsProps) -> Html {
    let grids = use_grids(props);
    let samples = &grids.samples;
    let look = use_state_eq(|| None::<Look>);
    let chosen = use_state_eq(|| None::<usize>);
    let count = props.run.conditions();
    let shown = chosen.filter(|chosen| count > 1 && *chosen < count);
    let (scene, snapshot) = (props.stage.scene.clone(), samples.snapshot.clone());
    let beta = props.run.tempering.beta;
    let pictures = use_memo((scene.clone(), shown, beta), |(scene, shown, beta)| {
        let (view, none) = (view(scene), PlaneView::default());
        let plane = view.plane.as_ref().unwrap_or(&none);
        Pictures::new(plane, view.shape.width, *beta, *shown)
    });
    let of_learned = (snapshot.clone(), pictures.clone(), props.run.clone(), shown);
    let learned = use_memo(of_learned, |(snapshot, pictures, run, shown)| {
        // Nothing is told of the plane before any training.
        let trained = snapshot.as_deref().filter(|s| !s.more.is_empty());
        let ends = trained.map_or(&[][..], |s| PlaneSnapshot::of(s).ends);
        pictures.of_ends(ends, *shown, run)
    });
    let of_paths = (
        scene.clone(),
        snapshot.clone(),
        props.stage.truth.clone(),
        shown,
        props.run.clone(),
    );
    let paths = use_memo(of_paths, |(scene, snapshot, truth, shown, run)| {
        let steps = &scene.prior_paths.steps;
        let view = view(scene);
        let prior = view.plane.as_ref().map_or(&[][..], |plane| &plane.prior_paths);
        let exact = truth
            .as_ref()
            .and_then(|truth| truth.fit.of::<ExactFit>())
            .unwrap_or_default();
        let drawn = |points: &[f32], steps: &[usize]| Drawn::new(points, steps, *shown, run);
        // Those of a run that was left have steps of their own; before any training they are the prior's.
        let learned = match snapshot.as_deref() {
            Some(s) if !s.more.is_empty() => drawn(PlaneSnapshot::of(s).paths, &s.paths.steps),
            _ => drawn(prior, steps),
        };
        [drawn(prior, steps), learned, drawn(&exact.plane_paths, steps)]
    });
    let of = |panel: usize| {
        &paths[match panel {
            PRIOR => 0,
            EXACT => 2,
            _ => 1,
        }]
    };
    let square = Square {
        half_width: pictures.half_width,
        lines: LINES,
        numbers: NUMBERS,
        ..SQUARE
    };
    let step = samples.step();
    let plane_of = |panel: usize| {
        let (id, _) = PANELS[panel];
        let drawn = of(panel).clone();
        let picture = match panel {
            PRIOR => Some(pictures.prior.clone()),
            REWARD => pictures.reward.clone(),
            LEARNED => Some((*learned).clone()),
            _ => pictures.exact.clone(),
        };
        // On the reward only end points matter.
        let step = if panel == REWARD {
            samples.steps as f64
        } else {
            step
        };
        let here = look.filter(|look| look.panel == panel);
        let lens = here.and_then(|here| {
            let picture = pictures.map.as_ref()?.at(pictures.shares(here.at))?;
            Some(Lens {
                at: here.at,
                picture,
                text: place(here.at),
            })
        });
        let highlighted = match panel {
            REWARD => None,
            _ => here.and_then(|here| here.path).or(samples.chosen_on(panel)),
        };
        let on_pointer = {
            let (look, choose, drawn) = (look.setter(), samples.choose_on(panel), drawn.clone());
            Callback::from(
                move |Pointer {
                          touch,
                          at,
                          reach,
                          finger,
                          ..
                      }: Pointer| {
                    if touch == Touch::Leave {
                        // What a finger has shown stays when it is lifted.
                        if !finger {
                            look.set(None);
                        }
                        return;
                    }
                    let path = nearest(&drawn.paths, step, at, reach);
                    look.set(Some(Look { panel, at, path }));
                    if let Some(path) = path.filter(|_| touch == Touch::Down) {
                        choose.emit(path);
                    }
                },
            )
        };
        let on_key = {
            let (look, choose, drawn) = (look.setter(), samples.choose_on(panel), drawn.clone());
            let now = samples.chosen_on(panel);
            Callback::from(move |event: KeyboardEvent| match event.key().as_str() {
                "Escape" => look.set(None),
                key => {
                    if let Some(path) = drawn.next(now, key) {
                        event.prevent_default();
                        choose.emit(path);
                        let at = drawn.at(path, step);
                        look.set(Some(Look {
                            panel,
                            at,
                            path: Some(path),
                        }));
                    }
                }
            })
        };
        let legend = if panel == REWARD {
            "β·log r, with its floor"
        } else {
            "density of z"
        };
        html! {
            <Canvas {id} label={label(panel, props, snapshot.as_ref().map(|s| &s.report))} {legend} {picture} map={pictures.map.clone()} {square}
                paths={Some(drawn.paths.clone())} {step} traces={(panel != REWARD).then(|| drawn.traces.clone())} {highlighted} {lens}
                dark={props.dark} {on_pointer} {on_key} />
        }
    };
    let planes = [0, 1, 2, 3].map(plane_of);
    let shown = html! {
        <>
            { classes(&props.run, shown, &chosen, props.dark) }
            { grids.shown(props, &SAID, Some(planes)) }
        </>
    };
    stage("latents", shown)
}

/// Trajectories of z as they are drawn.
#[derive(Clone, PartialEq)]
struct Drawn {
    paths: Shared<Paths>,
    traces: Traces,
}

impl Drawn {
    /// Trajectories, `[paths][states][2]`, of all posteriors or of one.
    fn new(points: &[f32], steps: &[usize], shown: Option<usize>, run: &Run) -> Self {
        let count = points.len() / (2 * steps.len()).max(1);
        let groups: Vec<usize> = (0..count).map(|path| run.pictured(path, count)).collect();
        let shows = |path: usize| shown.is_none_or(|shown| groups[path] == shown);
        Self {
            paths: Shared::new(curves(points, steps, shows)),
            traces: Traces {
                groups: Shared::new(groups),
                count: run.conditions(),
                ways: false,
            },
        }
    }

    /// The place of a trajectory at a step.
    fn at(&self, path: usize, step: f64) -> [f64; 2] {
        let last = self.paths.steps.len() - 1;
        self.paths
            .point(path, (step.round() as usize).min(last))
            .map(f64::from)
    }

    /// The trajectory that an arrow leads to, of those that are shown.
    fn next(&self, now: Option<usize>, key: &str) -> Option<usize> {
        let [dx, dy] = arrow(key)?;
        let shown: Vec<usize> = (0..self.paths.count())
            .filter(|path| !self.paths.point(*path, 0)[0].is_nan())
            .collect();
        let now = now.and_then(|now| shown.iter().position(|path| *path == now));
        let next = match (now, dx + dy > 0.0) {
            (None, _) => 0,
            (Some(now), true) => (now + 1) % shown.len(),
            (Some(now), false) => (now + shown.len() - 1) % shown.len(),
        };
        shown.get(next).copied()
    }
}

/// A place of the plane in words.
fn place([x, y]: [f64; 2]) -> String {
    format!("z = ({x:.1}, {y:.1})").replace('-', "−")
}

/// The choice of the posteriors that are shown, where there are several.
fn classes(run: &Run, shown: Option<usize>, chosen: &UseStateHandle<Option<usize>>, dark: bool) -> Html {
    let Reward::EachClass { classes, .. } = reward(run) else {
        return Html::default();
    };
    let button = |of: Option<usize>, id: String, name: Html| {
        let chosen = chosen.setter();
        let onclick = Callback::from(move |_: MouseEvent| chosen.set(of));
        html! { <button type="button" data-testid={id} aria-pressed={(shown == of).to_string()} {onclick}>{ name }</button> }
    };
    let count = run.conditions();
    html! {
        <div class="shown" role="group" aria-label="Classes that are shown on the planes">
            { button(None, "shown-all".to_owned(), html! { "all classes" }) }
            { for classes.iter().enumerate().map(|(at, class)| {
                let color = format!("background: {}", color::of_group(at, count, dark));
                button(Some(at), format!("shown-{class}"), html! { <><i class="group" style={color}></i>{ class.to_string() }</> })
            }) }
        </div>
    }
}
