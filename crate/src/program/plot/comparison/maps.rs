//! Small pictures: the exact posterior, then every method's samples.

use super::Mark;
use super::series::mark;
use crate::program::comparison::Comparison;
use crate::program::comparison::summary::Summary;
use crate::program::plot::canvas::{Canvas, Drawn, FAINT, INK, PALE, anchored, text, wrapped};
use crate::program::plot::colour::Scale;
use crate::program::plot::heat::HeatMap;
use crate::program::plot::{DENSITY, ImageSheet, corner, draw_texts, ranks};
use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, VPos};
use rtb::task::Picture;

/// Images along a side.
const COLUMNS: usize = 6;
/// Pixels between two maps.
const GAP: i32 = 24;
const FONT: u32 = 20;
const LINE: i32 = 24;
/// Smallest and largest side of a map.
const SIDES: (i32, i32) = (150, 300);
/// Below this side a name may have three lines, else two.
const NARROW: i32 = 190;
/// Width of the bar of colours, and the height that it takes.
const BAR: (i32, i32) = (300, 52);

/// One small picture, or why there is none.
struct Map {
    name: String,
    mark: Option<Mark>,
    /// Below the name.
    figure: String,
    picture: Result<Picture, String>,
}

/// The maps of a comparison, laid out.
pub struct Maps {
    maps: Vec<Map>,
    columns: usize,
    side: i32,
    scale: Scale,
}

impl Maps {
    /// As large as they can be in about `room` pixels; a varied field gets a column for each value.
    pub fn new(comparison: &Comparison, room: (i32, i32)) -> Self {
        let plan = &comparison.plan;
        let exact: Vec<Picture> = comparison
            .truths
            .iter()
            .map(|truth| truth.picture.clone())
            .collect();
        let cells = |picture: &Picture| match picture {
            Picture::Cells { cells, .. } => cells.clone(),
            Picture::Images { .. } | Picture::Texts(_) | Picture::Corner(_) | Picture::Ranks(_) => Vec::new(),
        };
        let cells: Vec<Vec<f32>> = exact.iter().map(cells).collect();
        let scale = Scale::density(&cells.concat());
        let variants = plan.variants.len();
        let mut maps: Vec<Map> = exact
            .into_iter()
            .enumerate()
            .map(|(v, picture)| Map {
                name: setting(comparison, v).unwrap_or_else(|| "exact posterior".to_owned()),
                mark: None,
                figure: if variants > 1 {
                    "exact posterior".to_owned()
                } else {
                    String::new()
                },
                picture: Ok(picture),
            })
            .collect();
        for e in 0..plan.entrants.len() {
            maps.extend((0..variants).map(|v| method(comparison, v, e)));
        }
        let (columns, side) = if variants > 1 {
            (variants, side_of(variants, maps.len(), room))
        } else {
            (1..=maps.len())
                .map(|columns| (columns, side_of(columns, maps.len(), room)))
                .max_by_key(|(columns, side)| (*side, std::cmp::Reverse(*columns)))
                .unwrap_or((1, SIDES.0))
        };
        Self {
            maps,
            columns,
            side: side.clamp(SIDES.0, SIDES.1),
            scale,
        }
    }

    /// Width and height in pixels.
    pub fn size(&self) -> (i32, i32) {
        let (columns, rows) = (self.columns as i32, self.maps.len().div_ceil(self.columns) as i32);
        (
            columns * (self.side + GAP) - GAP,
            rows * (self.side + caption(self.side) + GAP) - GAP,
        )
    }

    /// Height of what stands between the heading and the maps.
    pub fn head(&self) -> i32 {
        let has_scale = |map: &Map| matches!(map.picture, Ok(Picture::Cells { .. }));
        if self.maps.iter().any(has_scale) { BAR.1 } else { 0 }
    }

    /// The maps, below the bar of their colours.
    pub fn draw(&self, canvas: &Canvas, (left, top): (i32, i32)) -> Drawn {
        if self.head() > 0 {
            let none = HeatMap {
                title: "",
                cells: &[],
                side: 0,
                scale: self.scale,
                quantity: DENSITY,
            };
            none.draw_bar_below(canvas, (left, top), BAR.0)?;
        }
        let top = top + self.head();
        for (i, map) in self.maps.iter().enumerate() {
            let (column, row) = ((i % self.columns) as i32, (i / self.columns) as i32);
            let corner = (
                left + column * (self.side + GAP),
                top + row * (self.side + caption(self.side) + GAP),
            );
            self.draw_map(canvas, map, corner)?;
        }
        Ok(())
    }

    fn draw_map(&self, canvas: &Canvas, map: &Map, (left, top): (i32, i32)) -> Drawn {
        let side = self.side;
        match &map.picture {
            Ok(Picture::Cells {
                side: cells_side,
                cells,
                ..
            }) => HeatMap {
                title: "",
                cells,
                side: *cells_side,
                scale: self.scale,
                quantity: DENSITY,
            }
            .draw_cells(canvas, (left, top), side)?,
            Ok(Picture::Images { shape, ink, pixels }) => {
                let sheet = ImageSheet {
                    shape: *shape,
                    ink: *ink,
                    pixels,
                };
                sheet.draw_part(canvas, COLUMNS, (left, top), side)?;
            }
            Ok(Picture::Texts(texts)) => draw_texts(canvas, texts, (left, top), side)?,
            Ok(Picture::Corner(points)) => corner::draw(canvas, points, (left, top), side)?,
            Ok(Picture::Ranks(of)) => ranks::draw(canvas, of, (left, top), side)?,
            Err(reason) => {
                let corners = [(left - 1, top - 1), (left + side, top + side)];
                canvas.draw(&Rectangle::new(corners, FAINT))?;
                let style = text(FONT, PALE);
                for (i, line) in wrapped(canvas, reason, &style, side - 20)?.iter().enumerate() {
                    let at = (left + 10, top + 10 + i as i32 * LINE);
                    canvas.draw_text(line, &style, at)?;
                }
            }
        }
        let style = anchored(text(FONT, INK), HPos::Left, VPos::Center);
        let mut at = (left, top + side + 8 + LINE / 2);
        let indent = if map.mark.is_some() { 22 } else { 0 };
        if let Some(mark) = map.mark {
            mark.draw(canvas, (left + 8, at.1), 7)?;
        }
        let mut lines = wrapped(canvas, &map.name, &style, side - indent)?;
        if lines.len() > name_lines(side) {
            lines.truncate(name_lines(side));
            lines.last_mut().into_iter().for_each(|line| line.push_str(" …"));
        }
        for line in lines {
            canvas.draw_text(&line, &style, (at.0 + indent, at.1))?;
            at.1 += LINE;
        }
        let style = anchored(text(FONT, PALE), HPos::Left, VPos::Center);
        canvas.draw_text(&map.figure, &style, (at.0 + indent, at.1))
    }
}

/// The varied field's last name and its value.
fn setting(comparison: &Comparison, variant: usize) -> Option<String> {
    let setting = comparison.plan.setting(variant)?;
    let (field, value) = setting.split_once(" = ")?;
    Some(format!("{} = {value}", field.rsplit('.').next()?))
}

/// A method's samples of the first seed that has any.
fn method(comparison: &Comparison, variant: usize, entrant: usize) -> Map {
    let trials = comparison.of(&(variant..variant + 1), entrant);
    let sheet = comparison.plan.run.task().room().sheet();
    let error = Summary::over(&trials, |o| sheet.error(&o.fit));
    let failed = comparison.failure_of(&(variant..variant + 1), entrant);
    Map {
        name: comparison.plan.entrants[entrant].label.clone(),
        mark: Some(mark(comparison, variant, entrant)),
        figure: error.map_or_else(String::new, |e| format!("{} {e}", sheet.error_short)),
        picture: match (trials.first(), failed) {
            (Some(trial), _) => Ok(comparison.pictures[variant](&trial.outcome.points)),
            (None, Some(failed)) => Err(failed.reason.clone()),
            (None, None) => Err("not done".to_owned()),
        },
    }
}

/// Lines that a name may have below a map.
fn name_lines(side: i32) -> usize {
    if side < NARROW { 3 } else { 2 }
}

/// Pixels below a map: its name and its figure.
fn caption(side: i32) -> i32 {
    10 + LINE * (name_lines(side) as i32 + 1)
}

/// The side of `count` maps in so many columns that fill the room.
fn side_of(columns: usize, count: usize, (width, height): (i32, i32)) -> i32 {
    let (columns, rows) = (columns as i32, count.div_ceil(columns) as i32);
    let wide = (width + GAP) / columns - GAP;
    let high = (height + GAP) / rows - GAP;
    wide.min(high - caption(wide.min(high)))
}
