//! The page's head: its name, what it computes on, and the theme.

use crate::engine::{Backend, Device, Gpu};
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
    html! {
        <header class="top">
            <div>
                <h1>{ "Relative trajectory balance" }</h1>
                <p class="tagline">{ "A diffusion model learns to sample the whole posterior, prior × reward, not only its best point." }</p>
            </div>
            { badge(props, select) }
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
