//! Whether this browser offers WebGPU, and on what.

use wasm_bindgen::prelude::*;

/// What a look for WebGPU found.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Gpu {
    #[default]
    Asking,
    /// There is none; why.
    Absent(&'static str),
    /// An adapter that emulates a GPU on the CPU.
    Software(String),
    Hardware(String),
}

impl Gpu {
    pub fn usable(&self) -> bool {
        matches!(self, Self::Software(_) | Self::Hardware(_))
    }
}

// web-sys hides WebGPU behind a compiler flag; these few lines do without.
#[wasm_bindgen]
extern "C" {
    type Navigator;
    #[wasm_bindgen(method, getter)]
    fn gpu(this: &Navigator) -> Option<Api>;

    type Api;
    #[wasm_bindgen(method, catch, js_name = requestAdapter)]
    async fn request_adapter(this: &Api) -> Result<JsValue, JsValue>;

    type Adapter;
    #[wasm_bindgen(method, getter)]
    fn info(this: &Adapter) -> Option<Info>;
    #[wasm_bindgen(method, getter, js_name = isFallbackAdapter)]
    fn is_fallback(this: &Adapter) -> Option<bool>;

    type Info;
    #[wasm_bindgen(method, getter)]
    fn vendor(this: &Info) -> Option<String>;
    #[wasm_bindgen(method, getter)]
    fn architecture(this: &Info) -> Option<String>;
    #[wasm_bindgen(method, getter)]
    fn description(this: &Info) -> Option<String>;
    #[wasm_bindgen(method, getter, js_name = isFallbackAdapter)]
    fn is_fallback(this: &Info) -> Option<bool>;
}

/// Asks the browser for an adapter.
pub async fn look() -> Gpu {
    let navigator: Navigator = JsValue::from(gloo::utils::window().navigator()).unchecked_into();
    let Some(api) = navigator.gpu() else {
        return Gpu::Absent("this browser has no WebGPU");
    };
    let adapter = match api.request_adapter().await {
        Ok(adapter) if !adapter.is_null() && !adapter.is_undefined() => adapter.unchecked_into::<Adapter>(),
        _ => return Gpu::Absent("this browser offers no GPU adapter"),
    };
    let info = adapter.info();
    let text = |read: fn(&Info) -> Option<String>| info.as_ref().and_then(read).unwrap_or_default();
    let (vendor, architecture, description) = (
        text(Info::vendor),
        text(Info::architecture),
        text(Info::description),
    );
    let name = if description.is_empty() {
        format!("{vendor} {architecture}")
    } else {
        description
    };
    let software = name.to_lowercase().contains("swiftshader") || architecture == "swiftshader";
    let fallback = adapter
        .is_fallback()
        .or(info.as_ref().and_then(Info::is_fallback))
        .unwrap_or(false);
    let name = name.trim().to_owned();
    if software || fallback {
        Gpu::Software(name)
    } else {
        Gpu::Hardware(name)
    }
}
