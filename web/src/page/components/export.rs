//! Pictures to save: the four panels, and images side by side.

use crate::kit::color::Ink;
use crate::kit::files;
use crate::kit::mosaic::Mosaic;
use rtb::image::{self, PIXELS};
use std::fmt::Write;
use wasm_bindgen::JsCast;
use web_sys::{CanvasRenderingContext2d, HtmlCanvasElement};

/// Pixels on a side of a panel in the picture, its title's height, and the gap between panels.
const SIDE: f64 = 720.0;
const TITLE: f64 = 44.0;
const GAP: f64 = 24.0;

/// Saves the panels of the page, two by two, with their titles.
pub fn save_panels(panels: &[(&str, &str)], ink: Ink) -> Option<()> {
    let document = gloo::utils::document();
    let sheet: HtmlCanvasElement = document.create_element("canvas").ok()?.unchecked_into();
    let rows = panels.len().div_ceil(2) as f64;
    sheet.set_width((2.0 * SIDE + 3.0 * GAP) as u32);
    sheet.set_height((rows * (SIDE + TITLE + GAP) + GAP) as u32);
    let context: CanvasRenderingContext2d = sheet.get_context("2d").ok()??.unchecked_into();
    context.set_fill_style_str(ink.surface);
    context.fill_rect(0.0, 0.0, f64::from(sheet.width()), f64::from(sheet.height()));
    context.set_font("600 24px system-ui, sans-serif");
    context.set_text_baseline("middle");
    for (at, (id, title)) in panels.iter().enumerate() {
        let x = GAP + (at % 2) as f64 * (SIDE + GAP);
        let y = GAP + (at / 2) as f64 * (SIDE + TITLE + GAP);
        let panel: HtmlCanvasElement = document.get_element_by_id(id)?.unchecked_into();
        context.set_fill_style_str(ink.text);
        context.fill_text(title, x, y + TITLE / 2.0).ok()?;
        context
            .draw_image_with_html_canvas_element_and_dw_and_dh(&panel, x, y + TITLE, SIDE, SIDE)
            .ok()?;
    }
    files::save_png("rtb.png", &sheet);
    Some(())
}

/// Saves images, `[count][PIXELS]`, in a square as good as it gets, ink on paper.
pub fn save_images(images: &[f32]) {
    let count = images.len() / PIXELS;
    let columns = (count as f64).sqrt().ceil().max(1.0) as usize;
    let mosaic = Mosaic {
        columns,
        rows: count.div_ceil(columns),
        side: image::SIDE,
    };
    match mosaic.picture(images).render(false) {
        Some(canvas) => files::save_png("samples.png", &canvas),
        None => gloo::console::warn!("there is no image to save"),
    }
}

/// Points as comma-separated values with a header.
pub fn csv(points: &[f32]) -> String {
    points.chunks_exact(2).fold("x,y\n".to_owned(), |mut text, p| {
        writeln!(text, "{},{}", p[0], p[1]).expect("writing to a string");
        text
    })
}
