//! What is seen at a place of a canvas.

use super::picture::Picture;
use super::surface::Surface;

/// Its width as a share of the canvas, and pixels at least.
const WIDTH: f64 = 0.3;
const LEAST: f64 = 72.0;
/// Pixels from the place to the lens, around the image, and of the text.
const AWAY: f64 = 14.0;
const EDGE: f64 = 4.0;
const TEXT: f64 = 11.0;

/// An image, and what is said of it, beside a place of the square.
#[derive(Clone, PartialEq)]
pub struct Lens {
    pub at: [f64; 2],
    pub picture: Picture,
    pub text: String,
}

impl Surface {
    /// An image beside its place, above and to the right where there is room.
    pub(super) fn lens(&self, lens: &Lens, dark: bool) {
        let c = &self.context;
        let (edge, text) = (EDGE * self.scale, TEXT * self.scale);
        let inner = (WIDTH * self.side).max(LEAST * self.scale);
        let (width, height) = (inner + 2.0 * edge, inner + 2.0 * edge + 1.4 * text);
        let (x, y) = self.pixel(lens.at);
        let away = AWAY * self.scale;
        let left = match x + away + width < self.side {
            true => x + away,
            false => (x - away - width).max(0.0),
        };
        let top = match y - away - height > 0.0 {
            true => y - away - height,
            false => (y + away).min(self.side - height),
        };
        c.set_shadow_color("rgba(0, 0, 0, 0.35)");
        c.set_shadow_blur(10.0 * self.scale);
        c.set_fill_style_str(self.ink.surface);
        c.begin_path();
        // A rectangle with round corners always draws.
        let _ = c.round_rect_with_f64(left, top, width, height, 6.0 * self.scale);
        c.fill();
        c.set_shadow_blur(0.0);
        c.set_stroke_style_str(self.ink.handle);
        c.set_line_width(1.2 * self.scale);
        c.stroke();
        if let Some(image) = lens.picture.render(dark) {
            c.set_image_smoothing_enabled(true);
            // An image of a detached canvas always draws.
            let _ = c.draw_image_with_html_canvas_element_and_dw_and_dh(
                &image,
                left + edge,
                top + edge,
                inner,
                inner,
            );
        }
        c.set_fill_style_str(self.ink.text);
        c.set_font(&format!("{text}px system-ui, sans-serif"));
        c.set_text_align("center");
        c.set_text_baseline("middle");
        let (x, y) = (left + 0.5 * width, top + edge + inner + 0.8 * text);
        let _ = c.fill_text_with_max_width(&lens.text, x, y, inner);
        self.ring(lens.at, 5.0);
    }
}
