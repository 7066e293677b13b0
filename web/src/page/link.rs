//! The run in the fragment of the page's address.

use crate::presets::first;
use crate::tasks::shown;
use rtb::run::{ConfigError, Preset, Run};
use rtb::task::link;
use wasm_bindgen::JsValue;

const PRESET: &str = "preset=";

/// The fragment of the address.
pub fn fragment() -> String {
    gloo::utils::window().location().hash().unwrap_or_default()
}

/// The run the address names, the first preset if it names none.
///
/// # Errors
///
/// Says what is wrong with the link.
pub fn read() -> Result<Run, ConfigError> {
    let fragment = fragment();
    let fragment = fragment.trim_start_matches('#');
    if fragment.is_empty() {
        return Ok(first());
    }
    let run = match fragment.strip_prefix(PRESET) {
        Some(name) => Preset::find(name).map(|p| p.run),
        None => link::decode(fragment),
    };
    run.and_then(shown)
}

/// The fragment of a preset's address.
pub fn to_preset(name: &str) -> String {
    format!("#{PRESET}{name}")
}

/// The fragment of a run's address; that of a preset where it equals one.
pub fn to_run(run: &Run, preset: Option<&str>) -> String {
    match preset {
        Some(name) => to_preset(name),
        None => format!("#{}", link::encode(run)),
    }
}

/// Leads to a preset, as a new entry in the browser's history. Whether the address has changed, which
/// the page then follows.
pub fn visit(name: &str) -> bool {
    let wanted = to_preset(name);
    wanted != fragment() && gloo::utils::window().location().set_hash(&wanted).is_ok()
}

/// Writes the run into the address, without a new entry in the browser's history.
pub fn write(run: &Run, preset: Option<&str>) {
    let fragment = to_run(run, preset);
    let history = gloo::utils::window().history();
    let written = history.and_then(|h| h.replace_state_with_url(&JsValue::NULL, "", Some(&fragment)));
    if written.is_err() {
        // Some hosts of embedded pages forbid it; the page works without.
        gloo::console::warn!("the address cannot be changed here");
    }
}
