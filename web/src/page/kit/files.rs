//! Files the user saves and opens.

use gloo::file::{Blob, ObjectUrl};
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
