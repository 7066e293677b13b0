//! A canvas: pictures, and on a square points, lines and handles in its own units.

use super::color::Ink;
use super::field::plain;
use rtb::message::Paths;
use std::f64::consts::TAU;
use wasm_bindgen::JsCast;
use web_sys::{CanvasRenderingContext2d, HtmlCanvasElement};
use yew::NodeRef;

/// A square that a canvas shows.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Square {
    pub middle: [f64; 2],
    /// Half its side, in its own units.
    pub half_width: f64,
    /// Whether the second coordinate points downward.
    pub down: bool,
    /// How far apart its lines are, and those that have a number; none with 0.
    pub lines: f64,
    pub numbers: f64,
}

/// The square of a canvas that names no other.
pub const SQUARE: Square = Square {
    middle: [0.0; 2],
    half_width: HALF_WIDTH,
    down: false,
    lines: 5.0,
    numbers: 10.0,
};

/// Half its side.
pub const HALF_WIDTH: f64 = 14.0;

impl Square {
    /// One with lines at round numbers, around a box.
    pub fn around([low, high]: [[f64; 2]; 2]) -> Self {
        let half = |axis: usize| 0.5 * (high[axis] - low[axis]);
        let half_width = half(0).max(half(1)).max(1e-9);
        let decade = 10f64.powf(half_width.log10().floor());
        let lines = [0.2, 0.5, 1.0].map(|share| share * decade);
        let lines = lines.into_iter().find(|lines| half_width <= 5.0 * lines);
        let lines = lines.unwrap_or(2.0 * decade);
        Self {
            middle: [0, 1].map(|axis| 0.5 * (low[axis] + high[axis])),
            half_width,
            down: false,
            lines,
            numbers: 2.0 * lines,
        }
    }

    /// The place at shares of the square, from its left and its top.
    pub fn place(self, [across, below]: [f64; 2]) -> [f64; 2] {
        let width = 2.0 * self.half_width;
        let up = if self.down { below } else { 1.0 - below };
        let [left, foot] = self.middle.map(|middle| middle - self.half_width);
        [left + width * across, foot + width * up]
    }

    /// Shares of the square, from its left and its top, of a place.
    pub fn shares(self, [x, y]: [f64; 2]) -> [f64; 2] {
        let width = 2.0 * self.half_width;
        let [left, foot] = self.middle.map(|middle| middle - self.half_width);
        let up = (y - foot) / width;
        [(x - left) / width, if self.down { up } else { 1.0 - up }]
    }

    /// The multiples of a distance inside, along an axis.
    fn multiples(self, axis: usize, of: f64) -> impl Iterator<Item = f64> {
        let [low, high] = [-self.half_width, self.half_width].map(|by| (self.middle[axis] + by) / of);
        let (first, last) = (low.floor() as i32 + 1, high.ceil() as i32);
        let count = if of > 0.0 { (last - first).max(0) } else { 0 };
        (0..count).map(move |at| f64::from(first + at) * of)
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
    pub(super) fn pixel(&self, at: [f64; 2]) -> (f64, f64) {
        let [across, below] = self.square.shares(at);
        (across * self.side, below * self.side)
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
        let Square {
            middle,
            lines,
            numbers,
            ..
        } = self.square;
        for at in self.square.multiples(0, lines) {
            let (x, _) = self.pixel([at, middle[1]]);
            c.move_to(x, 0.0);
            c.line_to(x, self.side);
        }
        for at in self.square.multiples(1, lines) {
            let (_, y) = self.pixel([middle[0], at]);
            c.move_to(0.0, y);
            c.line_to(self.side, y);
        }
        c.stroke();
        let gap = 4.0 * self.scale;
        let label = |at: f64| plain(at).replace('-', "−");
        c.set_text_align("center");
        c.set_text_baseline("bottom");
        for at in self.square.multiples(0, numbers) {
            let (x, _) = self.pixel([at, middle[1]]);
            let _ = c.fill_text(&label(at), x, self.side - gap);
        }
        c.set_text_align("left");
        c.set_text_baseline("middle");
        for at in self.square.multiples(1, numbers) {
            let (_, y) = self.pixel([middle[0], at]);
            let _ = c.fill_text(&label(at), gap, y);
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

    /// A letter in the middle of a place.
    pub fn letter(&self, at: [f64; 2], letter: char) {
        let c = &self.context;
        let (x, y) = self.pixel(at);
        c.set_font(&format!("700 {}px system-ui, sans-serif", 13.0 * self.scale));
        c.set_text_align("center");
        c.set_text_baseline("middle");
        c.set_line_join("round");
        c.set_line_width(3.0 * self.scale);
        c.set_stroke_style_str(self.ink.surface);
        c.set_fill_style_str(self.ink.handle);
        // A text always draws.
        let text = letter.to_string();
        let _ = c.stroke_text(&text, x, y);
        let _ = c.fill_text(&text, x, y);
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
        let lines: Vec<f64> = SQUARE.multiples(0, SQUARE.lines).collect();
        assert_eq!(lines, [-10.0, -5.0, 0.0, 5.0, 10.0]);
        let edge = Square::around([[1.0, -4.0], [9.0, 4.0]]);
        assert_eq!((edge.half_width, edge.lines), (4.0, 1.0));
        assert_eq!(edge.multiples(0, 2.0).collect::<Vec<_>>(), [2.0, 4.0, 6.0, 8.0]);
        assert_eq!(edge.multiples(1, 2.0).collect::<Vec<_>>(), [-2.0, 0.0, 2.0]);
        assert_eq!(edge.multiples(1, 0.0).count(), 0);
        for half_width in [0.3, 0.7, 1.1, 2.4, 6.0, 30.0] {
            let square = Square::around([[-half_width; 2], [half_width; 2]]);
            let lines = square.multiples(0, square.lines).count();
            assert!((5..=11).contains(&lines), "{lines} in {half_width}");
        }
    }

    #[test]
    fn places_are_where_their_shares_are() {
        for down in [false, true] {
            let square = Square {
                down,
                ..Square::around([[1.0, 2.0], [5.0, 8.0]])
            };
            let [across, below] = square.shares([3.0, 2.0]);
            assert_eq!((across, below), (0.5, if down { 0.0 } else { 1.0 }));
            assert_eq!(square.place([across, below]), [3.0, 2.0]);
        }
    }
}
