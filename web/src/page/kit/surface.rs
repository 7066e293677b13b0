//! A canvas: pictures, and on a square around 0 points, lines and handles in its own units.

use super::color::Ink;
use rtb::message::Paths;
use std::f64::consts::TAU;
use wasm_bindgen::JsCast;
use web_sys::{CanvasRenderingContext2d, HtmlCanvasElement};
use yew::NodeRef;

/// A square around 0 that a canvas shows.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Square {
    /// Half its side, in its own units.
    pub half_width: f64,
    /// How far apart its lines are, and those that have a number.
    pub lines: f64,
    pub numbers: f64,
}

/// The square of a canvas that names no other.
pub const SQUARE: Square = Square {
    half_width: HALF_WIDTH,
    lines: 5.0,
    numbers: 10.0,
};

/// Half its side.
pub const HALF_WIDTH: f64 = 14.0;

impl Square {
    /// The multiples of a distance inside.
    fn multiples(self, of: f64) -> impl Iterator<Item = f64> {
        let most = ((self.half_width / of).ceil() - 1.0) as i32;
        (-most..=most).map(move |at| f64::from(at) * of)
    }
}

/// Device pixels of one CSS pixel, as far as they are drawn.
pub fn scale() -> f64 {
    gloo::utils::window().device_pixel_ratio().clamp(1.0, 3.0)
}

/// The canvas for one drawing.
pub struct Surface {
    pub context: CanvasRenderingContext2d,
    /// Device pixels across; of the square, on a side.
    pub(super) side: f64,
    /// Device pixels from top to bottom.
    height: f64,
    /// Device pixels of one CSS pixel.
    pub(super) scale: f64,
    square: Square,
    pub ink: Ink,
}

impl Surface {
    /// Sizes the canvas, once it is there, to the space it has and clears it.
    pub fn new(canvas: &NodeRef, ink: Ink) -> Option<Self> {
        let canvas: HtmlCanvasElement = canvas.cast()?;
        let scale = scale();
        let side = (f64::from(canvas.client_width()) * scale).round().max(1.0);
        let height = (f64::from(canvas.client_height()) * scale).round().max(1.0);
        if (f64::from(canvas.width()), f64::from(canvas.height())) != (side, height) {
            canvas.set_width(side as u32);
            canvas.set_height(height as u32);
        }
        let context: CanvasRenderingContext2d = canvas.get_context("2d").ok()??.unchecked_into();
        context.set_fill_style_str(ink.surface);
        context.fill_rect(0.0, 0.0, side, height);
        Some(Self {
            context,
            side,
            height,
            scale,
            square: SQUARE,
            ink,
        })
    }

    /// The same that shows another square.
    pub fn of(self, square: Square) -> Self {
        Self { square, ..self }
    }

    /// Device pixels of a place in the square.
    pub(super) fn pixel(&self, [x, y]: [f64; 2]) -> (f64, f64) {
        let half_width = self.square.half_width;
        let unit = self.side / (2.0 * half_width);
        ((x + half_width) * unit, (half_width - y) * unit)
    }

    pub fn image(&self, image: &HtmlCanvasElement, smooth: bool) {
        self.context.set_image_smoothing_enabled(smooth);
        // An image of a detached canvas always draws.
        let _ = self.context.draw_image_with_html_canvas_element_and_dw_and_dh(
            image,
            0.0,
            0.0,
            self.side,
            self.height,
        );
    }

    /// A frame whose left, top, width and height are shares of the canvas.
    pub fn frame(&self, [left, top, width, height]: [f64; 4], strong: bool) {
        let c = &self.context;
        let inset = 1.2 * self.scale;
        c.set_stroke_style_str(self.ink.handle);
        c.set_line_width(if strong { 2.0 } else { 1.0 } * self.scale);
        c.stroke_rect(
            left * self.side + inset,
            top * self.height + inset,
            width * self.side - 2.0 * inset,
            height * self.height - 2.0 * inset,
        );
    }

    /// A straight line between two points, whose coordinates are shares of the canvas.
    pub fn line(&self, from: [f64; 2], to: [f64; 2], color: &str, width: f64) {
        let c = &self.context;
        c.set_stroke_style_str(color);
        c.set_line_width(width * self.scale);
        c.begin_path();
        for [x, y] in [from, to] {
            c.line_to(x * self.side, y * self.height);
        }
        c.stroke();
    }

    /// A filled bar from its upper left corner, in shares of the canvas.
    pub fn bar(&self, [x, y]: [f64; 2], [width, height]: [f64; 2], color: &str) {
        self.context.set_fill_style_str(color);
        self.context.fill_rect(
            x * self.side,
            y * self.height,
            width * self.side,
            height * self.height,
        );
    }

    /// A text below a point, in shares of the canvas, aligned to its left or right.
    pub fn text(&self, [x, y]: [f64; 2], text: &str, align: &str) {
        let c = &self.context;
        c.set_fill_style_str(self.ink.text);
        c.set_font(&format!("{}px system-ui, sans-serif", 11.0 * self.scale));
        c.set_text_align(align);
        c.set_text_baseline("top");
        // A text always draws.
        let _ = c.fill_text(text, x * self.side, y * self.height);
    }

    /// The square's lines, with the axes' numbers at the edges.
    pub fn grid(&self) {
        let c = &self.context;
        c.set_stroke_style_str(self.ink.grid);
        c.set_line_width(self.scale);
        c.set_fill_style_str(self.ink.text);
        c.set_font(&format!("{}px system-ui, sans-serif", 9.5 * self.scale));
        c.begin_path();
        for at in self.square.multiples(self.square.lines) {
            let (x, _) = self.pixel([at, 0.0]);
            let (_, y) = self.pixel([0.0, at]);
            c.move_to(x, 0.0);
            c.line_to(x, self.side);
            c.move_to(0.0, y);
            c.line_to(self.side, y);
        }
        c.stroke();
        let gap = 4.0 * self.scale;
        for at in self.square.multiples(self.square.numbers) {
            let label = if at < 0.0 {
                format!("−{}", -at)
            } else {
                at.to_string()
            };
            let (x, _) = self.pixel([at, 0.0]);
            let (_, y) = self.pixel([0.0, at]);
            c.set_text_align("center");
            c.set_text_baseline("bottom");
            let _ = c.fill_text(&label, x, self.side - gap);
            c.set_text_align("left");
            c.set_text_baseline("middle");
            let _ = c.fill_text(&label, gap, y);
        }
    }

    /// The points of trajectories at a step between 0 and T.
    pub fn points(&self, paths: &Paths, step: f64, on_reward: bool) {
        self.context.set_fill_style_str(if on_reward {
            self.ink.sample_on_reward
        } else {
            self.ink.sample
        });
        self.context.set_global_alpha(0.75);
        let radius = (0.0042 * self.side / self.scale).max(0.9);
        for path in 0..paths.count() {
            self.dot(point_at(paths, path, step), radius);
        }
        self.context.set_global_alpha(1.0);
    }

    /// Small dots, in shares of the canvas.
    pub fn spots(&self, spots: Vec<[f64; 2]>, color: &str) {
        let c = &self.context;
        c.set_fill_style_str(color);
        c.set_global_alpha(0.55);
        let radius = (0.0018 * self.side).max(0.8 * self.scale);
        c.begin_path();
        for [x, y] in spots {
            let (x, y) = (x * self.side, y * self.height);
            c.move_to(x, y);
            let _ = c.arc(x, y, radius, 0.0, TAU);
        }
        c.fill();
        c.set_global_alpha(1.0);
    }

    /// One whole trajectory, with its point at a step.
    pub fn path(&self, paths: &Paths, path: usize, step: f64) {
        let c = &self.context;
        c.begin_path();
        for i in 0..paths.steps.len() {
            let (x, y) = self.pixel(paths.point(path, i).map(f64::from));
            c.line_to(x, y);
        }
        c.set_line_join("round");
        for (color, width) in [(self.ink.surface, 3.5), (self.ink.path, 1.6)] {
            c.set_stroke_style_str(color);
            c.set_line_width(width * self.scale);
            c.stroke();
        }
        let end = paths.point(path, paths.steps.len() - 1).map(f64::from);
        self.ring(end, 4.0);
        let now = point_at(paths, path, step);
        self.context.set_fill_style_str(self.ink.surface);
        self.dot(now, 5.0);
        self.context.set_fill_style_str(self.ink.path);
        self.dot(now, 3.5);
    }

    pub(super) fn dot(&self, at: [f64; 2], radius: f64) {
        let (x, y) = self.pixel(at);
        self.context.begin_path();
        let _ = self.context.arc(x, y, radius * self.scale, 0.0, TAU);
        self.context.fill();
    }

    pub(super) fn ring(&self, at: [f64; 2], radius: f64) {
        let (x, y) = self.pixel(at);
        self.context.begin_path();
        let _ = self.context.arc(x, y, radius * self.scale, 0.0, TAU);
        self.context.stroke();
    }

    /// A handle to drag.
    pub fn handle(&self, at: [f64; 2], strong: bool) {
        let radius = if strong { 5.0 } else { 3.5 };
        self.context.set_global_alpha(if strong { 1.0 } else { 0.75 });
        self.context.set_fill_style_str(self.ink.surface);
        self.dot(at, radius);
        self.context.set_stroke_style_str(self.ink.handle);
        self.context.set_line_width(1.8 * self.scale);
        self.ring(at, radius);
        self.context.set_global_alpha(1.0);
    }

    /// A closed or open line through points of the square.
    pub fn outline(&self, points: &[[f64; 2]]) {
        self.context.begin_path();
        for at in points {
            let (x, y) = self.pixel(*at);
            self.context.line_to(x, y);
        }
        for (color, width) in [(self.ink.surface, 3.2), (self.ink.handle, 1.5)] {
            self.context.set_stroke_style_str(color);
            self.context.set_line_width(width * self.scale);
            self.context.stroke();
        }
    }
}

/// The line around an ellipse; `angle` is the direction of `along`, radians.
pub fn ellipse(center: [f64; 2], angle: f64, along: f64, across: f64) -> Vec<[f64; 2]> {
    let (s, c) = angle.sin_cos();
    (0..=72)
        .map(|i| {
            let (v, u) = (f64::from(i) * TAU / 72.0).sin_cos();
            let (u, v) = (u * along, v * across);
            [center[0] + u * c - v * s, center[1] + u * s + v * c]
        })
        .collect()
}

/// The line around a circle.
pub fn circle(center: [f64; 2], radius: f64) -> Vec<[f64; 2]> {
    ellipse(center, 0.0, radius, radius)
}

/// The numbers of a trajectory at a step between shown ones.
pub fn state_at(paths: &Paths, path: usize, step: f64) -> impl Iterator<Item = f32> {
    let after = paths
        .steps
        .partition_point(|s| (*s as f64) < step)
        .min(paths.steps.len() - 1);
    let before = after.saturating_sub(1);
    let (from, to) = (paths.steps[before] as f64, paths.steps[after] as f64);
    let share = if to > from {
        ((step - from) / (to - from)).clamp(0.0, 1.0)
    } else {
        1.0
    };
    let (a, b) = (paths.state(path, before), paths.state(path, after));
    let share = share as f32;
    a.iter().zip(b).map(move |(a, b)| a * (1.0 - share) + b * share)
}

/// The point of a trajectory in the square.
pub(super) fn point_at(paths: &Paths, path: usize, step: f64) -> [f64; 2] {
    let mut state = state_at(paths, path, step).map(f64::from);
    [0; 2].map(|_| state.next().unwrap_or_default())
}

/// The trajectory whose point at a step is nearest to a place, within `reach`.
pub fn nearest(paths: &Paths, step: f64, [x, y]: [f64; 2], reach: f64) -> Option<usize> {
    (0..paths.count())
        .map(|path| {
            let [px, py] = point_at(paths, path, step);
            (path, (px - x).hypot(py - y))
        })
        .filter(|(_, distance)| *distance < reach)
        .min_by(|a, b| a.1.total_cmp(&b.1))
        .map(|(path, _)| path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_inside_the_square() {
        let lines: Vec<f64> = SQUARE.multiples(SQUARE.lines).collect();
        assert_eq!(lines, [-10.0, -5.0, 0.0, 5.0, 10.0]);
        let edge = Square {
            half_width: 4.0,
            lines: 1.0,
            numbers: 2.0,
        };
        assert_eq!(edge.multiples(edge.numbers).collect::<Vec<_>>(), [-2.0, 0.0, 2.0]);
    }
}
