//! The pictures of a finished run, and of a comparison.

mod canvas;
mod colour;
pub mod comparison;
mod curves;
mod heat;
mod images;
mod overview;

pub use images::draw_images;

use super::error::ProgramError;
use super::storage::{History, RunFolder};
use canvas::{INK, anchored, bold, picture};
use colour::Scale;
use heat::HeatMap;
use plotters::style::text_anchor::{HPos, VPos};
use rtb::config::Run;
use rtb::message::{Report, Scene};
use rtb::picture::density;
use std::path::Path;

/// Everything the pictures show.
pub struct Finished<'a> {
    pub run: &'a Run,
    pub scene: &'a Scene,
    /// Samples of the trained posterior, x and y in turn.
    pub samples: &'a [f32],
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
    let scene = finished.scene;
    let learned = density(finished.samples, scene.side, 1.0);
    // Learned and exact share a scale, so that equal colours mean equal densities.
    let posterior = Scale::density(&scene.exact);
    let map = |title, cells, scale| HeatMap {
        title,
        cells,
        side: scene.side,
        scale,
    };
    let prior = map("prior p(x)", &scene.prior, Scale::density(&scene.prior));
    let reward = map(
        "reward, log r(x)",
        &scene.log_reward,
        Scale::linear(&scene.log_reward),
    );
    let learned = map("learned posterior", &learned, posterior);
    let exact = map("exact posterior p(x)·r(x)/Z", &scene.exact, posterior);

    for (name, map) in [
        ("prior.png", &prior),
        ("reward.png", &reward),
        ("learned.png", &learned),
        ("exact.png", &exact),
    ] {
        picture(&folder.file(name), heat::SIZE, |canvas| map.draw(canvas))?;
    }
    picture(&folder.file("curves.png"), curves::SIZE, |canvas| {
        curves::draw(canvas, finished)
    })?;
    picture(&folder.file("overview.png"), overview::SIZE, |canvas| {
        overview::draw(canvas, finished, [&prior, &reward, &learned, &exact])
    })
}
