//! One picture of the whole run: its four densities, and the figures below.

use super::Finished;
use super::canvas::{Canvas, Drawn, FAINT, INK, PALE, anchored, bold, text};
use super::heat::HeatMap;
use crate::program::output::{duration, figure};
use crate::program::source::title;
use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, VPos};
use rtb::message::Report;

pub const SIZE: (u32, u32) = (2200, 900);

const MARGIN: i32 = 70;
const IMAGE: i32 = 470;
const TOP: i32 = 200;

/// Draws title, maps and figures.
pub fn draw(canvas: &Canvas, finished: &Finished, maps: [&HeatMap; 4]) -> Drawn {
    let width = SIZE.0 as i32 - 2 * MARGIN;
    canvas.draw_text(&title(finished.run), &bold(46, INK), (MARGIN, 46))?;
    canvas.draw_text(&subtitle(finished), &text(25, PALE), (MARGIN, 104))?;

    let gap = (width - 4 * IMAGE) / 3;
    for (column, map) in maps.into_iter().enumerate() {
        let left = MARGIN + column as i32 * (IMAGE + gap);
        let heading = anchored(bold(27, INK), HPos::Center, VPos::Center);
        canvas.draw_text(map.title, &heading, (left + IMAGE / 2, TOP - 26))?;
        map.draw_image(canvas, (left, TOP), IMAGE, 19)?;
    }

    let figures = figures(finished.report);
    let top = TOP + IMAGE + 72;
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

/// Name, measured and exact value of what matters most.
fn figures(r: &Report) -> [(&'static str, String, String); 6] {
    let row = |name, measured, exact| (name, figure(measured), format!("exact {}", figure(exact)));
    let ideal = |name, measured, best: &str| (name, figure(measured), format!("ideal {best}"));
    [
        row("log Z, importance-weighted", r.log_z_importance, r.log_z_exact),
        ideal("effective sample size / N", r.ess, "1"),
        ideal("mode weights, total variation", r.fit.mode_total_variation, "0"),
        row(
            "variance within modes",
            r.fit.within_mode_variance,
            r.fit.within_mode_variance_exact,
        ),
        row(
            "mass on excluded modes",
            r.fit.excluded_mass,
            r.fit.excluded_mass_exact,
        ),
        ideal("residual δ, deviation", r.residual_std, "0"),
    ]
}
