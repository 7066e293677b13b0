//! The pictures of a finished run, and of a comparison.

mod canvas;
mod colour;
pub mod comparison;
mod corner;
mod curves;
mod heat;
mod images;
mod overview;
mod paper;
mod ranks;
mod texts;

pub use canvas::check_name;
pub use corner::draw_corner;
pub use images::ImageSheet;
pub use texts::draw_texts;

use super::error::ProgramError;
use super::storage::{History, RunFolder};
use canvas::{INK, anchored, bold, picture};
use colour::Scale;
use heat::HeatMap;
use plotters::style::text_anchor::{HPos, VPos};
use rtb::message::{Report, Scene};
use rtb::run::Run;
use rtb::task::{self, Picture, Shown};
use std::path::Path;

/// Images of a picture of their own.
pub const SHEET: usize = COLUMNS * COLUMNS;
/// Along a side of it.
const COLUMNS: usize = 10;

/// Everything the pictures show.
pub struct Finished<'a> {
    pub run: &'a Run,
    pub scene: &'a Scene,
    /// Samples of the trained posterior, `[count][size]`.
    pub samples: &'a [f32],
    /// How many candidates each of some was chosen among, and these.
    pub chosen: Option<(usize, &'a [f32])>,
    pub report: &'a Report,
    pub history: &'a History,
}

/// Densities side by side in the colours of the first, each a title and its cells.
pub fn draw_row(path: &Path, maps: &[(&str, &Vec<f32>)], side: usize) -> Result<(), ProgramError> {
    const SIZE: i32 = 420;
    const LEFT: i32 = 50;
    const TOP: i32 = 60;
    const BELOW: i32 = 110;
    let width = (SIZE + LEFT + 20) * maps.len() as i32;
    let scale = Scale::density(maps[0].1);
    picture(path, (width as u32, (SIZE + TOP + BELOW) as u32), |canvas| {
        for (place, (title, cells)) in maps.iter().enumerate() {
            let left = LEFT + place as i32 * (SIZE + LEFT + 20);
            let style = anchored(bold(24, INK), HPos::Center, VPos::Center);
            canvas.draw_text(title, &style, (left + SIZE / 2, TOP / 2))?;
            let map = HeatMap {
                title,
                cells,
                side,
                scale,
                quantity: DENSITY,
            };
            map.draw_image(canvas, (left, TOP), SIZE, 16)?;
            map.draw_bar_below(canvas, (left, TOP + SIZE + 42), SIZE)?;
        }
        Ok(())
    })
}

/// Images along a side of a panel.
const PANEL_COLUMNS: usize = 6;

impl<'a> Finished<'a> {
    /// The run as its task's panels and tables show it.
    pub fn shown(&self) -> Shown<'a> {
        Shown {
            run: self.run,
            scene: self.scene,
            samples: self.samples,
            chosen: self.chosen,
            fit: &self.report.fit,
            conditions: &self.report.conditions,
        }
    }
}

/// Draws all pictures into the folder of the run.
pub fn draw_all(finished: &Finished, folder: &RunFolder) -> Result<(), ProgramError> {
    let panels = finished.run.task().room().panels(&finished.shown());
    for panel in &panels {
        draw_panel(panel, &panels, folder)?;
    }
    picture(&folder.file("overview.png"), overview::size(&panels), |canvas| {
        overview::draw(canvas, finished, &panels)
    })?;
    for ending in ["png", "svg"] {
        picture(
            &folder.file(&format!("curves.{ending}")),
            curves::SIZE,
            |canvas| curves::draw(canvas, finished),
        )?;
    }
    Ok(())
}

/// A panel as a file of its own.
fn draw_panel(panel: &task::Panel, all: &[task::Panel], folder: &RunFolder) -> Result<(), ProgramError> {
    match &panel.picture {
        Picture::Cells { side, cells, scale } => {
            let map = heat_map(&panel.title, cells, *side, *scale, all);
            let path = folder.file(&format!("{}.png", panel.name));
            picture(&path, heat::SIZE, |canvas| map.draw(canvas))
        }
        Picture::Images { shape, ink, pixels } => {
            let sheet = ImageSheet {
                shape: *shape,
                ink: *ink,
                pixels,
            };
            let columns = if sheet.count() > PANEL_COLUMNS * PANEL_COLUMNS {
                COLUMNS
            } else {
                PANEL_COLUMNS
            };
            sheet.draw(&folder.file(&format!("{}.png", panel.name)), columns)
        }
        Picture::Texts(texts) => {
            let lines = texts.join("\n") + "\n";
            folder.write(&format!("{}.txt", panel.name), lines.as_bytes())
        }
        Picture::Corner(points) => ["png", "svg"]
            .into_iter()
            .try_for_each(|ending| draw_corner(&folder.file(&format!("{}.{ending}", panel.name)), points)),
        Picture::Ranks(of) => ["png", "svg"]
            .into_iter()
            .try_for_each(|ending| ranks::draw_ranks(&folder.file(&format!("{}.{ending}", panel.name)), of)),
    }
}

/// What the colours of most maps stand for.
const DENSITY: &str = "density";

/// The map of a panel's cells, beside the other panels.
fn heat_map<'a>(
    title: &'a str,
    cells: &'a [f32],
    side: usize,
    scale: task::Scale,
    all: &[task::Panel],
) -> HeatMap<'a> {
    HeatMap {
        title,
        cells,
        side,
        scale: scale_of(scale, cells, all),
        quantity: quantity(scale),
    }
}

/// What the colours of cells stand for.
fn quantity(scale: task::Scale) -> &'static str {
    match scale {
        task::Scale::Density | task::Scale::Like(_) => DENSITY,
        task::Scale::Linear(quantity) => quantity,
    }
}

/// The colours of cells.
fn scale_of(scale: task::Scale, cells: &[f32], all: &[task::Panel]) -> Scale {
    match scale {
        task::Scale::Density => Scale::density(cells),
        task::Scale::Linear(_) => Scale::linear(cells),
        task::Scale::Like(name) => match all
            .iter()
            .find(|panel| panel.name == name)
            .map(|panel| &panel.picture)
        {
            Some(Picture::Cells { cells, .. }) => Scale::density(cells),
            _ => Scale::density(cells),
        },
    }
}
