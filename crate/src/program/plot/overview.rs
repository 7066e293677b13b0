//! One picture of the whole run: its densities or images, and the figures below.

use super::canvas::{Canvas, Drawn, FAINT, INK, PALE, anchored, bold, text};
use super::{Finished, ImageSheet, PANEL_COLUMNS, corner, draw_texts, heat_map, ranks};
use crate::program::output::{duration, figure};
use crate::program::source::title;
use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, VPos};
use rtb::message::Report;
use rtb::task::sheet::{Beside, Highlight, Sheet};
use rtb::task::{Panel, Picture};

const WIDTH: i32 = 2200;
const MARGIN: i32 = 70;
const IMAGE: i32 = 470;
/// The side of a panel that is the only one.
const ALONE: i32 = 1200;
/// Least pixels between panels.
const GAP: i32 = 40;
const TOP: i32 = 200;
/// Height of the figures, and of the colour bars above them.
const FIGURES: i32 = 230;
const BARS: i32 = 60;

/// Pixels of the picture: colours that stand for numbers have a bar.
pub fn size(panels: &[Panel]) -> (u32, u32) {
    (WIDTH as u32, (below(panels) + FIGURES) as u32)
}

/// Where the panels end.
fn below(panels: &[Panel]) -> i32 {
    let has_bar = |panel: &Panel| matches!(panel.picture, Picture::Cells { .. });
    TOP + side(panels) + if panels.iter().any(has_bar) { BARS } else { 0 }
}

/// The side of each panel; those of points, beside their calibration, have few companions.
fn side(panels: &[Panel]) -> i32 {
    let count = panels.len() as i32;
    let most = (WIDTH - 2 * MARGIN - (count - 1) * GAP) / count;
    match count {
        1 => ALONE,
        2 => most,
        _ => most.min(IMAGE),
    }
}

fn draw_panel(canvas: &Canvas, panel: &Panel, all: &[Panel], at: (i32, i32)) -> Drawn {
    let image = side(all);
    match &panel.picture {
        Picture::Cells { side, cells, scale } => {
            let map = heat_map(&panel.title, cells, *side, *scale, all);
            map.draw_image(canvas, at, image, 19)?;
            map.draw_bar_below(canvas, (at.0, at.1 + image + 48), image)
        }
        Picture::Images { shape, ink, pixels } => {
            let sheet = ImageSheet {
                shape: *shape,
                ink: *ink,
                pixels,
            };
            sheet.draw_part(canvas, PANEL_COLUMNS, at, image)
        }
        Picture::Texts(texts) => draw_texts(canvas, texts, at, image),
        Picture::Corner(points) => corner::draw(canvas, points, at, image),
        Picture::Ranks(of) => ranks::draw(canvas, of, at, image),
    }
}

/// Draws title, panels and figures.
pub fn draw(canvas: &Canvas, finished: &Finished, panels: &[Panel]) -> Drawn {
    let width = WIDTH - 2 * MARGIN;
    canvas.draw_text(&title(finished.run), &bold(46, INK), (MARGIN, 46))?;
    canvas.draw_text(&subtitle(finished), &text(25, PALE), (MARGIN, 104))?;

    let (count, image) = (panels.len() as i32, side(panels));
    // One panel alone stands in the middle.
    let (first, gap) = match count {
        1 => ((width - image) / 2, 0),
        _ => (0, (width - count * image) / (count - 1)),
    };
    for (column, panel) in panels.iter().enumerate() {
        let left = MARGIN + first + column as i32 * (image + gap);
        let heading = anchored(bold(27, INK), HPos::Center, VPos::Center);
        canvas.draw_text(&panel.title, &heading, (left + image / 2, TOP - 26))?;
        draw_panel(canvas, panel, panels, (left, TOP))?;
    }

    let figures = figures(finished.run.task().room().sheet(), finished.report);
    let top = below(panels) + 72;
    canvas.draw(&PathElement::new([(MARGIN, top), (MARGIN + width, top)], FAINT))?;
    let step = width / figures.len() as i32;
    for (column, (name, measured, exact)) in figures.into_iter().enumerate() {
        let center = MARGIN + step / 2 + column as i32 * step;
        let style = |style| anchored(style, HPos::Center, VPos::Center);
        canvas.draw_text(&measured, &style(bold(40, INK)), (center, top + 48))?;
        canvas.draw_text(name, &style(text(22, INK)), (center, top + 92))?;
        canvas.draw_text(&exact, &style(text(20, PALE)), (center, top + 122))?;
    }
    Ok(())
}

fn subtitle(finished: &Finished) -> String {
    let (run, report) = (finished.run, finished.report);
    format!(
        "a diffusion posterior trained with relative trajectory balance: T = {}, batch {}, \
         {} iterations in {} on {}, seed {}",
        run.process.steps,
        run.rollout.batch,
        report.iterations,
        duration(report.seconds),
        report.device,
        report.seed
    )
}

/// A name, the measured value and the exact or the ideal one.
type Figure = (&'static str, String, String);

fn beside(name: &'static str, measured: f64, exact: f64) -> Figure {
    (name, figure(measured), format!("exact {}", figure(exact)))
}

fn ideal(name: &'static str, measured: f64, best: &str) -> Figure {
    (name, figure(measured), format!("ideal {best}"))
}

/// What matters most.
fn figures(sheet: &Sheet, r: &Report) -> Vec<Figure> {
    let mut figures = vec![
        beside("log Z, importance-weighted", r.log_z_importance, r.log_z_exact),
        ideal("effective sample size / N", r.ess, "1"),
    ];
    figures.extend(sheet.highlights(r).into_iter().map(|of| highlighted(of, r)));
    figures.push(ideal("residual δ, deviation", r.residual_std, "0"));
    figures
}

/// A figure of the task; that of the chosen ones goes between it and the exact one.
fn highlighted(of: Highlight, r: &Report) -> Figure {
    let number = |value: Option<f64>| figure(value.unwrap_or(f64::NAN));
    let reference = match of.beside {
        Beside::Ideal(best) => format!("ideal {best}"),
        Beside::Exact(name) => format!("exact {}", number(r.fit.number(name))),
        Beside::Prior(name) => format!("prior {}", number(r.fit.number(name))),
    };
    let chosen = r.chosen.as_deref().map(|c| {
        let value = of.value.of(&c.fit, c.log_reward);
        format!("1 of {}: {} · ", c.candidates, number(value))
    });
    let measured = number(of.value.of(&r.fit, r.log_reward));
    (of.name, measured, chosen.unwrap_or_default() + &reference)
}
