//! Preset, train, pause, one step, reset, speed, and where training stands.

use super::presets::Presets;
use crate::engine::{Backend, Engine};
use crate::kit::number::duration;
use crate::kit::shared::Shared;
use crate::state::{Action, Phase};
use rtb::message::{Iteration, Snapshot};
use rtb::run::Run;
use web_sys::HtmlSelectElement;
use yew::prelude::*;

/// Iterations per second the user may choose, and their names; 0 is no limit.
const SPEEDS: [(f64, &str); 5] = [
    (0.0, "as fast as possible"),
    (20.0, "20 iterations/s"),
    (5.0, "5 iterations/s"),
    (2.0, "2 iterations/s"),
    (0.5, "1 iteration in 2 s"),
];

/// Candidates that a sample is chosen among.
const CANDIDATES: usize = 8;

/// What to do about slow iterations on a processor.
#[derive(Clone, Debug, PartialEq)]
pub struct Advice {
    /// What the samples are called.
    pub samples: &'static str,
    /// What is faster.
    pub faster: &'static str,
    /// What the button of a run that is quicker says, and that run.
    pub quicker: Option<(&'static str, Run)>,
}

#[derive(Properties, PartialEq)]
pub struct TransportProps {
    pub run: Shared<Run>,
    pub preset: Option<&'static str>,
    pub phase: Phase,
    pub resume: bool,
    pub iteration: usize,
    pub last: Option<Iteration>,
    /// How long an iteration takes, s, once there was one …
    pub pace: Option<f64>,
    /// … and on a usual processor.
    pub usual: f64,
    /// What can be brought back: the iterations of the run that was left last, and its name.
    pub past: Option<(usize, String)>,
    /// The last one.
    pub snapshot: Option<Shared<Snapshot>>,
    pub backend: Backend,
    /// Where iterations are slow on a processor.
    pub advice: Option<Advice>,
    pub engine: Engine,
    pub dispatch: Callback<Action>,
}

#[component]
pub fn Transport(props: &TransportProps) -> Html {
    let act = |act: fn(&Engine), action: fn() -> Action| {
        let (engine, dispatch) = (props.engine.clone(), props.dispatch.clone());
        Callback::from(move |_: MouseEvent| {
            dispatch.emit(action());
            act(&engine);
        })
    };
    let running = props.phase == Phase::Training || (props.phase == Phase::Opening && props.resume);
    let step = {
        let engine = props.engine.clone();
        Callback::from(move |_: MouseEvent| engine.step())
    };
    let onspeed = {
        let engine = props.engine.clone();
        Callback::from(move |event: Event| {
            let rate = event
                .target_unchecked_into::<HtmlSelectElement>()
                .value()
                .parse()
                .unwrap_or(0.0);
            engine.speed((rate > 0.0).then_some(rate));
        })
    };
    let total = props.run.training.iterations;
    let (idle, finished) = (props.phase == Phase::Idle, props.phase == Phase::Finished);
    let advice = props.advice.as_ref().filter(|_| props.backend == Backend::Cpu);
    let quicker = advice
        .and_then(|advice| advice.quicker.clone())
        .map(|(says, run)| {
            let edit = props.dispatch.reform(Action::Edit);
            (says, Callback::from(move |_: MouseEvent| edit.emit(run.clone())))
        });
    html! {
        <section class="transport" aria-labelledby="transport-title">
            <h2 id="transport-title" class="hidden">{ "Training" }</h2>
            <Presets run={props.run.clone()} preset={props.preset} dispatch={props.dispatch.clone()} />
            <div class="buttons">
                if running {
                    <button type="button" class="primary" data-testid="pause" onclick={act(Engine::pause, || Action::Pause)}>{ "Pause" }</button>
                } else {
                    <button type="button" class="primary" data-testid="train" disabled={finished}
                        onclick={act(Engine::train, || Action::Train)}>{ "Train" }</button>
                }
                <button type="button" data-testid="step" disabled={!idle} onclick={step}>{ "One iteration" }</button>
                <Choose snapshot={props.snapshot.clone()} ready={idle || finished} engine={props.engine.clone()} />
                <button type="button" data-testid="reset" onclick={act(|_| (), || Action::Reset)}>{ "Reset training" }</button>
                if let Some((iterations, name)) = &props.past {
                    <button type="button" data-testid="undo" onclick={act(|_| (), || Action::Undo)}
                        title={format!("Goes back to the run “{name}” with the weights of its iteration {iterations}.")}>
                        { format!("Undo: back to iteration {iterations}") }
                    </button>
                }
                <span class="pair">
                    <label for="speed">{ "Speed" }</label>
                    <select id="speed" data-testid="speed" onchange={onspeed}>
                        { for SPEEDS.iter().map(|(rate, name)| html! { <option value={rate.to_string()} selected={*rate == 0.0}>{ *name }</option> }) }
                    </select>
                </span>
            </div>
            <div class="progress">
                <progress max={total.to_string()} value={props.iteration.to_string()} aria-label="Iterations done"></progress>
                <p>
                    <span role="status" data-testid="status">{ status(props) }</span>
                    { if finished { " · " } else { " · iteration " } }
                    <span data-testid="iteration" data-value={props.iteration.to_string()}>{ props.iteration }</span>
                    // A run that was shortened has done more than it has now.
                    { if finished { " iterations".to_owned() } else { format!(" of {total}") } }
                    if let Some(last) = props.last {
                        { format!(" · {}", pace(last.seconds)) }
                    }
                </p>
                <p class="help" data-testid="expect">{ expect(props, advice) }</p>
                if let Some((says, quicker)) = quicker {
                    <button type="button" data-testid="quicker" onclick={quicker}>{ says }</button>
                }
            </div>
        </section>
    }
}

#[derive(Properties, PartialEq)]
struct ChooseProps {
    snapshot: Option<Shared<Snapshot>>,
    /// Whether a run is open and not in training.
    ready: bool,
    engine: Engine,
}

/// Draws the samples again, each chosen among several, and back.
#[component]
fn Choose(props: &ChooseProps) -> Html {
    let waits = use_state_eq(|| false);
    {
        let waits = waits.setter();
        use_effect_with((props.snapshot.clone(), props.ready), move |_| waits.set(false));
    }
    let chosen = props.snapshot.as_ref().is_some_and(|s| s.report.chosen.is_some());
    let look = {
        let (engine, waits) = (props.engine.clone(), waits.setter());
        Callback::from(move |_: MouseEvent| {
            waits.set(true);
            engine.look(if chosen { 1 } else { CANDIDATES });
        })
    };
    let name = match (*waits, chosen) {
        (true, _) => "Drawing…".to_owned(),
        (false, true) => "Keep every sample".to_owned(),
        (false, false) => format!("Draw {CANDIDATES} samples, keep 1"),
    };
    html! {
        <button type="button" data-testid="choose" disabled={!props.ready || *waits} onclick={look}
            title={format!("For each sample shown, draws {CANDIDATES} samples of the learned posterior and keeps 1 of them, in proportion to the weight r·pθ/pφ of its trajectory. This is nearer to the exact posterior; the bias is of order 1/{CANDIDATES}.")}>
            { name }
        </button>
    }
}

fn status(props: &TransportProps) -> &'static str {
    match props.phase {
        Phase::Starting => "Starting the engine",
        Phase::Opening => "Opening the run",
        Phase::Idle if props.iteration == 0 => "Ready to train",
        Phase::Idle => "Paused",
        Phase::Training => "Training",
        Phase::Finished => "Finished",
        Phase::Unfetched => "Waiting for the network",
        Phase::Stopped => "The engine is not running",
    }
}

/// What an iteration is, and what to expect of many where they are slow.
fn expect(props: &TransportProps, advice: Option<&Advice>) -> String {
    let Some(Advice { samples, faster, .. }) = advice else {
        return "Each iteration samples a batch of trajectories and trains the posterior network on them."
            .to_owned();
    };
    let left = props.run.training.iterations.saturating_sub(props.iteration);
    let (on, about, pace, less) = match props.pace {
        Some(pace) => ("this CPU", "about", pace, ""),
        None => (
            "a usual processor",
            "roughly",
            props.usual,
            "; on a GPU (WebGPU) they take less",
        ),
    };
    let speed = match left {
        0 => String::new(),
        _ => format!(
            "On {on} the remaining {left} iterations take {about} {}, measuring included{less}. ",
            duration(pace * left as f64 * BESIDE)
        ),
    };
    format!(
        "{speed}The {samples} change visibly after a few tens of iterations. To train faster, use {faster}."
    )
}

/// What all takes beside the iterations themselves: snapshots and the exact posterior.
const BESIDE: f64 = 1.4;

fn pace(seconds: f64) -> String {
    if seconds < 1.0 {
        format!("{:.0} ms per iteration", 1000.0 * seconds)
    } else {
        format!("{seconds:.1} s per iteration")
    }
}
