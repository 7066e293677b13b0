//! The pictures of a finished run, and of a comparison.

mod canvas;
mod colour;
pub mod comparison;
mod curves;
mod heat;
mod images;
mod overview;
mod texts;

pub use images::{draw_images, draw_sheet};
pub use texts::draw_texts;

use super::error::ProgramError;
use super::storage::{History, RunFolder};
use canvas::{INK, anchored, bold, picture};
use colour::Scale;
use heat::HeatMap;
use overview::Panel;
use plotters::style::text_anchor::{HPos, VPos};
use rtb::config::Run;
use rtb::image::PIXELS;
use rtb::message::{DigitsView, PlaneView, Report, Scene, StoriesView, View};
use rtb::picture::density;
use rtb::text::Reader;
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
    /// Some that are each chosen among as many as the report says.
    pub chosen: &'a [f32],
    pub report: &'a Report,
    pub history: &'a History,
}

/// Densities side by side in the colours of the first, each a title and its cells.
pub fn draw_row(path: &Path, maps: &[(&str, &Vec<f32>)], side: usize) -> Result<(), ProgramError> {
    const SIZE: i32 = 420;
    const LEFT: i32 = 50;
    const TOP: i32 = 60;
    let width = (SIZE + LEFT + 20) * maps.len() as i32;
    let scale = Scale::density(maps[0].1);
    picture(path, (width as u32, (SIZE + TOP + 50) as u32), |canvas| {
        for (place, (title, cells)) in maps.iter().enumerate() {
            let left = LEFT + place as i32 * (SIZE + LEFT + 20);
            let style = anchored(bold(24, INK), HPos::Center, VPos::Center);
            canvas.draw_text(title, &style, (left + SIZE / 2, TOP / 2))?;
            let map = HeatMap {
                title,
                cells,
                side,
                scale,
            };
            map.draw_image(canvas, (left, TOP), SIZE, 16)?;
        }
        Ok(())
    })
}

/// Draws all pictures into the folder of the run.
pub fn draw_all(finished: &Finished, folder: &RunFolder) -> Result<(), ProgramError> {
    match &finished.scene.view {
        View::Plane(view) => draw_plane(finished, view, folder)?,
        View::Digits(view) => draw_digits(finished, view, folder)?,
        View::Stories(view) => draw_stories(finished, view, folder)?,
    }
    picture(&folder.file("curves.png"), curves::SIZE, |canvas| {
        curves::draw(canvas, finished)
    })
}

fn draw_plane(finished: &Finished, view: &PlaneView, folder: &RunFolder) -> Result<(), ProgramError> {
    let learned = density(finished.samples, view.side, 1.0);
    // Learned and exact share a scale, so that equal colours mean equal densities.
    let posterior = Scale::density(&view.exact);
    let map = |title, cells, scale| HeatMap {
        title,
        cells,
        side: view.side,
        scale,
    };
    let reward = Scale::linear(&view.log_reward);
    let maps = [
        map("prior p(x)", &view.prior, Scale::density(&view.prior)),
        map("reward, log r(x)", &view.log_reward, reward),
        map("learned posterior", &learned, posterior),
        map("exact posterior p(x)·r(x)/Z", &view.exact, posterior),
    ];
    for (name, map) in ["prior.png", "reward.png", "learned.png", "exact.png"]
        .iter()
        .zip(&maps)
    {
        picture(&folder.file(name), heat::SIZE, |canvas| map.draw(canvas))?;
    }
    let panels = maps.map(Panel::Map);
    picture(&folder.file("overview.png"), overview::SIZE, |canvas| {
        overview::draw(canvas, finished, &panels)
    })
}

fn draw_digits(finished: &Finished, view: &DigitsView, folder: &RunFolder) -> Result<(), ProgramError> {
    /// Images along a side of a panel.
    const PANEL_COLUMNS: usize = 6;
    let prior = finished.scene.prior_paths.ends();
    let exact = view.exact.as_ref().map_or(&[][..], |exact| &exact.samples);
    let chosen = finished.report.chosen.as_ref();
    let chosen = chosen.map(|c| format!("learned, 1 of {}", c.candidates));
    let mut sheets = vec![
        ("prior.png", "prior p(x)", &prior[..]),
        ("learned.png", "learned posterior", finished.samples),
    ];
    sheets.extend(
        chosen
            .as_ref()
            .map(|title| ("chosen.png", title.as_str(), finished.chosen)),
    );
    sheets.push(("exact.png", "exact posterior p(x)·r(x)/Z", exact));
    for (name, _, images) in &sheets {
        let columns = if images.len() > PANEL_COLUMNS * PANEL_COLUMNS * PIXELS {
            COLUMNS
        } else {
            PANEL_COLUMNS
        };
        draw_images(&folder.file(name), images, columns)?;
    }
    let panels = sheets.iter().map(|(_, title, images)| Panel::Images {
        title,
        images,
        columns: PANEL_COLUMNS,
    });
    let panels: Vec<Panel> = panels.collect();
    picture(&folder.file("overview.png"), overview::SIZE, |canvas| {
        overview::draw(canvas, finished, &panels)
    })
}

/// Stories as people read them: their middles, or all of them where they are many stories.
pub fn stories(run: &Run, reader: &Reader, stories: &[f32]) -> Vec<String> {
    match run.corpus {
        Some(_) => reader.wholes(stories),
        None => reader.middles(stories),
    }
}

fn draw_stories(finished: &Finished, view: &StoriesView, folder: &RunFolder) -> Result<(), ProgramError> {
    let reader = Reader::new(&view.words, view.layout).map_err(|e| ProgramError::Picture {
        path: folder.file("overview.png"),
        reason: e.to_string(),
    })?;
    let exact = view.exact.as_ref().map_or(&[][..], |exact| &exact.samples);
    let columns = [
        ("prior.txt", "prior p(x)", &finished.scene.prior_paths.ends()[..]),
        ("learned.txt", "learned posterior", finished.samples),
        ("exact.txt", "exact posterior p(x)·r(x)/Z", exact),
    ];
    for (name, _, stories) in columns {
        let lines = self::stories(finished.run, &reader, stories).join("\n") + "\n";
        folder.write(name, lines.as_bytes())?;
    }
    let panels = columns.map(|(_, title, stories)| Panel::Texts {
        title,
        texts: self::stories(finished.run, &reader, stories),
    });
    picture(&folder.file("overview.png"), overview::SIZE, |canvas| {
        overview::draw(canvas, finished, &panels)
    })
}
