//! The page's head: its name, what it computes on, and the theme.

use crate::engine::{Backend, Device, Gpu, cores};
use crate::kit::field::use_selected;
use crate::kit::theme::Choice;
use web_sys::HtmlSelectElement;
use yew::prelude::*;

#[derive(Properties, PartialEq)]
pub struct HeaderProps {
    pub device: Device,
    /// Whether no worker runs.
    pub stopped: bool,
    /// Whether the run is none for WebGPU.
    pub asks_host: bool,
    pub choose_device: Callback<Backend>,
    /// How many CPU workers share an iteration.
    pub choose_workers: Callback<usize>,
    pub theme: Choice,
    pub choose_theme: Callback<Choice>,
}

#[component]
pub fn Header(props: &HeaderProps) -> Html {
    let next = props.theme.next();
    let toggle = props.choose_theme.reform(move |_: MouseEvent| next);
    let wanted = match props.device.download {
        Some(_) => Backend::Gpu,
        None => props.device.backend,
    };
    let select = use_selected(if wanted == Backend::Gpu { "gpu" } else { "cpu" }.into());
    let chosen = use_selected(props.device.workers.to_string().into());
    html! {
        <header class="top">
            <div>
                <h1>{ "Relative trajectory balance" }</h1>
                <p class="tagline">{ "A diffusion model learns to sample the whole posterior, prior × reward, not only its best point." }</p>
            </div>
            { badge(props, select) }
            { workers(props, chosen) }
            <button type="button" class="quiet" data-testid="theme" onclick={toggle}
                title={format!("Theme: {}. Click to switch to {}.", props.theme.name(), next.name())}>
                <span aria-hidden="true">{ "◐" }</span>{ format!(" Theme: {}", props.theme.name()) }
            </button>
        </header>
    }
}

/// What computes, and the choice of it.
fn badge(props: &HeaderProps, select: NodeRef) -> Html {
    let device = &props.device;
    let onchange = {
        let choose = props.choose_device.clone();
        Callback::from(move |event: Event| {
            let gpu = event.target_unchecked_into::<HtmlSelectElement>().value() == "gpu";
            choose.emit(if gpu { Backend::Gpu } else { Backend::Cpu });
        })
    };
    let name = match (props.stopped, device.name.as_str()) {
        (true, _) => "Not running".to_owned(),
        (_, "") => "Starting…".to_owned(),
        (_, name) if device.members > 1 => format!("Runs on {name}, {} workers", device.members),
        (_, name) => format!("Runs on {name}"),
    };
    let gpu_text = match &device.gpu {
        Gpu::Asking => "WebGPU (searching…)".to_owned(),
        Gpu::Absent(_) => "WebGPU (not available)".to_owned(),
        _ if props.asks_host => "WebGPU (not with the Langevin term)".to_owned(),
        Gpu::Software(_) => "WebGPU (emulated)".to_owned(),
        Gpu::Hardware(name) if name.is_empty() => "WebGPU".to_owned(),
        Gpu::Hardware(name) => format!("WebGPU ({name})"),
    };
    html! {
        <div class="device">
            <p class="badge" data-testid="device-badge">
                <strong>{ name }</strong>
                if !device.why.is_empty() { <span>{ device.why.clone() }</span> }
            </p>
            if let Some((done, total)) = device.download {
                <progress aria-label="Download of the WebGPU worker" data-testid="download" max="1"
                    value={total.map(|t| format!("{}", done / t))}></progress>
                <span class="bytes">{ format!("{:.1} MB", done / 1e6) }</span>
            }
            <label class="hidden" for="device-select">{ "Compute on" }</label>
            <select ref={select} id="device-select" data-testid="device-select" {onchange}>
                <option value="cpu">{ "CPU (WebAssembly)" }</option>
                <option value="gpu" disabled={props.asks_host || !device.gpu.usable()}>{ gpu_text }</option>
            </select>
        </div>
    }
}

/// The choice of how many CPU workers share an iteration, where there are several cores.
fn workers(props: &HeaderProps, select: NodeRef) -> Html {
    let most = cores().max(props.device.workers);
    if most == 1 || props.device.backend == Backend::Gpu {
        return html! {};
    }
    let onchange = {
        let choose = props.choose_workers.clone();
        Callback::from(move |event: Event| {
            let chosen = event.target_unchecked_into::<HtmlSelectElement>().value();
            choose.emit(chosen.parse().unwrap_or(1));
        })
    };
    let option = |count: usize| {
        let name = if count == 1 {
            "1 worker".to_owned()
        } else {
            format!("{count} workers")
        };
        html! { <option value={count.to_string()}>{ name }</option> }
    };
    html! {
        <div class="device">
            <label class="hidden" for="workers-select">{ "CPU workers that share an iteration" }</label>
            <select ref={select} id="workers-select" data-testid="workers-select" {onchange}>
                { for (1..=most).map(option) }
            </select>
        </div>
    }
}
