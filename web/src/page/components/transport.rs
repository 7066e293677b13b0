//! Preset, train, pause, one step, reset, speed, and where training stands.

use super::preset::Presets;
use crate::engine::{Backend, Engine};
use crate::shared::Shared;
use crate::state::{Action, Phase};
use rtb::config::{Run, Task};
use rtb::message::Iteration;
use web_sys::HtmlSelectElement;
use yew::prelude::*;

/// Iterations per second the user may choose, and their names; 0 is no limit.
const SPEEDS: [(f64, &str); 5] = [
    (0.0, "as fast as it goes"),
    (20.0, "20 a second"),
    (5.0, "5 a second"),
    (2.0, "2 a second"),
    (0.5, "1 in 2 seconds"),
];

#[derive(Properties, PartialEq)]
pub struct TransportProps {
    pub run: Shared<Run>,
    pub preset: Option<&'static str>,
    pub phase: Phase,
    pub resume: bool,
    pub iteration: usize,
    pub last: Option<Iteration>,
    pub backend: Backend,
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
    let idle = props.phase == Phase::Idle;
    html! {
        <section class="transport" aria-labelledby="transport-title">
            <h2 id="transport-title" class="hidden">{ "Training" }</h2>
            <Presets run={props.run.clone()} preset={props.preset} dispatch={props.dispatch.clone()} />
            <div class="buttons">
                if running {
                    <button type="button" class="primary" data-testid="pause" onclick={act(Engine::pause, || Action::Pause)}>{ "Pause" }</button>
                } else {
                    <button type="button" class="primary" data-testid="train" disabled={props.phase == Phase::Finished}
                        onclick={act(Engine::train, || Action::Train)}>{ "Train" }</button>
                }
                <button type="button" data-testid="step" disabled={!idle} onclick={step}>{ "One step" }</button>
                <button type="button" data-testid="reset" onclick={act(|_| (), || Action::Reset)}>{ "Reset" }</button>
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
                    { " · iteration " }
                    <span data-testid="iteration" data-value={props.iteration.to_string()}>{ props.iteration }</span>
                    { format!(" of {total}") }
                    if let Some(last) = props.last {
                        { format!(" · {}", pace(last.seconds)) }
                    }
                </p>
                <p class="help" data-testid="expect">{ expect(props) }</p>
            </div>
        </section>
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
        Phase::Stopped => "The engine is not running",
    }
}

/// What an iteration is, and what to expect of many where they are slow.
fn expect(props: &TransportProps) -> String {
    let left = props.run.training.iterations.saturating_sub(props.iteration);
    if props.run.task == Task::Mixtures || props.backend == Backend::Gpu {
        return "An iteration samples a batch of trajectories and moves the posterior network so that their residuals shrink.".to_owned();
    }
    let samples = if props.run.task == Task::Digits {
        "digits"
    } else {
        "middles"
    };
    let speed = match props.last {
        None => "On the CPU an iteration takes seconds; with a GPU that the browser offers (WebGPU), less."
            .to_owned(),
        Some(last) => format!(
            "On this CPU an iteration takes {}, so the {left} left take about {}.",
            duration(last.seconds),
            duration(last.seconds * left as f64 * BESIDE)
        ),
    };
    let faster = faster(&props.run);
    format!("{speed} The {samples} change visibly within some tens of iterations; {faster}.")
}

/// What to do about slow iterations.
fn faster(run: &Run) -> &'static str {
    match (run.task, run.prior.weights.as_deref()) {
        (Task::Stories, Some("reward-stories")) => "a smaller batch or WebGPU is faster",
        (Task::Stories, _) => "the causal prior, fewer steps T, a smaller batch or WebGPU are faster",
        (_, Some("prior-digits-pixels")) => {
            "the prior of latents, fewer steps T, a smaller batch or WebGPU are faster"
        }
        _ => "fewer steps T, a smaller batch or WebGPU are faster",
    }
}

/// What all takes beside the iterations themselves: snapshots and the exact posterior.
const BESIDE: f64 = 1.4;

fn duration(seconds: f64) -> String {
    match seconds {
        s if s < 1.0 => format!("{:.0} ms", 1000.0 * s),
        s if s < 90.0 => format!("{s:.0} s"),
        s if s < 5400.0 => format!("{:.0} minutes", s / 60.0),
        s => format!("{:.1} hours", s / 3600.0),
    }
}

fn pace(seconds: f64) -> String {
    if seconds < 1.0 {
        format!("{:.0} ms each", 1000.0 * seconds)
    } else {
        format!("{seconds:.1} s each")
    }
}
