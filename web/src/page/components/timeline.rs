//! Two sliders: diffusion time along a trajectory, and training time over kept snapshots.

use web_sys::HtmlInputElement;
use yew::prelude::*;

#[derive(Properties, PartialEq)]
pub struct TimelineProps {
    pub step: f64,
    pub steps: usize,
    pub playing: bool,
    pub on_step: Callback<f64>,
    pub on_play: Callback<bool>,
    /// Iterations of the kept snapshots, and which one is shown.
    pub iterations: Vec<usize>,
    pub shown: usize,
    pub on_shown: Callback<usize>,
}

fn value(event: &InputEvent) -> f64 {
    event
        .target_unchecked_into::<HtmlInputElement>()
        .value_as_number()
}

#[component]
pub fn Timeline(props: &TimelineProps) -> Html {
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
            <div class="field">
                <label for="time-slider">{ "Diffusion time " }<output>{ format!("step {step} of {}", props.steps) }</output></label>
                <div class="row">
                    <button type="button" class="quiet" data-testid="play" aria-pressed={props.playing.to_string()} onclick={play}
                        aria-label="Let the samples flow">{ if props.playing { "❚❚" } else { "▶" } }</button>
                    <input id="time-slider" data-testid="time-slider" type="range" min="0" max={props.steps.to_string()} step="1"
                        value={step.to_string()} oninput={on_step} aria-valuetext={format!("step {step} of {}", props.steps)}
                        aria-describedby="time-slider-help" />
                </div>
                <p class="help" id="time-slider-help">{ "All samples start at x₀ = 0 and take T small noisy steps; the picture behind them is where they should end." }</p>
            </div>
            <div class="field">
                <label for="history-slider">{ "Training time " }<output>{ format!("iteration {iteration}") }</output></label>
                <div class="row">
                    <input id="history-slider" data-testid="history-slider" type="range" min="0" max={last.to_string()} step="1"
                        value={props.shown.to_string()} oninput={on_shown} disabled={last == 0}
                        aria-valuetext={format!("iteration {iteration}")} aria-describedby="history-slider-help" />
                </div>
                <p class="help" id="history-slider-help">{ "Kept snapshots of the learned posterior, drawn with the same noise each time; the right end follows training." }</p>
            </div>
        </div>
    }
}
