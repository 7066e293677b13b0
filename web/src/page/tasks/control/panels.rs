//! The maze with its episodes, and the four panels of actions in a state.

use super::actions::{self, Pictures};
use super::easel::Easel;
use super::episodes::{BEHAVIOUR, EXACT as EXACT_WAYS, LEARNED as LEARNED_WAYS, Scenery, Ways, places};
use super::gestures::{Gestures, Hand, TOOLS, use_hand};
use super::maze::Map;
use super::words::{self, POLICIES};
use super::{problem, problem_mut, view};
use crate::kit::canvas::{Canvas, Handle, Marks, Pointer, Purpose};
use crate::kit::field::Choice;
use crate::kit::frame::Frame;
use crate::kit::painting;
use crate::kit::shared::Shared;
use crate::kit::surface::SQUARE;
use crate::kit::traces::Traces;
use crate::parts::edit::drawn;
use crate::parts::panels::{EXACT, LEARNED, PANELS, PRIOR, PanelsProps, REWARD, stage};
use crate::tasks::common::samples::{Samples, use_samples};
use rtb::message::Paths;
use rtb::run::Run;
use rtb::task::control::{ControlView, Environment, Spot};
use yew::prelude::*;

/// The ids and titles of the panels with states on them: where one draws, and what policies do.
const MAP: (&str, &str) = ("maze-canvas", "States");
const WAYS: [(&str, &str); 3] = [
    ("behaviour-canvas", "Behaviour"),
    ("policy-canvas", "Learned policy"),
    ("best-canvas", "Exact policy"),
];

/// Radius of the ring around a cell that is drawn on.
const RING: f64 = 0.42;

/// What a run of control shows.
#[component]
pub fn Panels(props: &PanelsProps) -> Html {
    // Episodes go on while the policy is trained.
    let of_times = PanelsProps {
        training: false,
        ..props.clone()
    };
    let samples = use_samples(&of_times);
    let hand = use_hand();
    let brush = painting::use_hand();
    let chosen = use_state_eq(|| 0);
    let (scene, snapshot) = (props.stage.scene.clone(), samples.snapshot.clone());
    let scenery = use_memo((props.run.clone(), scene.clone()), |(run, scene)| {
        Scenery::new(problem(run), &view(scene))
    });
    let ways = use_memo((scene.clone(), snapshot.clone()), |(scene, snapshot)| {
        Ways::new(&view(scene), snapshot.as_deref())
    });
    let view = view(&scene);
    let last = view.spots.len().saturating_sub(1);
    let spot = (*chosen).min(last);
    let tempering = props.run.tempering;
    let floor = tempering.beta * tempering.floor;
    let down = scenery
        .as_ref()
        .as_ref()
        .is_some_and(|scenery| scenery.square.down);
    let of_actions = (scene.clone(), snapshot.clone(), spot, floor, down);
    let pictured = use_memo(of_actions, |(scene, snapshot, spot, floor, down)| {
        let view = super::view(scene);
        let learned = actions::learned(snapshot.as_deref(), &view, *spot);
        view.spots.get(*spot).map(|at| {
            let dots = actions::dots(&learned, at);
            (Pictures::new(at, &learned, *floor, *down), dots)
        })
    });
    let single = use_memo(
        (scene.clone(), snapshot.clone(), props.run.conditions()),
        |(scene, snapshot, count)| {
            (*count == 1).then(|| Single {
                prior: Shared::new(scene.prior_paths.clone()),
                learned: snapshot
                    .as_ref()
                    .map(|snapshot| Shared::new(snapshot.paths.clone())),
            })
        },
    );
    let state = words::state(&view, view.spots.get(spot));
    let choose = {
        let chosen = chosen.setter();
        Callback::from(move |spot| chosen.set(spot))
    };
    let panel = |panel: usize| {
        let (id, _) = PANELS[panel];
        let (pictures, dots) = pictured
            .as_ref()
            .as_ref()
            .map_or((None, None), |(p, d)| (Some(p), d.clone()));
        let picture = pictures.and_then(|pictures| pictures.all[panel].clone());
        let square = pictures.map(|pictures| pictures.square);
        let line = view.action_names.len() == 1;
        // Of a single state, all trajectories are known; of several, the ends of those of the chosen one.
        let (paths, step) = match single.as_ref() {
            Some(of_single) => of_single.of(panel, &samples),
            None => (dots.filter(|_| panel == LEARNED || panel == REWARD), 0.0),
        };
        let easel = Easel::of(props, &brush).filter(|_| panel == REWARD && square.is_some());
        let marks = Marks {
            purpose: easel.as_ref().map_or(Purpose::Point, |_| Purpose::Paint),
            ..Marks::default()
        };
        let shown_brush = easel.as_ref().and_then(Easel::brush);
        let (on_pointer, on_key) = match easel {
            None => (Callback::noop(), Callback::noop()),
            Some(easel) => {
                let keys = easel.clone();
                (
                    Callback::from(move |pointer| easel.pointer(pointer)),
                    Callback::from(move |event: KeyboardEvent| keys.key(&event)),
                )
            }
        };
        let canvas = html! {
            <Canvas {id} label={words::label(panel, props, &state, snapshot.as_ref().map(|s| &s.report))}
                legend={if panel == REWARD { "β·log r" } else { "share of a cell" }}
                {picture} square={square.unwrap_or(SQUARE)} axes={square.is_some() && !line} smooth={!line}
                {paths} {step} highlighted={None} {marks} brush={shown_brush} dark={props.dark}
                {on_pointer} {on_key} />
        };
        samples.frame(panel, words::help(panel, &view, view.spots.get(spot)), canvas)
    };
    let stage_of = Stage {
        props,
        samples: &samples,
        view: &view,
        hand: &hand,
        spot,
        choose: &choose,
    };
    let flow = if down {
        "Every step of an episode is an action of the policy; those that have reached the goal rest there."
    } else {
        "Every step of an episode is an action of the policy."
    };
    let shown = html! {
        <>
            if let Some(scenery) = scenery.as_ref() {
                { stage_of.scenes(scenery, &ways) }
                { samples.times.sliders(Some(["Time in an episode", flow]), ways.steps, samples.iterations.clone()) }
            }
            { stage_of.states(&state) }
            <div class="panels">{ for [PRIOR, REWARD, LEARNED, EXACT].map(panel) }</div>
            if single.is_some() {
                { samples.timeline("All actions start as noise and take T small noisy steps. The picture behind them is the density of their end points.") }
            } else if scenery.is_none() {
                { samples.times.sliders(None, 1, samples.iterations.clone()) }
            }
        </>
    };
    stage("control", shown)
}

/// Trajectories of the only state there is.
#[derive(PartialEq)]
struct Single {
    prior: Shared<Paths>,
    learned: Option<Shared<Paths>>,
}

impl Single {
    /// Those of a panel, and the step at which they are shown; on the reward only ends matter.
    fn of(&self, panel: usize, samples: &Samples) -> (Option<Shared<Paths>>, f64) {
        let two = |paths: &Shared<Paths>| paths.size == 2;
        match panel {
            PRIOR => (Some(self.prior.clone()).filter(two), samples.step()),
            REWARD => (self.learned.clone().filter(two), samples.steps as f64),
            LEARNED => (self.learned.clone().filter(two), samples.step()),
            _ => (None, 0.0),
        }
    }
}

/// What the parts of the stage need.
struct Stage<'a> {
    props: &'a PanelsProps,
    samples: &'a Samples,
    view: &'a ControlView,
    hand: &'a Hand,
    /// The chosen state.
    spot: usize,
    choose: &'a Callback<usize>,
}

/// A panel with states on it.
struct Drawn {
    /// Among those that can be enlarged.
    place: usize,
    title: (&'static str, &'static str),
    help: String,
    label: String,
    marks: Marks,
    brush: Option<([f64; 2], f64)>,
    /// Episodes, and the step at which they are shown.
    paths: Option<(Shared<Paths>, f64)>,
    gestures: Gestures,
}

impl Stage<'_> {
    /// The map with the tools that change it, and the episodes beside it.
    fn scenes(&self, scenery: &Scenery, ways: &Ways) -> Html {
        let maze = scenery.map.is_some();
        html! {
            <>
                if maze { { tools(self.hand) } }
                <div class="panels">
                    { self.map(scenery) }
                    { for [BEHAVIOUR, LEARNED_WAYS, EXACT_WAYS].map(|of| self.episodes(of, scenery, ways)) }
                </div>
            </>
        }
    }

    fn gestures(&self, map: Option<Map>, scenery: &Scenery) -> Gestures {
        Gestures {
            map,
            down: scenery.square.down,
            hand: self.hand.clone(),
            spots: places(self.view),
            chosen: self.spot,
            choose: self.choose.clone(),
            change: drawn(&self.props.run, &self.props.dispatch, |run, map| put(run, &map)),
        }
    }

    fn map(&self, scenery: &Scenery) -> Html {
        let gestures = self.gestures(scenery.map.clone(), scenery);
        let handle = |(at, place): (usize, &[f64; 2])| Handle {
            at: *place,
            strong: at == self.spot,
        };
        let purpose = gestures.purpose();
        let cursor = self.hand.cursor.filter(|_| purpose != Purpose::Point);
        let state = words::state(self.view, self.view.spots.get(self.spot));
        let label = match &scenery.map {
            Some(map) => {
                let [rows, columns] = map.size();
                format!(
                    "A maze of {rows} rows and {columns} columns, coloured by V; the chosen state is {state}."
                )
            }
            None => format!("States on the plane of their first two numbers; the chosen one is {state}."),
        };
        self.frame(
            scenery,
            Drawn {
                place: PANELS.len(),
                title: MAP,
                help: words::map_help(scenery.map.is_some()).to_owned(),
                label,
                marks: Marks {
                    purpose,
                    handles: gestures.spots.iter().enumerate().map(handle).collect(),
                    letters: letters(scenery),
                    always: true,
                    ..Marks::default()
                },
                brush: cursor.map(|cell| (Map::middle(cell), RING)),
                paths: None,
                gestures,
            },
        )
    }

    fn episodes(&self, of: usize, scenery: &Scenery, ways: &Ways) -> Html {
        let gestures = self.gestures(None, scenery);
        let chosen = gestures.spots.get(self.spot).map(|at| Handle {
            at: *at,
            strong: true,
        });
        let paths = ways.paths[of].clone();
        let help = words::earned(of, ways.earned[of], scenery.map.is_some());
        self.frame(
            scenery,
            Drawn {
                place: PANELS.len() + 1 + of,
                title: WAYS[of],
                label: format!(
                    "{} episodes of the {}. {help}",
                    paths.as_ref().map_or(0, |paths| paths.count()),
                    POLICIES[of]
                ),
                help,
                marks: Marks {
                    handles: chosen.into_iter().collect(),
                    letters: letters(scenery),
                    ..Marks::default()
                },
                brush: None,
                paths: paths.map(|paths| (paths, self.samples.times.step(ways.steps))),
                gestures,
            },
        )
    }

    fn frame(&self, scenery: &Scenery, drawn: Drawn) -> Html {
        let Drawn {
            place,
            title: (id, title),
            help,
            label,
            marks,
            brush,
            paths,
            gestures,
        } = drawn;
        let wide = &self.samples.wide;
        let traces = paths.as_ref().map(|(paths, _)| Traces {
            groups: Shared::new(vec![0; paths.count()]),
            count: 1,
            ways: true,
        });
        let (paths, step) = paths.map_or((None, 0.0), |(paths, step)| (Some(paths), step));
        let legend = if scenery.picture.is_some() { "V(s)" } else { "" };
        let on_pointer = {
            let gestures = gestures.clone();
            Callback::from(move |pointer: Pointer| gestures.pointer(pointer))
        };
        let on_key = Callback::from(move |event: KeyboardEvent| gestures.key(&event));
        html! {
            <Frame key={id} {id} {title} {help} wide={wide.is(place)} on_wide={wide.toggle(place)}>
                <Canvas {id} {label} {legend} picture={scenery.picture.clone()} square={scenery.square}
                    {paths} {step} {traces} highlighted={None} {marks} {brush} dark={self.props.dark} {on_pointer} {on_key} />
            </Frame>
        }
    }

    /// The choice of the state whose actions are shown.
    fn states(&self, state: &str) -> Html {
        if self.view.spots.len() < 2 {
            return Html::default();
        }
        let text = |spot: &Spot| words::state(self.view, Some(spot));
        let option = |(at, spot): (usize, &Spot)| {
            let text = format!("{}: {}", at + 1, text(spot));
            (AttrValue::from(at.to_string()), AttrValue::from(text))
        };
        let options: Vec<_> = self.view.spots.iter().enumerate().map(option).collect();
        html! {
            <div class="chosen-state">
                <Choice id="state" label="Actions in the state s" {options} value={self.spot.to_string()}
                    set={self.choose.reform(|at: String| at.parse().unwrap_or_default())} />
                <p class="hidden" aria-live="polite">{ format!("The chosen state is {state}.") }</p>
            </div>
        }
    }
}

/// What the pointer does on the map.
fn tools(hand: &Hand) -> Html {
    html! {
        <div class="shown" role="group" aria-label="What the pointer does in the maze">
            { for TOOLS.map(|(tool, id, name)| {
                let of = hand.tool.clone();
                let pressed = *hand.tool == tool;
                let onclick = Callback::from(move |_: MouseEvent| of.set(tool));
                html! { <button type="button" data-testid={id} aria-pressed={pressed.to_string()} {onclick}>{ name }</button> }
            }) }
        </div>
    }
}

fn letters(scenery: &Scenery) -> Vec<([f64; 2], char)> {
    scenery.map.as_ref().map(Map::letters).unwrap_or_default()
}

/// Puts a map into a run.
fn put(run: &mut Run, map: &Map) {
    if let Environment::Maze { rows, .. } = &mut problem_mut(run).environment {
        *rows = map.rows();
    }
}
