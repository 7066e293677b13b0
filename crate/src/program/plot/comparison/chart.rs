//! Lines and points over two axes, with their names beside them.

use super::axis::Axis;
use super::labels::{self, Area, Wanted};
use super::series::{Series, Spot};
use crate::program::plot::canvas::{Canvas, Drawn, FAINT, INK, PALE, anchored, bold, text};
use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, VPos};

const FONT: u32 = 21;
/// Room for the title above, and for numbers and names of the axes.
const ABOVE: i32 = 56;
const BESIDE: i32 = 92;
const BELOW: i32 = 84;

/// A chart of errors in a rectangle of the picture.
pub struct Chart<'a> {
    pub title: String,
    pub x_name: &'a str,
    pub x: Axis,
    /// Values along the x axis with what is written below them.
    pub x_ticks: Vec<(f64, String)>,
    pub y: Axis,
    pub series: &'a [Series],
    /// Drawn as a dashed line, with its name.
    pub reference: Option<(&'a str, Vec<(f64, f64)>)>,
}

impl Chart<'_> {
    pub fn draw(&self, canvas: &Canvas, area: Area) -> Drawn {
        canvas.draw_text(&self.title, &bold(26, INK), (area.left, area.top))?;
        let frame = Area {
            left: area.left + BESIDE,
            top: area.top + ABOVE,
            right: area.right,
            bottom: area.bottom - BELOW,
        };
        self.draw_axes(canvas, frame)?;
        let at = |x: f64, y: f64| self.pixel(frame, x, y);
        if let Some((_, points)) = &self.reference {
            let points: Vec<_> = points.iter().map(|(x, y)| at(*x, *y)).collect();
            draw_dashed(canvas, &points)?;
        }
        for series in self.series {
            self.draw_series(canvas, frame, series)?;
        }
        // Final points lie above all lines.
        for series in self.series {
            if let Some(last) = series.spots.last() {
                series.mark.draw(canvas, at(last.x, last.mean), 9)?;
            }
        }
        self.draw_names(canvas, frame)
    }

    fn pixel(&self, frame: Area, x: f64, y: f64) -> (i32, i32) {
        let (width, height) = (
            f64::from(frame.right - frame.left),
            f64::from(frame.bottom - frame.top),
        );
        (
            frame.left + (self.x.place(x) * width).round() as i32,
            frame.bottom - (self.y.place(y) * height).round() as i32,
        )
    }

    fn draw_axes(&self, canvas: &Canvas, frame: Area) -> Drawn {
        let centered = |style| anchored(style, HPos::Center, VPos::Center);
        for (value, label) in &self.x_ticks {
            let x = self.pixel(frame, *value, 1.0).0;
            canvas.draw(&PathElement::new([(x, frame.top), (x, frame.bottom)], FAINT))?;
            canvas.draw_text(label, &centered(text(FONT, INK)), (x, frame.bottom + 22))?;
        }
        for (value, label) in self.y.ticks() {
            let y = self.pixel(frame, 1.0, value).1;
            canvas.draw(&PathElement::new([(frame.left, y), (frame.right, y)], FAINT))?;
            let beside = anchored(text(FONT, INK), HPos::Right, VPos::Center);
            canvas.draw_text(&label, &beside, (frame.left - 12, y))?;
        }
        let corners = [(frame.left, frame.top), (frame.right, frame.bottom)];
        canvas.draw(&Rectangle::new(corners, PALE))?;
        let middle = (frame.left + frame.right) / 2;
        canvas.draw_text(
            self.x_name,
            &centered(text(FONT, INK)),
            (middle, frame.bottom + 58),
        )
    }

    fn draw_series(&self, canvas: &Canvas, frame: Area, series: &Series) -> Drawn {
        let colour = series.mark.colour;
        let at = |spot: &Spot, y: f64| self.pixel(frame, spot.x, y);
        for spot in &series.spots {
            let whisker = [at(spot, spot.low), at(spot, spot.high)];
            canvas.draw(&PathElement::new(whisker, colour.mix(0.55).stroke_width(2)))?;
        }
        let line: Vec<_> = series.spots.iter().map(|s| at(s, s.mean)).collect();
        canvas.draw(&PathElement::new(line.clone(), colour.mix(0.85).stroke_width(3)))?;
        for point in line {
            canvas.draw(&Circle::new(point, 4, colour.filled()))?;
        }
        Ok(())
    }

    /// The names of the series at their last points, and the reference's at its left end.
    fn draw_names(&self, canvas: &Canvas, frame: Area) -> Drawn {
        let at = |spot: &Spot| self.pixel(frame, spot.x, spot.mean);
        let markers = self.series.iter().flat_map(|s| {
            let last = s.spots.len().saturating_sub(1);
            let reach = move |i| if i == last { 11 } else { 6 };
            s.spots.iter().enumerate().map(move |(i, spot)| (spot, reach(i)))
        });
        let markers: Vec<Area> = markers
            .map(|(spot, reach)| Area::around(at(spot), reach))
            .collect();
        let mut lines: Vec<(i32, i32)> = Vec::new();
        for series in self.series {
            for spot in &series.spots {
                let end = |y: f64| self.pixel(frame, spot.x, y);
                lines.extend(between(end(spot.low), end(spot.high)));
            }
            for pair in series.spots.windows(2) {
                lines.extend(between(at(&pair[0]), at(&pair[1])));
            }
        }
        let mut names = Vec::new();
        for series in self.series {
            if let Some(last) = series.spots.last().filter(|_| !series.name.is_empty()) {
                names.push((series.name.as_str(), at(last), series.mark.colour));
            }
        }
        if let Some((name, points)) = &self.reference {
            let points: Vec<_> = points.iter().map(|(x, y)| self.pixel(frame, *x, *y)).collect();
            lines.extend(points.windows(2).flat_map(|pair| between(pair[0], pair[1])));
            names.extend(points.first().map(|(x, y)| (*name, (*x + 4, *y), PALE)));
        }
        let mut wanted = Vec::with_capacity(names.len());
        for (name, at, _) in &names {
            let (width, height) = canvas.estimate_text_size(name, &text(FONT, INK))?;
            wanted.push(Wanted {
                at: *at,
                size: (width as i32 + 4, height as i32 + 4),
            });
        }
        let inside = Area {
            left: frame.left + 4,
            top: frame.top + 4,
            right: frame.right - 4,
            bottom: frame.bottom - 4,
        };
        let placed = labels::place(&wanted, inside, &markers, &lines);
        for ((name, at, colour), area) in names.iter().zip(placed) {
            let near = area.nearest(*at);
            let distance = f64::from(near.0 - at.0).hypot(f64::from(near.1 - at.1));
            if distance > 24.0 {
                canvas.draw(&PathElement::new([*at, near], colour.mix(0.5)))?;
            }
            let corners = [(area.left, area.top), (area.right, area.bottom)];
            canvas.draw(&Rectangle::new(corners, WHITE.mix(0.75).filled()))?;
            let style = anchored(text(FONT, *colour), HPos::Left, VPos::Center);
            canvas.draw_text(name, &style, (area.left + 2, (area.top + area.bottom) / 2))?;
        }
        Ok(())
    }
}

/// Points along a line, a few pixels apart.
fn between(from: (i32, i32), to: (i32, i32)) -> impl Iterator<Item = (i32, i32)> {
    let (dx, dy) = (to.0 - from.0, to.1 - from.1);
    let steps = (dx.abs().max(dy.abs()) / 6).max(1);
    (0..=steps).map(move |i| (from.0 + dx * i / steps, from.1 + dy * i / steps))
}

fn draw_dashed(canvas: &Canvas, points: &[(i32, i32)]) -> Drawn {
    for pair in points.windows(2) {
        let along: Vec<_> = between(pair[0], pair[1]).collect();
        for dash in along.chunks(3) {
            let ends = [dash[0], dash[dash.len() / 2]];
            canvas.draw(&PathElement::new(ends, PALE.stroke_width(2)))?;
        }
    }
    Ok(())
}
