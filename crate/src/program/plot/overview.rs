//! One picture of the whole run: its densities or images, and the figures below.

use super::canvas::{Canvas, Drawn, FAINT, INK, PALE, anchored, bold, text};
use super::heat::HeatMap;
use super::{Finished, draw_sheet, draw_texts};
use crate::program::output::{duration, figure};
use crate::program::source::title;
use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, VPos};
use rtb::message::{Chosen, Fit, ImageFit, PlaneFit, Report, StoryFit};

pub const SIZE: (u32, u32) = (2200, 900);

const MARGIN: i32 = 70;
const IMAGE: i32 = 470;
const TOP: i32 = 200;

/// What stands side by side.
pub enum Panel<'a> {
    Map(HeatMap<'a>),
    Images {
        title: &'a str,
        images: &'a [f32],
        columns: usize,
    },
    Texts {
        title: &'a str,
        texts: Vec<String>,
    },
}

impl Panel<'_> {
    fn title(&self) -> &str {
        match self {
            Self::Map(map) => map.title,
            Self::Images { title, .. } | Self::Texts { title, .. } => title,
        }
    }

    fn draw(&self, canvas: &Canvas, corner: (i32, i32)) -> Drawn {
        match self {
            Self::Map(map) => map.draw_image(canvas, corner, IMAGE, 19),
            Self::Images { images, columns, .. } => draw_sheet(canvas, images, *columns, corner, IMAGE),
            Self::Texts { texts, .. } => draw_texts(canvas, texts, corner, IMAGE),
        }
    }
}

/// Draws title, panels and figures.
pub fn draw(canvas: &Canvas, finished: &Finished, panels: &[Panel]) -> Drawn {
    let width = SIZE.0 as i32 - 2 * MARGIN;
    canvas.draw_text(&title(finished.run), &bold(46, INK), (MARGIN, 46))?;
    canvas.draw_text(&subtitle(finished), &text(25, PALE), (MARGIN, 104))?;

    let count = panels.len() as i32;
    let gap = (width - count * IMAGE) / (count - 1);
    for (column, panel) in panels.iter().enumerate() {
        let left = MARGIN + column as i32 * (IMAGE + gap);
        let heading = anchored(bold(27, INK), HPos::Center, VPos::Center);
        canvas.draw_text(panel.title(), &heading, (left + IMAGE / 2, TOP - 26))?;
        panel.draw(canvas, (left, TOP))?;
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

/// A name, the measured value and the exact or the ideal one.
type Figure = (&'static str, String, String);

fn beside(name: &'static str, measured: f64, exact: f64) -> Figure {
    (name, figure(measured), format!("exact {}", figure(exact)))
}

fn ideal(name: &'static str, measured: f64, best: &str) -> Figure {
    (name, figure(measured), format!("ideal {best}"))
}

/// What matters most.
fn figures(r: &Report) -> Vec<Figure> {
    let mut figures = vec![
        beside("log Z, importance-weighted", r.log_z_importance, r.log_z_exact),
        ideal("effective sample size / N", r.ess, "1"),
    ];
    match &r.fit {
        Fit::Plane(fit) => figures.extend(plane(fit)),
        Fit::Images(fit) => figures.extend(images(fit, r)),
        Fit::Stories(fit) => figures.extend(stories(fit)),
    }
    figures.push(ideal("residual δ, deviation", r.residual_std, "0"));
    figures
}

fn plane(fit: &PlaneFit) -> [Figure; 3] {
    [
        ideal("mode weights, total variation", fit.mode_total_variation, "0"),
        beside(
            "variance within modes",
            fit.within_mode_variance,
            fit.within_mode_variance_exact,
        ),
        beside(
            "mass on excluded modes",
            fit.excluded_mass,
            fit.excluded_mass_exact,
        ),
    ]
}

fn stories(fit: &StoryFit) -> [Figure; 3] {
    let number = |value: Option<f64>| value.unwrap_or(f64::NAN);
    let prior = |value| format!("prior {}", figure(number(value)));
    [
        beside("mean log r", fit.log_reward_stories, number(fit.log_reward_exact)),
        ("distinct-2", figure(fit.distinct), prior(fit.distinct_prior)),
        beside("words and marks of a middle", fit.words, number(fit.words_exact)),
    ]
}

fn images(fit: &ImageFit, report: &Report) -> [Figure; 3] {
    let number = |value: Option<f64>| value.unwrap_or(f64::NAN);
    // A figure of the chosen ones goes between the measured and the exact one.
    let chosen = report.chosen.as_deref();
    let beside = |name, measured, exact, of: fn(&Chosen) -> Option<f64>| {
        let (name, measured, exact) = beside(name, measured, exact);
        let chosen = chosen.map(|c| format!("1 of {}: {} · ", c.candidates, figure(number(of(c)))));
        (name, measured, chosen.unwrap_or_default() + &exact)
    };
    let third = match fit.accuracy {
        Some(accuracy) => beside(
            "share in a wanted class",
            accuracy,
            number(fit.accuracy_exact),
            |c| c.fit.images()?.accuracy,
        ),
        None => beside(
            "diversity of features",
            fit.diversity,
            number(fit.diversity_exact),
            |c| Some(c.fit.images()?.diversity),
        ),
    };
    [
        beside(
            "mean log r",
            report.log_reward,
            number(fit.log_reward_exact),
            |c| Some(c.log_reward),
        ),
        beside(
            "FID to the exact posterior",
            number(fit.fid),
            number(fit.fid_floor),
            |c| c.fit.images()?.fid,
        ),
        third,
    ]
}
