//! Files the user saves and opens.

use gloo::file::{Blob, ObjectUrl};
use rtb::config::Run;
use std::fmt::Write;
use wasm_bindgen::{JsCast, prelude::Closure};
use web_sys::{HtmlAnchorElement, HtmlCanvasElement};

/// Hands a text to the user as a file.
pub fn save_text(name: &str, text: &str) {
    save(name, Blob::new_with_options(text, Some("text/plain")));
}

/// Hands bytes to the user as a file.
pub fn save_bytes(name: &str, bytes: &[u8]) {
    save(
        name,
        Blob::new_with_options(bytes, Some("application/octet-stream")),
    );
}

/// Hands a picture to the user as a PNG file.
pub fn save_png(name: &'static str, canvas: &HtmlCanvasElement) {
    let done = Closure::once_into_js(move |blob: Option<web_sys::Blob>| {
        if let Some(blob) = blob {
            save(name, Blob::from(blob));
        }
    });
    if canvas.to_blob(done.unchecked_ref()).is_err() {
        gloo::console::warn!("the picture cannot be saved");
    }
}

fn save(name: &str, blob: Blob) {
    let url = ObjectUrl::from(blob);
    let anchor = gloo::utils::document().create_element("a").expect("an anchor");
    let anchor: HtmlAnchorElement = anchor.unchecked_into();
    anchor.set_href(&url);
    anchor.set_download(name);
    anchor.click();
    // The browser reads the file a little later.
    gloo::timers::callback::Timeout::new(10_000, move || drop(url)).forget();
}

/// The run that the header of a weights file (safetensors) names, if it does.
pub fn run_of(weights: &[u8]) -> Option<Run> {
    let (length, rest) = weights.split_first_chunk()?;
    let length = usize::try_from(u64::from_le_bytes(*length)).ok()?;
    let header: serde_json::Value = serde_json::from_slice(rest.get(..length)?).ok()?;
    Run::from_toml(header["__metadata__"]["run"].as_str()?).ok()
}

/// Points as comma-separated values with a header.
pub fn csv(points: &[f32]) -> String {
    points.chunks_exact(2).fold("x,y\n".to_owned(), |mut text, p| {
        writeln!(text, "{},{}", p[0], p[1]).expect("writing to a string");
        text
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(header: &serde_json::Value) -> Vec<u8> {
        let header = header.to_string().into_bytes();
        [&(header.len() as u64).to_le_bytes()[..], &header, &[0; 8]].concat()
    }

    #[test]
    fn a_weights_file_names_its_run_or_none() {
        let run = Run {
            seed: 17,
            ..Run::default()
        };
        let metadata = |run: &str| serde_json::json!({ "__metadata__": { "run": run } });
        assert_eq!(run_of(&file(&metadata(&run.to_toml()))), Some(run));
        assert_eq!(run_of(&file(&metadata("seed = -1"))), None);
        assert_eq!(run_of(&file(&serde_json::json!({}))), None);
        assert_eq!(run_of(b"nonsense"), None);
        assert_eq!(run_of(b"short"), None);
    }
}
