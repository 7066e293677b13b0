//! A grid of numbers as a picture over the drawn square, with axes and a colour bar.

use super::canvas::{Canvas, Drawn, INK, PALE, anchored, bold, text};
use super::colour::{Scale, viridis};
use crate::program::output;
use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, VPos};
use rtb::task::plane::HALF_WIDTH;

/// Pixels of a picture of one map.
pub const SIZE: (u32, u32) = (1000, 900);

const TICKS: [i32; 5] = [-10, -5, 0, 5, 10];

/// A grid of numbers, row by row from the top left.
pub struct HeatMap<'a> {
    pub title: &'a str,
    pub cells: &'a [f32],
    pub side: usize,
    pub scale: Scale,
    /// What the colours stand for.
    pub quantity: &'a str,
}

impl HeatMap<'_> {
    /// The map alone on a picture of [`SIZE`].
    pub fn draw(&self, canvas: &Canvas) -> Drawn {
        let (left, top, size) = (90, 80, 740);
        let title = anchored(bold(30, INK), HPos::Center, VPos::Center);
        canvas.draw_text(self.title, &title, (left + size / 2, 42))?;
        self.draw_image(canvas, (left, top), size, 22)?;
        let axis = |h, v| anchored(text(22, INK), h, v);
        canvas.draw_text(
            "x",
            &axis(HPos::Center, VPos::Center),
            (left + size / 2, top + size + 56),
        )?;
        canvas.draw_text("y", &axis(HPos::Center, VPos::Center), (24, top + size / 2))?;
        self.draw_bar(canvas, (left + size + 30, top), (26, size))
    }

    /// The image in a square of `size` pixels, with its frame.
    pub fn draw_cells(&self, canvas: &Canvas, (left, top): (i32, i32), size: i32) -> Drawn {
        let cells_per_pixel = self.side as f64 / f64::from(size);
        for row in 0..size {
            for column in 0..size {
                let at = |pixel: i32| (f64::from(pixel) + 0.5) * cells_per_pixel - 0.5;
                let [r, g, b] = self.scale.colour(self.value(at(column), at(row)));
                canvas.draw_pixel((left + column, top + row), &RGBColor(r, g, b))?;
            }
        }
        let corners = [(left - 1, top - 1), (left + size, top + size)];
        canvas.draw(&Rectangle::new(corners, PALE))
    }

    /// The image with the numbers along its edges.
    pub fn draw_image(&self, canvas: &Canvas, (left, top): (i32, i32), size: i32, font: u32) -> Drawn {
        self.draw_cells(canvas, (left, top), size)?;
        let reach = font as i32 / 3;
        for tick in TICKS {
            let share = (f64::from(tick) + HALF_WIDTH) / (2.0 * HALF_WIDTH);
            let along = (share * f64::from(size)).round() as i32;
            let (x, y) = (left + along, top + size - along);
            canvas.draw(&PathElement::new(
                [(x, top + size), (x, top + size + reach)],
                PALE,
            ))?;
            canvas.draw(&PathElement::new([(left - 1, y), (left - 1 - reach, y)], PALE))?;
            let label = tick.to_string();
            let below = anchored(text(font, INK), HPos::Center, VPos::Center);
            canvas.draw_text(&label, &below, (x, top + size + reach + font as i32 * 3 / 4))?;
            let beside = anchored(text(font, INK), HPos::Right, VPos::Center);
            canvas.draw_text(&label, &beside, (left - reach - 5, y))?;
        }
        Ok(())
    }

    /// The value between the centres of cells, linearly.
    fn value(&self, column: f64, row: f64) -> f64 {
        let last = (self.side - 1) as f64;
        let (column, row) = (column.clamp(0.0, last), row.clamp(0.0, last));
        let (c, r) = (column.floor() as usize, row.floor() as usize);
        let cell = |c: usize, r: usize| {
            let at = r.min(self.side - 1) * self.side + c.min(self.side - 1);
            f64::from(self.cells[at])
        };
        let (u, v) = (column - c as f64, row - r as f64);
        let upper = cell(c, r) * (1.0 - u) + cell(c + 1, r) * u;
        let lower = cell(c, r + 1) * (1.0 - u) + cell(c + 1, r + 1) * u;
        upper * (1.0 - v) + lower * v
    }

    fn draw_bar(&self, canvas: &Canvas, (left, top): (i32, i32), (width, height): (i32, i32)) -> Drawn {
        for row in 0..height {
            let [r, g, b] = viridis(1.0 - f64::from(row) / f64::from(height));
            let line = [(left, top + row), (left + width, top + row)];
            canvas.draw(&PathElement::new(line, RGBColor(r, g, b)))?;
        }
        let above = anchored(text(20, INK), HPos::Left, VPos::Bottom);
        canvas.draw_text(self.quantity, &above, (left, top - 12))?;
        let beside = anchored(text(20, INK), HPos::Left, VPos::Center);
        for tick in self.scale.ticks() {
            let y = top + ((1.0 - self.scale.place(tick)) * f64::from(height)).round() as i32;
            canvas.draw(&PathElement::new(
                [(left + width, y), (left + width + 6, y)],
                PALE,
            ))?;
            canvas.draw_text(&output::tick(tick), &beside, (left + width + 12, y))?;
        }
        Ok(())
    }

    /// The colours from left to right, with what they stand for and the values at both ends below.
    pub fn draw_bar_below(&self, canvas: &Canvas, (left, top): (i32, i32), width: i32) -> Drawn {
        const HEIGHT: i32 = 12;
        for column in 0..width {
            let [r, g, b] = viridis(f64::from(column) / f64::from(width));
            let line = [(left + column, top), (left + column, top + HEIGHT)];
            canvas.draw(&PathElement::new(line, RGBColor(r, g, b)))?;
        }
        let ends = [
            (output::tick(self.scale.low), HPos::Left, left),
            (self.quantity.to_owned(), HPos::Center, left + width / 2),
            (output::tick(self.scale.high), HPos::Right, left + width),
        ];
        for (words, anchor, x) in ends {
            let style = anchored(text(18, INK), anchor, VPos::Top);
            canvas.draw_text(&words, &style, (x, top + HEIGHT + 6))?;
        }
        Ok(())
    }
}
