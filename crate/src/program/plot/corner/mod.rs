//! A corner plot: the density of every coordinate on the diagonal, of every pair below it.

use super::canvas::{Canvas, Drawn, INK, PALE, anchored, picture, text};
use super::colour::Scale;
use super::heat::HeatMap;
use crate::program::error::ProgramError;
use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, VPos};
use rtb::task::{Corner, Role, SHARES, Series};
use std::path::Path;

/// Pixels of a picture of its own: those around it, and those of each coordinate.
const AROUND: i32 = 24;
const EACH: i32 = 260;
const SMALLEST: i32 = 800;

/// A cell of fewer pixels has no numbers along its edges.
const NUMBERED: i32 = 90;
/// Pixels from cell to cell.
const GAP: i32 = 6;

const LEARNED: RGBColor = RGBColor(31, 119, 180);
const EXACT: RGBColor = RGBColor(232, 72, 36);

/// Draws a picture of its own.
pub fn draw_corner(path: &Path, corner: &Corner) -> Result<(), ProgramError> {
    let size = (corner.drawn() as i32 * EACH).max(SMALLEST);
    let whole = (size + 2 * AROUND) as u32;
    picture(path, (whole, whole), |canvas| {
        draw(canvas, corner, (AROUND, AROUND), size)
    })
}

/// Draws into a square of `size` pixels.
pub fn draw(canvas: &Canvas, corner: &Corner, (left, top): (i32, i32), size: i32) -> Drawn {
    let plot = Plot::new(corner, (left, top), size);
    for row in 0..corner.drawn() {
        for column in 0..row {
            plot.pair(canvas, column, row)?;
        }
        plot.diagonal(canvas, row)?;
    }
    for coordinate in 0..corner.drawn() {
        plot.axes(canvas, coordinate)?;
    }
    plot.legend(canvas)
}

/// A corner plot, laid out.
struct Plot<'a> {
    corner: &'a Corner,
    /// The upper left of the first cell.
    origin: (i32, i32),
    /// Pixels of a cell.
    cell: i32,
    font: u32,
}

impl<'a> Plot<'a> {
    fn new(corner: &'a Corner, (left, top): (i32, i32), size: i32) -> Self {
        let count = corner.drawn().max(1) as i32;
        let font = (size / 44).clamp(11, 24);
        // Names and numbers stand on the left and below. A single coordinate leaves no triangle to the legend.
        let edge = 4 * font;
        let head = if count == 1 { 3 * line(font as u32) } else { 0 };
        Self {
            corner,
            origin: (left + edge, top + head),
            cell: (size - edge - head) / count - GAP,
            font: font as u32,
        }
    }

    /// The upper left of a cell.
    fn at(&self, column: usize, row: usize) -> (i32, i32) {
        let step = self.cell + GAP;
        (
            self.origin.0 + column as i32 * step,
            self.origin.1 + row as i32 * step,
        )
    }

    /// The series that have points.
    fn series(&self) -> impl Iterator<Item = &'a Series> {
        self.corner.series.iter().filter(|one| !one.points.is_empty())
    }

    fn diagonal(&self, canvas: &Canvas, coordinate: usize) -> Drawn {
        let (left, top) = self.at(coordinate, coordinate);
        self.frame(canvas, (left, top))?;
        let density = |one: &Series| (one.role, self.corner.density(one, coordinate));
        let densities: Vec<_> = self.series().map(density).collect();
        let values = densities.iter().flat_map(|(_, density)| density);
        let highest = values.fold(f32::MIN_POSITIVE, |high, value| high.max(*value));
        let (width, height) = (f64::from(self.cell), f64::from(self.cell) * 0.94);
        for (role, density) in densities {
            let point = |(bin, share): (usize, &f32)| {
                let x = (bin as f64 + 0.5) / density.len() as f64 * width;
                let y = width - f64::from(share / highest) * height;
                (left + x.round() as i32, top + y.round() as i32)
            };
            let points: Vec<_> = density.iter().enumerate().map(point).collect();
            canvas.draw(&PathElement::new(points, self.style(role)))?;
        }
        Ok(())
    }

    fn pair(&self, canvas: &Canvas, column: usize, row: usize) -> Drawn {
        let (left, top) = self.at(column, row);
        self.frame(canvas, (left, top))?;
        for one in self.series().filter(|one| one.role == Role::Learned) {
            let cells = self.corner.pair(one, [column, row]);
            let map = HeatMap {
                title: "",
                cells: &cells.values,
                side: cells.side,
                scale: Scale::density(&cells.values),
                quantity: "",
            };
            map.draw_cells(canvas, (left, top), self.cell)?;
        }
        for one in self.series().filter(|one| one.role == Role::Exact) {
            let cells = self.corner.pair(one, [column, row]);
            let pixel = |place: f64| {
                let share = (place + 0.5) / cells.side as f64;
                (share * f64::from(self.cell))
                    .round()
                    .clamp(0.0, f64::from(self.cell)) as i32
            };
            for share in SHARES {
                for ends in cells.around(share) {
                    let ends = ends.map(|(x, y)| (left + pixel(x), top + pixel(y)));
                    canvas.draw(&PathElement::new(ends, self.style(Role::Exact)))?;
                }
            }
        }
        Ok(())
    }

    /// The name and the numbers of a coordinate below the last row, and on the left but for the first, whose
    /// row shows a density.
    fn axes(&self, canvas: &Canvas, coordinate: usize) -> Drawn {
        let last = self.corner.drawn() - 1;
        let (font, cell) = (self.font as i32, self.cell);
        let (left, bottom) = (self.at(coordinate, last).0, self.at(0, last).1 + cell);
        let (edge, top) = self.at(0, coordinate);
        let numbers = if cell < NUMBERED {
            Vec::new()
        } else {
            ticks(self.corner.ranges[coordinate])
        };
        let small = |h, v| anchored(text(self.font * 3 / 4, PALE), h, v);
        for (share, number) in numbers {
            let along = (share * f64::from(cell)).round() as i32;
            let x = left + along;
            canvas.draw(&PathElement::new([(x, bottom), (x, bottom + 4)], PALE))?;
            canvas.draw_text(&number, &small(HPos::Center, VPos::Top), (x, bottom + 11))?;
            if coordinate > 0 {
                let y = top + cell - along;
                canvas.draw(&PathElement::new([(edge - 4, y), (edge, y)], PALE))?;
                canvas.draw_text(&number, &small(HPos::Right, VPos::Center), (edge - 7, y))?;
            }
        }
        let name = &self.corner.names[coordinate];
        let style = anchored(text(self.font, INK), HPos::Center, VPos::Center);
        canvas.draw_text(name, &style, (left + cell / 2, bottom + font * 5 / 2))?;
        if coordinate == 0 {
            return Ok(());
        }
        let upwards = style.transform(FontTransform::Rotate270);
        canvas.draw_text(name, &upwards, (edge - font * 7 / 2, top + cell / 2))
    }

    /// What is drawn how, in the empty triangle.
    fn legend(&self, canvas: &Canvas) -> Drawn {
        let line = line(self.font);
        let alone = self.corner.drawn() == 1;
        let (left, top) = match alone {
            true => (self.origin.0, self.origin.1 - 3 * line),
            false => (self.at(1, 0).0 + line, self.origin.1),
        };
        for (place, one) in (0..).zip(self.series()) {
            let y = top + place * line + line / 2;
            let sample = [(left, y), (left + line, y)];
            canvas.draw(&PathElement::new(sample, self.style(one.role)))?;
            let more = match one.role {
                Role::Learned if !alone => ", pairs in colour",
                Role::Exact if !alone => ", 50 % and 90 %",
                _ => "",
            };
            let style = anchored(text(self.font, INK), HPos::Left, VPos::Center);
            let label = format!("{}{more}", one.label);
            canvas.draw_text(&label, &style, (left + line * 3 / 2, y))?;
        }
        let (all, drawn) = (self.corner.names.len(), self.corner.drawn());
        if all > drawn {
            let style = text(self.font * 3 / 4, PALE);
            let y = top + self.series().count() as i32 * line + line / 3;
            canvas.draw_text(
                &format!("the first {drawn} of {all} coordinates"),
                &style,
                (left, y),
            )?;
        }
        Ok(())
    }

    fn frame(&self, canvas: &Canvas, (left, top): (i32, i32)) -> Drawn {
        let corners = [(left - 1, top - 1), (left + self.cell, top + self.cell)];
        canvas.draw(&Rectangle::new(corners, PALE))
    }

    fn style(&self, role: Role) -> ShapeStyle {
        let colour = match role {
            Role::Prior => PALE,
            Role::Learned => LEARNED,
            Role::Exact => EXACT,
        };
        colour.stroke_width(if self.cell < NUMBERED { 1 } else { 2 })
    }
}

/// Pixels of a line of the legend.
fn line(font: u32) -> i32 {
    font as i32 * 3 / 2
}

/// Round numbers within a range, each with its place from 0 to 1.
fn ticks([low, high]: [f32; 2]) -> Vec<(f64, String)> {
    let (low, high) = (f64::from(low), f64::from(high));
    let rough = (high - low) / 3.0;
    let magnitude = 10f64.powf(rough.log10().floor());
    let steps = [1.0, 2.0, 5.0].map(|step| step * magnitude);
    let step = steps
        .into_iter()
        .rfind(|step| *step <= rough * 1.001)
        .unwrap_or(magnitude);
    let decimals = (-magnitude.log10().round()).max(0.0) as usize;
    let first = (low / step).ceil();
    let numbers = (0..).map(|i| (first + f64::from(i)) * step);
    numbers
        .take_while(|number| *number <= high)
        .map(|number| {
            (
                (number - low) / (high - low),
                format!("{:.decimals$}", number + 0.0),
            )
        })
        .collect()
}

#[cfg(test)]
mod tests;
