//! Files the user saves and opens.

use super::color::Ink;
use gloo::file::{Blob, ObjectUrl};
use wasm_bindgen::{JsCast, prelude::Closure};
use web_sys::{CanvasRenderingContext2d, HtmlAnchorElement, HtmlCanvasElement};

/// Pixels on a side of a panel in the picture, its title's height, and the gap between panels.
const SIDE: f64 = 720.0;
const TITLE: f64 = 44.0;
const GAP: f64 = 24.0;

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

/// Saves panels of the page, two by two where there are several, with their titles.
pub fn save_panels(panels: &[(&str, &str)], ink: Ink) -> Option<()> {
    let document = gloo::utils::document();
    let sheet: HtmlCanvasElement = document.create_element("canvas").ok()?.unchecked_into();
    let columns = panels.len().clamp(1, 2);
    let rows = panels.len().div_ceil(columns) as f64;
    // A single one is as large as four.
    let side = if columns == 1 { 2.0 * SIDE + GAP } else { SIDE };
    sheet.set_width((2.0 * SIDE + 3.0 * GAP) as u32);
    sheet.set_height((rows * (side + TITLE + GAP) + GAP) as u32);
    let context: CanvasRenderingContext2d = sheet.get_context("2d").ok()??.unchecked_into();
    context.set_fill_style_str(ink.surface);
    context.fill_rect(0.0, 0.0, f64::from(sheet.width()), f64::from(sheet.height()));
    context.set_font("600 24px system-ui, sans-serif");
    context.set_text_baseline("middle");
    for (at, (id, title)) in panels.iter().enumerate() {
        let x = GAP + (at % columns) as f64 * (side + GAP);
        let y = GAP + (at / columns) as f64 * (side + TITLE + GAP);
        let panel: HtmlCanvasElement = document.get_element_by_id(id)?.unchecked_into();
        context.set_fill_style_str(ink.text);
        context.fill_text(title, x, y + TITLE / 2.0).ok()?;
        context
            .draw_image_with_html_canvas_element_and_dw_and_dh(&panel, x, y + TITLE, side, side)
            .ok()?;
    }
    save_png("rtb.png", &sheet);
    Some(())
}
