//! What stays of a corner plot while points move on it.

use super::layout::Layout;
use crate::kit::color::{self, Ink, Ramp};
use crate::kit::picture::Picture;
use crate::kit::surface;
use rtb::task::{Cells, Corner, Role, SHARES, Series};
use std::f64::consts::FRAC_PI_2;
use wasm_bindgen::JsCast;
use web_sys::{CanvasRenderingContext2d, HtmlCanvasElement};

/// The highest density's share of a cell.
const HIGHEST: f64 = 0.92;

/// The plot without moving points, on a canvas of its own.
pub fn picture(corner: &Corner, layout: &Layout, dark: bool) -> Option<HtmlCanvasElement> {
    let canvas: HtmlCanvasElement = gloo::utils::document()
        .create_element("canvas")
        .ok()?
        .unchecked_into();
    let scale = surface::scale();
    let pixels = (layout.side * scale).round().max(1.0) as u32;
    canvas.set_width(pixels);
    canvas.set_height(pixels);
    let context: CanvasRenderingContext2d = canvas.get_context("2d").ok()??.unchecked_into();
    let ink = color::ink(dark);
    context.set_fill_style_str(ink.surface);
    context.fill_rect(0.0, 0.0, f64::from(pixels), f64::from(pixels));
    context.scale(scale, scale).ok()?;
    let pen = Pen {
        context,
        corner,
        layout,
        ink,
        dark,
    };
    for row in 0..layout.count {
        (0..row).for_each(|column| pen.pair(column, row));
        pen.diagonal(row);
        pen.axes(row);
    }
    Some(canvas)
}

struct Pen<'a> {
    context: CanvasRenderingContext2d,
    corner: &'a Corner,
    layout: &'a Layout,
    ink: Ink,
    dark: bool,
}

/// Places from the upper left of a cell.
type Line = Vec<[f64; 2]>;

impl Pen<'_> {
    fn series(&self, role: Role) -> Option<&Series> {
        let mut all = self.corner.series.iter();
        all.find(|one| one.role == role && !one.points.is_empty())
    }

    /// Draws in a cell, and nothing beyond it.
    fn within(&self, column: usize, row: usize, draw: impl FnOnce()) {
        let (c, cell) = (&self.context, self.layout.cell);
        let [left, top] = self.layout.at(column, row);
        c.save();
        // A finite shift always works.
        let _ = c.translate(left, top);
        c.begin_path();
        c.rect(0.0, 0.0, cell, cell);
        c.set_fill_style_str(&color::css(Ramp::Sample, self.dark, 0.0));
        c.fill();
        c.save();
        c.clip();
        draw();
        c.restore();
        c.set_stroke_style_str(self.ink.grid);
        c.set_line_width(1.0);
        c.stroke_rect(0.0, 0.0, cell, cell);
        c.restore();
    }

    fn diagonal(&self, coordinate: usize) {
        let of = |role| Some(self.corner.density(self.series(role)?, coordinate));
        let [prior, learned, exact] = [Role::Prior, Role::Learned, Role::Exact].map(of);
        let posteriors = [&learned, &exact].into_iter().flatten().flatten();
        let highest = posteriors.copied().fold(f32::MIN_POSITIVE, f32::max);
        let line = |density: &Vec<f32>| -> Line {
            let (bins, cell) = (density.len() as f64, self.layout.cell);
            let place = |(bin, share): (usize, &f32)| {
                let high = HIGHEST * f64::from(share / highest);
                [(bin as f64 + 0.5) / bins * cell, (1.0 - high) * cell]
            };
            density.iter().enumerate().map(place).collect()
        };
        self.within(coordinate, coordinate, || {
            if let Some(learned) = &learned {
                self.fill(&line(learned), self.ink.sample);
                self.stroke(&[line(learned)], self.ink.sample, 1.4);
            }
            if let Some(prior) = &prior {
                self.stroke(&[line(prior)], self.ink.text, 1.2);
            }
            if let Some(exact) = &exact {
                self.stroke(&[line(exact)], self.ink.exact, 1.8);
            }
        });
    }

    fn pair(&self, column: usize, row: usize) {
        let of = |role| Some(self.corner.pair(self.series(role)?, [column, row]));
        let [learned, exact] = [Role::Learned, Role::Exact].map(of);
        self.within(column, row, || {
            if let Some(learned) = &learned {
                self.shade(learned, exact.as_ref());
            }
            if let Some(exact) = &exact {
                let lines = SHARES.map(|share| self.around(exact, share)).concat();
                // Legible on any shade.
                self.stroke(&lines, self.ink.surface, 3.2);
                self.stroke(&lines, self.ink.exact, 1.5);
            }
        });
    }

    /// Shades a pair on the scale of the exact one, so that the two can be compared.
    fn shade(&self, cells: &Cells, exact: Option<&Cells>) {
        let scale = exact.unwrap_or(cells);
        let highest = scale.values.iter().copied().fold(f32::MIN_POSITIVE, f32::max);
        let smaller = scale.side as f32 / cells.side as f32;
        let picture = Picture::samples(cells.values.clone(), highest * smaller * smaller);
        if let Some(image) = picture.render(self.dark) {
            let cell = self.layout.cell;
            // An image of a detached canvas always draws.
            let _ = self
                .context
                .draw_image_with_html_canvas_element_and_dw_and_dh(&image, 0.0, 0.0, cell, cell);
        }
    }

    /// The lines around a share of a pair.
    fn around(&self, cells: &Cells, share: f32) -> Vec<Line> {
        let pixels = |place: f64| (place + 0.5) / cells.side as f64 * self.layout.cell;
        let pieces = cells.around(share).into_iter();
        pieces
            .map(|ends| ends.map(|(x, y)| [pixels(x), pixels(y)]).to_vec())
            .collect()
    }

    fn stroke(&self, lines: &[Line], color: &str, width: f64) {
        let c = &self.context;
        c.set_stroke_style_str(color);
        c.set_line_width(width);
        c.set_line_join("round");
        c.set_line_cap("round");
        c.begin_path();
        for line in lines {
            for (at, [x, y]) in line.iter().enumerate() {
                match at {
                    0 => c.move_to(*x, *y),
                    _ => c.line_to(*x, *y),
                }
            }
        }
        c.stroke();
    }

    /// Fills what lies below a line.
    fn fill(&self, line: &[[f64; 2]], color: &str) {
        let (Some(first), Some(last)) = (line.first(), line.last()) else {
            return;
        };
        let (c, ground) = (&self.context, self.layout.cell);
        c.begin_path();
        c.move_to(first[0], ground);
        line.iter().for_each(|[x, y]| c.line_to(*x, *y));
        c.line_to(last[0], ground);
        c.set_fill_style_str(color);
        c.set_global_alpha(0.22);
        c.fill();
        c.set_global_alpha(1.0);
    }

    /// The name and the numbers of a coordinate below the last row, and on the left but for the first, whose row
    /// shows a density.
    fn axes(&self, coordinate: usize) {
        let Layout {
            font,
            cell,
            count,
            left,
            ..
        } = *self.layout;
        if font == 0.0 {
            return;
        }
        let [x, top] = self.layout.at(coordinate, coordinate);
        let bottom = self.layout.at(0, count - 1)[1] + cell;
        let (range, name) = (self.corner.ranges[coordinate], &self.corner.names[coordinate]);
        let c = &self.context;
        c.set_fill_style_str(self.ink.text);
        self.letters("center", "top");
        for (share, text) in self.layout.numbers(range, true) {
            self.write(&text, [x + share * cell, bottom + 4.0]);
        }
        self.bold();
        self.write_name(name, [x + cell / 2.0, bottom + 1.6 * font + 4.0]);
        if coordinate == 0 {
            return;
        }
        self.letters("right", "middle");
        for (share, text) in self.layout.numbers(range, false) {
            self.write(&text, [left - 4.0, top + (1.0 - share) * cell]);
        }
        c.save();
        // Finite shifts and turns always work.
        let _ = c.translate(0.7 * font, top + cell / 2.0);
        let _ = c.rotate(-FRAC_PI_2);
        self.letters("center", "middle");
        self.bold();
        self.write_name(name, [0.0, 0.0]);
        c.restore();
    }

    fn letters(&self, align: &str, baseline: &str) {
        self.context
            .set_font(&format!("{}px system-ui, sans-serif", 0.9 * self.layout.font));
        self.context.set_text_align(align);
        self.context.set_text_baseline(baseline);
    }

    fn bold(&self) {
        self.context
            .set_font(&format!("600 {}px system-ui, sans-serif", self.layout.font));
    }

    fn write(&self, text: &str, [x, y]: [f64; 2]) {
        // A text always draws.
        let _ = self.context.fill_text(text, x, y);
    }

    /// A name along a cell, whose letters are as wide as there is room for.
    fn write_name(&self, name: &str, [x, y]: [f64; 2]) {
        let name = self.layout.name(name);
        let _ = self
            .context
            .fill_text_with_max_width(&name, x, y, self.layout.cell);
    }
}
