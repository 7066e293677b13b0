//! The pictures of a finished run.

mod canvas;
mod colour;
mod curves;
mod heat;
mod overview;

use super::error::ProgramError;
use super::storage::{History, RunFolder};
use canvas::picture;
use colour::Scale;
use heat::HeatMap;
use rtb::config::Run;
use rtb::message::{Report, Scene};
use rtb::picture::density;

/// Everything the pictures show.
pub struct Finished<'a> {
    pub run: &'a Run,
    pub scene: &'a Scene,
    /// Samples of the trained posterior, x and y in turn.
    pub samples: &'a [f32],
    pub report: &'a Report,
    pub history: &'a History,
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
