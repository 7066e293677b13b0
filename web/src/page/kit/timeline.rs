//! Two sliders: diffusion time along a trajectory, and training time over kept snapshots.

use super::animation::Frames;
use super::shared::Shared;
use std::rc::Rc;
use web_sys::HtmlInputElement;
use yew::prelude::*;

/// Milliseconds in which samples flow from step 0 to T, and then rest.
const FLOW: f64 = 5000.0;
const REST: f64 = 2500.0;

/// Where samples stand, and whether they flow.
#[derive(Clone, Copy, PartialEq)]
struct Flow {
    playing: bool,
    /// Share of diffusion time.
    share: f64,
}

/// What moves samples.
enum Move {
    /// Another frame of the flow, which may come after it was stopped.
    Frame(f64),
    Play(bool),
    Stop(f64),
}

impl Reducible for Flow {
    type Action = Move;

    fn reduce(self: Rc<Self>, action: Move) -> Rc<Self> {
        let Flow { playing, share } = *self;
        Rc::new(match action {
            Move::Frame(to) => Flow {
                playing,
                share: if playing { to } else { share },
            },
            Move::Play(playing) => Flow { playing, share },
            Move::Stop(share) => Flow {
                playing: false,
                share,
            },
        })
    }
}

/// What the sliders say.
pub struct Times {
    flow: UseReducerHandle<Flow>,
    /// The iteration chosen with the slider; none follows training.
    iteration: UseStateHandle<Option<usize>>,
}

/// The times at which a scene is shown; `still` where nothing should move by itself.
#[hook]
pub fn use_times<T: 'static>(scene: &Shared<T>, training: bool, still: bool) -> Times {
    let flow = use_reducer_eq(|| Flow {
        playing: !still,
        share: if still { 1.0 } else { 0.0 },
    });
    let iteration = use_state_eq(|| None::<usize>);
    use_flow(*flow, flow.dispatcher());
    {
        // While training, what counts is where samples end.
        let flow = flow.dispatcher();
        use_effect_with(training, move |training| {
            if *training {
                flow.dispatch(Move::Stop(1.0));
            }
        });
    }
    {
        // Another run has no such iteration yet.
        let iteration = iteration.setter();
        use_effect_with(scene.clone(), move |_| iteration.set(None));
    }
    Times { flow, iteration }
}

/// Lets the share of diffusion time flow from where it is, and rest at the end.
#[hook]
fn use_flow(flow: Flow, dispatcher: UseReducerDispatcher<Flow>) {
    use_effect_with(flow.playing, move |playing| {
        let start = if flow.share >= 1.0 { 0.0 } else { flow.share * FLOW };
        let share = move |time: f64| ((start + time) % (FLOW + REST) / FLOW).min(1.0);
        let frames =
            playing.then(|| Frames::start(move |time| dispatcher.dispatch(Move::Frame(share(time)))));
        move || drop(frames)
    });
}

impl Times {
    /// The step of T that is shown.
    pub fn step(&self, steps: usize) -> f64 {
        self.flow.share * steps as f64
    }

    /// Which of the kept snapshots, made at these iterations, is shown: that of the chosen one, or the
    /// last before it where thinning took that one.
    pub fn shown(&self, iterations: &[usize]) -> usize {
        let up_to = |iteration| iterations.partition_point(|i| *i <= iteration);
        self.iteration.map_or(iterations.len(), up_to).saturating_sub(1)
    }

    /// Stops the flow at a step of T.
    pub fn on_step(&self, steps: usize) -> Callback<f64> {
        let flow = self.flow.dispatcher();
        Callback::from(move |step: f64| flow.dispatch(Move::Stop(step / steps as f64)))
    }

    /// The sliders of diffusion time, of which `flow` says what it shows, and of training time.
    pub fn timeline(&self, steps: usize, iterations: Vec<usize>, flow: &'static str) -> Html {
        self.sliders(Some(["Diffusion time", flow]), steps, iterations)
    }

    /// The same of another time, with its name and what is said of it, or of training time alone.
    pub fn sliders(&self, flow: Option<[&'static str; 2]>, steps: usize, iterations: Vec<usize>) -> Html {
        let dispatcher = self.flow.dispatcher();
        let on_play = Callback::from(move |on| dispatcher.dispatch(Move::Play(on)));
        let on_shown = {
            let (iteration, iterations) = (self.iteration.setter(), iterations.clone());
            let last = iterations.len().saturating_sub(1);
            Callback::from(move |at: usize| iteration.set(iterations.get(at).copied().filter(|_| at < last)))
        };
        let shown = self.shown(&iterations);
        html! {
            <Timeline step={self.step(steps)} {steps} playing={self.flow.playing} on_step={self.on_step(steps)} {on_play}
                {iterations} {shown} {on_shown} {flow} />
        }
    }
}

#[derive(Properties, PartialEq)]
struct TimelineProps {
    step: f64,
    steps: usize,
    playing: bool,
    on_step: Callback<f64>,
    on_play: Callback<bool>,
    /// Iterations of the kept snapshots, and which one is shown.
    iterations: Vec<usize>,
    shown: usize,
    on_shown: Callback<usize>,
    flow: Option<[&'static str; 2]>,
}

fn value(event: &InputEvent) -> f64 {
    event
        .target_unchecked_into::<HtmlInputElement>()
        .value_as_number()
}

#[component]
fn Timeline(props: &TimelineProps) -> Html {
    let on_step = props.on_step.reform(|e: InputEvent| value(&e));
    let on_shown = props.on_shown.reform(|e: InputEvent| value(&e) as usize);
    let play = {
        let (on_play, playing) = (props.on_play.clone(), props.playing);
        Callback::from(move |_: MouseEvent| on_play.emit(!playing))
    };
    let step = props.step.round() as usize;
    let iteration = props.iterations.get(props.shown).copied().unwrap_or(0);
    let last = props.iterations.len().saturating_sub(1);
    html! {
        <div class="timeline">
            if let Some([name, said]) = props.flow {
                <div class="field">
                    <label for="time-slider">{ name }{ " " }<output>{ format!("step {step} of {}", props.steps) }</output></label>
                    <div class="row">
                        <button type="button" class="quiet" data-testid="play" aria-pressed={props.playing.to_string()} onclick={play}
                            aria-label="Play the trajectories">{ if props.playing { "❚❚" } else { "▶" } }</button>
                        <input id="time-slider" data-testid="time-slider" type="range" min="0" max={props.steps.to_string()} step="1"
                            value={step.to_string()} oninput={on_step} aria-valuetext={format!("step {step} of {}", props.steps)}
                            aria-describedby="time-slider-help" />
                    </div>
                    <p class="help" id="time-slider-help">{ said }</p>
                </div>
            }
            <div class="field">
                <label for="history-slider">{ "Training time " }<output>{ format!("iteration {iteration}") }</output></label>
                <div class="row">
                    <input id="history-slider" data-testid="history-slider" type="range" min="0" max={last.to_string()} step="1"
                        value={props.shown.to_string()} oninput={on_shown} disabled={last == 0}
                        aria-valuetext={format!("iteration {iteration}")} aria-describedby="history-slider-help" />
                </div>
                <p class="help" id="history-slider-help">{ "Snapshots of the learned posterior, all drawn with the same noise. At the right end, the panels follow the training." }</p>
            </div>
        </div>
    }
}
